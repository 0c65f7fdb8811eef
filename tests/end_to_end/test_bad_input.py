"""What a hostile peer sends over real HTTP is refused, each with its own typed problem, and the server goes on."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from opencmr import Vendor, consent, trust
from opencmr.messages.consent import Notice, RequestItem
from opencmr.messages.types import Party
from opencmr.protocol import instant, roster
from opencmr.testing import Document, Forger, Link
from parties import MARKETING
from serving import did_of, listening, served

SD_BASE = roster.ref("SD-BASE").wire()


class Peer(Forger):
    """Somebody with a key who builds messages by hand, and breaks them.

    Attributes:
        seen: Digest of the vendor's last word that they heard; what they write names it.
        prior: Digest of what they said last and was answered.
    """

    def __init__(self, url: str, vendor: str) -> None:
        key = trust.SigningKey.generate()
        super().__init__(did=key.did, to=vendor, key=key, method=trust.key_url(key.did),
                         link=lambda: Link(prior=self.prior, seen=self.seen))  # fmt: skip
        self.http = httpx.Client(base_url=url, trust_env=False)
        self.seen: str | None = None
        self.prior: str | None = None

    def proffer(self, **members: Any) -> Document:
        return self.write("terms.proffer", {"choices": [SD_BASE]}, **members)

    def post(self, raw: bytes) -> httpx.Response:
        return self.http.post("/opencmr/messages", content=raw, headers={"Content-Type": "application/opencmr+json"})

    def collect(self, raw: bytes) -> httpx.Response:
        return self.http.post("/opencmr/mailbox", content=raw, headers={"Content-Type": "application/opencmr+json"})

    def say(self, document: Document) -> list[Document]:
        """The answers to a message that is decided."""
        response = self.post(raw := self.sign(document))
        assert response.status_code == 200, response.text
        answers: list[Document] = response.json()["messages"]
        self.prior, self.seen = trust.digest(raw), trust.digest(trust.canonicalize(answers[-1]))
        return answers

    def refusal(self, document: Document) -> Document:
        """The problem in the signed receipt that refuses a message."""
        receipt = self.say(document)[0]
        assert receipt["body"]["outcome"] == "refused", receipt
        problem: Document = receipt["body"]["problem"]
        return problem

    def problem(self, raw: bytes) -> Document:
        """The unsigned problem that bytes are answered with."""
        response = self.post(raw)
        assert response.headers["content-type"] == "application/problem+json", response.text
        problem: Document = response.json()
        assert problem["status"] == response.status_code
        return problem


def code(problem: Document) -> str:
    return str(problem["type"]).partition("#")[2]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vendor, str]]:
    with listening() as bound:
        store = tmp_path_factory.mktemp("shop") / "shop.db"
        vendor = Vendor.open(store, did=did_of(bound), accepts=["SD-BASE"])
        with served(vendor.asgi(), bound) as url:
            yield vendor, url


@pytest.fixture
def peer(shop: tuple[Vendor, str]) -> Iterator[Peer]:
    peer = Peer(shop[1], shop[0].did)
    yield peer
    assert peer.say(peer.proffer())[0]["body"]["outcome"] == "accepted", "the server goes on"
    peer.http.close()


def changed(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert old in raw
    return raw.replace(old, new, 1)


def deep(levels: int) -> Document:
    inner: Document = {"x": "y"}
    for _ in range(levels):
        inner = {"x": inner}
    return inner


Break = Callable[[Peer], bytes]
VERSION = b'"opencmr":"1.0"'


def swapped(old: bytes, new: bytes) -> Break:
    """A signed proffer in whose bytes one thing is replaced."""
    return lambda peer: changed(peer.sign(peer.proffer()), old, new)


def proffered(**members: Callable[[], Any]) -> Break:
    """A signed proffer with other envelope members."""
    return lambda peer: peer.sign(peer.proffer(**{name.rstrip("_"): make() for name, make in members.items()}))


def said(type_: str, body: Document, **members: Any) -> Break:
    """A signed message of another type, or with another body."""
    return lambda peer: peer.sign(peer.write(type_, body, **members))


NOWHERE = uuid.uuid4().urn
CAST = {"wants": [{"name": "boots"}], "terms": [SD_BASE], "standing": "ready"}
ACCEPT = {"offer": {"id": NOWHERE, "digest": SD_BASE["digest"]}, "total": {"amount": "1", "currency": "EUR"}}
RECEIPT = {"of": SD_BASE["digest"], "outcome": "accepted", "state": "x"}

UNSIGNED: dict[str, tuple[Break, str, str | None]] = {
    "an unknown member": (
        said("terms.proffer", {"choices": [SD_BASE], "purpos": "x"}),
        "malformed",
        "/body/purpos",
    ),
    "a missing member": (said("terms.proffer", {}), "malformed", "/body/choices"),
    "a duplicate member": (swapped(VERSION, VERSION + b"," + VERSION), "not-canonical", None),
    "a float": (swapped(VERSION, b'"opencmr":1.5'), "bad-number", "/opencmr"),
    "a null": (swapped(VERSION, b'"opencmr":null'), "null-member", "/opencmr"),
    "white space": (lambda peer: peer.sign(peer.proffer()) + b"\n", "not-canonical", None),
    "no JSON": (lambda peer: b"<html>", "not-json", None),
    "too many bytes": (lambda peer: b"{" + b" " * 70_000, "too-large", None),
    "too many levels": (
        lambda peer: orjson.dumps(peer.write("terms.proffer", deep(33)), option=orjson.OPT_SORT_KEYS),
        "too-deep",
        "/body" + "/x" * 31,
    ),
    "another addressee": (proffered(to=lambda: "did:web:other.example"), "wrong-addressee", "/to"),
    "an unknown version": (proffered(opencmr=lambda: "2.0"), "unsupported-version", "/opencmr"),
    "an unknown type": (said("terms.prefer", {"choices": [SD_BASE]}), "unsupported-type", "/type"),
    "a message dated an hour ahead": (
        proffered(created=lambda: instant(datetime.now(UTC) + timedelta(hours=1))),
        "too-early",
        "/created",
    ),
    "somebody else's DID": (
        proffered(from_=lambda: trust.SigningKey.generate().did),
        "wrong-key",
        "/proof/verificationMethod",
    ),
    "a changed byte": (swapped(b'"id":"SD-BASE"', b'"id":"SD-BASF"'), "bad-signature", "/proof/proofValue"),
    "a malleable signature": (lambda peer: malleable(peer), "bad-signature", "/proof/proofValue"),
    "a small-order key": (lambda peer: small_order(peer), "weak-key", "/proof/verificationMethod"),
    "a thread that nobody knows": (
        said("offer.accept", ACCEPT, thread=NOWHERE),
        "unknown-thread",
        "/thread",
    ),
    "a receipt as a message": (said("receipt", RECEIPT, thread=NOWHERE), "unsupported-type", "/type"),
}


def malleable(peer: Peer) -> bytes:
    """The same signature with S + L: accepted by careless verifiers."""
    document = json.loads(peer.sign(peer.proffer()))
    signature = base58_decode(document["proof"]["proofValue"][1:])
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little") + order
    document["proof"]["proofValue"] = "z" + base58_encode(signature[:32] + s.to_bytes(32, "little"))
    return trust.canonicalize(document)


def small_order(peer: Peer) -> bytes:
    """A forgery that needs no private key: under a small-order key, OpenSSL accepts R = A, S = 0."""
    weak = (1).to_bytes(32, "little")
    public = "z" + base58_encode(b"\xed\x01" + weak)
    did = "did:key:" + public
    document = json.loads(peer.sign(peer.proffer()))
    document["from"] = did
    document["proof"]["verificationMethod"] = f"{did}#{public}"
    document["proof"]["proofValue"] = "z" + base58_encode(weak + bytes(32))
    return trust.canonicalize(document)


def base58_encode(data: bytes) -> str:
    import base58

    return base58.b58encode(data).decode()


def base58_decode(text: str) -> bytes:
    import base58

    return base58.b58decode(text)


@pytest.mark.requirement("RCV-1", "RCV-2")
@pytest.mark.parametrize("fault", UNSIGNED)
def test_before_the_signature_holds_nothing_is_stored_and_the_problem_is_unsigned(
    shop: tuple[Vendor, str], peer: Peer, fault: str
) -> None:
    broken, expected, pointer = UNSIGNED[fault]
    before = len(shop[0].relationships())
    problem = peer.problem(broken(peer))
    assert (code(problem), problem.get("pointer")) == (expected, pointer)
    assert len(shop[0].relationships()) == before
    assert problem["fault"] == "sender"
    assert problem["title"]


def test_an_unknown_version_and_type_are_told_what_is_spoken(peer: Peer) -> None:
    assert peer.problem(peer.sign(peer.proffer(opencmr="2.0")))["expected"] == ["1.0"]
    assert "terms.proffer" in peer.problem(peer.sign(peer.proffer(type="terms.prefer")))["expected"]


def test_another_media_type_or_encoding_is_refused(peer: Peer) -> None:
    raw = peer.sign(peer.proffer())
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/opencmr+json", "Content-Encoding": "gzip"},
    ):
        response = peer.http.post("/opencmr/messages", content=raw, headers=headers)
        assert response.status_code == 415
        assert code(response.json()) == "unsupported-media"


def test_an_id_used_for_other_bytes_is_a_conflict_and_the_same_bytes_get_the_same_answer(peer: Peer) -> None:
    document = peer.proffer()
    receipt = peer.say(document)[0]
    assert peer.post(peer.sign(document)).json()["messages"] == [receipt]
    other = {**document, "body": {"choices": [SD_BASE], "note": "other bytes"}}
    assert code(peer.problem(peer.sign(other))) == "conflict"


@pytest.mark.parametrize("seen", [True, False])
def test_a_stranger_learns_nothing_of_a_thread(shop: tuple[Vendor, str], peer: Peer, seen: bool) -> None:
    proffer = peer.proffer()
    peer.say(proffer)
    stranger = Peer(shop[1], shop[0].did)
    stranger.seen = peer.seen if seen else None
    known, unknown = (
        stranger.problem(stranger.sign(stranger.write("terms.accept", {"terms": SD_BASE}, thread=thread)))
        for thread in (proffer["thread"], uuid.uuid4().urn)
    )
    assert known == unknown
    assert code(known) == ("behind" if seen else "unknown-thread")
    stranger.http.close()


def test_an_expired_message_is_refused_for_good_with_a_signed_receipt(peer: Peer) -> None:
    document = peer.proffer(expires=instant(datetime.now(UTC) - timedelta(seconds=1)))
    problem = peer.refusal(document)
    assert (code(problem), problem["pointer"], problem["retry"]) == ("expired", "/expires", False)


def test_terms_whose_digest_does_not_match_are_refused(peer: Peer) -> None:
    wrong = {"id": "SD-BASE", "digest": roster.ref("SD-BASE-A").digest}
    problem = peer.refusal(peer.write("terms.proffer", {"choices": [SD_BASE, wrong]}))
    assert (code(problem), problem["pointer"]) == ("terms-mismatch", "/body/choices/1/digest")


def test_terms_that_are_neither_on_the_roster_nor_carried_are_refused(peer: Peer) -> None:
    nowhere = {"id": "https://evil.example/terms", "digest": SD_BASE["digest"]}
    problem = peer.refusal(peer.write("terms.proffer", {"choices": [nowhere]}))
    assert (code(problem), problem["pointer"]) == ("terms-unknown", "/body/choices/0/id")


@pytest.mark.requirement("SEQ-4")
def test_a_word_that_does_not_know_its_thread_is_stale_and_nothing_but_its_receipt_follows(peer: Peer) -> None:
    cast = peer.write("intent.cast", CAST)
    peer.say(cast)
    amend, stale = (peer.write("intent.amend", CAST, thread=cast["thread"]) for _ in range(2))
    peer.say(amend)
    answers = peer.say(stale)
    problem = answers[0]["body"]["problem"]
    assert (code(problem), problem["pointer"], problem["rule"]) == ("stale", "/seen", "SEQ-4")
    assert problem["expected"] == [trust.digest(peer.sign(amend))]
    assert answers[1:] == []


def test_a_message_that_the_state_does_not_allow_is_refused(peer: Peer) -> None:
    cast = peer.write("intent.cast", CAST)
    peer.say(cast)
    address = {"discloses": [{"data": "pd:PhysicalAddress", "value": {"streetAddress": "Main Street 1"}}]}
    problem = peer.refusal(peer.write("order.disclose", address, thread=cast["thread"]))
    assert (code(problem), problem["pointer"]) == ("wrong-state", "/type")
    assert "offer.decline" in problem["expected"]


@pytest.mark.requirement("SEQ-6")
def test_a_word_that_has_seen_what_the_vendor_does_not_hold_may_come_again(peer: Peer) -> None:
    cast = peer.write("intent.cast", CAST)
    peer.say(cast)
    later = peer.write("intent.amend", CAST, thread=cast["thread"], seen=SD_BASE["digest"])
    problem = peer.problem(peer.sign(later))
    assert (code(problem), problem["status"], problem["retry"]) == ("behind", 409, True)
    assert problem["fault"] == "receiver"
    assert problem["expected"][0] == peer.seen, "the last word that is held comes first"


async def test_a_grant_wider_than_the_request_is_refused_with_the_pointer_of_what_is_wider(tmp_path: Path) -> None:
    with listening() as bound:
        vendor = Vendor.open(tmp_path / "shop.db", did=did_of(bound), accepts=["SD-BASE"])
        with served(vendor.asgi(), bound) as url:
            peer = Peer(url, vendor.did)
            peer.say(peer.proffer())
            until = "2030-01-01T00:00:00.000Z"
            item = RequestItem(
                key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"]
            )
            request = consent.Request(
                items=[item],
                controller=[Party(name="Shop", role="controller")],
                notice=Notice(url="https://shop.example/notice", digest=SD_BASE["digest"], lang="en"),
                until=until,
            )
            thread = await vendor.say(peer.did, request)
            peer.seen = vendor.history(peer.did).chain.tip
            for member, value, pointer in (
                ("purposes", ["dpv:Marketing"], "/body/items/0/purposes/0"),
                ("data", ["pd:EmailAddress", "pd:Name"], "/body/items/0/data/1"),
                ("actions", ["dpv:Processing"], "/body/items/0/actions/0"),
            ):
                wider = {**item.wire(), member: value}
                grant = peer.write("consent.grant", {"items": [wider], "until": until}, thread=thread)
                problem = peer.refusal(grant)
                assert (code(problem), problem["pointer"]) == ("wider-than-asked", pointer)
            peer.http.close()


def unasked(peer: Peer) -> Document:
    item = {"key": "1", "purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"]}
    body = {"items": [item], "until": "2030-01-01T00:00:00.000Z", "statement": "Yes, do."}
    return peer.write("consent.grant", body)


@pytest.mark.requirement("SEQ-8")
@pytest.mark.parametrize("created", ["2099-01-01T00:00:00.000Z", "2001-01-01T00:00:00.000Z"])
def test_a_withdrawal_is_taken_whatever_its_date_and_its_knowledge(peer: Peer, created: str) -> None:
    grant = unasked(peer)
    peer.say(grant)
    withdrawal = peer.write(
        "consent.withdraw", {}, thread=grant["thread"], created=created, seen=None, prior=SD_BASE["digest"]
    )
    body = peer.say(withdrawal)[0]["body"]
    assert (body["outcome"], body["state"]) == ("accepted", "withdrawn")


@pytest.mark.requirement("SEQ-31")
def test_a_withdrawal_that_has_seen_what_the_vendor_does_not_hold_denies_at_once_and_is_answered_later(
    shop: tuple[Vendor, str], peer: Peer
) -> None:
    grant = unasked(peer)
    peer.say(grant)
    assert shop[0].may(peer.did, **MARKETING)
    raw = peer.sign(peer.write("consent.withdraw", {}, thread=grant["thread"], seen=SD_BASE["digest"]))
    for _ in range(2):
        assert code(peer.problem(raw)) == "behind"
        assert not shop[0].may(peer.did, **MARKETING)
    found = peer.collect(peer.sign(peer.write("mailbox.collect", {}))).json()["messages"]
    assert [trust.digest(trust.canonicalize(each)) for each in found][:1] == [trust.digest(raw)]
    assert (found[1]["body"]["outcome"], found[1]["body"]["state"]) == ("accepted", "withdrawn")
    peer.seen = trust.digest(trust.canonicalize(found[1]))


@pytest.mark.requirement("SEQ-9")
def test_a_withdrawal_that_comes_before_its_grant_bars_the_late_grant(peer: Peer) -> None:
    grant = unasked(peer)
    early = peer.write("consent.withdraw", {}, thread=grant["thread"], prior=trust.digest(peer.sign(grant)))
    assert peer.say(early)[0]["body"]["outcome"] == "moot"
    assert code(peer.refusal(grant)) == "stale"


def test_nobody_opens_anothers_mailbox(shop: tuple[Vendor, str], peer: Peer) -> None:
    peer.say(peer.proffer())
    thief = Peer(shop[1], shop[0].did)
    collect = thief.write("mailbox.collect", {})
    forged = trust.sign({**collect, "from": peer.did}, thief.key, trust.key_url(thief.did))
    refused = thief.collect(forged)
    assert code(refused.json()) == "wrong-key"
    own = thief.collect(thief.sign(collect))
    assert own.json() == {"messages": [], "more": False}
    thief.http.close()


def test_a_collect_opens_the_mailbox_once_and_for_two_minutes(peer: Peer) -> None:
    proffer = peer.proffer()
    answers = peer.say(proffer)
    raw = peer.sign(peer.write("mailbox.collect", {}, seen=None))
    found = peer.collect(raw).json()
    assert found == {"messages": [json.loads(peer.sign(proffer)), *answers], "more": False}
    assert code(peer.collect(raw).json()) == "replayed"
    old = peer.write("mailbox.collect", {}, created=instant(datetime.now(UTC) - timedelta(minutes=3)))
    assert code(peer.collect(peer.sign(old)).json()) == "stale-request"
    wrong = peer.write("mailbox.collect", {}, seen=SD_BASE["digest"])
    assert code(peer.collect(peer.sign(wrong)).json()) == "behind"
