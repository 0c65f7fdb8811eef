"""The fold of a terms thread: what both sides are bound by (`spec/v1/terms/page.md`)."""

from dataclasses import dataclass, replace
from typing import Any, Self

from ..messages import terms
from ..messages.types import Ref, TermsDocument
from . import roster
from .said import Said


@dataclass(frozen=True)
class Agreement:
    """Terms put forward, and what became of them.

    Attributes:
        state: A state of `terms/lifecycle.json`.
        choices: Digest and document of the customer's terms, by preference.
        scope: The message whose data the terms are for; none: the whole relationship.
        counter: Digest and document of the vendor's one alternative.
        terms: Digest and document of the terms that bind, once they do.
        since: When they began to bind.
        ended: When they ceased to permit. Prohibitions and duties outlive that.
        evidence: Digests of the messages that made, and ended, the agreement.
    """

    state: str
    choices: tuple[tuple[str, TermsDocument], ...] = ()
    scope: Ref | None = None
    counter: tuple[str, TermsDocument] | None = None
    terms: tuple[str, TermsDocument] | None = None
    since: str | None = None
    ended: str | None = None
    evidence: tuple[str, ...] = ()

    def take(self, said: Said, to: tuple[str, ...], context: Any) -> Self:
        """The agreement after this message, which the lifecycle allows.

        Raises:
            TermsMismatch, TermsUnknown, TermsNotOffered: The message names other terms than it may.
        """
        here = replace(self, state=to[0], evidence=(*self.evidence, said.digest))
        match said.message.body:
            case terms.Proffer() as body:
                choices: tuple[roster.Terms, ...] = ()
                for position, ref in enumerate(body.choices):
                    choices = (*choices, roster.resolve(ref, ("body", "choices", position), roster.by_id(choices)))
                return replace(here, choices=choices, scope=body.scope if isinstance(body.scope, Ref) else None)
            case terms.Counter() as body:
                return replace(here, counter=roster.resolve(body.terms, ("body", "terms"), roster.by_id(self.choices)))
            case terms.Accept() as body:
                open_ = self.choices if self.counter is None else (self.counter,)
                return replace(here, terms=roster.pick(body.terms, open_, ("body", "terms")), since=said.at)
            case _:
                return replace(here, ended=said.at)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        return {
            "record": "agreement",
            "state": self.state,
            "choices": [{"id": document.id, "digest": digest} for digest, document in self.choices],
            **({"scope": self.scope.wire()} if self.scope else {}),
            **({"counter": {"id": self.counter[1].id, "digest": self.counter[0]}} if self.counter else {}),
            **({"terms": {"id": self.terms[1].id, "digest": self.terms[0]}} if self.terms else {}),
            **({"since": self.since} if self.since else {}),
            **({"ended": self.ended} if self.ended else {}),
            "evidence": list(self.evidence),
        }
