"""The ten checks on receiving, one by one: what passes, and what each refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from opencmr import errors, messages, trust
from opencmr.protocol import History, Parsed, parse, settle, verify
from opencmr.protocol.receiving import Settled, Verified, check_collect

CUSTOMER, VENDOR = trust.SigningKey(b"c" * 32), trust.SigningKey(b"v" * 32)
STRANGER = trust.SigningKey(b"s" * 32)
ME, THEM = "did:web:shop.example", CUSTOMER.did
KEY = ME + "#key-1"
NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T12:05:00.000Z"
IDS = [f"urn:uuid:{n:08x}-0000-4000-8000-000000000000" for n in range(9)]


@pytest.fixture
def proffer(bodies: Any) -> dict[str, Any]:
    return {
        "opencmr": "1.0",
        "id": IDS[1],
        "type": "terms.proffer",
        "from": THEM,
        "to": ME,
        "thread": IDS[1],
        "created": NOW,
        "body": {"choices": [bodies.terms("SD-BASE")]},
    }


def signed(document: dict[str, Any], key: trust.SigningKey = CUSTOMER, method: str | None = None) -> bytes:
    return trust.sign(document, key, method or trust.key_url(key.did))


def read(raw: bytes, **more: Any) -> Verified:
    return verify(parse(raw), **{"me": ME, "pinned": {}, **more})


def refusal(error: type[errors.Problem], act: Callable[[], Any]) -> errors.Problem:
    with pytest.raises(error) as caught:
        act()
    return caught.value


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
    parsed = parse(trust.write(document))
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


# 4 model


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
        ({"body": {}}, "/body/choices"),
        ({"body": {"choices": [], "extra": 1}}, "/body/choices"),
        ({"extra": 1}, "/extra"),
        ({"created": "2026-02-30T12:00:00.000Z"}, "/created"),
        ({"inReplyTo": "zQm" + "2" * 44}, "/inReplyTo"),
    ],
)
def test_check_4_refuses_what_is_not_of_its_type(proffer: dict[str, Any], change: dict[str, Any], pointer: str) -> None:
    assert refusal(errors.Malformed, lambda: read(signed({**proffer, **change}))).pointer == pointer


@pytest.mark.requirement("ENV-2", "ENV-3", "COR-12")
@pytest.mark.parametrize(
    ("type_", "body", "thread", "answers"),
    [
        ("terms.proffer", None, IDS[2], False),
        ("terms.terminate", {}, IDS[1], True),
        ("consent.grant", "grant", IDS[1], True),
        ("consent.grant", "grant", IDS[2], False),
        ("mailbox.collect", {}, IDS[2], False),
        ("com.example.hello", {}, IDS[2], False),
        ("com.example.hello", {}, IDS[1], True),
    ],
)
def test_check_4_lets_only_a_first_message_name_itself(
    proffer: dict[str, Any], bodies: Any, type_: str, body: Any, thread: str, answers: bool
) -> None:
    if body == "grant":
        body = {"items": [bodies.item()], "until": "2027-01-01T00:00:00.000Z", "statement": "Do."}
    document = {**proffer, "type": type_, "thread": thread, "body": proffer["body"] if body is None else body}
    if answers:
        document["inReplyTo"] = "zQm" + "2" * 44
    assert refusal(errors.Malformed, lambda: read(signed(document))).pointer == "/thread"


@pytest.mark.requirement("CNS-4")
def test_check_4_wants_items_of_different_keys(proffer: dict[str, Any], bodies: Any) -> None:
    body = {"until": "2027-01-01T00:00:00.000Z", "statement": "Do."}
    document = {**proffer, "type": "consent.grant"}
    assert read(signed({**document, "body": {**body, "items": [bodies.item("a"), bodies.item("b")]}}))
    twice = {**document, "body": {**body, "items": [bodies.item("a"), bodies.item("b"), bodies.item("a")]}}
    assert refusal(errors.Malformed, lambda: read(signed(twice))).pointer == "/body/items/2/key"


@pytest.mark.requirement("CNS-8")
def test_check_4_wants_to_know_from_the_vendor_and_nobody_else_where_words_were_heard(proffer: dict[str, Any]) -> None:
    heard = {"heard": {"where": "in the shop", "when": NOW}}
    own = {**proffer, "type": "consent.withdraw", "thread": IDS[2], "inReplyTo": "zQm" + "2" * 44, "body": {}}
    assert read(signed(own)).message.body.heard is None
    told = {**own, "body": heard}
    assert refusal(errors.Malformed, lambda: read(signed(told))).pointer == "/body/heard"
    theirs = {"me": THEM, "pinned": {KEY: VENDOR.public}}
    by_vendor = {**told, "from": ME, "to": THEM}
    assert read(signed(by_vendor, VENDOR, KEY), **theirs).message.body.heard.where == "in the shop"
    silent = signed({**by_vendor, "body": {}}, VENDOR, KEY)
    assert refusal(errors.Malformed, lambda: read(silent, **theirs)).pointer == "/body/heard"


@pytest.mark.requirement("RCV-15")
def test_check_4_keeps_a_vendors_faulty_entry_where_it_may(proffer: dict[str, Any]) -> None:
    document = {**proffer, "type": "terms.accept", "from": ME, "to": THEM, "inReplyTo": "zQm" + "2" * 44}
    raw = signed({**document, "thread": IDS[2], "body": {"terms": 7}}, VENDOR, KEY)
    theirs = {"me": THEM, "pinned": {KEY: VENDOR.public}}
    refusal(errors.Malformed, lambda: read(raw, **theirs))
    kept = read(raw, lenient=True, **theirs)
    assert (kept.fault.code, kept.fault.pointer, kept.message.body) == ("malformed", "/body/terms", {"terms": 7})
    refusal(errors.BadSignature, lambda: read(raw.replace(b'"terms":7', b'"terms":8'), lenient=True, **theirs))
    envelope = signed({**document, "body": {"terms": 7}, "thread": "none"}, VENDOR, KEY)
    refusal(errors.Malformed, lambda: read(envelope, lenient=True, **theirs))


# 5 the key belongs to the sender


@pytest.mark.requirement("IDN-9")
def test_check_5_refuses_a_key_that_is_not_the_senders(proffer: dict[str, Any]) -> None:
    raw = signed(proffer, STRANGER)
    assert refusal(errors.WrongKey, lambda: read(raw)).pointer == "/proof/verificationMethod"


@pytest.mark.requirement("IDN-5", "IDN-9")
def test_check_5_takes_only_pinned_keys_of_a_vendor(proffer: dict[str, Any]) -> None:
    raw = signed({**proffer, "from": ME, "to": THEM}, VENDOR, KEY)
    assert read(raw, me=THEM, pinned={KEY: VENDOR.public}).message.from_ == ME
    problem = refusal(errors.WrongKey, lambda: read(raw, me=THEM, pinned={ME + "#key-2": VENDOR.public}))
    assert problem.expected == [ME + "#key-2"]


@pytest.mark.requirement("SIG-3")
def test_check_5_refuses_a_key_under_which_anything_can_be_forged(proffer: dict[str, Any]) -> None:
    weak = trust.keys.encode_public(b"\x01" + b"\x00" * 31)
    raw = signed({**proffer, "from": ME, "to": THEM}, VENDOR, KEY)
    problem = refusal(errors.WeakKey, lambda: read(raw, me=THEM, pinned={KEY: weak}))
    assert problem.pointer == "/proof/verificationMethod"


# 6 signature


@pytest.mark.parametrize(
    "change", [{"created": LATER}, {"id": IDS[3], "thread": IDS[3]}, {"ext": {"https://a.example": 1}}]
)
def test_check_6_refuses_bytes_that_were_not_signed(proffer: dict[str, Any], change: dict[str, Any]) -> None:
    document = trust.read(signed(proffer))
    problem = refusal(errors.BadSignature, lambda: read(trust.write({**document, **change})))
    assert problem.pointer == "/proof/proofValue"


@pytest.mark.requirement("RCV-1")
def test_of_several_faults_the_first_check_speaks(proffer: dict[str, Any]) -> None:
    document = trust.read(signed({**proffer, "to": "did:web:other.example", "extra": 1}, STRANGER))
    forged = {**document, "created": LATER}
    refusal(errors.NotCanonical, lambda: read(trust.write(forged) + b" "))
    refusal(errors.WrongAddressee, lambda: read(trust.write(forged)))
    forged["to"] = ME
    refusal(errors.Malformed, lambda: read(trust.write(forged)))
    del forged["extra"]
    refusal(errors.WrongKey, lambda: read(trust.write(forged)))
    forged["proof"] = {**forged["proof"], "verificationMethod": trust.key_url(THEM)}
    refusal(errors.BadSignature, lambda: read(trust.write(forged)))


# 7 to 9


class Desk:
    """A vendor's side of checks 7 to 9."""

    def __init__(self) -> None:
        self.history = History()
        self.refused: set[str] = set()

    def decide(self, document: dict[str, Any], now: str = NOW) -> Settled:
        verified = read(signed(document))
        thread = self.history.threads.get(verified.message.thread)
        held = {entry.digest for each in self.history.threads.values() for entry in each.entries}
        settled = settle(
            verified,
            side="customer",
            thread=thread,
            context=self.history,
            now=now,
            known=lambda digest: digest in held | self.refused,
        )
        if settled.problem is None:
            self.history.put(settled.thread, now)
        else:
            self.refused.add(verified.digest)
        return settled


@pytest.fixture
def desk() -> Desk:
    return Desk()


def decline(proffer: dict[str, Any], head: str, **more: Any) -> dict[str, Any]:
    body = {"reason": "changedMind"}
    return {**proffer, "id": IDS[2], "type": "terms.decline", "inReplyTo": head, "body": body, **more}


def accept(proffer: dict[str, Any], head: str, **more: Any) -> dict[str, Any]:
    body = {"terms": proffer["body"]["choices"][0]}
    return {**proffer, "id": IDS[3], "type": "terms.accept", "inReplyTo": head, "body": body, **more}


@pytest.mark.requirement("RCV-9")
def test_check_7_knows_no_thread_that_was_not_opened_between_the_two(proffer: dict[str, Any], desk: Desk) -> None:
    opened = desk.decide(proffer)
    assert (opened.outcome, opened.previous, opened.thread.state) == ("accepted", None, "proffered")
    other = accept(proffer, str(opened.thread.head), thread=IDS[5])
    problem = refusal(errors.UnknownThread, lambda: desk.decide(other))
    assert (problem.pointer, problem.retry) == ("/thread", True)
    assert IDS[5] not in desk.history.threads


@pytest.mark.requirement("SEQ-9")
def test_check_7_lets_a_no_word_come_before_its_thread(proffer: dict[str, Any], desk: Desk) -> None:
    early = desk.decide(decline(proffer, "zQm" + "2" * 44))
    assert (early.outcome, early.previous, early.thread.state) == ("moot", None, "none")
    late = desk.decide(proffer)
    assert (late.outcome, late.problem.code) == ("refused", "stale-head")
    assert late.problem.missing == (early.thread.head,)


@pytest.mark.requirement("RCV-10")
def test_check_8_waits_for_a_message_that_is_dated_ahead(proffer: dict[str, Any], desk: Desk) -> None:
    ahead = {**proffer, "created": "2026-03-01T12:05:00.001Z"}
    problem = refusal(errors.TooEarly, lambda: desk.decide(ahead))
    assert (problem.pointer, problem.retry) == ("/created", True)
    assert desk.decide(ahead, "2026-03-01T12:00:00.001Z").outcome == "accepted"


@pytest.mark.requirement("RCV-11", "RCV-4")
def test_check_8_refuses_for_good_what_has_expired(proffer: dict[str, Any], desk: Desk) -> None:
    short = {**proffer, "expires": LATER}
    late = desk.decide(short, LATER)
    assert (late.outcome, late.problem.code, late.problem.pointer) == ("refused", "expired", "/expires")
    assert late.thread.entries == ()
    in_time = desk.decide({**short, "id": IDS[4], "thread": IDS[4]}, "2026-03-01T12:04:59.999Z")
    assert in_time.outcome == "accepted"


@pytest.mark.requirement("SEQ-8", "RCV-10", "RCV-11")
def test_checks_8_and_9_refuse_no_word_that_takes_something_back(proffer: dict[str, Any], desk: Desk) -> None:
    desk.decide(proffer)
    said = decline(proffer, "zQm" + "2" * 44, created="2030-01-01T00:00:00.000Z", expires=NOW)
    settled = desk.decide(said, LATER)
    assert (settled.outcome, settled.thread.state) == ("accepted", "declined")
    again = desk.decide({**said, "id": IDS[4]}, "2026-03-01T12:06:00.000Z")
    assert (again.outcome, again.thread.state, again.previous) == ("moot", "declined", settled.thread.head)


@pytest.mark.requirement("SEQ-6")
def test_check_9_waits_for_the_message_that_is_answered(proffer: dict[str, Any], desk: Desk) -> None:
    desk.decide(proffer)
    problem = refusal(errors.UnknownHead, lambda: desk.decide(accept(proffer, "zQm" + "2" * 44), LATER))
    assert (problem.pointer, problem.retry) == ("/inReplyTo", True)


@pytest.mark.requirement("SEQ-4", "RCV-4")
def test_check_9_refuses_for_good_what_answers_an_earlier_or_a_refused_message(
    proffer: dict[str, Any], desk: Desk
) -> None:
    opened = desk.decide(proffer)
    refused = desk.decide(accept(proffer, str(opened.thread.head)), LATER)
    assert refused.problem.code == "wrong-side"
    assert refused.thread.head == opened.thread.head
    (digest,) = desk.refused
    after = desk.decide(accept(proffer, digest, id=IDS[4]), LATER)
    assert (after.outcome, after.problem.code) == ("refused", "stale-head")
    assert after.problem.missing == (opened.thread.head,)


@pytest.mark.requirement("RCV-4", "LIF-1")
def test_check_9_refuses_what_a_rule_across_members_forbids_and_keeps_the_thread(
    proffer: dict[str, Any], desk: Desk
) -> None:
    document = {**proffer, "body": {"choices": [{"id": "SD-BASE", "digest": "zQm" + "2" * 44}]}}
    settled = desk.decide(document)
    assert (settled.outcome, settled.problem.code) == ("refused", "terms-mismatch")
    assert settled.problem.pointer == "/body/choices/0/digest"
    assert (settled.thread.entries, settled.thread.record) == ((), None)


@pytest.mark.requirement("ENV-9")
def test_an_extension_changes_nothing(proffer: dict[str, Any], desk: Desk) -> None:
    plain = desk.decide(proffer)
    ext = {"https://wallet.example/ext/permit": "everything"}
    extended = desk.decide({**proffer, "id": IDS[4], "thread": IDS[4], "ext": ext}, LATER)
    assert (extended.outcome, extended.thread.state) == (plain.outcome, plain.thread.state)
    assert extended.thread.record.choices == plain.thread.record.choices


# collects


@pytest.mark.requirement("COR-8")
@pytest.mark.parametrize(
    ("seconds", "fine"),
    [("11:58:00.000", True), ("12:02:00.000", True), ("11:57:59.999", False), ("12:02:00.001", False)],
)
def test_a_collect_is_valid_for_two_minutes_around_its_date(proffer: dict[str, Any], seconds: str, fine: bool) -> None:
    document = {**proffer, "type": "mailbox.collect", "body": {}, "created": f"2026-03-01T{seconds}Z"}
    message = messages.read(trust.read(signed(document)))
    if fine:
        check_collect(message, NOW)
    else:
        assert refusal(errors.StaleCollect, lambda: check_collect(message, NOW)).pointer == "/created"


@pytest.mark.requirement("RCV-1")
@pytest.mark.parametrize("member", ["from", "id"])
@pytest.mark.parametrize("claimed", ["\0", "did:key:z6Mk\0", "\u2028", 7, {}, [], None])
def test_who_claims_what_no_message_can_name_claims_nothing(member: str, claimed: Any) -> None:
    """A database may choke on such a name, and check 2 asks it for one before check 4 has refused it."""
    parsed = Parsed(b"", {member: claimed} if claimed is not None else {}, "zQm")
    assert (parsed.sender, parsed.id) == ("", "")
