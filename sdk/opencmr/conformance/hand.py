"""The suite as a customer: it writes what it likes, and believes nothing that a vendor answers.

Every answer goes through the same inspection, whatever the check was about: canonical, closed, signed by a published
key, linked to its predecessor, later than what came before. So a vendor that breaks one of these fails at once, with
the requirement that it breaks.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from .. import messages, trust
from ..errors import PROBLEM_BASE, PROBLEMS, NotCanonical, OpenCMRError, Problem
from ..messages import VERSION
from ..protocol import instant, roster
from ..protocol.receiving import check_place
from ..transport.bundle import MAX_BUNDLE
from ..trust import base58
from .suite import Failed
from .wire import Answer, Exchange, over_http

Document = dict[str, Any]

MEDIA_TYPE = "application/opencmr+json"

DP, BASE, OTHER, COUNTER = (roster.ref(code).wire() for code in ("SD-BASE-DP", "SD-BASE", "SD-BASE-AT", "SD-BASE-A"))
"""Terms that a vendor in test mode accepts, twice; that it does not; and what it puts instead."""

NOWHERE = "zQmZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
"""A digest of nothing."""


BEFORE_SIGNATURE = frozenset({
    "unsupported-media", "too-large", "too-deep", "not-json", "bad-number", "null-member", "malformed", "not-canonical",
    "conflict", "wrong-addressee", "unsupported-version", "unsupported-type", "wrong-key", "weak-key", "bad-signature",
})  # fmt: skip
"""The codes of the checks 1 to 6: nothing is signed, and nothing stored."""


@dataclass
class Bench:
    """The target, and what it has said of itself.

    Attributes:
        url: Where it was said to be.
        polite: Seconds between two requests at least.
        clock: The time; `sleep` waits in it.
        endpoint: Of the service, once it is known.
        did: Of the vendor; `keys`, key URL → public key.
    """

    url: str
    exchange: Exchange = over_http
    polite: float = 0.0
    timeout: float = 10.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    endpoint: str = ""
    did: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    _last: float = 0.0

    async def send(self, method: str, url: str, body: bytes = b"", **headers: str) -> Answer:
        """One request, not sooner than is polite.

        Raises:
            NoAnswer: There is none.
        """
        loop = asyncio.get_running_loop()
        if (left := self._last + self.polite - loop.time()) > 0:
            await asyncio.sleep(left)
        self._last = loop.time()
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return await self.exchange(method, url, named, body, timeout=self.timeout)

    async def document(self, path: str, requirement: str) -> Document:
        """A document under the host of the URL.

        Raises:
            NoAnswer: There is none.
            Failed: It is no JSON object.
        """
        answer = await self.send("GET", self._at(path))
        if answer.status != 200 or answer.media_type not in ("application/json", "application/did+json"):
            raise Failed(f"{path}: {_described(answer)}", requirement)
        try:
            found = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise Failed(f"{path} is not JSON", requirement) from error
        if not isinstance(found, dict) or len(answer.body) > trust.MAX_BYTES:
            raise Failed(f"{path} is no JSON object of at most {trust.MAX_BYTES} bytes", requirement)
        return found

    async def did_document(self, did: str) -> Document:
        """The DID document. It is looked for at the URL, wherever the DID lies."""
        return await self.document(urlsplit(trust.web_urls(did)[0]).path, "TRN-10")

    async def meet(self) -> None:
        """Get to know the vendor.

        Raises:
            NoAnswer, Failed: It does not introduce itself.
        """
        did = (await self.document("/.well-known/opencmr", "TRN-11")).get("did")
        try:
            document = trust.read_document(str(did), await self.did_document(str(did)))
            endpoint = urlsplit(document.endpoint)
        except (OpenCMRError, ValueError) as error:
            raise Failed(f"the DID document of {str(did)[:100]}: {error}", "TRN-10") from error
        self.did, self.keys = document.id, document.keys
        home = urlsplit(trust.web_urls(self.did)[1])
        here = urlsplit(self.url)
        same = (home.scheme, home.netloc) == (here.scheme, here.netloc)
        self.endpoint = document.endpoint if same else self._at(endpoint.path)

    def now(self, seconds: float = 0) -> str:
        """The time, or some seconds from it."""
        return instant(self.clock() + timedelta(seconds=seconds))

    def hand(self) -> "Hand":
        """A customer whom the vendor has never seen."""
        return Hand(self)

    def _at(self, path: str) -> str:
        here = urlsplit(self.url)
        return f"{here.scheme}://{here.netloc}{path}"


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

    @property
    def pointer(self) -> str | None:
        """The pointer of the problem."""
        pointer: str | None = self.receipt["body"].get("problem", {}).get("pointer")
        return pointer


class Hand:
    """A customer with a key of their own."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.key = trust.SigningKey.generate()
        self.did = self.key.did
        self.threads: dict[str, list[str]] = {}
        """Thread → digests of its entries, in order."""
        self.arrived: list[Document] = []
        """The vendor's entries, in the order in which they came."""
        self.times: list[str] = []
        self._seen: dict[str, bytes] = {}
        self._sent: set[str] = set()
        self._receipts: dict[str, Document] = {}

    # Writing

    def write(
        self, type_: str, body: Document, thread: str | None = None, *, after: str | None = None, **members: Any
    ) -> Document:
        """A message without proof. Members that are named replace those that would be right; None leaves one out.

        Args:
            type_: Its type.
            body: Its body.
            thread: The thread that it goes on; absent: it opens one.
            after: What it names as head; absent: the head.
            members: Of the envelope; `from_` for `from`.
        """
        id_ = uuid.uuid4().urn
        document: Document = {
            "opencmr": VERSION,
            "id": id_,
            "type": type_,
            "from": self.did,
            "to": self.bench.did,
            "thread": thread or id_,
            "created": self.bench.now(),
            "body": body,
        }
        if thread is not None:
            document["inReplyTo"] = after or self.threads[thread][-1]
        for name, value in members.items():
            document[name.rstrip("_")] = value
        return {name: value for name, value in document.items() if value is not None}

    def sign(self, document: Document, key: trust.SigningKey | None = None, method: str | None = None) -> bytes:
        """Its bytes, signed and canonical; not checked."""
        key = key or self.key
        proof = {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": method or trust.key_url(self.did),
            "proofPurpose": "assertionMethod",
        }
        signature = key.sign(trust.hash_data({**document, "proof": proof}))
        return trust.write({**document, "proof": {**proof, "proofValue": multibase(signature)}})

    # Sending

    async def post(self, raw: bytes, to: str = "messages", **headers: str) -> Answer:
        """Send bytes, as they are."""
        self._sent.add(trust.digest(raw))
        headers = {"content_type": MEDIA_TYPE, **headers}
        return await self.bench.send("POST", f"{self.bench.endpoint}/{to}", raw, **headers)

    async def say(self, document: Document | bytes) -> Heard:
        """Send a message that is to be decided, and inspect the answer.

        Raises:
            Failed: It was not decided, or the answer is not what an answer must be.
        """
        raw = document if isinstance(document, bytes) else self.sign(document)
        return self.heard(raw, await self.post(raw))

    def heard(self, raw: bytes, answer: Answer) -> Heard:
        """Inspect the answer to a message that had to be decided."""
        if answer.media_type == "application/problem+json":
            problem = self.stated(answer)
            raise Failed(f"not decided: {code(problem)} at {problem.get('pointer')}: {problem.get('detail', '')}")
        found = _bundle(answer, cursor=False)
        if not found or found[0].get("type") != "receipt":
            raise Failed("the answer does not begin with a receipt", "TRN-4")
        # The entries that were missed may hold the customer's own; those need no inspection.
        found = [one for one in found if one.get("from") != self.did or digest_of(one) not in self._sent]
        sent, digest = orjson.loads(raw), trust.digest(raw)
        known = trust.digest(trust.write(found[0])) in self._seen
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
        if not known:
            self._place(sent, digest, receipt)
        for one in found[1:]:
            self._take(one)
        return Heard(receipt, found[1:])

    async def problem(self, raw: bytes, expected: str | tuple[str, ...], pointer: str | None = None) -> Document:
        """Send bytes that must be answered with an unsigned problem.

        Args:
            raw: The bytes.
            expected: Its code, or several that will do.
            pointer: The bad member; not looked at where absent.

        Raises:
            Failed: The answer is another one.
        """
        return self.refused_unsigned(await self.post(raw), expected, pointer)

    def refused_unsigned(self, answer: Answer, expected: str | tuple[str, ...], pointer: str | None = None) -> Document:
        """Inspect an answer that must be an unsigned problem."""
        codes = (expected,) if isinstance(expected, str) else expected
        if answer.status == 200:
            outcome = _first_outcome(answer)
            if outcome == "refused" and codes[0] in BEFORE_SIGNATURE:
                raise Failed(f"refused with a signed receipt, and {' or '.join(codes)} is unsigned", "RCV-2")
            raise Failed(f"answered with {outcome}, and not with {' or '.join(codes)}")
        problem = self.stated(answer)
        if code(problem) not in codes:
            raise Failed(f"the problem is {code(problem)}, and not {' or '.join(codes)}")
        if pointer is not None and problem.get("pointer") != pointer:
            raise Failed(f"the pointer is {problem.get('pointer')}, and not {pointer}", "ENV-8")
        return problem

    def stated(self, answer: Answer) -> Document:
        """The problem of an answer.

        Raises:
            Failed: It is none.
        """
        if answer.media_type != "application/problem+json":
            raise Failed(_described(answer), "TRN-9")
        try:
            problem = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise Failed("a problem that is not JSON", "TRN-9") from error
        check_problem(problem, answer.status)
        found: Document = problem
        return found

    async def refused(
        self, document: Document | bytes, expected: str, pointer: str | None = None, why: str | None = None
    ) -> Heard:
        """Send a message that must be refused with a signed receipt.

        Raises:
            Failed: It is not refused, not signed, or for another reason; `why` is the requirement of the first.
        """
        raw = document if isinstance(document, bytes) else self.sign(document)
        answer = await self.post(raw)
        if answer.media_type == "application/problem+json" and code(self.stated(answer)) == expected:
            raise Failed(f"{expected} without a signed receipt", "RCV-4")
        heard = self.heard(raw, answer)
        if heard.outcome != "refused":
            raise Failed(f"{heard.outcome}, and not refused with {expected}", why)
        if heard.code != expected:
            raise Failed(f"refused with {heard.code}, and not {expected}", why)
        if pointer is not None and heard.pointer != pointer:
            raise Failed(f"the pointer is {heard.pointer}, and not {pointer}", "RCV-4" if why is None else why)
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

    def collect_document(self, **body: Any) -> Document:
        """A `mailbox.collect`."""
        return self.write("mailbox.collect", body)

    async def collect(self, **body: Any) -> tuple[list[Document], str]:
        """Collect, and inspect what comes.

        Raises:
            Failed: The answer is not what it must be.
        """
        answer = await self.post(self.sign(self.collect_document(**body)), "mailbox")
        if answer.media_type == "application/problem+json":
            raise Failed(f"the collect was refused: {code(self.stated(answer))}")
        found = _bundle(answer, cursor=True)
        times = [str(document.get("created")) for document in found]
        for document in found:
            self._inspect(document, elsewhere="COR-10")
        if times != sorted(set(times)):
            raise Failed("what waits does not come in the order in which it was made", "TRN-7")
        for document in found:
            self._take(document)
        return found, str(orjson.loads(answer.body)["cursor"])

    async def hear(self, type_: str, thread: str | None = None, *, within: float = 5) -> Document:
        """The vendor's next entry of a type, from what has come or from the mailbox.

        Raises:
            Failed: None came.
        """
        loop, cursor = asyncio.get_running_loop(), ""
        last = loop.time() + within
        while True:
            for document in self.arrived:
                if document["type"] == type_ and thread in (None, document["thread"]):
                    self.arrived.remove(document)
                    return document
            if loop.time() >= last:
                raise Failed(f"no {type_} came within {within:g} s")
            wait = min(2, int(last - loop.time()))
            asked: Document = {"after": cursor} if cursor else {}
            found, cursor = await self.collect(**asked, **({"wait": wait} if wait else {}))
            if not found and not wait:
                await asyncio.sleep(min(0.1, within / 5))

    # Inspecting

    def _inspect(self, document: Document, elsewhere: str = "IDN-1") -> None:
        """What holds for every message of a vendor, whatever it is about."""
        try:
            message = messages.read(document)
            check_place(message)
        except Problem as problem:
            raise Failed(f"a {str(document.get('type'))[:40]} of the vendor: {problem}", _rule_of(problem)) from problem
        if message.from_ != self.bench.did:
            raise Failed(f"a message from {message.from_}", "IDN-1")
        if message.to != self.did:
            raise Failed("a message to somebody else", elsewhere)
        try:
            public = trust.public_key(message.from_, message.proof.verification_method, self.bench.keys)
        except Problem as problem:
            raise Failed(f"signed with a key that the DID document does not list: {problem}", "TRN-10") from problem
        try:
            trust.check(document, public)
        except Problem as problem:
            raise Failed(f"the vendor's signature does not hold: {problem}", "SIG-2") from problem
        if message.type == "receipt":
            problem_said = document["body"].get("problem")
            if problem_said is not None:
                check_problem(problem_said, None)
        if message.type == "mailbox.collect":
            raise Failed("a vendor collects nothing", "COR-10")

    def _place(self, sent: Document, digest: str, receipt: Document) -> None:
        """Give our message the place that the receipt says, and hold the receipt to it."""
        body, entries = receipt["body"], self.threads.get(sent["thread"], [])
        if body["outcome"] != "refused":
            head = entries[-1] if entries else None
            if body.get("previous") != head:
                raise Failed(f"the receipt names {body.get('previous')} as previous, and it is {head}", "SEQ-2")
            self.threads[sent["thread"]] = [*entries, digest]
        if self.times and receipt["created"] <= self.times[-1]:
            raise Failed("a receipt that is no later than what was made before it", "SEQ-3")
        self._note(receipt)

    def _take(self, document: Document) -> None:
        """Take in what the vendor says, where it is new."""
        digest = trust.digest(trust.write(document))
        if digest in self._seen:
            return
        if document["created"] in self.times:
            raise Failed("two messages of one instant", "SEQ-3")
        self._note(document)
        if document["type"] == "receipt":
            if document["body"]["of"] not in self._sent:
                raise Failed("a receipt for nothing that was sent", "COR-1")
            return
        entries = self.threads.get(document["thread"], [])
        if document.get("inReplyTo") != (entries[-1] if entries else None):
            raise Failed(f"a {document['type']} that does not name the entry before it", "SEQ-1")
        self.threads[document["thread"]] = [*entries, digest]
        self.arrived.append(document)

    def _note(self, document: Document) -> None:
        raw = trust.write(document)
        self._seen[trust.digest(raw)] = raw
        self.times = sorted([*self.times, document["created"]])


def code(problem: Document | None) -> str | None:
    """The code of a problem."""
    return str(problem.get("type")).removeprefix(PROBLEM_BASE) if problem else None


def check_problem(problem: Any, status: int | None) -> None:
    """Hold a problem to the registry.

    Raises:
        Failed: It says something else.
    """
    name = code(problem) if isinstance(problem, dict) else None
    registered = PROBLEMS.get(str(name))
    if registered is None:
        raise Failed(f"the registry has no problem {str(name)[:60]}", "TRN-9")
    said = tuple(problem.get(member) for member in ("title", "status", "fault", "retry"))
    right = (registered.title, registered.status, registered.fault, registered.retry)
    if said != right or status not in (None, registered.status):
        raise Failed(f"{name} is {right}, and not {said} with HTTP {status}", "TRN-9")


def multibase(data: bytes) -> str:
    """Bytes in base58-btc, with its letter."""
    return "z" + base58.encode(data)


def digest_of(document: Document) -> str:
    """The digest of a signed message."""
    return trust.digest(trust.write(document))


def _bundle(answer: Answer, *, cursor: bool) -> list[Document]:
    """The messages of an answer."""
    if answer.status != 200 or answer.media_type != "application/json":
        raise Failed(_described(answer), "TRN-5" if answer.status == 200 else "TRN-4")
    try:
        found = trust.read(answer.body, limit=MAX_BUNDLE, depth=trust.MAX_DEPTH + 2)
    except NotCanonical as problem:
        raise Failed("the answer is not in canonical form", "TRN-5") from problem
    except Problem as problem:
        raise Failed(f"the answer is not OpenCMR: {problem}", "TRN-5") from problem
    listed = found.get("messages")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Failed("the answer has no list of messages", "TRN-4")
    if cursor and not isinstance(found.get("cursor"), str):
        raise Failed("the answer of the mailbox has no cursor", "TRN-7")
    if extra := set(found) - {"messages", "cursor"}:
        raise Failed(f"the answer has {', '.join(sorted(extra))}", "TRN-4")
    return listed


def _first_outcome(answer: Answer) -> str:
    try:
        return str(orjson.loads(answer.body)["messages"][0]["body"]["outcome"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return _described(answer)


def _described(answer: Answer) -> str:
    redirects = ", a redirect" if 300 <= answer.status < 400 else ""
    return f"HTTP {answer.status}{redirects} with {answer.media_type[:60] or 'no media type'}"


def _rule_of(problem: Problem) -> str:
    """Which requirement a vendor's malformed message breaks."""
    pointer = problem.pointer or ""
    if problem.rule:
        return problem.rule
    if pointer.startswith("/proof"):
        return "SIG-1"
    if pointer in ("/thread", "/inReplyTo"):
        return "ENV-2"
    return "ENV-1"
