"""Who speaks in a relationship: the customer's DID, which may move to another, and the keys of the vendor.

What families say about it is asked for here, by no family's name (`spec/v1/identity.md`).
"""

from collections.abc import Iterable
from typing import Any

from .. import trust
from ..messages import Message
from .families import FAMILIES
from .family import VendorKey
from .lifecycle import family_of


def forerunner(message: Message[Any]) -> str | None:
    """Of a word by which a customer goes on under another DID: the DID of before. None for all others."""
    family = family_of(message.type)
    return FAMILIES[family].forerunner(message) if family is not None else None


def gone_on_as(words: Iterable[Message[Any]]) -> dict[str, str]:
    """The moves among a customer's words, each from a DID that has announced the key: DID of before → DID.

    Whether a move took effect is for the fold to say.
    """
    announced: set[tuple[str, str | None]] = set()
    moves: list[Message[Any]] = []
    for word in words:
        family = family_of(word.type)
        if family is not None and word.side == "customer":
            announced.add((word.from_, FAMILIES[family].announces(word)))
            moves += [word] if forerunner(word) is not None else []
    found = ((str(forerunner(move)), move.from_) for move in moves)
    return {was: did for was, did in found if (was, trust.key_digest(did.removeprefix("did:key:"))) in announced}


def introduced_by(message: Message[Any]) -> dict[str, str]:
    """Of a word by which a vendor introduces a key: its URL and the key. Of all others nothing."""
    family = family_of(message.type)
    key = FAMILIES[family].introduces(message) if family is not None else None
    return {key_url(message.from_, key): key} if key is not None else {}


def key_url(vendor: str, key: str) -> str:
    """The URL that the proofs of an introduced key name."""
    return f"{vendor}#{key}"


def counts(keys: Iterable[VendorKey], message: Message[Any], place: int, at: str) -> bool:
    """Whether the key that signs a vendor's word counts at its place: it has not ended, nor begins later.

    Args:
        keys: The keys that were introduced before, in their order.
        message: The word.
        place: Its place.
        at: Its place time.
    """
    url, found = message.proof.verification_method, None
    for each in keys:
        mine = url == key_url(message.from_, each.key)
        if each.counts(place, at):
            found = True if mine else False if url in each.ends else found
        elif mine and found is None:
            found = False
    return found is not False
