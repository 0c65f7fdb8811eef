"""Cases of threads, third form: what a customer makes of the answers of the mailbox, in whatever order they come.

They go to the customer's real wallet, over a store in a folder that is gone afterwards.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import trust
from ..roles.customer.checking import check_words
from ..roles.customer.transaction import Transactions
from ..roles.party.histories import Histories
from ..roles.party.signing import Signer
from ..store import Kept, Rows, Store
from .conversations import Case, as_asked, asked, at_the_end, read

SHOWN = (
    "answered-twice", "answers-nothing", "conflict", "disputed", "other-outcome", "other-state", "restored", "split",
)  # fmt: skip
"""What signed words show, by the codes of `spec/v1/evidence.md`."""


def run_answers(case: Case) -> tuple[Any, Any]:
    """What a case with `answers` expects, and what came of it."""
    return as_asked(case, taken_in(case))


def taken_in(case: Case) -> dict[str, Any]:
    """What a customer makes of the answers of a case, and all that can be told of it in the end."""
    with _holder(case) as holder:
        for document in case["said"]:
            holder.say(document)
        got = [{**step, "expect": {**holder.take_in(step), **holder.asked(step)}} for step in case["answers"]]
        return {"answers": got, **holder.at_the_end()}


@dataclass
class _Holder:
    """A customer to whom the answers of a case come."""

    case: Case
    store: Store
    wallet: Transactions

    def say(self, document: dict[str, Any]) -> None:
        """Something of the customer's own that waits for its receipt."""
        word = read(self.case, document)
        message = word.message

        def work(rows: Rows) -> None:
            number = self.wallet.number
            kept = Kept(word.digest, rows.next_position(number), "customer", message.id, message.type, message.thread,
                        word.raw, "pending", None, None, None)  # fmt: skip
            rows.add_message(number, kept)
            peer = self.wallet.peer(rows)
            history = self.wallet.histories.draft(rows, peer)
            history.hear(message, word.digest)
            self.wallet.histories.publish(rows, number, history)

        self.store.write_now(work)

    def take_in(self, step: dict[str, Any]) -> dict[str, Any]:
        """One answer of the mailbox, and what it shows."""
        raws = [trust.canonicalize(document) for document in step["messages"]]
        number = self.wallet.number

        def work(rows: Rows) -> dict[str, Any]:
            peer, others = self.wallet.parties(rows)
            words = check_words(peer, raws, others)
            arrived = self.wallet.take_in(rows, words, step["now"], collected=True)
            return {
                "chain": len(self.wallet.history(rows).chain.digests),
                "waiting": [kept.digest for kept in rows.with_status(number, "waiting")],
                "pending": [kept.digest for kept in rows.with_status(number, "pending")],
                "shows": [{"code": one.code, "words": list(one.words)} for one in arrived.noticed if one.code in SHOWN],
            }

        return self.store.write_now(work)

    def asked(self, step: dict[str, Any]) -> dict[str, Any]:
        """The answers to what a case asks after an answer of the mailbox."""
        if "asks" not in step:
            return {}
        asks = [{"question": each, "at": step["now"], "now": True} for each in step["asks"]]
        return {"asked": self.store.read(lambda rows: [asked(self.wallet.history(rows), each) for each in asks])}

    def at_the_end(self) -> dict[str, Any]:
        """What is known of the relationship once all has come."""
        return self.store.read(
            lambda rows: {
                **at_the_end(self.case, history := self.wallet.history(rows)),
                "digests": list(history.chain.digests),
            }
        )


@contextmanager
def _holder(case: Case) -> Iterator[_Holder]:
    signer = Signer(case["customer"], trust.SigningKey.generate(), trust.key_url(case["customer"]))
    with tempfile.TemporaryDirectory(prefix="opencmr-") as folder, Store(Path(folder) / "wallet.db") as store:
        opened = "1970-01-01T00:00:00.000Z"

        def work(rows: Rows) -> int:
            peer = rows.add_peer(case["customer"], case["vendor"], opened=opened, pinned=case["keys"], endpoint=None)
            return peer.number

        yield _Holder(case, store, Transactions(lambda did: signer, store.write_now(work), Histories()))
