"""Data: what the customer shares and objects to, their rights requests, and what a vendor gives (`spec/v1/data/`).

A thread folds to what its first word begins: a `RightsRequest`, an `Objection`, a `Sharing` or a `Giving`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ....messages import Message, data
from ...context import Context
from ...family import Family, Misplaced, Unopened
from ...uri import misnamed
from ...vocabulary import Kind, is_term, not_of_kind
from .handed import Giving, Sharing
from .objection import Erasures, Objection
from .regimes import Regime, regimes
from .request import RightsRequest
from .resting import is_live, thread_of, threads_of

if TYPE_CHECKING:
    from ...thread import Thread

__all__ = ["FAMILY", "Erasures", "Giving", "Objection", "Regime", "RightsRequest", "Sharing", "is_live", "regimes"]

_BEGUN = {
    data.Share.type: Sharing.begun,
    data.Object.type: Objection.begun,
    data.Request.type: RightsRequest.begun,
    data.Give.type: Giving.begun,
}


def _misplaced(message: Message[Any]) -> Iterator[Misplaced]:
    """An objection has terms that there are; parties are named in normal form; who takes longer says until when."""
    match message.body:
        case data.Object() as body:
            listed: tuple[tuple[str, Kind, list[str] | None], ...] = (
                ("actions", "action", body.actions),
                ("data", "data", body.data),
                ("purposes", "purpose", body.purposes),
            )
            for name, kind, terms in listed:
                for position, term in enumerate(terms or ()):
                    if not is_term(kind, term):
                        yield ("body", name, position), not_of_kind(kind, term), {"rule": "DAT-3"}
            yield from misnamed((("body", "recipients", at), party) for at, party in enumerate(body.recipients or ()))
        case data.Request(to=party) if party is not None:
            yield from misnamed([(("body", "to"), party)])
        case data.Answer(reason=[*reasons], due_by=None) if "extended" in reasons:
            yield ("body", "dueBy"), "who takes longer says until when", {"rule": "DAT-9"}


def _rests_on(thread: "Thread", context: Context) -> Iterator[str]:
    """What a word of it names; of a correction and of what is kept, where the data was disclosed."""
    match thread.record:
        case Sharing(basis=ref):
            if (named := thread_of(context, ref)) is not None:
                yield from threads_of(context, named)
        case Giving(about=ref):
            if (named := thread_of(context, ref)) is not None:
                yield named
        case RightsRequest() as request:
            if request.body.about is not None and (named := thread_of(context, request.body.about)) is not None:
                yield named
            if request.body.right in ("correct", "erase"):
                yield from (id_ for id_, one in context.threads.items() if one.record and any(one.record.data))


FAMILY = Family(
    name="data",
    blank=lambda at: Unopened(_BEGUN),
    misplaced=_misplaced,
    beside=Erasures,
    rests_on=_rests_on,
)
