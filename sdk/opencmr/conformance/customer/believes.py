"""What a customer believes of what is served and sent to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from ... import trust
from ...testing import Document
from ..hand import NOWHERE
from ..suite import Page
from .played import Known, Played, later
from .scenes import CAST, OFFER, PROFFER, Overriding, cast, make, must, proffered
from .stage import Stage

page: Page[Stage] = Page("believes", "customer")


def _redirecting(at: str) -> Callable[[str, str, bytes], tuple[int, str, bytes] | None]:
    def override(method: str, path: str, raw: bytes) -> tuple[int, str, bytes] | None:
        return (307, "/elsewhere", b"") if path == at else None

    return override


@page.add("redirects", "No redirect is followed", "TRN-1")
async def redirects(stage: Stage) -> None:
    """Neither on the way to the keys, nor with a message."""
    vendor = await stage.vendor()
    vendor.override = _redirecting("/.well-known/did.json")
    must((await stage.do("meet", vendor))["ok"] is False, "a DID document from elsewhere")
    other = await stage.met()
    other.override = _redirecting("/opencmr/messages")
    must((await stage.say(other, "terms.proffer", PROFFER))["ok"] is False, "a redirect for an answer")
    must(not any(path == "/elsewhere" for path, _ in [*vendor.requests, *other.requests]), "it was followed")


@page.add("other-did", "A DID document of another DID is refused", "IDN-4")
async def other_did(stage: Stage) -> None:
    """Whoever serves it."""
    vendor = await stage.vendor()
    real, vendor.did = vendor.did, "did:web:elsewhere.example"
    vendor.listed = {"did:web:elsewhere.example#key-1": vendor.key.public}
    document = trust.canonicalize(trust.document_for(vendor.did, vendor.listed, vendor.endpoint))
    vendor.override = lambda method, path, raw: (
        (200, "application/json", document) if path == "/.well-known/did.json" else None
    )
    vendor.did = real
    must((await stage.do("meet", vendor))["ok"] is False, "it was met")


def _serving(path: str, media: str, document: Document) -> Overriding:
    return lambda method, at, raw: (200, media, trust.canonicalize(document)) if at == path else None


@page.add("media-types", "did.json is taken under each of its media types", "TRN-17")
async def media_types(stage: Stage) -> None:
    """With a parameter and without; whatever a server gives files of this name."""
    for media in ("application/json", "application/did", "application/did+json", "application/json; charset=utf-8"):
        vendor = await stage.vendor()
        document = trust.document_for(vendor.did, vendor.listed, vendor.endpoint)
        vendor.override = _serving("/.well-known/did.json", media, document)
        must("me" in await stage.do("meet", vendor), f"not as {media}")


@page.add("unknown-members", "Of the document opencmr it passes over what it does not know, and nothing else", "TRN-18")
async def unknown_members(stage: Stage) -> None:
    """A newer vendor says more. What is known, and of a wrong form, is a fault."""
    vendor, other = await stage.vendor(), await stage.vendor()
    known = vendor.discovery()
    more = {**known, "roles": ["vendor", "herald"], "more": {"x": [1]}, "types": [*known["types"], "voice.sing"]}
    more["terms"] = [{**one, "since": "2030"} for one in known["terms"]]
    vendor.override = _serving("/.well-known/opencmr", "application/json", more)
    must("me" in await stage.do("meet", vendor), "a member that it does not know bars it")
    wrong = {**other.discovery(), "terms": "SD-BASE"}
    other.override = _serving("/.well-known/opencmr", "application/json", wrong)
    must((await stage.do("meet", other))["ok"] is False, "terms that are no list are taken")


@page.add("other-keys", "Of a DID document the vendor's own asserted keys count, and the rest is passed over", "IDN-13")
async def other_keys(stage: Stage) -> None:
    """Keys of other types and of others, and one that may not assert: what that one signs is no word."""
    vendor = await stage.vendor()
    spare, method = trust.SigningKey.generate(), f"{vendor.did}#spare"
    document = trust.document_for(vendor.did, vendor.listed, vendor.endpoint)
    own = document["verificationMethod"][0]
    document["verificationMethod"] += [
        {**own, "id": method, "publicKeyMultibase": spare.public},
        {**own, "id": f"{vendor.did}#jwk", "type": "JsonWebKey2020"},
        {**own, "id": "did:web:elsewhere.example#key-1", "controller": "did:web:elsewhere.example"},
    ]
    document["assertionMethod"] += [f"{vendor.did}#jwk", "did:web:elsewhere.example#key-1", {"id": "#embedded"}]
    document |= {"alsoKnownAs": ["https://x.example/"], "authentication": [method]}
    vendor.override = _serving("/.well-known/did.json", "application/json", document)
    reply = await stage.do("meet", vendor)
    must("me" in reply, "another key in the document bars it")
    vendor.customers[reply["me"]] = Known()
    thread = await stage.said(vendor, "intent.cast", CAST)
    digest = vendor.drop(vendor.write(OFFER, "offer.make", thread, expires=later(3600), key=spare, method=method))
    await stage.sync(vendor)
    must(digest not in vendor.known.receipts, "a key that may not assert was believed")


@dataclass(frozen=True)
class Dropped:
    """A message that is no word, whatever it says."""

    slug: str
    title: str
    requirements: tuple[str, ...]
    write: Callable[[Played, str], bytes]


def _spoilt(vendor: Played, thread: str) -> bytes:
    document = orjson.loads(vendor.write(OFFER, "offer.make", thread, expires=later(3600)))
    document["body"]["note"] = "changed"
    return trust.canonicalize(document)


def _other_key(vendor: Played, thread: str) -> bytes:
    key, method = trust.SigningKey.generate(), f"{vendor.did}#key-2"
    vendor.listed = {**vendor.listed, method: key.public}
    return vendor.write(OFFER, "offer.make", thread, expires=later(3600), key=key, method=method)


def _impostor(vendor: Played, thread: str) -> bytes:
    key = trust.SigningKey.generate()
    return vendor.write(OFFER, "offer.make", thread, expires=later(3600), key=key, method=trust.key_url(key.did))


DROPPED = (
    Dropped("spoilt", "A message whose signature does not hold is no word", ("SIG-6",), _spoilt),
    Dropped("new-key", "A key that was not pinned proves nothing, though the vendor lists it now",
            ("IDN-5", "IDN-6"), _other_key),
    Dropped("impostor", "A key that belongs to somebody else proves nothing", ("IDN-9",), _impostor),
    Dropped("to-others", "A message to somebody else is no word", ("RCV-8",),
            lambda vendor, thread: vendor.write(OFFER, "offer.make", thread, expires=later(3600),
                                                to_="did:key:" + trust.SigningKey.generate().public)),
    Dropped("envelope", "A message whose envelope is wrong is no word", ("RCV-1",),
            lambda vendor, thread: vendor.write(OFFER, "offer.make", thread, expires=later(3600), extra="x")),
)  # fmt: skip


def _dropping(case: Dropped) -> Callable[[Stage], Any]:
    async def dropping(stage: Stage) -> None:
        vendor, thread = await cast(stage)
        before = await stage.state(vendor, thread, "open")
        digest = vendor.drop(case.write(vendor, thread))
        await stage.sync(vendor)
        after = await stage.state(vendor, thread, "open")
        must(after == before, "it has become an entry")
        must(digest not in vendor.known.receipts, "it got a receipt")
        right = make(vendor, thread)
        await stage.sync(vendor)
        must(vendor.receipt(right)["body"]["outcome"] == "accepted", "what came after it was not accepted")

    return dropping


for _case in DROPPED:
    page.add(_case.slug, _case.title, *_case.requirements)(_dropping(_case))


def _forging(vendor: Played, **body: Any) -> None:
    """Let the vendor's receipts say something else."""
    vendor.forge = lambda message, receipt: receipt["body"].update(body)


@page.add("state-of-receipt", "The state of a receipt does not replace one's own fold", "SEQ-12")
async def state_of_receipt(stage: Stage) -> None:
    """The vendor says active, and nothing was accepted."""
    vendor = await stage.met()
    _forging(vendor, state="active")
    await stage.say(vendor, "terms.proffer", PROFFER)
    thread = orjson.loads(vendor.sent("terms.proffer")[0])["thread"]
    reply = await stage.do("state", vendor, thread=thread)
    must(reply.get("state") in ("proffered", "none"), f"the state is {reply.get('state')}")


@page.add("receipt-of-others", "A receipt for something else decides nothing", "COR-7", "RCV-3")
async def receipt_of_others(stage: Stage) -> None:
    """It names another digest."""
    vendor = await stage.met()
    _forging(vendor, of=NOWHERE)
    reply = await stage.say(vendor, "terms.proffer", PROFFER)
    must(reply["ok"] is False, "it was believed")
    await stage.state(vendor, orjson.loads(vendor.sent("terms.proffer")[0])["thread"], "none")


@page.add("no-request", "Nothing is fetched because a message names it", "IDN-8", "TRM-3")
async def no_request(stage: Stage) -> None:
    """Terms with addresses at which the suite listens."""
    vendor, thread = await proffered(stage)
    listener = await stage.vendor()
    rule = {"effect": "prohibit", "action": "dpv:Share", "by": ["vendor"]}
    url = f"http://127.0.0.1:{listener.port}/"
    terms = {"id": f"{url}terms", "version": "1", "title": "Terms", "url": f"{url}text", "rules": [rule]}
    vendor.say({"terms": {"document": terms}}, "terms.counter", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "countered")
    must(not listener.requests, "it was fetched")
