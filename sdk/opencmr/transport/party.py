"""Where roles and transport meet: bytes of messages, and no HTTP.

A vendor is a `Receiver`, whatever serves it. A customer speaks through a `Network`, whatever carries it: in production
that is HTTP, in users' own tests one process holds both ends.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .discovery import Discovery


@dataclass(frozen=True, slots=True)
class Found:
    """What a vendor's DID leads to.

    Attributes:
        did: The vendor.
        keys: Key URL → public key in multibase: what a customer pins.
        endpoint: URL of the OpenCMR service, as the DID document says, without a slash at the end.
        discovery: What the vendor does, speaks and accepts.
    """

    did: str
    keys: dict[str, str]
    endpoint: str
    discovery: Discovery


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file on its way out.

    Attributes:
        size: How many bytes it gives.
        pieces: They, piece by piece.
        close: Lets it go, whether it was read or not.
    """

    size: int
    pieces: AsyncIterator[bytes]
    close: Callable[[], None]


class Receiver(Protocol):
    """A vendor, as the ASGI application sees it."""

    def did_document(self) -> dict[str, Any]:
        """The DID document."""
        ...

    def discovery(self) -> dict[str, Any]:
        """The document `opencmr`."""
        ...

    def myterms(self) -> dict[str, Any] | None:
        """The document `myterms.json`, if there is one."""
        ...

    def knows(self, did: str) -> bool:
        """Whether this is a customer's DID. Asked for a claim that nobody has proven: the answer goes to no peer.

        Raises:
            Problem: It cannot be told now.
        """
        ...

    async def receive(self, raw: bytes, address: str | None = None) -> list[bytes]:
        """Decide one message. Returns the signed receipt, then what follows it.

        Raises:
            Problem: Nothing was stored; to be answered unsigned.
        """
        ...

    async def collect(self, raw: bytes) -> tuple[list[bytes], bool]:
        """Answer a `mailbox.collect`: what waits, and whether there is more. May take as long as the collect says.

        It is cancelled when the customer has gone.

        Raises:
            Problem: To be answered unsigned.
        """
        ...

    async def take_back(self, words: list[bytes]) -> None:
        """Take back its own words from a customer, with what they answer: it was restored from an older copy.

        Raises:
            Problem: To be answered unsigned; nothing was stored.
        """
        ...

    async def fetch(self, raw: bytes) -> Outgoing:
        """Answer a `blob.fetch`: the file that it asks for. Whoever asks closes what they get.

        Raises:
            Problem: To be answered unsigned.
        """
        ...

    async def tend(self) -> None:
        """Do what is to be done beside requests, until it is cancelled: the server stops."""
        ...

    async def close(self) -> None:
        """End what is held open: the server stops."""
        ...


class Network(Protocol):
    """What carries a customer's messages."""

    async def find(self, did: str) -> Found:
        """Resolve a vendor's DID and read what it says of itself.

        Raises:
            UsageError: Not a usable `did:web`.
            Unreachable: No answer, or none that is OpenCMR.
            UnsupportedVersion: The vendor speaks no version that is spoken here.
        """
        ...

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        """Send one message. Returns the receipt and what follows it, as yet unchecked.

        Raises:
            Problem: The vendor has decided nothing, and says why.
            Unreachable: No answer, or none that is OpenCMR. The same bytes may be sent again.
        """
        ...

    async def collect(self, endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        """Send a `mailbox.collect`. Returns what waits, as yet unchecked, and whether there is more.

        Args:
            endpoint: URL of the vendor's service.
            raw: The collect.
            wait: Seconds for which it asks the vendor to hold the answer.

        Raises:
            Problem: The vendor refuses the collect, and says why.
            Unreachable: No answer, or none that is OpenCMR.
        """
        ...

    async def hand_back(self, endpoint: str, words: list[bytes]) -> None:
        """Hand a vendor back its own words, and what they answer (`spec/v1/transport.md`, handing back).

        Raises:
            Problem: The vendor does not take them, and says why.
            Unreachable: No answer, or none that is OpenCMR.
        """
        ...

    async def fetch(self, endpoint: str, raw: bytes, size: int, take: Callable[[bytes], None]) -> None:
        """Send a `blob.fetch`, and take what comes piece by piece, as yet unchecked.

        Args:
            endpoint: URL of the vendor's service.
            raw: The fetch.
            size: How many bytes have to come. Not one more is taken.
            take: Takes a piece. What it raises is no `OSError`: those are the network's.

        Raises:
            Problem: The vendor refuses the fetch, and says why.
            Unreachable: Not all has come, or it comes too slowly. What was taken was taken.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...
