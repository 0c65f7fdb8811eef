"""Checks of a vendor's answers that need no store: checks 1 to 7, as a customer makes them (`spec/v1/receiving.md`)."""

from collections.abc import Collection, Iterable
from typing import Any

from ...errors import Problem, UnknownReference
from ...messages import Message, core
from ...protocol import Parsed, Verified, parse, verify
from ...protocol.history import is_entry
from ...protocol.receiving import bare
from ...protocol.speakers import introduced_by
from ...store import Peer
from .quota import Checked


def check_words(peer: Peer, raws: Iterable[bytes], others: Collection[str] = ()) -> list[Checked]:
    """Check signed answers as far as that needs no store, so that no writer is held up by it.

    A key that is introduced by one of them is good for those after it. Whether it counts is seen at their places.

    Args:
        peer: The relationship.
        raws: Messages.
        others: Other DIDs under which the customer has spoken in it, or is about to.
    """
    mine, pinned = {peer.me, *others}, dict(peer.pinned)
    return [_checked(peer.peer, mine, peer.me, pinned, raw) for raw in raws]


def _checked(vendor: str, mine: Collection[str], me: str, pinned: dict[str, str], raw: bytes) -> Checked:
    digest = None
    try:
        parsed = parse(raw)
        digest = parsed.digest
        return Checked(digest, _verified(vendor, mine, me, pinned, parsed))
    except Problem as problem:
        return Checked(digest, bare(problem))


def _verified(vendor: str, mine: Collection[str], me: str, pinned: dict[str, str], parsed: Parsed) -> Verified:
    if parsed.sender in mine:  # our own words come back with their receipts
        ours = verify(parsed, me=vendor, pinned={})
        if not is_entry(ours.message):
            raise UnknownReference("no word of ours", pointer="/type")
        return ours
    to = parsed.document.get("to")
    verified = verify(parsed, me=to if isinstance(to, str) and to in mine else me, pinned=pinned, lenient=True)
    if verified.message.from_ != vendor or not _is_word(verified.message):
        raise UnknownReference("no word of this vendor's", pointer="/from")
    pinned |= introduced_by(verified.message)
    return verified


def _is_word(message: Message[Any]) -> bool:
    return is_entry(message) or message.type == core.Receipt.type
