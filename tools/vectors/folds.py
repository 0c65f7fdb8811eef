"""What conversations fold to. What each word comes to is thought out by hand; records and digests are computed.

A letter a place: a accepted, m moot, v void, r refused, g answered again, n nothing (it answers nothing).
"""

from collections.abc import Callable
from typing import Any

from opencmr.conformance.conversations import run_words

from .conversation import Body, Script, Word, threads_case
from .writing import Case

NAMES = {"a": "accepted", "m": "moot", "v": "void", "r": "refused", "g": "again", "n": "nothing"}
Talk = Callable[[Script], Word]


def fold(id_: str, says: str, rules: str, letters: str, state: str, talk: Talk, **thought: Any) -> Case:
    """A case, computed where it was not thought out, and compared where it was.

    Args:
        id_: The case.
        says: What it shows.
        rules: Ids of requirements.
        letters: What each place comes to.
        state: Of the thread of the word that `talk` gives back.
        talk: What is said.
        thought: More that was thought out, see `CHECKS`; `asks`: questions, when, and the answers. One with a
            `thread`, whatever it says, is about that thread.
    """
    script = Script(id_)
    thread = talk(script).thread
    made = threads_case(id_, says, tuple(rules.split()), words=[word.message for word in script.words])
    if asks := thought.pop("asks", None):
        here = {"thread": thread}
        made["asks"] = [
            {"question": {**asked, **(here if "thread" in asked else {})}, **when} for asked, when, _ in asks
        ]
        thought["answers"] = [answer for _, _, answer in asks]
    _, got = run_words({**made, **dict.fromkeys(COMPUTED)})
    outcomes = [place["outcome"] for place in got["places"]]
    found = got["threads"].get(thread, {"state": "none"})  # a thread without an entry is none
    assert (outcomes, found["state"]) == ([NAMES[letter] for letter in letters], state), (id_, got)
    for name, right in thought.items():
        found = CHECKS[name](got)
        assert found == right, (id_, name, found, right)
    return {**made, **{name: got[name] for name in (*COMPUTED, *(["asks"] if asks else []))}}


COMPUTED = ("places", "times", "disputes", "pending", "threads")
CHECKS: dict[str, Callable[[Any], Any]] = {
    "problems": lambda got: {
        number: " ".join(place[name] for name in ("problem", "pointer", "rule") if name in place)
        for number, place in enumerate(got["places"], start=1)
        if "problem" in place
    },
    "knows": lambda got: [
        (place["knows"]["seen"], place["knows"]["beyond"]) for place in got["places"] if "knows" in place
    ],
    "differs": lambda got: {
        number: place["differs"] for number, place in enumerate(got["places"], start=1) if "differs" in place
    },
    "at": lambda got: [place["at"][11:19] for place in got["places"]],
    "times": lambda got: [time[11:19] for time in got["times"]],
    "disputes": lambda got: [each["place"] for each in got["disputes"]],
    "pending": lambda got: len(got["pending"]),
    "answers": lambda got: [f"{each['answer']} {each['reason']}" for each in got["asks"]],
}
"""What may be thought out besides: problems by place, what each customer's word knows in the order of the places, where
a receipt differs from the rules, place times and times of the places as hours, disputed places, how many words have no
place, answers."""


def question(action: str = "dpv:Use", purpose: str = "dpv:DirectMarketing", **more: str) -> Body:
    return {"action": action, "purpose": purpose, **more}


def unknown() -> str:
    return "urn:uuid:00000000-0000-4000-8000-000000000000"
