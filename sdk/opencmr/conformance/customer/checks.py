"""What must hold for a customer: what it says, what it believes, and what it answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from ... import trust
from ...errors import HandlerFailed, Overloaded
from ..hand import BASE, COUNTER, DP, NOWHERE, OTHER
from ..suite import Failed, Page
from .stage import Document, Played, Stage, later, sign

says: Page[Stage] = Page("says", "customer")
believes: Page[Stage] = Page("believes", "customer")
answers: Page[Stage] = Page("answers", "customer")

PROFFER: Document = {"choices": [DP]}
CAST: Document = {"wants": [{"name": "a thing"}], "terms": [DP], "standing": "ready"}
TEN: Document = {"amount": "10.00", "currency": "EUR"}
LINE: Document = {"name": "A thing", "want": 0, "price": TEN}
OFFER: Document = {"lines": [LINE], "total": TEN, "under": DP}
ITEM: Document = {"key": "a", "purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"]}
PERSON: Document = {"discloses": [{"data": "pd:Name", "value": "A. Customer"}]}


def must(holds: bool, why: str, requirement: str | None = None) -> None:
    """Fail where something does not hold.

    Raises:
        Failed: It does not.
    """
    if not holds:
        raise Failed(why, requirement)


async def cast(stage: Stage) -> tuple[Played, str]:
    """An open intent."""
    vendor = await stage.met()
    return vendor, await stage.said(vendor, "intent.cast", CAST)


def make(vendor: Played, thread: str, body: Document | None = None, **members: Any) -> str:
    """An offer, right or wrong; gives its digest."""
    members.setdefault("expires", later(3600))
    return vendor.say(body or OFFER, "offer.make", thread, **members)


async def ordered(stage: Stage) -> tuple[Played, str]:
    """An order."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread)
    await stage.sync(vendor)
    offer = {"id": orjson.loads(vendor.customers[vendor.customer].box[-1])["id"], "digest": digest}
    await stage.said(vendor, "offer.accept", {"offer": offer, "total": TEN}, thread)
    await stage.state(vendor, thread, "ordered")
    return vendor, thread


def until() -> str:
    """In a month."""
    return later(86400 * 30)


# What it says


@says.add("well-formed", "What it says is canonical, well-formed, its own, and signed with its key",
          "ENV-1", "ENV-2", "ENV-12", "SIG-1", "SIG-2", "JSN-1", "JSN-2", "JSN-3", "JSN-4", "JSN-5", "JSN-6", "IDN-1",
          "ENV-4", "TRM-8")  # fmt: skip
async def well_formed(stage: Stage) -> None:
    """One message of each family, and a second one in its thread."""
    vendor = await stage.met()
    terms = await stage.said(vendor, "terms.proffer", {**PROFFER, "note": "é \u2028 \U0001f97e"})
    await stage.said(vendor, "terms.decline", {"reason": "changedMind"}, terms)
    await stage.state(vendor, terms, "declined", "TRM-8")
    grant = {"items": [ITEM], "until": until(), "statement": "Yes, do."}
    consent = await stage.said(vendor, "consent.grant", grant)
    await stage.said(vendor, "consent.withdraw", {}, consent)
    intent = await stage.said(vendor, "intent.cast", CAST)
    await stage.said(vendor, "intent.amend", CAST, intent)
    must(not vendor.faults, f"{vendor.faults[:1]}")
    must(vendor.customer.startswith("did:key:z6Mk"), f"the customer is {vendor.customer}", "IDN-1")


@says.add("key-per-vendor", "Every vendor sees another key, and another thread", "IDN-2", "INT-5")
async def key_per_vendor(stage: Stage) -> None:
    """Also for the same wish."""
    vendors = [await stage.met(), await stage.met()]
    threads = [await stage.said(vendor, "intent.cast", CAST) for vendor in vendors]
    must(vendors[0].customer != vendors[1].customer, "one key for two vendors")
    must(threads[0] != threads[1], "one thread id for two vendors", "INT-5")


@says.add("collects", "A collect is its own thread, and names no head", "COR-12", "ENV-3")
async def collects(stage: Stage) -> None:
    """With receipts that name the thread of what they answer."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread)
    await stage.sync(vendor)
    must(bool(vendor.sent("mailbox.collect")) and not vendor.faults, f"{vendor.faults[:1]}")
    receipt = vendor.receipt(digest)
    must(receipt["thread"] == thread and "inReplyTo" not in receipt, "a receipt of another thread", "ENV-3")
    must("previous" not in receipt["body"], "a customer's receipt names no previous", "COR-4")


@says.add("same-bytes", "What is not decided is sent again as the same bytes", "TRN-6", "RCV-3")
async def same_bytes(stage: Stage) -> None:
    """After an unsigned problem, and after an answer that was lost."""
    for lost in (False, True):
        vendor = await stage.met()
        vendor.override = _once("/opencmr/messages", None if lost else Overloaded("try again"))
        reply = await stage.say(vendor, "terms.proffer", PROFFER)
        must(reply["ok"] is False and "refused" not in reply, f"what is not decided is taken for {reply}", "RCV-3")
        await asyncio.sleep(0)
        await stage.sync(vendor)
        sent = vendor.sent("terms.proffer")
        must(len(sent) > 1, "it was not sent again")
        must(len(set(sent)) == 1, "other bytes were sent again")
        await stage.state(vendor, orjson.loads(sent[0])["thread"], "proffered")


@says.add("same-bytes-received", "A message whose answer was lost takes effect once", "TRN-6")
async def same_bytes_received(stage: Stage) -> None:
    """The vendor has received it; the receipt comes with the next attempt."""
    vendor = await stage.met()
    vendor.override = _received_then_lost(vendor)
    await stage.say(vendor, "terms.proffer", PROFFER)
    await stage.sync(vendor)
    must(len(set(vendor.sent("terms.proffer"))) == 1, "other bytes were sent again")
    thread = orjson.loads(vendor.sent("terms.proffer")[0])["thread"]
    await stage.state(vendor, thread, "proffered")


@says.add("withdrawal-goes-on", "A withdrawal that was not decided is sent again", "TRN-6", "RCV-3")
async def withdrawal_goes_on(stage: Stage) -> None:
    """Taking back is never given up."""
    vendor = await stage.met()
    thread = await stage.said(vendor, "consent.grant", {"items": [ITEM], "until": until(), "statement": "Yes."})
    vendor.override = _once("/opencmr/messages", HandlerFailed("later"))
    await stage.say(vendor, "consent.withdraw", {}, thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "withdrawn")
    must(vendor.customers[vendor.customer].history.threads[thread].state == "withdrawn", "it did not arrive")


@says.add("no-disclosure-before", "Nothing is disclosed before there is an order", "ORD-1")
async def no_disclosure_before(stage: Stage) -> None:
    """The program is told to, and does not."""
    vendor, thread = await cast(stage)
    make(vendor, thread)
    await stage.sync(vendor)
    reply = await stage.say(vendor, "order.disclose", PERSON, thread)
    must(reply["ok"] is False, "it says that it did")
    must(not vendor.sent("order.disclose"), "a name was disclosed")


@says.add("accepts-the-counter", "It accepts the counter, and no other terms", "TRM-5", "TRM-7")
async def accepts_the_counter(stage: Stage) -> None:
    """Told to accept others, it does not, or is refused."""
    vendor = await stage.met()
    thread = await stage.said(vendor, "terms.proffer", PROFFER)
    vendor.say({"terms": COUNTER}, "terms.counter", thread)
    await stage.sync(vendor)
    must((await stage.say(vendor, "terms.accept", {"terms": OTHER}, thread))["ok"] is False, "it accepted others")
    await stage.said(vendor, "terms.accept", {"terms": COUNTER}, thread)
    await stage.state(vendor, thread, "active")


@says.add("stale-head", "After a refusal for a stale head it has what it missed", "COR-5")
async def stale_head(stage: Stage) -> None:
    """A second try goes on from the new head."""
    vendor, thread = await cast(stage)
    make(vendor, thread)
    reply = await stage.say(vendor, "intent.amend", CAST, thread)
    must(reply["ok"] is False, "a stale head was accepted")
    await stage.sync(vendor)
    await stage.said(vendor, "intent.amend", CAST, thread)
    await stage.state(vendor, thread, "open")


@says.add("ext-not-echoed", "ext is not copied into what it says", "ENV-10")
async def ext_not_echoed(stage: Stage) -> None:
    """A marker that a vendor plants does not travel on."""
    vendor, thread = await cast(stage)
    make(vendor, thread, ext={"https://vendor.example/ns#marker": "planted"})
    await stage.sync(vendor)
    await stage.said(vendor, "intent.amend", CAST, thread)
    must(not any(b"planted" in raw for _, raw in vendor.requests), "it is")


# What it believes


def _redirecting(at: str) -> Callable[[str, str, bytes], tuple[int, str, bytes] | None]:
    def override(method: str, path: str, raw: bytes) -> tuple[int, str, bytes] | None:
        return (307, "/elsewhere", b"") if path == at else None

    return override


@believes.add("redirects", "No redirect is followed", "TRN-1")
async def redirects(stage: Stage) -> None:
    """Neither on the way to the keys, nor with a message."""
    vendor = await stage.vendor()
    vendor.override = _redirecting("/.well-known/did.json")
    must((await stage.do("meet", vendor))["ok"] is False, "a DID document from elsewhere")
    other = await stage.met()
    other.override = _redirecting("/opencmr/messages")
    must((await stage.say(other, "terms.proffer", PROFFER))["ok"] is False, "a redirect for an answer")
    must(not any(path == "/elsewhere" for path, _ in [*vendor.requests, *other.requests]), "it was followed")


@believes.add("other-did", "A DID document of another DID is refused", "IDN-4")
async def other_did(stage: Stage) -> None:
    """Whoever serves it."""
    vendor = await stage.vendor()
    real, vendor.did = vendor.did, "did:web:elsewhere.example"
    vendor.listed = {"did:web:elsewhere.example#key-1": vendor.key.public}
    document = trust.write(trust.document_for(vendor.did, vendor.listed, vendor.endpoint))
    vendor.override = lambda method, path, raw: (
        (200, "application/json", document) if path == "/.well-known/did.json" else None
    )
    vendor.did = real
    must((await stage.do("meet", vendor))["ok"] is False, "it was met")


@dataclass(frozen=True)
class Dropped:
    """A message that is no entry, whatever it says."""

    slug: str
    title: str
    requirements: tuple[str, ...]
    write: Callable[[Played, str], bytes]


def _spoilt(vendor: Played, thread: str) -> bytes:
    document = orjson.loads(vendor.write(OFFER, "offer.make", thread, expires=later(3600)))
    document["body"]["note"] = "changed"
    return trust.write(document)


def _other_key(vendor: Played, thread: str) -> bytes:
    key, method = trust.SigningKey.generate(), f"{vendor.did}#key-2"
    vendor.listed = {**vendor.listed, method: key.public}
    return vendor.write(OFFER, "offer.make", thread, expires=later(3600), key=key, method=method)


def _impostor(vendor: Played, thread: str) -> bytes:
    key = trust.SigningKey.generate()
    return vendor.write(OFFER, "offer.make", thread, expires=later(3600), key=key, method=trust.key_url(key.did))


DROPPED = (
    Dropped("spoilt", "A message whose signature does not hold is no entry", ("SIG-6",), _spoilt),
    Dropped("new-key", "A key that was not pinned proves nothing, though the vendor lists it now",
            ("IDN-5", "IDN-6"), _other_key),
    Dropped("impostor", "A key that belongs to somebody else proves nothing", ("IDN-9",), _impostor),
    Dropped("to-others", "A message to somebody else is no entry", ("RCV-8",),
            lambda vendor, thread: vendor.write(OFFER, "offer.make", thread, expires=later(3600),
                                                to_="did:key:" + trust.SigningKey.generate().public)),
    Dropped("envelope", "A message whose envelope is wrong is no entry", ("RCV-1",),
            lambda vendor, thread: vendor.write(OFFER, "offer.make", thread, expires=later(3600), extra="x")),
)  # fmt: skip


def _dropping(case: Dropped) -> Callable[[Stage], Any]:
    async def dropping(stage: Stage) -> None:
        vendor, thread = await cast(stage)
        before = await stage.state(vendor, thread, "open")
        raw = case.write(vendor, thread)
        vendor.drop(raw)
        await stage.sync(vendor)
        after = await stage.state(vendor, thread, "open")
        must(after == before, "it has become the head")
        must(trust.digest(raw) not in vendor.customers[vendor.customer].receipts, "it got a receipt")
        right = make(vendor, thread)
        await stage.sync(vendor)
        must(vendor.receipt(right)["body"]["outcome"] == "accepted", "what came after it was not accepted")

    return dropping


for _case in DROPPED:
    believes.add(_case.slug, _case.title, *_case.requirements)(_dropping(_case))


@believes.add("dated-receipt", "A receipt dated before its message, or ahead, gives no place", "SEQ-11", "COR-6")
async def dated_receipt(stage: Stage) -> None:
    """Ten minutes each way."""
    for seconds in (-600, 600):
        vendor = await stage.met()
        vendor.twist = _dated(vendor, later(seconds))
        reply = await stage.say(vendor, "terms.proffer", PROFFER)
        must(reply["ok"] is False, "it was believed")
        thread = orjson.loads(vendor.sent("terms.proffer")[0])["thread"]
        await stage.state(vendor, thread, "none")


def _dated(vendor: Played, created: str) -> Callable[[list[bytes]], list[bytes]]:
    def twist(found: list[bytes]) -> list[bytes]:
        document = {**orjson.loads(found[0]), "created": created}
        del document["proof"]
        wrong = sign(document, vendor.key, vendor.method)
        known = vendor.customers[vendor.customer]
        known.box[known.box.index(found[0])] = wrong
        return [wrong]

    return twist


@believes.add("state-of-receipt", "The state of a receipt does not replace one's own fold", "SEQ-12")
async def state_of_receipt(stage: Stage) -> None:
    """The vendor says active, and nothing was accepted."""
    vendor = await stage.met()
    vendor.twist = _receipt_with(vendor, state="active")
    await stage.say(vendor, "terms.proffer", PROFFER)
    thread = orjson.loads(vendor.sent("terms.proffer")[0])["thread"]
    reply = await stage.do("state", vendor, thread=thread)
    must(reply.get("state") in ("proffered", "none"), f"the state is {reply.get('state')}")


def _receipt_with(vendor: Played, **body: Any) -> Callable[[list[bytes]], list[bytes]]:
    def twist(found: list[bytes]) -> list[bytes]:
        document = orjson.loads(found[0])
        document["body"] |= body
        del document["proof"]
        return [sign(document, vendor.key, vendor.method)]

    return twist


@believes.add("receipt-of-others", "A receipt for something else decides nothing", "COR-7", "RCV-3")
async def receipt_of_others(stage: Stage) -> None:
    """It names another digest."""
    vendor = await stage.met()
    vendor.twist = _receipt_with(vendor, of=NOWHERE)
    reply = await stage.say(vendor, "terms.proffer", PROFFER)
    must(reply["ok"] is False, "it was believed")
    await stage.state(vendor, orjson.loads(vendor.sent("terms.proffer")[0])["thread"], "none")


@believes.add("no-request", "Nothing is fetched because a message names it", "IDN-8", "TRM-3")
async def no_request(stage: Stage) -> None:
    """Terms with addresses at which the suite listens."""
    vendor = await stage.met()
    listener = await stage.vendor()
    thread = await stage.said(vendor, "terms.proffer", PROFFER)
    rule = {"effect": "prohibit", "action": "dpv:Share", "by": ["vendor"]}
    url = f"http://127.0.0.1:{listener.port}/"
    terms = {"id": f"{url}terms", "version": "1", "title": "Terms", "url": f"{url}text", "rules": [rule]}
    vendor.say({"terms": {"document": terms}}, "terms.counter", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "countered")
    must(not listener.requests, "it was fetched")


# What it answers to what the vendor says


@dataclass(frozen=True)
class Void:
    """An entry of the vendor's that has no effect."""

    slug: str
    requirements: tuple[str, ...]
    code: str
    say: Callable[[Played, str], str]
    state: str = "open"


def _offer(**members: Any) -> Callable[[Played, str], str]:
    return lambda vendor, thread: make(vendor, thread, {**OFFER, **members})


VOID_IN_INTENT = (
    Void("sum", ("OFR-1",), "wrong-total", _offer(total={"amount": "9.00", "currency": "EUR"})),
    Void("currencies", ("OFR-2",), "wrong-total", _offer(total={"amount": "10.00", "currency": "USD"})),
    Void("expired-offer", ("OFR-3",), "expired", lambda vendor, thread: make(vendor, thread, expires=later(-1))),
    Void("other-terms", ("OFR-4",), "terms-not-offered", _offer(under=OTHER)),
    Void("other-want", ("OFR-5",), "unknown-reference", _offer(lines=[{**LINE, "want": 7}])),
    Void("unknown-member", ("ENV-1",), "malformed", _offer(surprise="x")),
    Void("no-row", ("LIF-1",), "wrong-state",
         lambda vendor, thread: vendor.say({"reference": "1", "total": TEN}, "order.confirm", thread)),
    Void("customers-word", ("LIF-1",), "wrong-side",
         lambda vendor, thread: vendor.say(CAST, "intent.amend", thread)),
    Void("other-family", ("LIF-2",), "wrong-state",
         lambda vendor, thread: vendor.say({"terms": DP}, "terms.accept", thread)),
)  # fmt: skip


def _voiding(case: Void, begin: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
    async def voiding(stage: Stage) -> None:
        vendor, thread = await begin(stage)
        digest = case.say(vendor, thread)
        await stage.sync(vendor)
        body = vendor.receipt(digest)["body"]
        must(body["outcome"] == "refused", f"its receipt says {body['outcome']}")
        code = str(body["problem"]["type"]).partition("#")[2]
        must(code == case.code, f"its receipt says {code}, and not {case.code}")
        reply = await stage.state(vendor, thread, case.state)
        must(reply.get("head") == digest, "it has not kept its place", "RCV-15")

    return voiding


for _void in VOID_IN_INTENT:
    answers.add(f"void-{_void.slug}", f"Void in an open intent: {_void.slug.replace('-', ' ')}", *_void.requirements,
                "RCV-15", "SEQ-10")(_voiding(_void, cast))  # fmt: skip

for _void in (
    Void("confirmed-total", ("ORD-2",), "wrong-total", lambda vendor, thread: vendor.say(
        {"reference": "1", "total": {"amount": "11.00", "currency": "EUR"}}, "order.confirm", thread), "ordered"),
):  # fmt: skip
    answers.add(f"void-{_void.slug}", "Void in an order: a confirmation with another total", *_void.requirements,
                "RCV-15")(_voiding(_void, ordered))  # fmt: skip


async def _confirmed(stage: Stage) -> tuple[Played, str]:
    vendor, thread = await ordered(stage)
    vendor.say({"reference": "1", "total": TEN}, "order.confirm", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "confirmed")
    return vendor, thread


answers.add("void-lines", "Void in an order: a report on a line that there is not", "ORD-3", "RCV-15")(
    _voiding(
        Void("lines", (), "unknown-reference", lambda vendor, thread: vendor.say(
            {"status": "shipped", "lines": [3]}, "order.fulfil", thread), "confirmed"),
        _confirmed,
    )
)  # fmt: skip


async def _proffered(stage: Stage) -> tuple[Played, str]:
    vendor = await stage.met()
    return vendor, await stage.said(vendor, "terms.proffer", PROFFER)


async def _countered(stage: Stage) -> tuple[Played, str]:
    vendor, thread = await _proffered(stage)
    vendor.say({"terms": COUNTER}, "terms.counter", thread)
    await stage.sync(vendor)
    return vendor, thread


answers.add("void-accept", "Void: an acceptance of terms that were not proffered", "RCV-15", "LIF-1")(
    _voiding(
        Void("accept", (), "terms-not-offered", lambda vendor, thread: vendor.say(
            {"terms": BASE}, "terms.accept", thread), "proffered"),
        _proffered,
    )
)  # fmt: skip
answers.add("void-counter", "Void: a second counter", "RCV-15", "LIF-1")(
    _voiding(
        Void("counter", (), "wrong-state", lambda vendor, thread: vendor.say(
            {"terms": BASE}, "terms.counter", thread), "countered"),
        _countered,
    )
)  # fmt: skip


@answers.add("every-entry", "Every entry of the vendor's gets one receipt, with the state after it",
             "COR-1", "COR-4", "COR-5")  # fmt: skip
async def every_entry(stage: Stage) -> None:
    """And no receipt gets one."""
    vendor, thread = await _confirmed(stage)
    digests = [
        vendor.say({"status": "shipped"}, "order.fulfil", thread),
        vendor.say({"status": "done"}, "order.fulfil", thread),
    ]  # fmt: skip
    await stage.sync(vendor)
    states = [vendor.receipt(digest)["body"]["state"] for digest in digests]
    must(states == ["fulfilling", "done"], f"the states are {states}", "COR-5")
    known = vendor.customers[vendor.customer]
    entries = {trust.digest(raw) for raw in known.box if orjson.loads(raw)["type"] != "receipt"}
    must(set(known.receipts) == entries, f"{len(known.receipts)} receipts for {len(entries)} entries", "COR-1")
    must(not any("previous" in one["body"] for found in known.receipts.values() for one in found), "previous", "COR-4")


@answers.add("fork", "Of two entries with one predecessor the first is kept, the other refused", "SEQ-13")
async def fork(stage: Stage) -> None:
    """With stale-head; and the thread goes on from the first."""
    vendor, thread = await cast(stage)
    head = vendor.customers[vendor.customer].history.threads[thread].head
    first = make(vendor, thread)
    await stage.sync(vendor)
    other = vendor.write({**OFFER, "note": "another"}, "offer.make", thread, expires=later(3600), inReplyTo=head)
    vendor.drop(other)
    await stage.sync(vendor)
    reply = await stage.state(vendor, thread, "open")
    must(reply.get("head") == first, "the other has become the head")
    must(trust.digest(other) in vendor.customers[vendor.customer].receipts, "the other gets no receipt")
    body = vendor.receipt(trust.digest(other))["body"]
    must(body["outcome"] == "refused" and body["problem"]["type"].endswith("#stale-head"), f"its receipt says {body}")


@answers.add("made-in-time", "An offer that was made in time is an entry, also where it has expired since", "RCV-12")
async def made_in_time(stage: Stage) -> None:
    """The customer was offline."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread, expires=later(0.3))
    await asyncio.sleep(0.5)
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["outcome"] == "accepted", "it was refused")


@answers.add("dated-ahead", "A message dated over five minutes ahead is not taken yet", "RCV-10")
async def dated_ahead(stage: Stage) -> None:
    """It gets no receipt, and changes nothing."""
    vendor, thread = await cast(stage)
    raw = vendor.write(OFFER, "offer.make", thread, created=later(600), expires=later(3600))
    vendor.drop(raw)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "open")
    must(trust.digest(raw) not in vendor.customers[vendor.customer].receipts, "it got a receipt")


@answers.add("narrowing-expired", "A vendor's cancellation holds though it has expired", "SEQ-8", "ORD-5", "ORD-4")
async def narrowing_expired(stage: Stage) -> None:
    """The first settles; every further one is moot."""
    vendor, thread = await ordered(stage)
    first = vendor.say({"reason": "soldOut"}, "order.cancel", thread, expires=later(-60))
    settles = vendor.say({"reason": "soldOut", "refund": TEN}, "order.cancel", thread)
    again = vendor.say({"reason": "soldOut", "refund": TEN}, "order.cancel", thread)
    await stage.sync(vendor)
    outcomes = [vendor.receipt(digest)["body"]["outcome"] for digest in (first, settles, again)]
    must(outcomes == ["accepted", "accepted", "moot"], f"the outcomes are {outcomes}")
    await stage.state(vendor, thread, "cancelled")


@answers.add("same-again", "What comes twice is taken once", "RCV-5", "RCV-6")
async def same_again(stage: Stage) -> None:
    """And other bytes of the same id are no entry."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread)
    known = vendor.customers[vendor.customer]
    await stage.sync(vendor)
    raw = known.box[-1]
    vendor.drop(raw)
    other = {**orjson.loads(raw), "inReplyTo": digest, "created": later(0)}
    del other["proof"]
    vendor.drop(sign(other, vendor.key, vendor.method))
    await stage.sync(vendor)
    reply = await stage.state(vendor, thread, "open")
    must(reply.get("head") == digest, "the same id has become another entry", "RCV-6")
    vendor.receipt(digest)


@answers.add("unknown-thread", "A message of a thread that it does not know is no entry", "RCV-9")
async def unknown_thread(stage: Stage) -> None:
    """There is nothing that it could go on."""
    vendor = await stage.met()
    thread = "urn:uuid:00000000-0000-4000-8000-000000000000"
    raw = vendor.write({"terms": DP}, "terms.accept", thread, inReplyTo=NOWHERE)
    vendor.drop(raw)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "none")


@answers.add("consent", "A request is granted, never wider, and taken back item by item",
             "CNS-1", "CNS-5", "CNS-6", "LIF-1")  # fmt: skip
async def consent(stage: Stage) -> None:
    """Told to grant more than was asked for, it does not, or is refused."""
    vendor = await stage.met()
    request = {
        "items": [ITEM, {**ITEM, "key": "b"}], "controller": [{"name": "A vendor", "role": "controller"}],
        "notice": {"url": "https://vendor.example/notice", "digest": DP["digest"], "lang": "en"}, "until": until(),
    }  # fmt: skip
    digest = vendor.say(request, "consent.request")
    thread = orjson.loads(vendor.customers[vendor.customer].box[-1])["thread"]
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["state"] == "requested", "the state is not requested", "COR-5")
    wider = {"items": [{**ITEM, "purposes": ["dpv:Marketing"]}], "until": request["until"]}
    must((await stage.say(vendor, "consent.grant", wider, thread))["ok"] is False, "it was granted wider", "CNS-1")
    await stage.said(vendor, "consent.grant", {"items": [ITEM], "until": request["until"]}, thread)
    await stage.state(vendor, thread, "given")
    await stage.said(vendor, "consent.withdraw", {"keys": ["a"]}, thread)
    await stage.state(vendor, thread, "requested")
    await stage.said(vendor, "consent.refuse", {}, thread)
    await stage.state(vendor, thread, "withdrawn")


@answers.add("heard", "A vendor's withdrawal without heard is void", "CNS-8", "RCV-15")
async def heard(stage: Stage) -> None:
    """With it, it holds."""
    vendor = await stage.met()
    thread = await stage.said(vendor, "consent.grant", {"items": [ITEM], "until": until(), "statement": "Yes."})
    bare = vendor.say({}, "consent.withdraw", thread)
    await stage.sync(vendor)
    must(vendor.receipt(bare)["body"]["outcome"] == "refused", "it was taken")
    await stage.state(vendor, thread, "given")
    vendor.say({"heard": {"where": "the shop", "when": later(0)}}, "consent.withdraw", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "withdrawn")


@answers.add("no-basis", "An unasked offer without a live consent is void", "OFR-6", "OFR-7", "RCV-15")
async def no_basis(stage: Stage) -> None:
    """The customer has said nothing."""
    vendor = await stage.met()
    line = {"name": "A thing", "price": TEN}
    digest = vendor.say({"lines": [line], "total": TEN, "under": DP}, "offer.make", expires=later(3600))
    await stage.sync(vendor)
    body = vendor.receipt(digest)["body"]
    must(body["outcome"] == "refused" and body["problem"]["type"].endswith("#no-basis"), f"its receipt says {body}")


def _once(at: str, problem: Any) -> Callable[[str, str, bytes], tuple[int, str, bytes] | None]:
    """The first request gets a problem, or no answer at all."""
    left = [True]

    def override(method: str, path: str, raw: bytes) -> tuple[int, str, bytes] | None:
        if path != at or not left:
            return None
        left.clear()
        if problem is None:
            return 0, "", b""
        return problem.status, "application/problem+json", trust.write(problem.as_dict())

    return override


def _received_then_lost(vendor: Played) -> Callable[[str, str, bytes], tuple[int, str, bytes] | None]:
    """The first message is received, and its answer lost."""
    left = [True]

    def override(method: str, path: str, raw: bytes) -> tuple[int, str, bytes] | None:
        if path != "/opencmr/messages" or not left:
            return None
        left.clear()
        vendor.receive(raw)
        return 0, "", b""

    return override
