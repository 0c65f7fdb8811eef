"""What a vendor that was restored is handed back (`spec/v1/transport.md`, handing back)."""

from collections.abc import Iterator
from itertools import groupby

import orjson

from ...errors import Behind, Unreachable
from ...protocol import Chain
from ...protocol.erasure import is_tombstone
from ...store import Rows


def handed_back(rows: Rows, number: int, chain: Chain, behind: Behind) -> Iterator[tuple[str, list[bytes]]]:
    """The vendor's own words that it lacks, in their order, each with what belongs to it.

    Args:
        rows: The transaction.
        number: The relationship's.
        chain: What is held of the vendor's words.
        behind: What the vendor said: which of its words it does hold.

    Returns:
        The DID of ours to which it was said; and each receipt after what it answers, each entry before our receipt for
        it.

    Raises:
        Unreachable: Some of it was erased here, and cannot be handed back.
    """
    held = max((place for digest in behind.expected or () if (place := chain.number(digest))), default=0)
    found = rows.places_after(number, held, 2 * len(chain.digests))
    for _, words in groupby(found, key=lambda kept: kept.place):
        some = list(words)
        given = rows.receipt_of(number, some[-1].digest, "customer")
        if any(is_tombstone(each.raw) for each in some):
            raise Unreachable("the vendor lacks words that were erased here; forget the relationship, and meet again")
        yield orjson.loads(some[-1].raw)["to"], [each.raw for each in (*some, given) if each is not None]
