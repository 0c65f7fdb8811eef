"""Make the golden conversation anew: `spec/v1/golden.json` for programs, and `spec/v1/golden.md` for people.

    python tools/conversation.py           # write
    python tools/conversation.py --check   # exit 1 and name what is not up to date

A customer with a fixed key, fixed ids and fixed times talks to the shop of `examples/conversation`. So the bytes are
the same each time, and a change of the protocol shows here as a change of a file.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "sdk"), str(ROOT / "tools"), str(ROOT / "examples" / "conversation")]

import httpx  # noqa: E402  # the checkout's own SDK comes first
import shop as golden_shop  # noqa: E402
from vectors.writing import CUSTOMER, CUSTOMER_URL, uuid  # noqa: E402

from opencmr import messages, trust  # noqa: E402
from opencmr.protocol import moment, roster  # noqa: E402
from opencmr.testing import Forger, Link  # noqa: E402
from opencmr.transport.bundle import unpack  # noqa: E402

SPEC = ROOT / "spec" / "v1"
MEDIA_TYPE = "application/opencmr+json"
KEPT = ("content-type", "cache-control")
"""The headers that are compared; a server adds what it likes."""
Document = dict[str, Any]


@dataclass
class Customer:
    """Who writes down what was sent and what came, and what they hold of the vendor's chain."""

    web: httpx.AsyncClient
    exchanges: list[Document] = field(default_factory=list)
    prior: str | None = None
    seen: str | None = None
    threads: dict[str, str] = field(default_factory=dict)
    heard: list[Document] = field(default_factory=list)

    async def get(self, path: str, says: str) -> None:
        """Read a document."""
        await self._exchange(says, "GET", path, {}, "")

    async def say(self, says: str, type_: str, at: str, body: Document, thread: str | None = None, **more: Any) -> str:
        """Say something; `thread` is a name for it."""
        raw = self._write(type_, at, body, self.threads.get(thread or ""), **more)
        if thread is not None and thread not in self.threads:
            self.threads[thread] = json.loads(raw)["id"]
        self.prior = trust.digest(raw.encode())
        await self.send(says, raw)
        return raw

    async def send(self, says: str, raw: str, to: str = "messages") -> None:
        """Send bytes, and go by the words that come for them."""
        answer = await self._exchange(says, "POST", f"/opencmr/{to}", {"content-type": MEDIA_TYPE}, raw)
        for word in unpack(answer.encode())[0]:
            document = json.loads(word)
            if document["from"] == golden_shop.DID and document not in self.heard:
                self.heard.append(document)
                self.seen = trust.digest(word)

    async def collect(self, says: str, at: str, receipts: list[Document] | None = None) -> None:
        """Collect what waits."""
        body = {"wait": 0, **({"receipts": receipts} if receipts else {})}
        raw = self._write("mailbox.collect", at, body, None)
        await self.send(says, raw, "mailbox")

    def receipt(self, of: Document, at: str, state: str) -> Document:
        """The customer's receipt for a word of the vendor's."""
        body = {"of": trust.digest(trust.canonicalize(of)), "outcome": "accepted", "state": state}
        return json.loads(self._write("receipt", at, body, of["thread"]))

    def last(self, type_: str) -> Document:
        """The vendor's last word of this type."""
        return next(each for each in reversed(self.heard) if each["type"] == type_)

    def _write(self, type_: str, at: str, body: Document, thread: str | None, **more: Any) -> str:
        id_ = uuid(f"golden {type_} {at} {json.dumps(body, sort_keys=True)}")
        forger = Forger(did=CUSTOMER.did, to=golden_shop.DID, key=CUSTOMER, method=CUSTOMER_URL, ids=lambda: id_,
                        clock=lambda: moment(at), link=lambda: Link(prior=self.prior, seen=self.seen))  # fmt: skip
        raw = forger.sign(forger.write(type_, body, thread, **more))
        messages.validate(json.loads(raw))
        return raw.decode()

    async def _exchange(self, says: str, method: str, path: str, headers: dict[str, str], body: str) -> str:
        answer = await self.web.request(method, path, headers=headers, content=body.encode())
        kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        self.exchanges.append({
            "says": says,
            "request": {"method": method, "path": path, "headers": headers, "body": body},
            "response": {"status": answer.status_code, "headers": kept, "body": answer.text},
        })  # fmt: skip
        return answer.text


async def conversation() -> list[Document]:
    """Everything that was sent and answered, in its order."""
    vendor = golden_shop.shop()
    transport = httpx.ASGITransport(vendor.asgi())
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as web:
        alice = Customer(web)
        await _talk(alice)
    await vendor.close()
    return alice.exchanges


async def _talk(alice: Customer) -> None:
    soon = {"expires": "2026-03-09T09:00:00.000Z"}
    await alice.get("/.well-known/did.json", "The customer reads the vendor's keys, and pins them")
    await alice.get("/.well-known/opencmr", "What does the vendor speak and accept?")
    await alice.say(
        "The customer proffers terms. The vendor doesn't accept them, and counters",
        "terms.proffer", "2026-03-02T09:30:00.000Z", {"choices": [roster.ref("SD-BASE-DP").wire()]}, "terms", **soon,
    )  # fmt: skip
    await alice.say(
        "The customer accepts the counter: now both are bound",
        "terms.accept", "2026-03-02T09:31:00.000Z", {"terms": roster.ref("SD-BASE").wire()}, "terms", **soon,
    )  # fmt: skip
    wish = {
        "wants": [{"name": "Field boots, size 49", "deal": "buy"}],
        "terms": [roster.ref("SD-BASE").wire()],
        "standing": "ready",
    }
    before = alice.seen
    await alice.say(
        "The customer says what they want to buy. The vendor makes an offer", "intent.cast",
        "2026-03-03T10:00:00.000Z", wish, "boots", **soon,
    )  # fmt: skip
    await alice.say(
        "A stale word: the customer amends the wish and, by its `seen`, has not seen the offer. Refused, signed",
        "intent.amend", "2026-03-03T10:05:00.000Z", {**wish, "note": "Can it be less?"}, "boots",
        **{**soon, "seen": before},
    )  # fmt: skip
    await alice.say(
        "The same wish, knowing the offer: taken. The vendor makes a better offer", "intent.amend",
        "2026-03-03T10:06:00.000Z", {**wish, "note": "Can it be less?"}, "boots", **soon,
    )  # fmt: skip
    made = alice.last("offer.make")
    await alice.collect(
        "The customer collects. All is there already; it acknowledges, and brings the receipts for the offers",
        "2026-03-03T10:07:00.000Z",
        [alice.receipt(one, "2026-03-03T10:07:00.000Z", "open") for one in alice.heard if one["type"] == "offer.make"],
    )  # fmt: skip
    accepted = {
        "offer": {"id": made["id"], "digest": trust.digest(trust.canonicalize(made))},
        "total": made["body"]["total"],
    }
    await alice.say(
        "The customer accepts the better offer. The order stands, and the vendor confirms it", "offer.accept",
        "2026-03-03T10:10:00.000Z", accepted, "boots", **soon,
    )  # fmt: skip
    address = {
        "streetAddress": "Am Hang 3",
        "postalCode": "6900",
        "addressLocality": "Bregenz",
        "addressCountry": "AT",
    }
    await alice.say(
        "Only now the customer discloses the address. The vendor ships", "order.disclose",
        "2026-03-03T10:11:00.000Z", {"discloses": [{"data": "pd:PhysicalAddress", "value": address}]}, "boots", **soon,
    )  # fmt: skip
    await alice.collect(
        "The customer collects: the vendor asks, of its own accord, whether it may write", "2026-03-04T08:00:00.000Z"
    )
    asked = alice.last("consent.request")
    alice.threads["news"] = asked["thread"]
    item = {name: value for name, value in asked["body"]["items"][0].items() if name != "need"}
    await alice.say(
        "The customer grants it, until the end of the year", "consent.grant", "2026-03-04T08:01:00.000Z",
        {"items": [item], "until": "2027-01-01T00:00:00.000Z"}, "news", **soon,
    )  # fmt: skip
    withdrawal = await alice.say(
        "And takes it back. The receipt is the proof", "consent.withdraw", "2026-03-05T19:00:00.000Z", {}, "news"
    )
    await alice.send("The same bytes again get the same receipt, and nothing else happens", withdrawal)
    await alice.say(
        "The customer ends the agreement. Its prohibitions and duties hold on", "terms.terminate",
        "2026-03-06T12:00:00.000Z", {"reason": "enough"}, "terms",
    )  # fmt: skip


def files() -> dict[str, bytes]:
    """Both files, by name."""
    exchanges = asyncio.run(conversation())
    keys = {
        "customer": {"did": CUSTOMER.did, "verificationMethod": CUSTOMER_URL, "seedHex": CUSTOMER.seed.hex()},
        "vendor": {
            "did": golden_shop.DID,
            "verificationMethod": trust.key_url(golden_shop.DID),
            "seedHex": golden_shop.SEED.hex(),
        },
    }
    about = (
        "A conversation over HTTP, byte by byte: each request and its answer, with the keys of both sides. "
        "Bodies are UTF-8; of the headers of an answer, those that matter are here."
    )
    document = {"about": about, "keys": keys, "exchanges": exchanges}
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    return {"golden.json": text.encode(), "golden.md": _page(keys, exchanges).encode()}


HEAD = """# The golden conversation

A whole conversation over HTTP, byte by byte. It is made by a tool, and replayed by the tests against `opencmr serve`.
For programs it is in [`golden.json`](golden.json). It is informative: the other pages rule.

Begin with the first message. Build its canonical bytes, its hashes and its signature with the keys below, and compare.
Then go on: each message names digests of those before it, so one wrong byte shows in all that follow.

The vendor is that of `examples/conversation`: its key, its ids and its times are fixed. It answers 0.4 seconds after
what the customer wrote.

| whose | DID | seed of the Ed25519 key, in hexadecimal |
|---|---|---|
"""
SHOWN = {"content-type": "Content-Type", "cache-control": "Cache-Control"}


def _page(keys: Document, exchanges: list[Document]) -> str:
    rows = [f"| the {who} | `{one['did']}` | `{one['seedHex']}` |" for who, one in keys.items()]
    parts = [HEAD + "\n".join(rows) + "\n"]
    for number, one in enumerate(exchanges, 1):
        request, response = one["request"], one["response"]
        asked = [f"{request['method']} {request['path']} HTTP/1.1", "Host: shop.example", *_headers(request)]
        answered = [f"HTTP/1.1 {response['status']}", *_headers(response)]
        parts.append(
            f"## {number}. {one['says']}\n\n"
            f"{_summary(request, response)}\n\n"
            f"```http\n{_block(asked, request['body'])}\n```\n\n"
            f"```http\n{_block(answered, response['body'])}\n```\n"
        )
    return "\n".join(parts)


def _headers(message: Document) -> list[str]:
    return [f"{SHOWN[name]}: {value}" for name, value in message["headers"].items()]


def _block(head: list[str], body: str) -> str:
    return "\n".join([*head, "", body] if body else head)


def _summary(request: Document, response: Document) -> str:
    """What goes each way, in words."""
    sent = _named(json.loads(request["body"])) if request["body"] else "nothing but the request"
    answer = json.loads(response["body"])
    got = ", ".join(map(_named, answer["messages"])) or "no messages" if "messages" in answer else "a document"
    return f"Sent: {sent}. Answered: {got}."


def _named(message: Document) -> str:
    number = f" {message['number']}" if "number" in message else ""
    body = message["body"]
    if message["type"] != "receipt":
        return f"`{message['type']}`{number}"
    why = body["problem"]["type"].partition("#")[2] if "problem" in body else body["state"]
    return f"`receipt`{number} ({body['outcome']}, {why})"


def main() -> int:
    check = "--check" in sys.argv
    stale = {name: raw for name, raw in files().items() if not _same(SPEC / name, raw)}
    for name, raw in stale.items():
        print(name)
        if not check:
            (SPEC / name).write_bytes(raw)
    return 1 if stale and check else 0


def _same(file: Path, raw: bytes) -> bool:
    return file.is_file() and file.read_bytes() == raw


if __name__ == "__main__":
    sys.exit(main())
