"""What conversations fold to. The outcomes and the state of each are thought out by hand; records are computed.

A letter an entry: a accepted, m moot, v void, f fork, x missing its predecessor.
"""

from collections.abc import Callable

from opencmr.conformance.conversations import run_thread

from .conversation import Script, Word, threads_case
from .writing import Case

NAMES = {"a": "accepted", "m": "moot", "v": "void", "f": "fork", "x": "missing"}
Talk = Callable[[Script], Word]


def fold(id_: str, says: str, rules: str, outcomes: str, state: str, talk: Talk) -> Case:
    script = Script(id_)
    thread = talk(script).thread
    made = threads_case(
        id_,
        says,
        tuple(rules.split()),
        thread=thread,
        entries=[word.entry for word in script.entries],
        outcomes=[NAMES[letter] for letter in outcomes],
        state=state,
        record=None,
    )
    _, got = run_thread(made)
    assert (got["outcomes"], got["state"]) == (made["outcomes"], state), (id_, got)
    return {**made, "record": got["record"]}


def unknown() -> str:
    return "urn:uuid:00000000-0000-4000-8000-000000000000"
