"""The suite as a customer: it writes what it likes, and believes nothing that a vendor answers.

Every answer goes through the same inspection, whatever the check was about: canonical, closed, signed by a published
key, and the next word of the one chain of the relationship. So a vendor that breaks one of these fails at once, with
the requirement that it breaks.
"""

import asyncio
from dataclasses import dataclass
from types import EllipsisType
from typing import Any, Self

import orjson

from .. import trust
from ..protocol import roster
from ..testing import Document, Forger, Link
from ..transport.bundle import pack
from .bench import SOON, Bench
from .inspecting import (
    NEVER_SIGNED,
    bundle,
    check_pointer,
    code,
    digest_of,
    first_outcome,
    inspect,
    stated,
)
from .running import running
from .suite import Failed
from .wire import Answer

__all__ = [
    "BASE", "COUNTER", "DP", "MEDIA_TYPE", "NOWHERE", "OTHER", "Bench", "Document", "Hand", "Heard", "digest_of",
]  # fmt: skip

MEDIA_TYPE = "application/opencmr+json"

DP, BASE, OTHER, COUNTER = (roster.ref(code).wire() for code in ("SD-BASE-DP", "SD-BASE", "SD-BASE-AT", "SD-BASE-A"))
"""Terms that a vendor in test mode accepts, twice; that it does not; and what it puts instead."""

NOWHERE = "zQm" + "Z" * 44
"""A digest of nothing."""

_TIP: EllipsisType = ...
"""The vendor's last word up to which the hand has the chain."""


@dataclass
class Heard:
    """The answer to a message that was decided: the receipt, and what follows it."""

    receipt: Document
    rest: list[Document]

    @property
    def outcome(self) -> str:
        """What became of the message."""
        return str(self.receipt["body"]["outcome"])

    @property
    def state(self) -> str | None:
        """The state of the thread, where it was not refused."""
        state: str | None = self.receipt["body"].get("state")
        return state

    @property
    def code(self) -> str | None:
        """The code of the problem, where it was refused."""
        return code(self.receipt["body"].get("problem"))


class Hand(Forger):
    """A customer with a key of their own, and the vendor's chain as far as they hold it."""

    def __init__(self, bench: Bench, key: trust.SigningKey | None = None) -> None:
        key = key or trust.SigningKey.generate()
        super().__init__(did=key.did, to=bench.did, key=key, method=trust.key_url(key.did), clock=bench.clock,
                         link=lambda: Link(prior=self.last, seen=self.tip))  # fmt: skip
        self.bench = bench
        self.threads: dict[str, list[str]] = {}
        """Thread → digests of its entries, in the order of their places."""
        self.arrived: list[Document] = []
        """The vendor's entries, in their order."""
        self.words: list[str] = []
        """Digests of the vendor's words, from number 1 on without a gap."""
        self.last: str | None = None
        """Digest of the last word of one's own."""
        self._raw: dict[str, bytes] = {}
        """Every word that is held, of both sides, by digest."""
        self._sent: dict[str, bytes] = {}
        self._early: dict[int, Document] = {}
        """Words of the vendor's after a gap, by number."""
        self._receipts: dict[str, Document] = {}

    def twin(self, *, forgetful: bool = False) -> Self:
        """A copy of this customer as it is now, under the same key: what a backup is.

        Args:
            forgetful: Nothing but the key is left.
        """
        other = type(self)(self.bench, self.key)
        other._sent = self._sent  # what was sent was sent by both
        if not forgetful:
            other.threads = {thread: entries[:] for thread, entries in self.threads.items()}
            other.arrived, other.words, other.last = self.arrived[:], self.words[:], self.last
            other._raw, other._early, other._receipts = self._raw.copy(), self._early.copy(), self._receipts.copy()
        return other

    @property
    def tip(self) -> str | None:
        """Digest of the vendor's last word up to which there is no gap."""
        return self.words[-1] if self.words else None

    # Writing

    def receipt(self, entry: Document, outcome: str = "accepted", state: str = "active", **members: Any) -> Document:
        """One's own receipt for an entry of the vendor's, signed."""
        body = {"of": digest_of(entry), "outcome": outcome, "state": state}
        signed: Document = trust.parse(self.sign(self.write("receipt", body, entry["thread"], **members)))
        return signed

    # Sending

    async def post(self, raw: bytes, to: str = "messages", **headers: str) -> Answer:
        """Send bytes, as they are."""
        self._sent[trust.digest(raw)] = raw
        return await self.bench.send("POST", self._at(to), raw, **{"content_type": MEDIA_TYPE, **headers})

    def _at(self, to: str) -> str:
        return f"{self.bench.endpoint}/{to}"

    async def say(self, document: Document | bytes) -> Heard:
        """Send a message that is to be decided, and inspect the answer.

        Raises:
            Failed: It was not decided, or the answer is not what an answer must be.
        """
        raw = document if isinstance(document, bytes) else self.sign(document)
        heard = self.heard(raw, await self.post(raw))
        await self._fill()
        return heard

    def heard(self, raw: bytes, answer: Answer) -> Heard:
        """Inspect the answer to a message that had to be decided."""
        if answer.media_type == "application/problem+json":
            problem = stated(answer)
            raise Failed(f"not decided: {code(problem)} at {problem.get('pointer')}: {problem.get('detail', '')}")
        found, _ = bundle(answer, mailbox=False)
        if not found or found[0].get("type") != "receipt":
            raise Failed("the answer does not begin with a receipt", "TRN-4")
        sent, digest = orjson.loads(raw), trust.digest(raw)
        for document in found:
            self._inspect(document)
        receipt, body = found[0], found[0]["body"]
        if body["of"] != digest:
            raise Failed(f"the receipt is of {body['of']}, and {digest} was sent", "ENV-12")
        if receipt["thread"] != sent["thread"]:
            raise Failed("the receipt names another thread than its message", "ENV-3")
        if any(one["type"] == "receipt" and one["body"]["of"] == digest for one in found[1:]):
            raise Failed("two receipts for one message", "COR-1")
        if self._receipts.setdefault(digest, receipt) != receipt:
            raise Failed("another receipt for the same bytes", "RCV-5")
        if digest_of(receipt) not in self._raw:
            self.last = digest
        for document in found:
            self._take(document)
        return Heard(receipt, found[1:])

    async def problem(self, raw: bytes, expected: str | tuple[str, ...], pointer: str | None = None) -> Document:
        """Send bytes that must be answered with an unsigned problem.

        Args:
            raw: The bytes.
            expected: Its code, or several that will do.
            pointer: The bad member; absent: any that the tables give this code, where they give one.

        Raises:
            Failed: The answer is another one.
        """
        return self.refused_unsigned(await self.post(raw), expected, pointer)

    def refused_unsigned(
        self, answer: Answer, expected: str | tuple[str, ...], pointer: str | None = None, type_: str = "*"
    ) -> Document:
        """Inspect an answer that must be an unsigned problem; `type_` is that of the message, where it is known."""
        codes = (expected,) if isinstance(expected, str) else expected
        if answer.status == 200:
            outcome = first_outcome(answer)
            if outcome == "refused" and codes[0] in NEVER_SIGNED:
                raise Failed(f"refused with a signed receipt, and {' or '.join(codes)} is unsigned", "RCV-2")
            raise Failed(f"answered with {outcome}, and not with {' or '.join(codes)}")
        problem = stated(answer)
        if code(problem) not in codes:
            raise Failed(f"the problem is {code(problem)}, and not {' or '.join(codes)}")
        check_pointer(problem, pointer, type_)
        return problem

    async def refused(
        self, document: Document | bytes, expected: str, pointer: str | None = None, why: str | None = None
    ) -> Heard:
        """Send a message that must be refused with a signed receipt.

        Raises:
            Failed: It is not refused, not signed, or for another reason; `why` is the requirement of the first.
        """
        raw = document if isinstance(document, bytes) else self.sign(document)
        answer = await self.post(raw)
        if answer.media_type == "application/problem+json" and code(stated(answer)) == expected:
            raise Failed(f"{expected} without a signed receipt", "RCV-4")
        heard = self.heard(raw, answer)
        await self._fill()
        if heard.outcome != "refused":
            raise Failed(f"{heard.outcome}, and not refused with {expected}", why)
        if heard.code != expected:
            raise Failed(f"refused with {heard.code}, and not {expected}", why)
        check_pointer(heard.receipt["body"]["problem"], pointer, orjson.loads(raw)["type"], why or "RCV-4")
        return heard

    async def accepted(self, document: Document | bytes, state: str, outcome: str = "accepted") -> Heard:
        """Send a message that must be accepted (or moot), and leave the thread in a state.

        Raises:
            Failed: Something else happens.
        """
        heard = await self.say(document)
        if heard.outcome != outcome:
            raise Failed(f"{heard.outcome} ({heard.code or heard.state}), and not {outcome}")
        if heard.state != state:
            raise Failed(f"the state is said to be {heard.state}, and it is {state}")
        return heard

    # Collecting

    def collect_document(self, *, seen: str | EllipsisType | None = _TIP, **body: Any) -> Document:
        """A `mailbox.collect` that has seen the tip, or something else. An empty list of receipts is left out."""
        body = {name: value for name, value in body.items() if value != []}
        return self.write("mailbox.collect", body, seen=self.tip if seen is _TIP else seen)

    async def collect(
        self, *, seen: str | EllipsisType | None = _TIP, after: int | None = None, **body: Any
    ) -> tuple[list[Document], bool]:
        """Collect, and inspect what comes: all of it, however small the vendor's pages are; with a `limit`, one page.

        Args:
            seen: What was seen; absent: the vendor's last word that is held. None: nothing.
            after: The number after which the answer must go on; absent: that of `seen`.
            body: Members of the body.

        Returns:
            The vendor's words, without what they answer; and whether there is more.

        Raises:
            Failed: The answer is not what it must be.
        """
        words, more = await self._page(seen, after, body)
        while more and "limit" not in body:
            some, more = await self._page(digest_of(words[-1]), words[-1]["number"], {})
            words += some
        return words, more

    async def _page(self, seen: str | EllipsisType | None, after: int | None, body: Document) -> tuple[Any, bool]:
        # A collect is answered once: whoever has to come again makes a new one.
        made: list[Document] = []

        def make() -> bytes:
            made.append(self.collect_document(seen=seen, **body))
            return self.sign(made[-1])

        answer = await self.bench.send_made("POST", self._at("mailbox"), make, content_type=MEDIA_TYPE)
        document = made[-1]
        if answer.media_type == "application/problem+json":
            raise Failed(f"the collect was refused: {code(stated(answer))}")
        found, more = bundle(answer, mailbox=True)
        if after is None:
            after = self.words.index(document["seen"]) + 1 if document.get("seen") in self.words else 0
        words = self._inspect_mail(found, after)
        for word in words:
            self._take(word)
        if not words and more:
            raise Failed("more is said to wait, and nothing comes", "TRN-7")
        return words, more

    async def hear(self, type_: str, thread: str | None = None, *, within: float = SOON + 2) -> Document:
        """The vendor's next entry of a type, from what has come or from the mailbox.

        Raises:
            Failed: None came.
        """
        if (heard := await self.perhaps(type_, thread, within=within)) is None:
            raise Failed(f"no {type_} came within {within:g} s")
        return heard

    async def perhaps(self, type_: str, thread: str | None = None, *, within: float | None = None) -> Document | None:
        """The same; none where it has not come when nothing comes any more (`Bench.patience`)."""
        loop, patience = asyncio.get_running_loop(), self.bench.patience if within is None else within
        began, waited = loop.time(), running().waited
        if within is None:
            running().allow(patience)
        while True:
            for document in self.arrived:
                if document["type"] == type_ and thread in (None, document["thread"]):
                    self.arrived.remove(document)
                    if within is not None:
                        took = loop.time() - began - (running().waited - waited)
                        self.bench.slowest = max(took, self.bench.slowest / 2)
                    return document
            asked = loop.time()
            if asked >= began + patience:
                return None
            wait = min(2, int(began + patience - asked))
            found, _ = await (self.collect(wait=wait) if wait else self.collect())
            if not found and loop.time() < asked + 0.1:  # a vendor need not let anybody wait
                await asyncio.sleep(0.1)

    async def _fill(self) -> None:
        """Collect what is missing before what has come already."""
        while self._early:
            before = len(self.words)
            await self.collect()
            if len(self.words) == before:
                raise Failed(f"there is a number {min(self._early)}, and no number {before + 1}", "SEQ-16")

    # Handing back

    def held_after(self, number: int) -> list[bytes]:
        """The vendor's words after a number, each receipt right after the message that it answers."""
        found: list[bytes] = []
        for digest in self.words[number:]:
            word = orjson.loads(self._raw[digest])
            found += [self._raw[word["body"]["of"]]] if word["type"] == "receipt" else []
            found.append(self._raw[digest])
        return found

    async def hand_back(self, number: int = 0) -> None:
        """Hand the vendor back its own words after a number.

        Raises:
            Failed: It does not take them.
        """

        def words() -> bytes:
            return pack([self.sign(self.collect_document()), *self.held_after(number)])

        answer = await self.bench.send_made("POST", self._at("words"), words, content_type=MEDIA_TYPE)
        if answer.media_type == "application/problem+json":
            why = code(stated(answer))
            raise Failed(f"its own words are not taken back: {why}", "TRN-20" if why == "too-large" else "SEQ-32")
        if bundle(answer, mailbox=False)[0]:
            raise Failed("the answer to words that are handed back holds messages", "SEQ-32")

    # Inspecting

    def _inspect(self, document: Document, elsewhere: str = "IDN-1") -> None:
        bench = self.bench
        inspect(document, vendor=bench.did, customer=self.did, keys=bench.keys, elsewhere=elsewhere)

    def _inspect_mail(self, found: list[Document], after: int) -> list[Document]:
        """Hold what waits to its order: by number, without a gap, each receipt right behind what it answers."""
        words: list[Document] = []
        start, answered = after, None
        tip = self.words[after - 1] if 0 < after <= len(self.words) else None
        for document in found:
            if document.get("from") == self.did:
                answered = digest_of(document)
                if answered not in self._sent:
                    raise Failed("a message that this customer has not sent", "SEQ-34")
                continue
            self._inspect(document, elsewhere="COR-10")
            number, after = document["number"], after + 1
            if number != after:
                skips = number in self._early or document.get("prior") == tip
                rule = "SEQ-16" if skips and number > start else "TRN-7"
                raise Failed(f"number {number} waits where number {after} has to come", rule)
            if document["type"] == "receipt" and document["body"]["of"] != answered:
                raise Failed("a receipt waits without the message that it answers right before it", "SEQ-34")
            tip, answered = digest_of(document), None
            words.append(document)
        return words

    def _take(self, document: Document) -> None:
        """Take in a word of the vendor's, where it is new."""
        raw = trust.canonicalize(document)
        digest, number = trust.digest(raw), document["number"]
        if digest in self._raw:
            return
        if document["type"] == "receipt" and document["body"]["of"] not in self._sent:
            raise Failed("a receipt for nothing that was sent", "COR-1")
        if number <= len(self.words) or number in self._early:
            raise Failed(f"two words of number {number}", "SEQ-16")
        self._raw[digest] = raw
        self._early[number] = document
        while (following := self._early.pop(len(self.words) + 1, None)) is not None:
            self._place(following)

    def _place(self, word: Document) -> None:
        """The next word of the chain gives a message its place, or is an entry itself."""
        if word.get("prior") != self.tip:
            raise Failed(f"number {word['number']} names {word.get('prior')} as the word before it", "SEQ-16")
        digest = digest_of(word)
        self.words.append(digest)
        entry = digest
        if word["type"] == "receipt":
            entry = word["body"]["of"]
            self._raw[entry] = self._sent[entry]
            if word["body"]["outcome"] == "refused":
                return
        else:
            self.arrived.append(word)
        self.threads.setdefault(word["thread"], []).append(entry)
