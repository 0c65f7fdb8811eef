"""`Sec-GPC: 1`, the Global Privacy Control, as an objection; and whether it is processed (`docs/bridges/gpc.md`).

The signal is https://www.w3.org/TR/gpc/, a browser's; the objection is the customer's own word, which a wallet says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product, takewhile

from ..messages import data
from ..messages.types import Code, Party
from ..protocol import EVERYTHING, THIRD_PARTY, Question, Statement
from ..protocol.families.data import Objection
from ..protocol.vocabulary import overlaps, prohibits
from .gate import Gate, View

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
        honored: Whether the objection stands, and nothing of what it names is permitted.
        text: What may be shown; empty where it is not honored.
        since: The time of its place.
        evidence: The digest of the objection, and of the vendor's receipt for it.
        permitted: What a later yes of the customer permits of it.
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
    found = next(_standing(view), None)
    if found is None:
        return Processed(honored=False)
    gate = Gate(view)
    questions = takewhile(lambda _: not gate.spent, chain(_all(), _of_later_words(view)))
    permitted = tuple(dict.fromkeys(filter(gate.permits, questions)))
    honored = not permitted and not gate.spent
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


def _all() -> Iterator[Question]:
    """All that the signal says no to."""
    return (Question(action, purpose, recipient=THIRD_PARTY) for action, purpose in product(_ACTIONS, _PURPOSES))


def _of_later_words(view: View) -> Iterator[Question]:
    """What yeses say of the same, as narrow as they say it: each may have lifted a part."""
    for yes in view.history.facts.statements:
        if yes.effect == "permit" and yes.third_parties != frozenset():
            why = [one for one in yes.purposes or _PURPOSES if any(overlaps("purpose", one, no) for no in _PURPOSES)]
            about = [Code(scheme=scheme, code=code) for scheme, code in sorted(yes.topics or ())]
            whom = sorted(yes.third_parties) if yes.third_parties else (THIRD_PARTY,)
            bounds = (whom, sorted(yes.channels or ()) or (None,), about or (None,))
            for action, purpose, term, to, channel, topic in product(yes.actions, why, yes.data, *bounds):
                yield Question(action, purpose, term, to, channel, yes.scope, topic)
