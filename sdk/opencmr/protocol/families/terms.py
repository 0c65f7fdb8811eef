"""The fold of a terms thread: what both sides are bound by (`spec/v1/terms/page.md`)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from ...errors import Expired, Stale, WrongState
from ...messages import terms
from ...messages.types import Ref, Side, TermsDocument
from .. import roster
from ..binding import Binding
from ..context import Context
from ..family import Family, OnTerms, Record, Table, Told
from ..lifecycle import NONE
from ..said import Entry, Point, Said, Word

__all__ = ["FAMILY", "Agreement"]

if TYPE_CHECKING:
    from ..thread import Thread


@dataclass(frozen=True)
class Agreement(Record):
    """Terms put forward, and what became of them.

    Attributes:
        state: A state of `terms/lifecycle.json`.
        choices: Digest and document of the customer's terms, by preference.
        scope: The message whose data the terms are for; none: the whole relationship.
        counter: Digest and document of the vendor's one alternative.
        terms: Digest and document of the terms that bind, once they do.
        own: The customer's own word for what is open, or binds: the proffer, or their acceptance of the counter.
        answer_by: Until when what is open can be accepted, exclusive.
        since: When they began to bind.
        ended: When they ceased to permit. Prohibitions and duties outlive that.
        ended_by: Which side ended it.
        evidence: Digests of the messages that made, and ended, the agreement.
    """

    state: str
    choices: tuple[tuple[str, TermsDocument], ...] = ()
    scope: Ref | None = None
    counter: tuple[str, TermsDocument] | None = None
    terms: tuple[str, TermsDocument] | None = None
    own: Word | None = None
    answer_by: str | None = None
    since: Point | None = None
    ended: Point | None = None
    ended_by: Side | None = None
    evidence: tuple[str, ...] = ()

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """The agreement after this message, which the lifecycle allows.

        Raises:
            TermsMismatch, TermsUnknown, TermsNotOffered: The message names other terms than it may.
            Expired: What it accepts or counters could be answered until then.
            Stale, WrongState: The proffer does not know something later about the terms of this scope.
        """
        here = replace(self, state=to[0], evidence=(*self.evidence, said.digest))
        match said.message.body:
            case terms.Proffer() as body:
                choices: tuple[roster.Terms, ...] = ()
                for position, ref in enumerate(body.choices):
                    choices = (*choices, roster.resolve(ref, ("body", "choices", position), roster.by_id(choices)))
                scope = body.scope if isinstance(body.scope, Ref) else None
                later = superseded(context, said.word, scope.id if scope else None)
                if later is not None:
                    why = "it does not know what holds, or was ended, of the terms of this scope"
                    raise Stale(why, pointer="/seen", rule="TRM-12", expected=[later])
                return replace(here, choices=choices, scope=scope, own=said.word, answer_by=body.answer_by)
            case terms.Counter() as body:
                self._check_open(said)
                counter = roster.resolve(body.terms, ("body", "terms"), roster.by_id(self.choices))
                return replace(here, counter=counter, answer_by=body.answer_by)
            case terms.Accept() as body:
                self._check_open(said)
                open_ = self.choices if self.counter is None else (self.counter,)
                customer = said.side == "customer"
                chosen = roster.pick(body.terms, open_, ("body", "terms"), "TRM-5" if customer else "TRM-4")
                own = said.word if customer else self.own
                self._check_latest(own, context)
                return replace(here, terms=chosen, own=own, since=said.point)
            case _:
                return replace(here, ended=said.point, ended_by=said.side)

    def _check_open(self, said: Said) -> None:
        if self.answer_by is not None and said.at >= self.answer_by:
            why = f"this could be answered until {self.answer_by}, and it is {said.at}"
            raise Expired(why, pointer="/created", rule="TRM-11")

    def _check_latest(self, own: Word | None, context: Context) -> None:
        later = superseded(context, own, self.scope.id if self.scope else None) if own is not None else None
        if later is not None:
            why = "the customer has said something later about the terms of this scope"
            raise WrongState(why, pointer="/type", rule="TRM-10", expected=[later])

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        return {
            "record": "agreement",
            "state": self.state,
            "choices": [{"id": document.id, "digest": digest} for digest, document in self.choices],
            **({"scope": self.scope.wire()} if self.scope else {}),
            **({"counter": {"id": self.counter[1].id, "digest": self.counter[0]}} if self.counter else {}),
            **({"terms": {"id": self.terms[1].id, "digest": self.terms[0]}} if self.terms else {}),
            **({"answerBy": self.answer_by} if self.answer_by else {}),
            **({"since": self.since.at} if self.since else {}),
            **({"ended": self.ended.at} if self.ended else {}),
            "evidence": list(self.evidence),
        }

    def in_brief(self) -> str:
        """The terms that bind, or those to choose from."""
        return self.terms[1].id if self.terms else " or ".join(document.id for _, document in self.choices)

    def in_full(self, at: str) -> Told:
        """The terms in the order in which they were put forward."""
        put = [("proffered", *choice) for choice in self.choices]
        put += [("countered", *self.counter)] if self.counter else []
        put += [("agreed", *self.terms)] if self.terms else []
        rows = tuple((what, document.id, document.title, digest) for what, digest, document in put)
        return Told(Table(("terms", "id", "title", "digest"), rows))

    def bindings(self, thread: str) -> Iterator[Binding]:
        """The agreed terms, once they bind."""
        if self.terms is not None and self.since is not None and self.own is not None:
            made = self.evidence if self.ended is None else self.evidence[:-1]
            yield Binding(self.terms, self.own, self.since, made, self.ended, self.scope.id if self.scope else None)

    def on_terms(self, scope: str | None, thread: str, entries: tuple[Entry, ...]) -> Iterator[OnTerms]:
        """What made the terms bind, and what of the customer's ended them."""
        if scope != (self.scope.id if self.scope else None):
            return
        if self.own is None or self.since is None:
            return
        yield OnTerms(self.own.place, self.evidence[0])
        if self.ended is not None and self.ended_by == "customer":
            yield OnTerms(self.ended.place, self.evidence[-1])

    def promises(self) -> Iterator[str]:
        """A counter stands until it is to be answered."""
        if self.state == "countered" and self.answer_by is not None:
            yield self.answer_by


def superseded(context: Context, own: Word, scope: str | None) -> str | None:
    """A word about the terms of this scope that `own` does not know, by its digest; none where there is none.

    It is one by which terms began to bind, or one by which the customer ended them; of the scope of a wish, also one by
    which the customer put the wish otherwise, ordered, or took it back.
    """
    for id_, thread in context.threads.items():
        if thread.record is not None:
            for word in thread.record.on_terms(scope, id_, thread.entries):
                if not own.knows.knows(word.place):
                    return word.digest
    return None


def _rests_on(thread: "Thread", context: Context) -> Iterator[str]:
    """The agreements of the same scope, and the thread that they are for."""
    if isinstance(thread.record, Agreement):
        scope = thread.record.scope.id if thread.record.scope else None
        for id_, other in context.threads.items():
            if other.record is not None and any(other.record.on_terms(scope, id_, other.entries)):
                yield id_


FAMILY = Family(
    name="terms",
    blank=lambda at: Agreement(NONE),
    passing={
        "customer": frozenset({terms.Proffer.type}),
        "vendor": frozenset({terms.Counter.type, terms.Decline.type, terms.Terminate.type}),
    },
    rests_on=_rests_on,
)
