"""A move of a relationship to another key, within a wallet's transactions (`spec/v1/relationship/page.md`).

The move waits in the outbox like any word. Until it has its receipt nothing is said but no. Then the store goes on
under the new DID, and what was denied under the old one without a receipt is denied again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...errors import Problem
from ...messages import Message
from ...protocol import History, Verified, family_of, is_narrowing
from ...protocol.families import FAMILIES
from ...protocol.speakers import forerunner, key_url
from ...store import Kept, Noticed, Peer, Rows
from ..party.histories import read
from ..party.signing import Draft, Link, Signer
from .arrived import Arrived

STRANGE_KEY = "strange-key"
"""What is noticed of a vendor that signs with a key which it has not introduced."""


def move_under_way(pending: Iterable[Kept]) -> Message[Any] | None:
    """The move that waits for its receipt, if one does."""
    for kept in pending:
        family = family_of(kept.type)
        if family is not None and FAMILIES[family].never_stale and forerunner(message := read(kept)[0]) is not None:
            return message
    return None


def go_on_as(rows: Rows, number: int, history: History, signers: Callable[[str], Signer], did: str, now: str) -> None:
    """The vendor has placed our move: all goes on under its DID. What waits of our noes is said again under it.

    Args:
        rows: The transaction.
        number: The relationship.
        history: Its history, to be changed.
        signers: Who signs under a DID.
        did: The new one.
        now: The time.
    """
    peer = rows.move(number, did)
    for kept in rows.with_status(number, "pending"):
        no = read(kept)[0] if is_narrowing(kept.type, "customer") else None
        if no is None or no.from_ == did:
            continue
        rows.change_message(number, kept.digest, status="refused")
        history.unhear(kept.digest)
        link = Link(prior=rows.last_said(number, "customer"), seen=history.chain.tip)
        thread = None if no.opens else no.thread
        again = signers(did).write(Draft(no.body, ext=no.ext), to=peer.peer, at=now, thread=thread, link=link)
        message = again.message
        rows.add_message(number, Kept(again.digest, rows.next_position(number), "customer", message.id, message.type,
                                      message.thread, again.raw, "pending", None, None, None))  # fmt: skip
        history.hear(message, again.digest)


def by_keys_that_count(
    rows: Rows,
    peer: Peer,
    history: History,
    words: Sequence[Kept],
    new: Mapping[str, Verified],
    arrived: Arrived,
    now: str,
) -> list[Kept]:
    """Those of the vendor's next words whose keys count; the others are no words, and the person is told.

    Args:
        rows: The transaction.
        peer: The relationship.
        history: Its history up to here.
        words: What could take the next place.
        new: Words that need not be read again, by their digests.
        arrived: Where what is noticed goes.
        now: The time.
    """
    good = []
    for kept in words:
        message = new[kept.digest].message if kept.digest in new else read(kept)[0]
        if key_counts(history, peer, message):
            good.append(kept)
            continue
        rows.change_message(peer.number, kept.digest, status="forked")
        url = message.proof.verification_method
        why = f"a word under the key {url}, which has ended, or does not count yet: it was not taken"
        arrived.noticed.append(Noticed(STRANGE_KEY, why, (kept.digest,), now))
    return good


def key_counts(history: History, peer: Peer, message: Message[Any]) -> bool:
    """Whether a key is pinned or introduced, and has not ended."""
    url = message.proof.verification_method
    known = url in peer.pinned or any(url == key_url(peer.peer, each.key) for each in history.introduced())
    return known and history.key_counts(message)


def strange_key(problem: Problem, now: str) -> Noticed:
    """What to tell of a word whose key is not pinned. It is not kept, so it shows once however often it comes."""
    return Noticed(STRANGE_KEY, f"a word was not taken, and waits at the vendor: {problem}", (), now)
