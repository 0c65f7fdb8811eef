"""Whether a store still holds what was written into it: its pages, every digest, every chain, every receipt.

Folding notices damage as well, of the relationship that is looked at and before it answers. This looks at everything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import orjson

from .. import trust
from ..errors import StoreError
from ..messages.types import Side
from ..protocol.erasure import is_tombstone
from .backends import DATABASE_ERRORS, open_backend, why
from .batch import Batch, Peer
from .kept import Kept, Status
from .rows import Rows
from .schema import check_tables


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written.

    Attributes:
        what: What is wrong, in a sentence.
        me: Our own DID in the relationship; none where it concerns the whole store.
        peer: The other side's.
        digest: The message's, as its row has it; none where it concerns no single one.
    """

    what: str
    me: str | None = None
    peer: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        about = f" (message {self.digest})" if self.digest else ""
        return f"{self.me} with {self.peer}: {self.what}{about}" if self.me else self.what


def inspect_messages(where: str | Path, *, seen: Callable[[int], bool] = lambda count: True) -> Iterator[Fault]:
    """Inspect all that a store holds, one relationship after the other. Nothing is written.

    What the database itself finds wrong with its file comes first. Signatures are not checked: they were when messages
    came, and a digest notices what has changed since.

    Args:
        where: A path, or a database URL.
        seen: Called after each relationship with the number of its messages; false ends it.

    Raises:
        StoreError: It cannot be opened.
    """
    backend = open_backend(where, read_only=True)
    try:
        try:
            check_tables(backend)
        except DATABASE_ERRORS as error:
            raise StoreError(why(error)) from error
        with backend.transaction() as connection:
            yield from map(Fault, backend.damage(connection, 100))
            rows = Rows(Batch(connection))
            for peer in list(rows.peers()):
                kept = rows.everything(peer.number)
                yield from (
                    Fault(what, peer.me, peer.peer, digest) for what, digest in inspect_relationship(peer, kept)
                )
                if not seen(len(kept)):
                    return
    except DATABASE_ERRORS as error:
        yield Fault(why(error))
    except StoreError as error:
        yield Fault(str(error))
    finally:
        backend.close()


_OFF = ("forked", "undone", "waiting")
"""Off the chain, or not in it yet."""

Found = Iterator[tuple[str, str | None]]


def inspect_relationship(peer: Peer, kept: list[Kept]) -> Found:
    """What of a relationship is not as it was written: what is wrong, and the digest of the message, where it is one.

    Args:
        peer: Its row.
        kept: All its messages and receipts, in their order.
    """
    told: dict[str, Kept] = {}
    for each in kept:
        document = _read(each)
        if document is None:
            yield "its bytes are not those that were kept", each.digest
            continue
        if odd := [name for name, right in _columns(peer, each, document) if not right]:
            yield f"{', '.join(odd)} of its row are not what it says", each.digest
        if each.of is not None and each.status not in _OFF:
            if each.side == "vendor" and each.of in told:
                yield f"there are two receipts for {each.of}", each.digest
            told.setdefault(each.of, each) if each.side == "vendor" else None
    if len(kept) != peer.position or [each.position for each in kept] != list(range(1, len(kept) + 1)):
        yield f"{peer.position} messages and receipts were kept, and {len(kept)} are there", None
    yield from _receipts(kept, told)
    yield from _chain(kept)


def _read(kept: Kept) -> dict[str, Any] | None:
    """The document of a message; none where its bytes are not those that were kept."""
    document: dict[str, Any]
    if is_tombstone(kept.raw):
        document = orjson.loads(kept.raw)
        return document if document.get("erased") == kept.digest else None
    if trust.digest(kept.raw) != kept.digest:
        return None
    document = orjson.loads(kept.raw)
    return document


def _columns(peer: Peer, kept: Kept, document: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """What a row repeats of its message, and whether it does so rightly."""
    vendor = max(peer.me, peer.peer)  # a did:web; the customer is a did:key, and may have moved
    yield "side", kept.side in get_args(Side) and (document["from"] == vendor) == (kept.side == "vendor")
    yield "status", kept.status in get_args(Status)
    for name in ("id", "type", "thread"):
        yield name, document[name] == getattr(kept, name)
    if kept.of is not None:
        yield "of", document["body"].get("of") == kept.of
    if kept.side == "vendor":
        yield "place", document.get("number") == kept.place
        yield "at", document["created"] == kept.at


def _receipts(kept: list[Kept], told: dict[str, Kept]) -> Found:
    """Whether each has a receipt that was answered, and whether the receipt says where it stands."""
    digests = {each.digest for each in kept}
    for each in kept:
        if each.of is not None and each.status not in _OFF and each.of not in digests:
            yield f"it is a receipt for {each.of}, which is not there", each.digest
        if each.side == "customer" and not each.placed and each.digest in told:
            yield "it has a receipt, and its row says that it has no place", each.digest
        if each.status not in ("entry", "refused") or each.side != "customer":
            continue
        if each.status == "refused" and each.place is None:  # by an unsigned problem: nobody has answered it
            continue
        receipt = told.get(each.digest)
        if receipt is None:
            yield "its receipt is not there", each.digest
        elif (receipt.place, receipt.at) != (each.place, each.at):
            yield "its receipt gives it another place", each.digest


def _chain(kept: list[Kept]) -> Found:
    """Whether the vendor's words follow one another from the first on."""
    words = sorted(
        (each for each in kept if each.side == "vendor" and each.place is not None and each.status not in _OFF),
        key=lambda each: each.place or 0,
    )
    before: str | None = None
    for number, each in enumerate(words, start=1):
        if each.place != number:
            yield f"it is number {each.place} of the vendor's words, where number {number} belongs", each.digest
            return
        if (_read(each) or {}).get("prior") != before:
            yield f"it does not follow number {number - 1} of the vendor's words", each.digest
        before = each.digest
