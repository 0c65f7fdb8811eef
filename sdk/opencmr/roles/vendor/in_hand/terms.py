"""Terms: what a customer has proffered, and the agreement that came of it (`spec/v1/terms/`)."""

from ....messages import terms
from ....messages.types import TermsRef
from ....protocol import roster
from ....protocol.families.terms import Agreement
from ...party.given import made
from ...party.signing import Deadline, deadline
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class AgreementInHand(Handle[Messaging, Agreement]):
    """Terms that a customer proffered, and what became of them."""

    family = "terms"
    kind = Agreement

    async def accept(self, choice: str | TermsRef) -> None:
        """Accept one of the customer's choices.

        Args:
            choice: Its roster code, or the reference.

        Raises:
            UsageError: It is on no roster, or the customer did not proffer it.
        """
        await self.say(made(terms.Accept, terms=_reference(choice)))

    async def counter(
        self,
        alternative: str | TermsRef,
        *,
        answer_by: Deadline | None = None,
        reason: str | None = None,
        note: str | None = None,
    ) -> None:
        """Put one alternative to the customer, once.

        Args:
            alternative: Its roster code, or the reference.
            answer_by: Until when the customer can accept it, exclusive; absent: as long as the proffer says.
            reason: Why, as a code.
            note: Words for people.

        Raises:
            UsageError: It is on no roster, or there was a counter already.
        """
        last = deadline(answer_by, self.relationship.now()) if answer_by is not None else None
        await self.say(made(terms.Counter, terms=_reference(alternative), answer_by=last, reason=reason, note=note))

    async def decline(self, reason: str = "notAcceptable", note: str | None = None) -> None:
        """Say no to what is pending."""
        await self.say(made(terms.Decline, reason=reason, note=note))

    async def terminate(self, reason: str | None = None) -> None:
        """End the agreement. Its prohibitions and duties outlive it."""
        await self.say(made(terms.Terminate, reason=reason))


class Agreements(Threads[Messaging, AgreementInHand]):
    """The terms that the customer proffered, and the agreements that came of them."""

    handle = AgreementInHand


def _reference(choice: str | TermsRef) -> TermsRef:
    return choice if isinstance(choice, TermsRef) else roster.ref(choice)
