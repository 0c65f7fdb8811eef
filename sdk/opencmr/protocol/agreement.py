"""The fold of a terms thread: what both sides are bound by (`spec/v1/terms/page.md`)."""

from dataclasses import dataclass, replace
from typing import Any, Self

from ..errors import Expired, Stale, WrongState
from ..messages import terms
from ..messages.types import Ref, Side, TermsDocument
from . import roster
from .context import Context
from .said import Point, Said, Word


@dataclass(frozen=True)
class Agreement:
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
                later = context.superseded(said.word, scope.id if scope else None)
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
        later = context.superseded(own, self.scope.id if self.scope else None) if own is not None else None
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
