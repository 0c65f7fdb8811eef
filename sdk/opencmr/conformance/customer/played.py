"""A vendor that the suite plays for a customer (`spec/conformance.md`).

It keeps the protocol by itself, and says what a check tells it to, however wrong that is. It serves HTTP on loopback by
hand, so that it can also answer what no server should.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from ... import messages, trust
from ...errors import Behind, Conflict, Malformed, Problem
from ...messages import VERSION, Message, core
from ...protocol import History, instant, is_narrowing, parse, roster, settle, verify
from ...protocol.receiving import check_fresh, validate_verified
from ...testing import Document, Forger, Link
from ...transport.bundle import MAX_WORDS, pack, unpack
from ..suite import Failed

Served = tuple[int, str, bytes]
Override = Callable[[str, str, bytes], Served | None]
Reply = Callable[["Played", Message[Any]], None]
Forge = Callable[[Message[Any], Document], None]


class Word(NamedTuple):
    """A word of the vendor's, and of a receipt the message that it answers."""

    raw: bytes
    of: bytes | None = None

    @property
    def digest(self) -> str:
        """Of the word."""
        return trust.digest(self.raw)


@dataclass
class Known:
    """One customer of a played vendor.

    Attributes:
        words: The vendor's, from number 1 on.
        dropped: What lies in the mailbox and is no word, and after which number.
        hidden: Numbers that the mailbox keeps back.
        delivered: Numbers that the customer was given.
        said: Digests of the customer's words, as they came.
        held: No-words that are answered later.
        receipts: Digest of an entry of the vendor's → the customer's receipts for it.
        forks: Digest of a word that was given up → the last number before the fork.
        wrong: What was wrong with the links of what the customer said.
    """

    history: History = field(default_factory=History)
    words: list[Word] = field(default_factory=list)
    dropped: list[tuple[int, bytes]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    delivered: set[int] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    held: list[bytes] = field(default_factory=list)
    receipts: dict[str, list[Document]] = field(default_factory=dict)
    forks: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def tip(self) -> int:
        """The last number up to which the customer was given everything."""
        number = 0
        while number + 1 in self.delivered:
            number += 1
        return number

    def answer_to(self, digest: str) -> bytes | None:
        """The receipt that answers a message of the customer's."""
        return next((word.raw for word in self.words if word.of and trust.digest(word.of) == digest), None)

    def add(self, raw: bytes, of: bytes | None = None) -> str:
        """The vendor's next word, whether it may be said or not; gives its digest."""
        message, fault = validate_verified(orjson.loads(raw))
        word = Word(raw, of)
        self.history.follow(message, word.digest, of=messages.validate(orjson.loads(of)) if of else None, fault=fault)
        self.words.append(word)
        return word.digest

    def cut(self, number: int) -> list[Word]:
        """Be as it was after a number; gives what is cut off."""
        gone, kept = self.words[number:], self.words[:number]
        self.history, self.words = History(), []
        for word in kept:
            self.add(word.raw, word.of)
        return gone


class Played:
    """A vendor that does what a check wants."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.did = f"did:web:127.0.0.1%3A{port}"
        self.key = trust.SigningKey.generate()
        self.method = f"{self.did}#key-1"
        self.listed = {self.method: self.key.public}
        self.customers: dict[str, Known] = {}
        self.requests: list[tuple[str, bytes]] = []
        """Path and body of every request."""
        self.faults: list[str] = []
        """What was wrong with what the customer sent."""
        self.handed: list[int] = []
        """Numbers of what was handed back."""
        self.override: Override = lambda method, path, raw: None
        self.forge: Forge = lambda message, receipt: None
        """Changes a receipt before it is signed."""
        self.reply: Reply = lambda vendor, message: None

    @property
    def endpoint(self) -> str:
        """Of the service."""
        return f"http://127.0.0.1:{self.port}/opencmr"

    @property
    def customer(self) -> str:
        """The DID of the only customer.

        Raises:
            Failed: There is none, or several.
        """
        if len(self.customers) != 1:
            raise Failed(f"the program speaks with {len(self.customers)} keys to one vendor", "IDN-2")
        return next(iter(self.customers))

    @property
    def known(self) -> Known:
        """What it holds of the only customer."""
        return self.customers[self.customer]

    def sent(self, type_: str) -> list[bytes]:
        """What the customer has sent of a type, each time that it did."""
        named = f'"type":"{type_}"'.encode()
        return [raw for path, raw in self.requests if named in raw and not path.endswith("/words")]

    def write(
        self, body: Document, type_: str, thread: str | None = None, *, to: str | None = None,
        key: trust.SigningKey | None = None, method: str | None = None, **members: Any,
    ) -> bytes:  # fmt: skip
        """The next word, signed. Members that are named replace those that would be right; None leaves one out."""
        chain = self.customers.setdefault(to or self.customer, Known()).history.chain
        forger = Forger(did=self.did, to=to or self.customer, key=key or self.key, method=method or self.method,
                        link=lambda: Link(chain.next, chain.tip))  # fmt: skip
        return forger.sign(forger.write(type_, body, thread, **members))

    def say(self, body: Document, type_: str, thread: str | None = None, **named: Any) -> str:
        """Say something that takes its place, whether it may or not; gives its digest."""
        return self.known.add(self.write(body, type_, thread, **named))

    def drop(self, raw: bytes) -> str:
        """Put into the mailbox what is no word of the chain; gives its digest."""
        self.known.dropped.append((len(self.known.words), raw))
        return trust.digest(raw)

    def receipt(self, digest: str) -> Document:
        """The customer's receipt for an entry.

        Raises:
            Failed: There is none, or there are two.
        """
        found = self.known.receipts.get(digest, [])
        if len({trust.canonicalize(one) for one in found}) != 1:
            raise Failed(f"{len(found)} receipts for a message of the vendor's", "COR-1")
        return found[0]

    def forget(self, number: int) -> None:
        """Be put back from a copy: know nothing of what was said after a number."""
        self.known.cut(number)

    def branch(self, number: int) -> None:
        """Give up what was said after a number, and go on from there another way."""
        gone = self.known.cut(number)
        self.known.forks |= {word.digest: number for word in gone}
        self.known.history.chain.given_up |= frozenset(self.known.forks)
        self.known.delivered = set(range(1, number + 1))

    # What the customer calls

    def receive(self, raw: bytes) -> list[bytes]:
        """A message of the customer's."""
        try:
            verified = verify(parse(raw), me=self.did, pinned={})
        except Problem as problem:
            self.faults.append(str(problem))
            raise
        message, digest = verified.message, verified.digest
        known = self.customers.setdefault(message.from_, Known())
        if (before := known.answer_to(digest)) is not None:
            return [before]
        if digest not in known.said:
            self._check_links(known, message)
            known.said.append(digest)
        start = len(known.words)
        if self._lacks(known, message.seen):
            if is_narrowing(message.type, "customer") and raw not in known.held:
                known.held.append(raw)
            raise self._behind(known)
        self._decide(known, message, digest, raw)
        return [word.raw for word in known.words[start:]]

    def collect(self, raw: bytes) -> bytes:
        """A collect of the customer's."""
        message = self._collect(raw)
        known = self.customers.setdefault(message.from_, Known())
        for one in message.body.receipts or ():
            receipt = one.wire()
            try:
                verify(parse(trust.canonicalize(receipt)), me=self.did, pinned={})
            except Problem as problem:
                self.faults.append(f"a receipt: {problem}")
            known.receipts.setdefault(one.body.of, []).append(receipt)
        if self._lacks(known, message.seen):
            raise self._behind(known)
        for held in known.held[:]:
            known.held.remove(held)
            verified = verify(parse(held), me=self.did, pinned={})
            self._decide(known, verified.message, verified.digest, held)
        start = known.history.chain.number(message.seen) or known.forks.get(str(message.seen), 0)
        end = min(len(known.words), start + (message.body.limit or 100))
        found: list[bytes] = []
        for number in range(start, end + 1):
            if number > start and number not in known.hidden:
                word = known.words[number - 1]
                found += [word.of, word.raw] if word.of else [word.raw]
                self._deliver(known, [word.raw])
            found += [dropped for after, dropped in known.dropped if after == number]
        return pack(found, more=end < len(known.words))

    def take_back(self, raw: bytes) -> bytes:
        """What a customer hands back."""
        try:
            first, *rest = unpack(raw, limit=MAX_WORDS)[0]
            known = self.customers.setdefault(self._collect(first).from_, Known())
            asked: bytes | None = None
            for one in rest:
                asked = self._put_back(known, one, asked)
        except (Problem, ValueError) as problem:
            self.faults.append(f"handed back: {problem}")
            raise problem if isinstance(problem, Problem) else Malformed(str(problem)) from problem
        return pack([])

    def _put_back(self, known: Known, raw: bytes, asked: bytes | None) -> bytes | None:
        """Take back one of our words; gives what the next one may answer."""
        document = orjson.loads(raw)
        if document["from"] != self.did:
            verify(parse(raw), me=self.did, pinned={})
            return raw if document["type"] != core.Receipt.type else asked
        verified = verify(parse(raw), me=str(document["to"]), pinned=self.listed, lenient=True)
        number = int(verified.message.number or 0)
        self.handed.append(number)
        if number <= len(known.words):
            return None
        if (number, verified.message.prior) != (known.history.chain.next, known.history.chain.tip):
            raise Conflict(f"number {number} does not go on from number {len(known.words)}", pointer="/number")
        receipt = verified.message.type == core.Receipt.type
        if receipt and (asked is None or trust.digest(asked) != verified.message.body.of):
            raise Conflict("a receipt without the message that it answers right before it", pointer="/body/of")
        known.add(raw, asked if receipt else None)
        return None

    def _collect(self, raw: bytes) -> Message[core.Collect]:
        try:
            verified = verify(parse(raw), me=self.did, pinned={})
            check_fresh(verified.message, later(0))
        except Problem as problem:
            self.faults.append(str(problem))
            raise
        return verified.message

    def _decide(self, known: Known, message: Message[Any], digest: str, raw: bytes) -> None:
        settled = settle(message, digest, history=known.history, now=later(0))
        body: Document = {"of": digest, "outcome": settled.outcome}
        if settled.problem is not None:
            body["problem"] = settled.problem.as_dict()
        else:
            body["state"] = settled.thread.state
        receipt: Document = {"body": body}
        self.forge(message, receipt)
        said = receipt.pop("body")
        of = raw if said["of"] == digest else None
        known.add(self.write(said, "receipt", message.thread, to=message.from_, **receipt), of)
        if settled.outcome != "refused":
            self.reply(self, message)

    def _check_links(self, known: Known, message: Message[Any]) -> None:
        """Hold prior and seen to what the customer has said, and was given."""
        prior = known.said[-1] if known.said else None
        seen = known.words[known.tip - 1].digest if 0 < known.tip <= len(known.words) else None
        for name, right, said in (("prior", prior, message.prior), ("seen", seen, message.seen)):
            if said != right:
                known.wrong.append(f"{message.type} names {said} as {name}, and it is {right}")

    def _lacks(self, known: Known, seen: str | None) -> bool:
        return known.history.chain.lacks(seen)

    def _behind(self, known: Known) -> Behind:
        return Behind("these words are not held here", expected=known.history.chain.digests[:-17:-1] or None)

    def _deliver(self, known: Known, raws: Iterable[bytes]) -> None:
        numbers = {word.raw: number for number, word in enumerate(known.words, start=1)}
        known.delivered |= {numbers[raw] for raw in raws if raw in numbers}

    # HTTP

    def answer(self, method: str, path: str, raw: bytes) -> Served:
        """Status, media type and body of an answer."""
        self.requests.append((path, raw))
        if (other := self.override(method, path, raw)) is not None:
            return other
        try:
            match method, path:
                case "GET", "/.well-known/did.json":
                    document = trust.document_for(self.did, self.listed, self.endpoint)
                    return 200, "application/json", trust.canonicalize(document)
                case "GET", "/.well-known/opencmr":
                    return 200, "application/json", trust.canonicalize(self.discovery())
                case "POST", "/opencmr/messages":
                    found = self.receive(raw)
                    for known in self.customers.values():
                        self._deliver(known, found)
                    return 200, "application/json", pack(found)
                case "POST", "/opencmr/mailbox":
                    return 200, "application/json", self.collect(raw)
                case "POST", "/opencmr/words":
                    return 200, "application/json", self.take_back(raw)
        except Problem as problem:
            return problem.status, "application/problem+json", trust.canonicalize(problem.as_dict())
        return 404, "text/plain", b""

    def discovery(self) -> Document:
        """The document `opencmr`."""
        return {
            "did": self.did,
            "roles": ["vendor"],
            "endpoint": self.endpoint,
            "versions": [VERSION],
            "types": sorted(messages.BODIES),
            "terms": [roster.ref(code).wire() for code in ("SD-BASE", "SD-BASE-DP")],
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with one request."""
        with suppress(OSError, asyncio.IncompleteReadError, ValueError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
            }
            if headers.get("expect") == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            raw = await reader.readexactly(int(headers.get("content-length", "0")))
            status, media, body = self.answer(method, path, raw)
            if status:
                lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", "Connection: close"]
                named = "Location" if 300 <= status < 400 else "Content-Type"
                writer.write("\r\n".join([*lines, f"{named}: {media}"]).encode() + b"\r\n\r\n" + body)
                await writer.drain()
        writer.close()


def later(seconds: float) -> str:
    """An instant some seconds from now."""
    return instant(datetime.now(UTC) + timedelta(seconds=seconds))
