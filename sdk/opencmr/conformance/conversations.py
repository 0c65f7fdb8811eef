"""Cases of threads: what a conversation folds to, and what a vendor answers to each delivery.

A fold is run by `opencmr.protocol` alone. Deliveries go to the vendor's real desk, over a store in a folder that is
gone afterwards; the vendor's own messages of a case are put there as if it had made them.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import trust
from ..errors import Problem
from ..messages import core
from ..protocol import History, Said, parse, verify
from ..protocol.thread import opened_by
from ..roles.desk import Desk, Received
from ..roles.ledger import Ledger
from ..roles.pen import Pen
from ..store import Kept, Rows, Store

Case = dict[str, Any]


def run_thread(case: Case) -> tuple[Any, Any]:
    """What a case of threads expects, and what came of it."""
    return _run_fold(case) if "entries" in case else _run_deliveries(case)


# folds


def _run_fold(case: Case) -> tuple[Any, Any]:
    history = History()
    outcomes = [_take(history, case, entry) for entry in case["entries"]]
    thread = history.threads[case["thread"]]
    names = ("outcomes", "state", "record")
    record = thread.record.as_dict() if thread.record is not None else None
    return {name: case[name] for name in names}, {"outcomes": outcomes, "state": thread.state, "record": record}


def _take(history: History, case: Case, entry: Case) -> str:
    """Fold in one entry, as whoever has collected it would."""
    side = entry["side"]
    verified = verify(
        parse(trust.write(entry["message"])),
        me=case["vendor"] if side == "customer" else case["customer"],
        pinned=case["keys"],
        lenient=side == "vendor",
    )
    message = verified.message
    thread = history.threads.get(message.thread) or opened_by(message)
    if side == "vendor" and message.in_reply_to != thread.head:
        return "fork" if message.in_reply_to in {None, *(each.digest for each in thread.entries)} else "missing"
    history.take(Said(message, verified.digest, side, entry["at"]), verified.fault)
    return history.threads[message.thread].entries[-1].outcome


# deliveries


@dataclass
class _Shop:
    """A vendor to whom the messages of a case are delivered."""

    store: Store
    desk: Desk
    keys: dict[str, str]
    answers: list[list[bytes]] = field(default_factory=list)

    def deliver(self, raw: bytes, now: str) -> tuple[list[bytes], str]:
        """The ten checks of one delivery; the signed answers, and the digest of what was delivered."""
        parsed = parse(raw)
        known = self.store.read(lambda rows: self.desk.known(rows, parsed.sender, parsed.id, parsed.digest))
        if known is not None:
            return known.answers, parsed.digest
        verified = verify(parsed, me=self.desk.pen.did, pinned={})

        def work(rows: Rows) -> Received:
            return self.desk.receive(rows, verified, [], now)

        return self.store.write_now(work).answers, parsed.digest

    def say(self, message: dict[str, Any], at: str) -> str:
        """A message of the vendor's own takes its place; tells the thread's state afterwards."""
        raw = trust.write(message)
        verified = verify(parse(raw), me=message["to"], pinned=self.keys)
        said = verified.message

        def work(rows: Rows) -> str:
            peer = rows.peer(self.desk.pen.did, said.to)
            if peer is None:
                peer = rows.add_peer(self.desk.pen.did, said.to, opened=at, pinned={}, endpoint=None)
            history = self.desk.ledger.draft(rows, peer)
            head = history.threads[said.thread].head if said.thread in history.threads else None
            if said.in_reply_to != head:
                raise ValueError("the case's own vendor forks")
            kept = Kept(verified.digest, rows.next_position(peer.number), "vendor", said.id, said.type, said.thread,
                        raw, "entry", None, head, at, True)  # fmt: skip
            rows.add_message(peer.number, kept)
            if (why := history.take(Said(said, verified.digest, "vendor", at))) is not None:
                raise why
            rows.change_peer(peer.number, last=history.last)
            self.desk.ledger.publish(rows, peer.number, history)
            return history.threads[said.thread].state

        return self.store.write_now(work)


@contextmanager
def _shop(case: Case) -> Iterator[_Shop]:
    key = trust.SigningKey.generate()
    pen = Pen(case["vendor"], key, trust.key_url(case["vendor"]))
    with tempfile.TemporaryDirectory(prefix="opencmr-") as folder, Store(Path(folder) / "shop.db") as store:
        yield _Shop(store, Desk(pen, Ledger()), case["keys"])


def _run_deliveries(case: Case) -> tuple[Any, Any]:
    got: list[dict[str, Any]] = []
    with _shop(case) as shop:
        for delivery, expected in zip(case["receive"], case["expect"], strict=True):
            if "entry" in delivery:
                shop.answers.append([])
                got.append({"state": shop.say(delivery["entry"], delivery["at"])})
                continue
            answers: list[bytes] = []
            try:
                answers, digest = shop.deliver(trust.write(delivery["message"]), delivery["now"])
                told = _as_told(answers, digest)
            except Problem as problem:
                told = {"unsigned": problem.code, "pointer": problem.pointer}
            shop.answers.append(answers)
            got.append(_as_asked(told, expected, answers, shop.answers))
    return case["expect"], got


def _as_told(answers: list[bytes], digest: str) -> dict[str, Any]:
    """A receipt and what follows it, as cases state them."""
    receipt = trust.read(answers[0])
    body = core.Receipt.model_validate(receipt["body"], by_alias=True, by_name=False)
    if body.of != digest:
        return {"receipt of": body.of}
    told: dict[str, Any] = {"at": receipt["created"]}
    if body.problem is not None:
        problem = Problem.from_dict(body.problem.wire())
        told |= {"refused": problem.code, "pointer": problem.pointer}
    else:
        told |= {"outcome": body.outcome, "state": body.state, "previous": body.previous}
    told["missing"] = [_named(raw) for raw in answers[1:]]
    return told


def _named(raw: bytes) -> str:
    """What follows a refusal: a message by its digest, a receipt by that of what it answers."""
    document = trust.read(raw)
    return str(document["body"]["of"] if document["type"] == core.Receipt.type else trust.digest(raw))


def _as_asked(
    told: dict[str, Any], expected: dict[str, Any], answers: list[bytes], before: list[list[bytes]]
) -> dict[str, Any]:
    """Only what the case speaks of: it may leave out a pointer or a time, never the answer itself."""
    kept = {name: told.get(name) for name in expected if name in told}
    for name in ("refused", "unsigned", "outcome", "receipt of"):
        if name in told and "again" not in expected:
            kept[name] = told[name]
    if told.get("missing"):
        kept["missing"] = told["missing"]
    if told.get("previous") and "again" not in expected:
        kept["previous"] = told["previous"]
    if "again" in expected:
        kept["again"] = next((number for number, each in enumerate(before) if each[:1] == answers[:1]), None)
    return kept
