"""Terms: what a customer proffers, and the agreement that comes of it (`spec/v1/terms/`)."""

import inspect
from datetime import timedelta

from ....errors import UsageError
from ....messages import terms
from ....messages.types import Ref, TermsDocument, TermsRef
from ....protocol.families.terms import Agreement
from ...party.given import made
from ...party.signing import Deadline, deadline
from ...party.threads import Handle, Threads
from ..messaging import Messaging
from ..policy import references


class AgreementInHand(Handle[Messaging, Agreement]):
    """Terms that were proffered, and what became of them."""

    family = "terms"
    kind = Agreement

    @property
    def terms(self) -> TermsDocument | None:
        """The terms that bind; none while nothing is agreed."""
        return self.record.terms[1] if self.record.terms else None

    @property
    def counter(self) -> TermsDocument | None:
        """The vendor's alternative, where it put one."""
        return self.record.counter[1] if self.record.counter else None

    async def accept(self) -> None:
        """Take the vendor's counter.

        Raises:
            UsageError: There is none.
        """
        if self.record.counter is None:
            raise UsageError("the vendor put no counter")
        digest, document = self.record.counter
        await self.say(terms.Accept(terms=TermsRef(id=document.id, digest=digest)))

    async def decline(self, reason: str = "notAcceptable") -> None:
        """Say no to what is pending."""
        await self.say(made(terms.Decline, reason=reason))

    async def terminate(self, reason: str | None = None) -> None:
        """End the agreement. Its prohibitions and duties outlive it."""
        await self.say(made(terms.Terminate, reason=reason))


class Agreements(Threads[Messaging, AgreementInHand]):
    """The terms that were proffered, and the agreements that came of them."""

    handle = AgreementInHand

    async def proffer(
        self,
        *choices: str | TermsRef,
        scope: Ref | None = None,
        answer_by: Deadline = timedelta(days=30),
        note: str | None = None,
    ) -> AgreementInHand:
        """Proffer terms, in order of preference; the vendor accepts, counters once, or declines.

        A counter is taken, or put to whoever is to be asked, as the customer's policy says.

        Args:
            choices: Roster codes, or references; absent: those of the policy.
            scope: The message whose data the terms are for; absent: the whole relationship.
            answer_by: Until when the vendor can accept or counter them, exclusive.
            note: Words for people.
        """
        body = made(
            terms.Proffer,
            choices=references(choices) if choices else self.relationship.policy.choices(),
            scope=scope,
            answer_by=deadline(answer_by, self.relationship.now()),
            note=note,
        )
        agreement = AgreementInHand(self.relationship, await self.relationship.say(body))
        if agreement.state == "countered":
            await self._weigh(agreement)
        return agreement

    async def _weigh(self, agreement: AgreementInHand) -> None:
        counter = agreement.record.counter
        if counter is None:
            return
        digest, document = counter
        policy = self.relationship.policy
        if policy.knows(digest):
            await agreement.accept()
        elif policy.ask is not None:
            answer = policy.ask(self.relationship.vendor, document)
            if await answer if inspect.isawaitable(answer) else answer:
                await agreement.accept()
            else:
                await agreement.decline()
