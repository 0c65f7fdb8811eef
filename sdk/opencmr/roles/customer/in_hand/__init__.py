"""What a customer holds in hand after having said something, one module a family.

Each is a view of a thread: `record` is what the thread folds to now, so nothing here can be out of date. A family's
module also has what the customer's side says of its own accord in that family, such as `proffer`; `Relationship` and
`Customer` take these methods from there. No other module of the customer's side knows a family.

- `terms`: `AgreementInHand`; a relationship can `proffer`
- `consent`: `ConsentInHand`; a relationship can `grant`, and lists `requests` and `consents`
- `intent`: `Casting`, `OfferInHand`, `OrderInHand`; a customer can `cast`
- `mail`: waiting for what a vendor says next
"""

from typing import Generic, TypeVar

from ....errors import UsageError
from ....messages import Body
from ....protocol import Record
from ...party.signing import Draft
from ..messaging import Messaging

R = TypeVar("R", bound=Record)


class Handle(Generic[R]):
    """A thread in hand.

    Attributes:
        relationship: Where it takes place.
        thread: Its id.
    """

    _kind: type[R]

    def __init__(self, relationship: Messaging, thread: str) -> None:
        self.relationship = relationship
        self.thread = thread

    @property
    def record(self) -> R:
        """What the thread folds to.

        Raises:
            UsageError: Nothing has taken effect in it yet.
        """
        thread = self.relationship.thread(self.thread)
        if thread is None or not isinstance(thread.record, self._kind):
            raise UsageError(f"nothing has taken effect in {self.thread} yet")
        return thread.record

    @property
    def state(self) -> str:
        """The thread's state, as its receipts name it."""
        thread = self.relationship.thread(self.thread)
        return thread.state if thread else "none"

    async def say(self, body: Body | Draft) -> None:
        """Go on in this thread; see `Relationship.say`."""
        await self.relationship.say(body, self.thread)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.thread}, {self.state})"
