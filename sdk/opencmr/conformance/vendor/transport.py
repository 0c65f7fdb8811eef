"""`spec/v1/transport.md`: HTTP, the mailbox, problems, discovery."""

from typing import Any
from urllib.parse import urlsplit

from ... import trust
from ...errors import OpenCMRError, Problem
from ...protocol import roster
from ...transport.bundle import MAX_WORDS, pack
from ...transport.discovery import Discovery, MyTerms
from ..hand import MEDIA_TYPE, NOWHERE, Bench, Hand, digest_of
from ..inspecting import code, described, stated
from ..suite import Failed, Page
from ..wire import Answer
from .says import agreed, cast, must, offered, proffer

page: Page[Bench] = Page("transport", "vendor")


@page.add("did-document", "The DID document lists the keys and one OpenCMR service", "TRN-10", first=True)
async def did_document(bench: Bench) -> None:
    """Keys as Multikey, in verificationMethod and in assertionMethod."""
    did = str((await bench.document("/.well-known/opencmr", "TRN-11")).get("did"))
    try:
        members = await bench.did_document(did)
        document = trust.parse_document(did, members)
        must(bool(document.keys), "no keys")
        services = [one for one in members.get("service") or [] if _is_ours(one)]
        must(len(services) == 1 and document.endpoint.startswith("http"), "not one service of type OpenCMR")
    except (OpenCMRError, AttributeError) as error:
        raise error if isinstance(error, Failed) else Failed(str(error)) from error


def _is_ours(service: Any) -> bool:
    """What is not ours in a DID document is the vendor's own business."""
    types = service.get("type") if isinstance(service, dict) else None
    return "OpenCMR" in (types if isinstance(types, list) else [types])


@page.add("discovery", "The document opencmr has all its members", "TRN-11", first=True)
async def discovery(bench: Bench) -> None:
    """And says what a vendor in test mode does."""
    members = await bench.document("/.well-known/opencmr", "TRN-11")
    try:
        found = Discovery.read(members)
    except Problem as problem:
        raise Failed(f"/.well-known/opencmr: {problem}") from problem
    must("vendor" in found.roles, "the role vendor is not among the roles")
    must("1.0" in found.versions, "the version 1.0 is not among the versions")
    digests = {terms.id: terms.digest for terms in found.terms}
    for listed in ("SD-BASE", "SD-BASE-DP"):
        must(listed in digests, f"{listed} is not among the terms, though test mode accepts it")
    for id_, digest in digests.items():
        if id_ in roster.codes():
            must(digest == roster.ref(id_).digest, f"{id_} has another digest")
    needed = {"terms.proffer", "consent.withdraw", "intent.cast", "offer.accept", "order.cancel", "mailbox.collect"}
    must(needed <= set(found.types), f"types lacks {', '.join(sorted(needed - set(found.types)))}")


@page.add("myterms", "myterms.json lists exactly the roster terms of discovery", "TRN-12", first=True)
async def myterms(bench: Bench) -> None:
    """Two documents that disagree bind nobody, and mislead."""
    known = await bench.document("/.well-known/opencmr", "TRN-11")
    found = await bench.document("/.well-known/myterms.json", "TRN-12")
    try:
        listed = {one.id for one in MyTerms.read(found).agreements}
    except Problem as problem:
        raise Failed(f"/.well-known/myterms.json: {problem}") from problem
    terms = {str(one.get("id")) for one in known.get("terms", []) if isinstance(one, dict)} & set(roster.codes())
    must(listed == terms, f"it lists {', '.join(sorted(listed))}, and discovery {', '.join(sorted(terms))}")


@page.add("media-type", "Another media type is refused", "TRN-2")
async def media_type(bench: Bench) -> None:
    """At each endpoint."""
    hand = Hand(bench)
    for to, raw in _each(hand):
        for other in ("application/json", "text/plain"):
            hand.refused_unsigned(await hand.post(raw, to, content_type=other), "unsupported-media")


@page.add("content-encoding", "A Content-Encoding is refused", "TRN-2")
async def content_encoding(bench: Bench) -> None:
    """What is compressed can be huge in memory."""
    hand = Hand(bench)
    for to, raw in _each(hand):
        hand.refused_unsigned(await hand.post(raw, to, content_encoding="gzip"), "unsupported-media")


@page.add("methods", "Another method is told the right one, another path is not found", "TRN-30")
async def methods(bench: Bench) -> None:
    """At the endpoints, and at the documents."""
    posts, documents = _paths(bench)
    for url in posts:
        for method in ("GET", "PUT"):
            _not_allowed(await bench.send(method, url), "POST")
    for url in documents:
        _not_allowed(await bench.send("POST", url, b"{}", content_type=MEDIA_TYPE), "GET")
    for method, url in (("POST", f"{bench.endpoint}/nothing"), ("GET", documents[0] + ".nothing")):
        answer = await bench.send(method, url, b"", content_type=MEDIA_TYPE)
        must(code(stated(answer)) == "not-found", f"{method} {url}: {described(answer)}, and not not-found")


def _not_allowed(answer: Answer, right: str) -> None:
    allowed = {each.strip().upper() for each in answer.headers.get("allow", "").split(",")}
    must(answer.status == 405 and right in allowed, f"{described(answer)}, and not 405 with Allow: {right}")


@page.add("origins", "A page of any origin may send messages, and read every answer", "TRN-31")
async def origins(bench: Bench) -> None:
    """A preflight for each path, and a refusal and a document that a page asks for."""
    posts, documents = _paths(bench)
    page_of = {"origin": "https://wallet.example"}
    for method, urls in (("POST", posts), ("GET", documents)):
        asked = {**page_of, "access_control_request_method": method, "access_control_request_headers": "content-type"}
        for url in urls:
            answer = await bench.send("OPTIONS", url, b"", **asked)
            methods, headers = _listed(answer, "methods"), _listed(answer, "headers")
            must(200 <= answer.status < 300 and _is_open(answer), f"OPTIONS {url}: {described(answer)}, not for a page")
            must(method == "GET" or bool({method, "*"} & methods), f"OPTIONS {url} does not allow {method}")
            must(bool({"CONTENT-TYPE", "*"} & headers), f"OPTIONS {url} does not allow Content-Type")
        asked["access_control_request_headers"] = "content-type,traceparent"  # as an extension of a browser adds it
        answer = await bench.send("OPTIONS", urls[0], b"", **asked)
        must(200 <= answer.status < 300 and _is_open(answer), f"asked for more headers: {described(answer)}")
    for answer in (
        await bench.send("POST", posts[0], b"{}", content_type=MEDIA_TYPE, **page_of),
        await bench.send("GET", documents[0], b"", **page_of),
    ):
        must(_is_open(answer), "an answer that a page may not read: Access-Control-Allow-Origin is not *")
        exposed = {each.strip().lower() for each in answer.headers.get("access-control-expose-headers", "").split(",")}
        must(bool({"retry-after", "*"} & exposed), "Access-Control-Expose-Headers does not name Retry-After")


def _is_open(answer: Answer) -> bool:
    headers = answer.headers
    return headers.get("access-control-allow-origin") == "*" and "access-control-allow-credentials" not in headers


def _listed(answer: Answer, what: str) -> set[str]:
    return {each.strip().upper() for each in answer.headers.get(f"access-control-allow-{what}", "").split(",")}


def _paths(bench: Bench) -> tuple[list[str], list[str]]:
    """The URLs that take messages, and those of the documents."""
    documents = [bench.at("/.well-known/opencmr"), bench.at(urlsplit(trust.web_urls(bench.did)[0]).path)]
    return [f"{bench.endpoint}/{name}" for name in ("messages", "mailbox", "words", "blobs")], documents


@page.add("media-type-parameter", "The media type is that of OpenCMR in any case, and with parameters", "TRN-2")
async def media_type_parameter(bench: Bench) -> None:
    """As HTTP has it."""
    hand = Hand(bench)
    raw = hand.sign(proffer(hand))
    answer = await hand.post(raw, content_type=MEDIA_TYPE.title() + "; charset=utf-8")
    must(hand.heard(raw, answer).outcome == "accepted", "not accepted")


@page.add("body-too-long", "A body of more than 65,536 bytes is not read to its end", "TRN-3")
async def body_too_long(bench: Bench) -> None:
    """At each endpoint, and far beyond the limit too. Words that are handed back may be a MiB together."""
    hand = Hand(bench)
    for to in ("messages", "mailbox", "blobs"):
        for size in (65537, 1_000_000):
            hand.refused_unsigned(await hand.post(b" " * size, to), "too-large")
    hand.refused_unsigned(await hand.post(b" " * (MAX_WORDS + 1), "words"), "too-large")


@page.add("refusal-is-200", "A refusal is decided too: status 200, beginning with the receipt", "TRN-4")
async def refusal_is_200(bench: Bench) -> None:
    """What is decided is no failure of HTTP."""
    hand = Hand(bench)
    await hand.refused(proffer(hand, expires=bench.now(-1)), "expired", None, "TRN-4")


@page.add("answers-canonical", "Answers are canonical JSON of type application/json", "TRN-5")
async def answers_canonical(bench: Bench) -> None:
    """Of messages, and of the mailbox."""
    hand = Hand(bench)
    await offered(hand)
    await hand.collect()


@page.add("order-of-the-mailbox", "The mailbox has every word of the vendor's, in the order of its numbers", "TRN-7")
async def order_of_the_mailbox(bench: Bench) -> None:
    """Over all threads of the relationship."""
    hand = Hand(bench)
    made = []
    for _ in range(2):
        document = cast(hand)
        made += [(await hand.accepted(document, "open")).receipt, await hand.hear("offer.make", document["thread"])]
    made.append((await hand.refused(proffer(hand, expires=bench.now(-1)), "expired")).receipt)
    found, _ = await hand.collect(seen=None)
    must(found == made, f"{len(found)} words wait, {len(made)} were said, or in another order")


@page.add("later-reply", "What the vendor says later waits in the mailbox", "TRN-7")
async def later_reply(bench: Bench) -> None:
    """Test mode: an offer that comes later, collected with a wait."""
    hand = Hand(bench)
    document = cast(hand, "test: offer later")
    heard = await hand.accepted(document, "open")
    must(heard.rest == [], "it came at once")
    made = await hand.hear("offer.make", document["thread"])
    must(made["prior"] == digest_of(heard.receipt), "it does not follow the receipt", "SEQ-16")


@page.add(
    "problems-as-registered", "A problem has the title, status, fault, retry and pointer of the registry", "TRN-9"
)
async def problems_as_registered(bench: Bench) -> None:
    """Unsigned and signed; the same is held of every problem in every check."""
    hand = Hand(bench)
    await hand.problem(b"[]", "not-json")
    await hand.problem(hand.sign(proffer(hand, to="did:web:elsewhere.example")), "wrong-addressee")
    await hand.problem(hand.sign(proffer(hand, from_=Hand(bench).did)), "wrong-key")
    await hand.refused(proffer(hand, expires=bench.now(-1)), "expired")


@page.add("no-receipts-sent", "Receipts and collects are not sent as messages", "COR-1")
async def no_receipts_sent(bench: Bench) -> None:
    """They are no entries, and get no receipt."""
    hand = Hand(bench)
    thread = await agreed(hand)
    body = {"of": hand.threads[thread][-1], "outcome": "accepted", "state": "active"}
    receipt = hand.write("receipt", body, thread)
    await hand.problem(hand.sign(receipt), "unsupported-type", "/type")
    await hand.problem(hand.sign(hand.collect_document()), "unsupported-type", "/type")
    await hand.problem(
        hand.sign(hand.write("blob.fetch", {"digest": NOWHERE, "of": NOWHERE})), "unsupported-type", "/type"
    )
    refused = hand.refused_unsigned(await hand.post(hand.sign(proffer(hand)), "mailbox"), "unsupported-type")
    must(refused["fault"] == "sender", "whose fault?")


def _each(hand: Hand) -> tuple[tuple[str, bytes], ...]:
    collect = hand.sign(hand.collect_document())
    fetch = hand.sign(hand.write("blob.fetch", {"digest": NOWHERE, "of": NOWHERE}))
    return ("messages", hand.sign(proffer(hand))), ("mailbox", collect), ("words", pack([collect])), ("blobs", fetch)
