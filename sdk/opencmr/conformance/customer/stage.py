"""The vendors that the suite plays for a customer, and the program that it plays them for (`spec/conformance.md`).

A played vendor keeps the protocol by itself, and says what a check tells it to, however wrong that is. It serves HTTP
on loopback by hand, so that it can also answer what no server should.
"""

import asyncio
import shlex
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import orjson

from ... import messages, trust
from ...errors import Problem
from ...messages import VERSION, Message, core
from ...protocol import History, Said, Settled, instant, parse, roster, settle, verify
from ...protocol.clock import strictly_after
from ...protocol.receiving import check_collect, check_place
from ...transport.bundle import pack
from ..suite import Failed
from ..wire import NoAnswer

Document = dict[str, Any]
Served = tuple[int, str, bytes]
Override = Callable[[str, str, bytes], Served | None]
Reply = Callable[["Played", Message[Any]], None]


@dataclass
class Known:
    """One customer of a played vendor.

    Attributes:
        box: What waits, in order.
        receipts: Digest of an entry of the vendor's → the customer's receipts for it.
    """

    history: History = field(default_factory=History)
    box: list[bytes] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    receipts: dict[str, list[Document]] = field(default_factory=dict)


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
        self.override: Override = lambda method, path, raw: None
        self.twist: Callable[[list[bytes]], list[bytes]] = lambda answers: answers
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

    def sent(self, type_: str) -> list[bytes]:
        """What the customer has sent of a type, each time that it did."""
        return [raw for path, raw in self.requests if f'"type":"{type_}"'.encode() in raw]

    def write(
        self, body: Document, type_: str, thread: str | None = None, *, to: str | None = None,
        key: trust.SigningKey | None = None, method: str | None = None, **members: Any,
    ) -> bytes:  # fmt: skip
        """A signed message. Members that are named replace those that would be right; None leaves one out."""
        known = self.customers.setdefault(to or self.customer, Known())
        id_ = uuid.uuid4().urn
        document: Document = {
            "opencmr": VERSION,
            "id": id_,
            "type": type_,
            "from": self.did,
            "to": to or self.customer,
            "thread": thread or id_,
            "created": strictly_after(_now(), known.history.last),
            "body": body,
        }
        if thread is not None and type_ != "receipt":
            document["inReplyTo"] = known.history.threads[thread].head if thread in known.history.threads else None
        for name, value in members.items():
            document[name.rstrip("_")] = value
        document = {name: value for name, value in document.items() if value is not None}
        return sign(document, key or self.key, method or self.method)

    def say(self, body: Document, type_: str, thread: str | None = None, **named: Any) -> str:
        """Say something that takes its place, whether it may or not; gives its digest."""
        raw = self.write(body, type_, thread, **named)
        document, known = orjson.loads(raw), self.customers[self.customer]
        fault: Problem | None = None
        try:
            message = messages.read(document)
            check_place(message)
        except Problem as problem:
            message, fault = messages.read_envelope(document), problem
        digest = trust.digest(raw)
        known.history.take(Said(message, digest, "vendor", message.created), fault)
        known.box.append(raw)
        known.known.add(digest)
        return digest

    def drop(self, raw: bytes) -> None:
        """Put into the mailbox what is no entry."""
        self.customers[self.customer].box.append(raw)

    def receipt(self, digest: str) -> Document:
        """The customer's receipt for an entry.

        Raises:
            Failed: There is none, or there are two.
        """
        found = self.customers[self.customer].receipts.get(digest, [])
        if len({trust.write(one) for one in found}) != 1:
            raise Failed(f"{len(found)} receipts for a message of the vendor's", "COR-1")
        return found[0]

    # What the customer calls

    def receive(self, raw: bytes) -> list[bytes]:
        """A message of the customer's."""
        try:
            parsed = parse(raw)
            verified = verify(parsed, me=self.did, pinned={})
        except Problem as problem:
            self.faults.append(str(problem))
            raise
        message = verified.message
        known = self.customers.setdefault(message.from_, Known())
        if verified.digest in known.answers:
            return [known.answers[verified.digest]]
        at = strictly_after(_now(), known.history.last)
        thread = known.history.threads.get(message.thread)
        settled = settle(
            verified, side="customer", thread=thread, context=known.history, now=at, known=known.known.__contains__
        )
        before = len(known.box)
        receipt = self._receipt(message, verified.digest, settled, at)
        known.box.append(receipt)
        known.answers[verified.digest] = receipt
        known.known.add(verified.digest)
        known.history.last = at
        if settled.problem is None:
            known.history.put(settled.thread, at)
            self.reply(self, message)
        return self.twist(known.box[before:])

    def collect(self, raw: bytes) -> bytes:
        """A collect of the customer's."""
        try:
            verified = verify(parse(raw), me=self.did, pinned={})
            check_collect(verified.message, _now())
        except Problem as problem:
            self.faults.append(str(problem))
            raise
        message: Message[core.Collect] = verified.message
        known = self.customers.setdefault(message.from_, Known())
        for one in message.body.receipts or ():
            receipt = one.wire()
            try:
                verify(parse(trust.write(receipt)), me=self.did, pinned={})
            except Problem as problem:
                self.faults.append(f"a receipt: {problem}")
            known.receipts.setdefault(one.body.of, []).append(receipt)
        start = int(message.body.after or 0)
        found = known.box[start : start + (message.body.limit or 100)]
        return pack(found, str(start + len(found)))

    def _receipt(self, message: Message[Any], digest: str, settled: Settled, at: str) -> bytes:
        body: Document = {"of": digest, "outcome": settled.outcome}
        if settled.problem is not None:
            body["problem"] = settled.problem.as_dict()
        else:
            body |= {"state": settled.thread.state, **({"previous": settled.previous} if settled.previous else {})}
        return self.write(body, "receipt", message.thread, to=message.from_, created=at)

    # HTTP

    def answer(self, method: str, path: str, raw: bytes) -> Served:
        """Status, media type and body of an answer."""
        self.requests.append((path, raw))
        if (other := self.override(method, path, raw)) is not None:
            return other
        try:
            match method, path:
                case "GET", "/.well-known/did.json":
                    return (
                        200,
                        "application/json",
                        trust.write(trust.document_for(self.did, self.listed, self.endpoint)),
                    )
                case "GET", "/.well-known/opencmr":
                    return 200, "application/json", trust.write(self.discovery())
                case "POST", "/opencmr/messages":
                    return 200, "application/json", pack(self.receive(raw))
                case "POST", "/opencmr/mailbox":
                    return 200, "application/json", self.collect(raw)
        except Problem as problem:
            return problem.status, "application/problem+json", trust.write(problem.as_dict())
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


class Stage:
    """The program under test, and the vendors that are played for it.

    Args:
        command: Starts the program.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        self._program: asyncio.subprocess.Process | None = None
        self._busy = False
        self._servers: list[asyncio.Server] = []

    async def begin(self) -> None:
        """Start the program, and see whether it answers.

        Raises:
            NoAnswer: It cannot be started, or does not answer.
        """
        vendor = await self.vendor()
        reply = await self.do("meet", vendor)
        if reply.get("ok") is not True:
            raise Failed(f"it does not meet a vendor: {_short(reply)}")

    async def vendor(self) -> Played:
        """A vendor of its own, served on loopback."""
        holder: list[Played] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await holder[0].serve(reader, writer)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**17)
        self._servers.append(server)
        holder.append(Played(server.sockets[0].getsockname()[1]))
        return holder[0]

    async def met(self, reply: Reply = lambda vendor, message: None) -> Played:
        """A vendor that the program has met.

        Raises:
            Failed: It will not.
        """
        vendor = await self.vendor()
        vendor.reply = reply
        answer = await self.do("meet", vendor)
        if answer.get("ok") is not True or not isinstance(answer.get("me"), str):
            raise Failed(f"it does not meet a vendor: {_short(answer)}")
        vendor.customers[answer["me"]] = Known()
        return vendor

    async def do(self, what: str, vendor: Played, **more: Any) -> Document:
        """Give a command, and wait for the answer.

        Raises:
            NoAnswer: The program has ended, or does not answer with a JSON object.
        """
        program = await self._running()
        self._busy = True
        command = {"do": what, "vendor": vendor.did, **more}
        if program.stdin is None or program.stdout is None:
            raise NoAnswer("the program has no pipes")
        try:
            program.stdin.write(orjson.dumps(command) + b"\n")
            await program.stdin.drain()
            line = await program.stdout.readline()
        except (OSError, ValueError) as error:
            raise NoAnswer(f"the program does not answer: {error}") from error
        if not line:
            raise NoAnswer(f"the program has ended at {what}")
        self._busy = False
        try:
            reply = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Failed(f"the program answers {line[:60]!r}, which is not JSON") from error
        if not isinstance(reply, dict) or not isinstance(reply.get("ok"), bool):
            raise Failed(f"the program answers {line[:60]!r}, without ok")
        return reply

    async def say(self, vendor: Played, type_: str, body: Document, thread: str | None = None) -> Document:
        """Let the program say something."""
        return await self.do("say", vendor, type=type_, body=body, **({"thread": thread} if thread else {}))

    async def said(self, vendor: Played, type_: str, body: Document, thread: str | None = None) -> str:
        """Let it say something that is accepted; gives the thread.

        Raises:
            Failed: It was not accepted.
        """
        reply = await self.say(vendor, type_, body, thread)
        if reply["ok"] is not True or not isinstance(reply.get("thread"), str):
            why = f"; the vendor found: {vendor.faults[-1]}" if vendor.faults else ""
            raise Failed(f"{type_} was not accepted: {_short(reply)}{why}")
        found: str = reply["thread"]
        return found

    async def sync(self, vendor: Played) -> None:
        """Let it collect, and bring its receipts: twice, for those come with the next collect."""
        for _ in range(2):
            reply = await self.do("sync", vendor)
            if reply["ok"] is not True:
                raise Failed(f"sync: {_short(reply)}")

    async def state(self, vendor: Played, thread: str, right: str, requirement: str | None = None) -> Document:
        """Hold the state of a thread, as the program folds it, to the right one.

        Raises:
            Failed: It is another.
        """
        reply = await self.do("state", vendor, thread=thread)
        if reply.get("state") != right:
            raise Failed(f"the program's state is {reply.get('state')}, and it is {right}", requirement)
        return reply

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()
        for server in self._servers:
            server.close()

    async def _running(self) -> asyncio.subprocess.Process:
        """The program; started anew if it has ended, or has not answered the command before."""
        if self._program is not None and (self._busy or self._program.returncode is not None):
            await self._end()
        if self._program is None:
            try:
                self._program = await asyncio.create_subprocess_exec(
                    *shlex.split(self.command),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=2**20,
                )
            except (OSError, ValueError) as error:
                raise NoAnswer(f"the program cannot be started: {error}") from error
            self._busy = False
        return self._program

    async def _end(self) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        if program.stdin is not None:
            program.stdin.close()
        waiting: Awaitable[int] = program.wait()
        try:
            await asyncio.wait_for(waiting, 0.2 if self._busy else 3)
        except TimeoutError:
            with suppress(ProcessLookupError):
                program.kill()
            # Only once its output is read to the end is the program gone for asyncio.
            while program.stdout is not None and await program.stdout.read(2**20):
                pass
            await program.wait()


def sign(document: Document, key: trust.SigningKey, method: str) -> bytes:
    """Sign a message, whatever it says."""
    from ..hand import multibase

    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    value = multibase(key.sign(trust.hash_data({**document, "proof": proof})))
    return trust.write({**document, "proof": {**proof, "proofValue": value}})


def later(seconds: float) -> str:
    """An instant some seconds from now."""
    return instant(datetime.now(UTC) + timedelta(seconds=seconds))


def _now() -> str:
    return later(0)


def _short(reply: Document) -> str:
    return orjson.dumps(reply).decode()[:200]
