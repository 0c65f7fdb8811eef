"""Cases of threads, second form: what a vendor answers to each delivery.

They go to a vendor's real transactions, in a store that is gone afterwards. What the vendor held before is
put there as if it had said it; ids and dates of its own answers are its own, so a case names them by what they answer.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import trust
from ..errors import Problem
from ..messages import Message, core
from ..protocol import parse, verify
from ..protocol.receiving import check_fresh
from ..roles.party.histories import Histories
from ..roles.party.signing import Signer
from ..roles.vendor.fetching import Fetching
from ..roles.vendor.keys import Keys
from ..roles.vendor.mailbox import use_request
from ..roles.vendor.transaction import Received, Transactions
from ..store import Files, Rows, Store
from ..transport import Limits
from ..transport.limits import Gate
from .conversations import Case, asked, read

_LIMIT = 100
"""Of the vendor's words in an answer, where a collect says no less."""


def run_deliveries(case: Case) -> tuple[Any, Any]:
    """What a case with `receive` expects, and what came of it."""
    got: list[dict[str, Any]] = []
    with _shop(case) as shop:
        for step in case["receive"]:
            try:
                told = shop.step(step)
            except Problem as problem:
                shop.answers.append([])
                told = {"unsigned": problem.code, "pointer": problem.as_dict().get("pointer")}
            got.append(_as_asked(told, step["expect"]))
    return [step["expect"] for step in case["receive"]], got


@dataclass
class _Shop:
    """A vendor to whom the messages of a case are delivered."""

    case: Case
    store: Store
    transactions: Transactions
    files: Files
    answers: list[list[bytes]] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=dict)
    """Digest of a receipt that the vendor has made here → what it answers."""

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """One step of a case, and what came of it."""
        now = step["now"]
        if "ask" in step:
            told = self._ask(step["ask"], now)
        elif "collect" in step:
            told = self._collect(trust.canonicalize(step["collect"]), now)
        elif "fetch" in step:
            told = self._fetch(trust.canonicalize(step["fetch"]), now)
        elif "handBack" in step:
            told = self._hand_back(step["handBack"])
        else:
            return self._deliver(trust.canonicalize(step["message"]), now)
        self.answers.append([])
        return told

    def hold(self, words: Sequence[dict[str, Any]], *, restored: bool) -> None:
        """What the vendor held before; `restored`: it knows that its store is an older copy."""

        def work(rows: Rows) -> None:
            taken = [read(self.case, word) for word in words]
            self.transactions.take_back(rows, self.case["customer"], taken, taken[-1].message.created)
            rows.change_peer(self._peer(rows), restored=restored)

        if words:
            self.store.write_now(work)

    def _peer(self, rows: Rows) -> int:
        peer = self.transactions.relationship(rows, self.case["customer"])
        if peer is None:
            raise ValueError("the case's vendor does not know the customer yet")
        return peer.number

    def _deliver(self, raw: bytes, now: str) -> dict[str, Any]:
        """The eleven checks of one delivery."""
        parsed = parse(raw)
        known = self.store.read(lambda rows: self.transactions.known(rows, parsed.sender, parsed.id, parsed.digest))
        if known is None:
            verified = verify(parsed, me=self.transactions.keys.did, pinned={})

            def work(rows: Rows) -> Received:
                return self.transactions.receive(rows, verified, [], now)

            before = self.store.read(lambda rows: self._chain(rows, verified.message))
            known = self.store.write_now(work)
        else:
            before = None
        if known.behind is not None:
            raise known.behind
        number = next((n for n, answers in enumerate(self.answers) if answers == known.answers), None)
        self.answers.append(known.answers)
        return self._as_told(known.answers, parsed.digest, before, number)

    def _chain(self, rows: Rows, message: Message[Any]) -> tuple[int, str | None]:
        peer = self.transactions.speaker(rows, message)
        chain = self.transactions.histories.history(rows, peer).chain if peer else None
        return (chain.next, chain.tip) if chain else (1, None)

    def _as_told(
        self, answers: list[bytes], digest: str, before: tuple[int, str | None] | None, number: int | None
    ) -> dict[str, Any]:
        """A receipt, as cases state it."""
        (raw,) = answers
        receipt = trust.parse(raw)
        body = core.Receipt.model_validate(receipt["body"], by_alias=True, by_name=False)
        self.of[trust.digest(raw)] = digest
        told: dict[str, Any] = {"again": number, "number": receipt["number"]}
        if body.of != digest:
            told["receipt of"] = body.of
        if before not in (None, (receipt["number"], receipt.get("prior"))):
            told["not the next word after"] = before
        if body.problem is not None:
            problem = Problem.from_dict(body.problem.wire())
            told |= {"refused": problem.code, "pointer": problem.pointer, "expected": problem.expected}
        else:
            told |= {"outcome": body.outcome, "state": body.state}
        return told

    def _collect(self, raw: bytes, now: str) -> dict[str, Any]:
        verified = verify(parse(raw), me=self.transactions.keys.did, pinned={})
        message: Message[core.Collect] = verified.message
        check_fresh(message, now)

        def work(rows: Rows) -> tuple[list[bytes], bool]:
            peer = self.transactions.check_moved(rows, message.from_)
            if peer is not None:
                use_request(rows, peer, message, now)
                self.transactions.check_collect(rows, peer, message, now)
            return self.transactions.waiting(rows, message.from_, message.seen, message.body.limit or _LIMIT)

        found, more = self.store.write_now(work)
        return {"messages": [self._named(raw) for raw in found], "more": more}

    def _fetch(self, raw: bytes, now: str) -> dict[str, Any]:
        fetching = Fetching(self.store, self.files, self.transactions.keys.first, Gate(Limits()), lambda: now)
        file = asyncio.run(fetching.fetch(raw))
        file.close()
        return {"bytes": file.size}

    def _named(self, raw: bytes) -> str | dict[str, str]:
        """A message by its digest; one that the vendor has made here by what it is."""
        digest, document = trust.digest(raw), trust.parse(raw)
        held = {trust.digest(trust.canonicalize(word)) for word in self._known()}
        if digest in held:
            return digest
        if document["type"] == core.Receipt.type:
            return {"receiptOf": document["body"]["of"]}
        return {"type": document["type"]}

    def _known(self) -> Iterator[dict[str, Any]]:
        yield from self.case.get("held", ())
        for step in self.case["receive"]:
            yield from step.get("handBack", ())
            if "message" in step:
                yield step["message"]

    def _hand_back(self, words: Sequence[dict[str, Any]]) -> dict[str, Any]:
        def work(rows: Rows) -> None:
            taken = [read(self.case, word) for word in words]
            self.transactions.take_back(rows, self.case["customer"], taken, taken[-1].message.created)

        self.store.write_now(work)
        return {"taken": True}

    def _ask(self, ask: dict[str, Any], now: str) -> dict[str, Any]:
        def work(rows: Rows) -> dict[str, Any]:
            peer = self.transactions.relationship(rows, self.case["customer"])
            if peer is None:
                raise ValueError("the case's vendor does not know the customer yet")
            return asked(self.transactions.histories.history(rows, peer), {"question": ask, "at": now, "now": True})

        return self.store.read(work)


@contextmanager
def _shop(case: Case) -> Iterator[_Shop]:
    key = trust.SigningKey.generate()
    signer = Signer(case["vendor"], key, trust.key_url(case["vendor"]))
    with tempfile.TemporaryDirectory(prefix="opencmr-") as folder, Store(Path(folder) / "shop.db") as store:
        shop = _Shop(case, store, Transactions(Keys(signer), Histories()), Files(Path(folder) / "files"))
        for number, text in enumerate(case.get("files", ())):
            file = Path(folder) / str(number)
            file.write_text(text)
            asyncio.run(shop.files.add(file, media_type="text/plain"))
        shop.hold(case.get("held", ()), restored=case.get("restored", False))
        yield shop


def _as_asked(told: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Only what the case speaks of: it may leave out a pointer or what was expected, never the answer itself."""
    kept = {name: told[name] for name in expected if name in told}
    if "again" not in expected:
        always = (
            "refused",
            "unsigned",
            "outcome",
            "receipt of",
            "not the next word after",
            "messages",
            "answer",
            "bytes",
        )
        kept |= {name: told[name] for name in always if name in told}
    return kept
