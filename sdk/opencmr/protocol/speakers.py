"""Who speaks in a relationship: the customer's DID, which may move to another, and the keys of the vendor.

What families say about it is asked for here, by no family's name (`spec/v1/identity.md`).
"""

from collections.abc import Iterable
from typing import Any

from ..errors import WrongKey
from ..messages import Message
from .families import FAMILIES
from .family import VendorKey
from .lifecycle import family_of


def forerunner(message: Message[Any]) -> str | None:
    """Of a word by which a customer goes on under another DID: the DID of before. None for all others."""
    family = family_of(message.type)
    return FAMILIES[family].forerunner(message) if family is not None else None


def key_url(vendor: str, key: str) -> str:
    """The URL that the proofs of an introduced key name."""
    return f"{vendor}#{key}"


def check_key(keys: Iterable[VendorKey], message: Message[Any], place: int, at: str) -> None:
    """Check that a vendor's word is signed by a key that counts at its place, as far as introductions say.

    Args:
        keys: The keys that were introduced before.
        message: The word.
        place: Its place.
        at: Its place time.

    Raises:
        WrongKey: The key has ended, or begins later.
    """
    url, why = message.proof.verification_method, None
    for each in keys:
        mine = url == key_url(message.from_, each.key)
        if each.counts(place, at):
            why = None if mine else "the key has ended" if url in each.ends else why
        elif mine and why is None:
            why = f"the key begins at {each.begins}"
    if why is not None:
        raise WrongKey(why, pointer="/proof/verificationMethod", rule="REL-10")
