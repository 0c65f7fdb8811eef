"""`Sec-GPC: 1`, the Global Privacy Control, as an objection; and whether it is processed (`docs/bridges/gpc.md`).

The signal is https://www.w3.org/TR/gpc/, a browser's; the objection is the customer's own word, which a wallet says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

from ..messages import data
from ..messages.types import Code, Party
from ..protocol import EVERYTHING, THIRD_PARTY, Question, Statement
from ..protocol.decisions import decide
from ..protocol.families.data import Objection
from ..protocol.vocabulary import overlaps, prohibits
from .gate import MOST_QUESTIONS, View

__all__ = ["HONORED", "Processed", "objection", "processed"]

HONORED = "Opt-Out Request Honored"
"""What a vendor may show: the example of title 11, California Code of Regulations, section 7025(c)(6)."""
_PURPOSES = ["dpv:SellDataToThirdParties", "dpv:TargetedAdvertising"]
_ANYBODY = Party(name="Third parties", role="thirdParty")
_ACTIONS = ("dpv:Share", "dpv:Disclose", "dpv:Transmit", "dpv:MakeAvailable")


@dataclass(frozen=True)
class Processed:
    """Whether the signal is processed, as it can be displayed.

    Attributes:
        honored: Whether the objection stands, and no later yes has lifted any of it.
        text: What may be shown; empty where it is not honored.
        since: The time of its place.
        evidence: The digest of the objection, and of the vendor's receipt for it.
        permitted: What later yeses of the customer have lifted of it. Another no can still deny parts of that.
    """

    honored: bool
    text: str = ""
    since: str | None = None
    evidence: tuple[str, ...] = ()
    permitted: tuple[Question, ...] = ()


def objection(headers: Mapping[str, str]) -> data.Object | None:
    """The objection that the signal is: to selling the data, and to sharing it for targeted advertising.

    Args:
        headers: Of a request, by their names, in any case.

    Returns:
        None where the signal is not there: any other value than `1` says nothing.
    """
    if not any(name.lower() == "sec-gpc" and value == "1" for name, value in headers.items()):
        return None
    return data.Object(
        right="object", purposes=list(_PURPOSES), recipients=[_ANYBODY], regime="ccpa", note="Sec-GPC: 1"
    )


def processed(view: View) -> Processed:
    """Whether an objection of this scope has its place, by the vendor's receipt, and stands in all that it names.

    Args:
        view: The relationship, and the instant.
    """
    standing = list(_standing(view))
    if not standing:
        return Processed(honored=False)
    found = max(standing, key=lambda one: one.since.place)
    asked = list(islice(_of_yeses(view), MOST_QUESTIONS))
    permitted = tuple(dict.fromkeys(one for yes, one in asked if _lifts(view, yes, found, one)))
    honored = not permitted and len(asked) < MOST_QUESTIONS
    order = view.history.chain
    return Processed(
        honored=honored,
        text=HONORED if honored else "",
        since=order.time(found.since.place, found.since.at),
        evidence=(found.digest, order.digests[found.since.place - 1]),
        permitted=permitted,
    )


def _standing(view: View) -> Iterator[Objection]:
    """The objections with a place that are as wide as the signal, or wider."""
    for record in view.history.records.values():
        if isinstance(record, Objection) and all(map(_is_wide, record.statements(lambda point: point.at))):
            yield record


def _is_wide(no: Statement) -> bool:
    return (
        no.channels is None
        and no.third_parties is None
        and any(prohibits("data", one, EVERYTHING["data"]) for one in no.data)
        and all(any(prohibits("action", one, action) for one in no.actions) for action in _ACTIONS)
        and (
            no.purposes is None or all(any(prohibits("purpose", one, why) for one in no.purposes) for why in _PURPOSES)
        )
    )


def _lifts(view: View, yes: Statement, found: Objection, question: Question) -> bool:
    """Whether this yes lifts the objection. No other no is asked: one that is narrower may leave a part permitted."""
    statements = (*found.statements(lambda point: point.at), yes)
    return bool(decide(replace(view.history.facts, statements=statements), question, view.at, now=True))


def _of_yeses(view: View) -> Iterator[tuple[Statement, Question]]:
    """What yeses say of the same, as they say it: each may have lifted a part."""
    for yes in view.history.facts.statements:
        if yes.effect == "permit" and yes.third_parties != frozenset():
            why = [one for one in yes.purposes or _PURPOSES if any(overlaps("purpose", one, no) for no in _PURPOSES)]
            about = [Code(scheme=scheme, code=code) for scheme, code in sorted(yes.topics or ())]
            whom = sorted(yes.third_parties) if yes.third_parties else (THIRD_PARTY,)
            bounds = (whom, sorted(yes.channels or ()) or (None,), about or (None,))
            for action, purpose, term, to, channel, topic in product(yes.actions, why, yes.data, *bounds):
                yield yes, Question(action, purpose, term, to, channel, yes.scope, topic)
