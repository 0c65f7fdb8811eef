"""The eleven checks on receiving, one by one: what passes, and what each refuses."""

from typing import Any

import pytest

from in_memory_vendor import IDS, KEY, ME, NEXT_WEEK, NOWHERE, THEM, VENDOR, from_vendor, refusal, signed, word
from in_memory_vendor import NOON as NOW
from opencmr import errors, messages, trust
from opencmr.protocol import Parsed, Verified, parse, verify
from opencmr.protocol.receiving import check_fresh

STRANGER = trust.SigningKey(b"s" * 32)
LATER = "2026-03-01T12:05:00.000Z"


@pytest.fixture
def proffer(bodies: Any) -> dict[str, Any]:
    return word("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, 1)


def read(raw: bytes, **more: Any) -> Verified:
    return verify(parse(raw), **{"me": ME, "pinned": {}, **more})


# 1 size and shape


@pytest.mark.requirement("RCV-1")
def test_check_1_passes_canonical_bytes_on_as_they_came(proffer: dict[str, Any]) -> None:
    raw = signed(proffer)
    parsed = parse(raw)
    assert (parsed.raw, parsed.digest, parsed.sender, parsed.id) == (raw, trust.digest(raw), THEM, IDS[1])


@pytest.mark.requirement("RCV-1", "RCV-2")
@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b'{"a":"' + b"x" * 70_000 + b'"}', errors.TooLarge),
        (b"{", errors.NotJson),
        (b"[]", errors.NotJson),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", errors.TooDeep),
        (b'{"a":1.5}', errors.BadNumber),
        (b'{"a":null}', errors.NullMember),
        ('{"ä":1}'.encode(), errors.Malformed),
        (b'{"a": 1}', errors.NotCanonical),
        (b'{"b":1,"a":1}', errors.NotCanonical),
        (b'{"a":1,"a":1}', errors.NotCanonical),
    ],
)
def test_check_1_refuses_what_is_no_canonical_object(raw: bytes, error: type[errors.Problem]) -> None:
    refusal(error, lambda: parse(raw))


# 2 already known?


@pytest.mark.parametrize("document", [{}, {"from": 1, "id": 2}])
def test_check_2_can_be_asked_where_nothing_is_known_of_the_sender(document: dict[str, Any]) -> None:
    parsed = parse(trust.canonicalize(document))
    assert all(isinstance(part, str) for part in (parsed.sender, parsed.id, parsed.digest))


# 3 addressee


@pytest.mark.requirement("RCV-8")
def test_check_3_refuses_what_is_for_somebody_else(proffer: dict[str, Any]) -> None:
    assert read(signed(proffer)).message.to == ME
    raw = signed({**proffer, "to": "did:web:other.example"})
    assert refusal(errors.WrongAddressee, lambda: read(raw)).pointer == "/to"


@pytest.mark.parametrize("to", [None, 7])
def test_check_3_leaves_a_missing_addressee_to_check_4(proffer: dict[str, Any], to: Any) -> None:
    document = {name: value for name, value in {**proffer, "to": to}.items() if value is not None}
    assert refusal(errors.Malformed, lambda: read(signed(document))).pointer == "/to"


# 4 envelope


@pytest.mark.requirement("ENV-5")
def test_check_4_refuses_a_version_and_a_type_that_it_does_not_know(proffer: dict[str, Any]) -> None:
    version = refusal(errors.UnsupportedVersion, lambda: read(signed({**proffer, "opencmr": "2.0", "type": "x.y"})))
    assert (version.pointer, version.expected) == ("/opencmr", ["1.0"])
    type_ = refusal(errors.UnsupportedType, lambda: read(signed({**proffer, "type": "terms.sing"})))
    assert type_.pointer == "/type"
    assert "terms.proffer" in type_.expected


@pytest.mark.requirement("ENV-6", "ENV-8")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"extra": 1}, "/extra"),
        ({"created": "2026-02-30T12:00:00.000Z"}, "/created"),
        ({"expires": "2026-03-08"}, "/expires"),
        ({"number": 1}, "/number"),
        ({"body": []}, "/body"),
        ({"body": {"choices": 7}, "number": 1}, "/number"),
    ],
)
def test_check_4_refuses_what_is_no_envelope(proffer: dict[str, Any], change: dict[str, Any], pointer: str) -> None:
    assert refusal(errors.Malformed, lambda: read(signed({**proffer, **change}))).pointer == pointer


# 5 the key belongs to the sender


@pytest.mark.requirement("IDN-9")
def test_check_5_refuses_a_key_that_is_not_the_senders(proffer: dict[str, Any]) -> None:
    raw = signed(proffer, STRANGER)
    assert refusal(errors.WrongKey, lambda: read(raw)).pointer == "/proof/verificationMethod"


@pytest.mark.requirement("IDN-5", "IDN-9")
def test_check_5_takes_only_pinned_keys_of_a_vendor(proffer: dict[str, Any]) -> None:
    raw = signed(from_vendor("terms.counter", {"terms": proffer["body"]["choices"][0]}), VENDOR, KEY)
    assert read(raw, me=THEM, pinned={KEY: VENDOR.public}).message.from_ == ME
    problem = refusal(errors.WrongKey, lambda: read(raw, me=THEM, pinned={ME + "#key-2": VENDOR.public}))
    assert problem.expected == [ME + "#key-2"]


@pytest.mark.requirement("SIG-3")
def test_check_5_refuses_a_key_under_which_anything_can_be_forged(proffer: dict[str, Any]) -> None:
    weak = trust.encode_public(b"\x01" + b"\x00" * 31)
    raw = signed(from_vendor("terms.counter", {"terms": proffer["body"]["choices"][0]}), VENDOR, KEY)
    problem = refusal(errors.WeakKey, lambda: read(raw, me=THEM, pinned={KEY: weak}))
    assert problem.pointer == "/proof/verificationMethod"


# 6 signature


@pytest.mark.parametrize(
    "change", [{"created": LATER}, {"id": IDS[3], "thread": IDS[3]}, {"ext": {"https://a.example": 1}}]
)
def test_check_6_refuses_bytes_that_were_not_signed(proffer: dict[str, Any], change: dict[str, Any]) -> None:
    document = trust.parse(signed(proffer))
    problem = refusal(errors.BadSignature, lambda: read(trust.canonicalize({**document, **change})))
    assert problem.pointer == "/proof/proofValue"


# 7 body


@pytest.mark.requirement("ENV-6", "ENV-8")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"body": {}}, "/body/choices"),
        ({"body": {"choices": [], "extra": 1}}, "/body/choices"),
        ({"expires": None}, "/expires"),
        ({"expires": None, "body": {}}, "/body/choices"),
    ],
)
def test_check_7_refuses_what_is_not_of_its_type(proffer: dict[str, Any], change: dict[str, Any], pointer: str) -> None:
    document = {name: value for name, value in {**proffer, **change}.items() if value is not None}
    assert refusal(errors.Malformed, lambda: read(signed(document))).pointer == pointer


@pytest.mark.requirement("RCV-1", "RCV-2")
@pytest.mark.parametrize("lenient", [False, True])
def test_nobody_looks_into_a_body_before_the_signature_holds(
    proffer: dict[str, Any], monkeypatch: pytest.MonkeyPatch, lenient: bool
) -> None:
    looked: list[Any] = []
    inner = messages._validator
    monkeypatch.setattr(messages, "_validator", lambda kind: (looked.append(kind), inner(kind))[1])
    if lenient:  # a customer, to whom a vendor speaks
        good = signed(from_vendor("terms.counter", {"terms": 7}), VENDOR, KEY)
        how: dict[str, Any] = {"me": THEM, "pinned": {KEY: VENDOR.public}, "lenient": True}
    else:
        good, how = signed({**proffer, "body": {f"x{number}": 1 for number in range(3000)}}), {}
    document = trust.parse(good)
    forged = trust.canonicalize({**document, "created": LATER})
    by_another = {**document["proof"], "verificationMethod": trust.key_url(STRANGER.did)}
    refusal(errors.BadSignature, lambda: read(forged, **how))
    refusal(errors.WrongKey, lambda: read(trust.canonicalize({**document, "proof": by_another}), **how))
    envelope = messages.Message[messages.AnyBody]
    assert looked == [envelope, envelope]
    if lenient:
        assert read(good, **how).fault is not None
    else:
        refusal(errors.Malformed, lambda: read(good, **how))
    assert looked[2:] == [envelope, messages.BODIES[document["type"]]]


@pytest.mark.requirement("RCV-1")
def test_a_type_that_is_not_taken_here_is_refused_before_the_key(proffer: dict[str, Any]) -> None:
    forged = trust.canonicalize({**trust.parse(signed(proffer)), "created": LATER})
    problem = refusal(errors.UnsupportedType, lambda: read(forged, types={"terms.accept"}))
    assert (problem.pointer, problem.expected) == ("/type", ["terms.accept"])


@pytest.mark.requirement("ENV-2", "ENV-3")
@pytest.mark.parametrize(
    ("type_", "body", "right", "wrong"),
    [
        ("terms.proffer", None, 1, 2),
        ("terms.terminate", {}, 2, 1),
        ("receipt", {"of": NOWHERE, "outcome": "accepted", "state": "active"}, 2, 1),
        ("mailbox.collect", {}, 1, 2),
    ],
)
def test_check_7_lets_only_a_first_message_name_itself(
    proffer: dict[str, Any], type_: str, body: Any, right: int, wrong: int
) -> None:
    body = proffer["body"] if body is None else body
    assert read(signed(word(type_, body, 1, right))).message.thread == IDS[right]
    assert refusal(errors.Malformed, lambda: read(signed(word(type_, body, 1, wrong)))).pointer == "/thread"


@pytest.mark.requirement("ENV-2")
@pytest.mark.parametrize("thread", [1, 2])
def test_check_7_leaves_it_to_a_grant_whether_it_comes_first(bodies: Any, thread: int) -> None:
    body = {"items": [bodies.item()], "until": "2027-01-01T00:00:00.000Z", "statement": "Do."}
    assert read(signed(word("consent.grant", body, 1, thread))).message.opens is (thread == 1)


@pytest.mark.requirement("CNS-4")
def test_check_7_wants_items_of_different_keys(bodies: Any) -> None:
    body = {"until": "2027-01-01T00:00:00.000Z", "statement": "Do."}
    document = word("consent.grant", {}, 1)
    assert read(signed({**document, "body": {**body, "items": [bodies.item("a"), bodies.item("b")]}}))
    twice = {**document, "body": {**body, "items": [bodies.item("a"), bodies.item("b"), bodies.item("a")]}}
    assert refusal(errors.Malformed, lambda: read(signed(twice))).pointer == "/body/items/2/key"


def third_party(id_: str) -> dict[str, str]:
    return {"name": "Ads", "role": "thirdParty", "id": id_}


@pytest.mark.requirement("CNS-11")
@pytest.mark.parametrize(
    ("id_", "right"),
    [
        ("https://Ads.example/", "https://ads.example/"),
        ("https://ads.example", "https://ads.example/"),
        ("https://ads.example./", "https://ads.example/"),
        ("https://ads.example:443/", "https://ads.example/"),
        ("https://ads.example/a/../b", "https://ads.example/b"),
        ("https://ads.example/%7eads", "https://ads.example/~ads"),
        ("https://ads.example/%2f", "https://ads.example/%2F"),
        ("did:web:Ads.example", "did:web:ads.example"),
        ("did:web:ads.example%3a8443", "did:web:ads.example%3A8443"),
    ],
)
def test_check_7_wants_parties_named_in_one_way(bodies: Any, id_: str, right: str) -> None:
    def granted(name: str) -> bytes:
        items = [bodies.item(), bodies.item("b", recipients=[third_party("urn:x:y"), third_party(name)])]
        body = {"until": "2027-01-01T00:00:00.000Z", "statement": "Do.", "items": items}
        return signed(word("consent.grant", body, 1))

    assert read(granted(right)).message.body.items[1].recipients[1].id == right
    problem = refusal(errors.Malformed, lambda: read(granted(id_)))
    assert (problem.pointer, problem.rule) == ("/body/items/1/recipients/1/id", "CNS-11")
    assert problem.expected == [right]


@pytest.mark.requirement("ENV-15")
@pytest.mark.parametrize(("length", "told"), [(494, "/body/" + "x" * 494), (495, "/body"), (60_000, "/body")])
def test_a_pointer_that_is_too_long_names_the_object(proffer: dict[str, Any], length: int, told: str) -> None:
    raw = signed({**proffer, "body": {**proffer["body"], "x" * length: 1}})
    assert refusal(errors.Malformed, lambda: read(raw)).as_dict()["pointer"] == told


@pytest.mark.requirement("CNS-11", "ENV-8")
def test_check_7_tells_the_first_of_what_no_schema_can_say(bodies: Any) -> None:
    """In canonical order: who is responsible, then item by item."""
    wrong, party = (
        third_party("HTTPS://ads.example/".lower().replace("ads", "Ads")),
        third_party("https://ads.example/"),
    )
    items = [bodies.item("a", recipients=[wrong]), bodies.item("a")]
    body = {"until": "2027-01-01T00:00:00.000Z", "statement": "Do.", "items": items, "controller": [party, wrong]}

    def told() -> str | None:
        return refusal(errors.Malformed, lambda: read(signed(word("consent.grant", body, 1)))).pointer

    assert told() == "/body/controller/1/id"
    body["controller"] = [party]
    assert told() == "/body/items/0/recipients/0/id"
    items[0] = bodies.item("a", recipients=[party])
    assert told() == "/body/items/1/key"
    items[1] = bodies.item("b")
    assert read(signed(word("consent.grant", body, 1)))


@pytest.mark.requirement("CNS-8")
def test_check_7_wants_to_know_from_the_vendor_and_nobody_else_where_words_were_heard() -> None:
    heard = {"heard": {"where": "in the shop", "when": NOW}}
    own = word("consent.withdraw", {}, 1, 2)
    assert read(signed(own)).message.body.heard is None
    told = {**own, "body": heard}
    assert refusal(errors.Malformed, lambda: read(signed(told))).pointer == "/body/heard"
    theirs = {"me": THEM, "pinned": {KEY: VENDOR.public}}
    by_vendor = from_vendor("consent.withdraw", heard)
    assert read(signed(by_vendor, VENDOR, KEY), **theirs).message.body.heard.where == "in the shop"
    silent = signed({**by_vendor, "body": {}}, VENDOR, KEY)
    assert refusal(errors.Malformed, lambda: read(silent, **theirs)).pointer == "/body/heard"


@pytest.mark.requirement("RCV-15")
def test_check_7_keeps_a_vendors_faulty_entry_where_it_may() -> None:
    document = from_vendor("terms.counter", {"terms": 7})
    raw = signed(document, VENDOR, KEY)
    theirs = {"me": THEM, "pinned": {KEY: VENDOR.public}}
    refusal(errors.Malformed, lambda: read(raw, **theirs))
    kept = read(raw, lenient=True, **theirs)
    assert (kept.fault.code, kept.fault.pointer, kept.message.body) == ("malformed", "/body/terms", {})
    refusal(errors.BadSignature, lambda: read(raw.replace(b'"terms":7', b'"terms":8'), lenient=True, **theirs))
    late = read(signed({**document, "expires": NEXT_WEEK}, VENDOR, KEY), lenient=True, **theirs)
    assert (late.fault.code, late.fault.pointer) == ("malformed", "/body/terms")
    for wrong, pointer in ({"thread": "none"}, "/thread"), ({"number": 1}, "/prior"), ({"seen": NOWHERE}, "/seen"):
        envelope = signed({**document, **wrong}, VENDOR, KEY)
        assert refusal(errors.Malformed, lambda raw=envelope: read(raw, lenient=True, **theirs)).pointer == pointer


@pytest.mark.requirement("RCV-1")
def test_of_several_faults_the_first_check_speaks(proffer: dict[str, Any]) -> None:
    document = trust.parse(signed({**proffer, "to": "did:web:other.example", "extra": 1}, STRANGER))
    forged = {**document, "created": LATER}
    refusal(errors.NotCanonical, lambda: read(trust.canonicalize(forged) + b" "))
    refusal(errors.WrongAddressee, lambda: read(trust.canonicalize(forged)))
    forged["to"] = ME
    refusal(errors.Malformed, lambda: read(trust.canonicalize(forged)))
    del forged["extra"]
    refusal(errors.WrongKey, lambda: read(trust.canonicalize(forged)))
    forged["proof"] = {**forged["proof"], "verificationMethod": trust.key_url(THEM)}
    refusal(errors.BadSignature, lambda: read(trust.canonicalize(forged)))
    refusal(errors.BadSignature, lambda: read(trust.canonicalize({**forged, "body": {}})))
    refusal(errors.Malformed, lambda: read(signed({**proffer, "body": {}})))


# collects


@pytest.mark.requirement("COR-8")
@pytest.mark.parametrize(
    ("seconds", "fine"),
    [("11:58:00.000", True), ("12:02:00.000", True), ("11:57:59.999", False), ("12:02:00.001", False)],
)
def test_a_collect_is_valid_for_two_minutes_around_its_date(seconds: str, fine: bool) -> None:
    document = word("mailbox.collect", {}, 1, created=f"2026-03-01T{seconds}Z")
    message = messages.validate(trust.parse(signed(document)))
    if fine:
        check_fresh(message, NOW)
    else:
        assert refusal(errors.StaleRequest, lambda: check_fresh(message, NOW)).pointer == "/created"


@pytest.mark.requirement("RCV-1")
@pytest.mark.parametrize("member", ["from", "id"])
@pytest.mark.parametrize("claimed", ["\0", "did:key:z6Mk\0", "\u2028", 7, {}, [], None])
def test_who_claims_what_no_message_can_name_claims_nothing(member: str, claimed: Any) -> None:
    """A database may choke on such a name, and check 2 asks it for one before check 4 has refused it."""
    parsed = Parsed(b"", {member: claimed} if claimed is not None else {}, "zQm")
    assert (parsed.sender, parsed.id) == ("", "")
