"""Saying, reading and deciding in a relationship with one customer; the base of `Relationship`."""

from typing import Protocol, Unpack

from ...protocol import Decision, History, Record, Thread
from ..party.asking import Asked
from .handlers import Reply


class Face(Protocol):
    """What a relationship asks of its `Vendor`."""

    def decide(self, customer: str, asked: Asked) -> Decision:
        """See `Vendor.decide`."""
        ...

    def history(self, customer: str) -> History:
        """See `Vendor.history`."""
        ...

    async def say(self, customer: str, body: Reply, thread: str | None = None) -> str:
        """See `Vendor.say`."""
        ...

    def now(self) -> str:
        """See `Vendor.now`."""
        ...


class Messaging:
    """Speaks with one customer, who is known by a DID that no other vendor sees.

    Attributes:
        vendor: The vendor.
        customer: The customer's DID here.
    """

    def __init__(self, vendor: Face, customer: str) -> None:
        self.vendor = vendor
        self.customer = customer

    def may(self, **asked: Unpack[Asked]) -> Decision:
        """Whether the vendor may do this; see `Vendor.may`."""
        return self.vendor.decide(self.customer, asked)

    @property
    def history(self) -> History:
        """The threads of this relationship, folded."""
        return self.vendor.history(self.customer)

    @property
    def records(self) -> dict[str, Record]:
        """Thread id → agreement, consent or dealing."""
        return self.history.records

    def thread(self, id_: str) -> Thread | None:
        """A thread, as far as it is known here."""
        return self.history.threads.get(id_)

    def now(self) -> str:
        """The vendor's own time."""
        return self.vendor.now()

    async def say(self, body: Reply, thread: str | None = None) -> str:
        """Say something of the vendor's own accord; see `Vendor.say`."""
        return await self.vendor.say(self.customer, body, thread)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.customer})"
