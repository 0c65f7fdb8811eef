"""Evidence: a conversation holds as it was, and nothing of it can be changed without being named."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogue import NOON, Dialogue, conversation, put_forward
from opencmr import trust
from opencmr.errors import Stale, WrongTotal
from opencmr.protocol.evidence import Evidence, Exhibit, Finding, check_message, examine, records_of

Document = dict[str, Any]
Change = Callable[[Document], None]
QUIETLY = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def dialogues() -> tuple[Dialogue, Dialogue]:
    return conversation()


@pytest.fixture(scope="module")
def evidence(dialogues: tuple[Dialogue, Dialogue]) -> Evidence:
    return put_forward(*dialogues)


def with_messages(evidence: Evidence, messages: list[Exhibit]) -> Evidence:
    return replace(evidence, messages=messages)


def swapped(evidence: Evidence, one: int, other: int, *, restated: bool) -> Evidence:
    """Two messages in each other's place: their contents alone, or with what is stated of them."""
    messages = list(evidence.messages)
    a, b = messages[one], messages[other]
    if restated:
        messages[one], messages[other] = replace(b, name=a.name), replace(a, name=b.name)
    else:
        messages[one], messages[other] = replace(a, raw=b.raw), replace(b, raw=a.raw)
    return with_messages(evidence, messages)


def flipped(evidence: Evidence, which: int, where: int, mask: int, *, restated: bool) -> Evidence:
    """One byte of one message changed; the digest stated as before, or anew."""
    messages = list(evidence.messages)
    raw = bytearray(messages[which].raw)
    raw[where] ^= mask
    digest = trust.digest(bytes(raw)) if restated else messages[which].digest
    messages[which] = replace(messages[which], raw=bytes(raw), digest=digest)
    return with_messages(evidence, messages)


@pytest.mark.requirement("EVD-1", "EVD-2", "EVD-3", "EVD-4")
def test_a_conversation_holds(evidence: Evidence) -> None:
    findings = examine(evidence)
    assert findings.ok, findings.findings
    assert findings.step == 5
    assert findings.counts == {
        "messages": 20, "receipts": 20, "relationships": 2, "threads": 5, "accepted": 17, "moot": 1, "refused": 2,
    }  # fmt: skip


@pytest.mark.requirement("EVD-5")
@pytest.mark.parametrize("restated", [False, True], ids=["digest-kept", "digest-restated"])
def test_a_changed_byte_of_any_message_is_found_and_the_message_named(evidence: Evidence, restated: bool) -> None:
    for which, exhibit in enumerate(evidence.messages):
        for where in (0, len(exhibit.raw) // 3, len(exhibit.raw) * 2 // 3, len(exhibit.raw) - 1):
            findings = examine(flipped(evidence, which, where, 1, restated=restated))
            assert exhibit.name in {each.name for each in findings.findings}, (exhibit.name, where)


@QUIETLY
@given(data=st.data())
def test_a_byte_drawn_from_anywhere_is_found(evidence: Evidence, data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(evidence.messages) - 1))
    where = data.draw(st.integers(0, len(evidence.messages[which].raw) - 1))
    mask = data.draw(st.integers(1, 255))
    findings = examine(flipped(evidence, which, where, mask, restated=data.draw(st.booleans())))
    assert evidence.messages[which].name in {each.name for each in findings.findings}


def test_every_single_byte_of_a_message_counts_even_where_its_digest_is_restated(evidence: Evidence) -> None:
    exhibit = min(evidence.messages, key=lambda each: len(each.raw))
    for where in range(len(exhibit.raw)):
        raw = bytearray(exhibit.raw)
        raw[where] ^= 1
        message, findings = check_message(Exhibit("it", bytes(raw)), evidence.dids)
        assert message is None, where
        assert {each.name for each in findings} == {"it"}, where


@pytest.mark.requirement("EVD-4", "EVD-5")
@pytest.mark.parametrize("restated", [False, True], ids=["contents", "with-manifest"])
def test_two_neighbours_swapped_are_named(evidence: Evidence, restated: bool) -> None:
    for one in range(len(evidence.messages) - 1):
        findings = examine(swapped(evidence, one, one + 1, restated=restated))
        pair = {evidence.messages[one].name, evidence.messages[one + 1].name}
        named = {each.name for each in findings.findings}
        assert named >= pair if not restated else len(named) == 1 and named <= pair, pair
        assert {each.code for each in findings.findings} >= {"out-of-order" if restated else "other-digest"}


@QUIETLY
@given(data=st.data())
def test_any_two_swapped_are_named(evidence: Evidence, data: st.DataObject) -> None:
    last = len(evidence.messages) - 1
    one, other = sorted(data.draw(st.lists(st.integers(0, last), min_size=2, max_size=2, unique=True)))
    restated = data.draw(st.booleans())
    named = {each.name for each in examine(swapped(evidence, one, other, restated=restated)).findings}
    pair = {evidence.messages[one].name, evidence.messages[other].name}
    assert named & pair if other - one <= 2 else named >= pair or len(named & pair) == 2
    assert restated or named >= pair


def test_where_contents_are_swapped_it_says_whose_bytes_they_are(evidence: Evidence) -> None:
    first, second = examine(swapped(evidence, 2, 10, restated=False)).findings
    assert evidence.messages[10].name in first.why
    assert evidence.messages[2].name in second.why


class Forger:
    """Has everybody's keys: changes messages, and signs anew all that rests on them."""

    def __init__(self, dialogues: tuple[Dialogue, ...]) -> None:
        self.evidence = put_forward(*dialogues)
        self.dialogues = {did: one for one in dialogues for did in one.pair}

    def sign(self, document: Document) -> bytes:
        unsigned = {name: value for name, value in document.items() if name != "proof"}
        side = "vendor" if document["from"].startswith("did:web:") else "customer"
        return self.dialogues[document["from"]].sign(side, unsigned)

    def forge(self, *changes: tuple[int, Change], add: dict[int, Document] | None = None) -> Evidence:
        """The evidence with messages changed, by number; and with messages added after a number."""
        by_number = dict(changes)
        renewed: dict[str, str] = {}
        messages: list[Exhibit] = []
        for number, exhibit in enumerate(self.evidence.messages, start=1):
            document = _renewed(orjson.loads(exhibit.raw), renewed)
            by_number.get(number, lambda _: None)(document)
            raw = self.sign(document)
            renewed[str(exhibit.digest)] = trust.digest(raw)
            messages.append(Exhibit(exhibit.name, raw, trust.digest(raw)))
            for after, extra in (add or {}).items():
                if after == number:
                    raw = self.sign(extra)
                    messages.append(Exhibit(f"{exhibit.name}+", raw, trust.digest(raw)))
        return with_messages(self.evidence, messages)

    def document(self, number: int, **members: Any) -> Document:
        return {**orjson.loads(self.evidence.messages[number - 1].raw), **members}


def _renewed(value: Any, renewed: dict[str, str]) -> Any:
    match value:
        case dict():
            return {name: _renewed(each, renewed) for name, each in value.items()}
        case list():
            return [_renewed(each, renewed) for each in value]
        case str():
            return renewed.get(value, value)
        case _:
            return value


@pytest.fixture
def forger(dialogues: tuple[Dialogue, Dialogue]) -> Forger:
    return Forger(dialogues)


@pytest.fixture
def at(evidence: Evidence) -> Callable[..., list[int]]:
    """The numbers of a type's messages, of those with one of the vendors."""

    def numbers(type_: str, vendor: str = "") -> list[int]:
        ours = [i for i, each in enumerate(evidence.messages, 1) if each.name.endswith(f"-{type_}.json")]
        return [i for i in ours if f"did:web:{vendor}".encode() in evidence.messages[i - 1].raw]

    return numbers


At = Callable[..., list[int]]
OTHER_ID = "urn:uuid:11111111-1111-4111-8111-111111111111"


def setting(path: str, value: Any) -> Change:
    """Sets a member, by its path."""

    def change(document: Document) -> None:
        *above, name = path.split("/")
        for step in above:
            document = document[step]
        document[name] = value

    return change


def refusing(problem: Any) -> Change:
    """Makes a receipt say no."""

    def change(document: Document) -> None:
        document["body"] = {"of": document["body"]["of"], "outcome": "refused", "problem": problem.as_dict()}

    return change


def found(evidence: Evidence) -> list[tuple[int, str]]:
    """The number and the code of each finding about messages."""
    findings = examine(evidence).findings
    return [(int(each.name.split("/")[1][:4]), each.code) for each in findings if each.code != "other-fold"]


def test_signing_all_anew_changes_nothing(forger: Forger) -> None:
    assert examine(forger.forge()).ok


@pytest.mark.requirement("SEQ-16")
def test_a_number_that_is_not_the_next_is_found(forger: Forger, at: At) -> None:
    (confirm,) = at("order.confirm")
    number = forger.document(confirm)["number"]
    codes = {code for _, code in found(forger.forge((confirm, setting("number", number + 100))))}
    assert "wrong-prior" in codes


@pytest.mark.requirement("COR-5", "SEQ-12")
def test_a_receipt_with_another_state_than_the_fold_is_found(forger: Forger, at: At) -> None:
    receipt = at("offer.accept")[0] + 1
    assert found(forger.forge((receipt, setting("body/state", "open")))) == [(receipt, "other-state")]


@pytest.mark.requirement("COR-5")
def test_a_customers_receipt_with_another_state_than_the_fold_is_found(forger: Forger, at: At) -> None:
    receipt = at("order.confirm")[0] + 1
    assert found(forger.forge((receipt, setting("body/state", "open")))) == [(receipt, "other-state")]


@pytest.mark.requirement("SEQ-8", "SEQ-26")
def test_a_withdrawal_that_a_vendor_refuses_counts_and_is_found(forger: Forger, at: At) -> None:
    first, second = (number + 1 for number in at("consent.withdraw"))
    forged = forger.forge((first, refusing(Stale())))
    assert found(forged) == [(first, "other-outcome")]
    (plain,) = (one for one in examine(forged).relationships if "plain" in one.vendor)
    states = {thread.state for thread in plain.history.threads.values() if thread.family == "consent"}
    assert states == {"withdrawn"}
    assert found(forger.forge((second, refusing(Stale())))) == [(second, "other-outcome")]


def test_a_refusal_for_another_reason_than_the_rules_say_is_found(forger: Forger, at: At) -> None:
    receipt = at("intent.amend")[1] + 1
    forged = forger.forge((receipt, setting("body/problem", Stale().as_dict())))
    assert found(forged) == [(receipt, "other-problem")]


@pytest.mark.requirement("SEQ-28")
def test_a_message_that_is_accepted_against_the_rules_is_void_and_found(forger: Forger, at: At) -> None:
    receipt = at("intent.amend")[1] + 1

    def accept(document: Document) -> None:
        document["body"] = {"of": document["body"]["of"], "outcome": "accepted", "state": "fulfilling"}

    forged = forger.forge((receipt, accept))
    assert found(forged) == [(receipt, "other-outcome")]
    (plain,) = (one for one in examine(forged).relationships if "plain" in one.vendor)
    (wish,) = (thread for thread in plain.history.threads.values() if thread.family == "intent")
    assert wish.entries[-1].outcome == "void"


def test_a_message_that_is_refused_against_the_rules_is_found(forger: Forger, at: At) -> None:
    receipt = at("order.disclose")[0] + 1
    assert found(forger.forge((receipt, refusing(Stale()))))[0] == (receipt, "other-outcome")


@pytest.mark.requirement("SEQ-25")
def test_a_message_that_was_accepted_when_it_had_expired_is_found(forger: Forger, at: At) -> None:
    (disclosed,) = at("order.disclose")
    assert (disclosed + 1, "other-outcome") in found(forger.forge((disclosed, setting("expires", NOON))))


@pytest.mark.requirement("COR-1")
def test_a_second_receipt_for_one_message_is_found(forger: Forger, at: At) -> None:
    last = len(forger.evidence.messages)
    again = forger.document(last, id=OTHER_ID, prior=forger.evidence.messages[last - 1].digest)
    again["number"] += 1
    assert found(forger.forge(add={last: again})) == [(last, "answered-twice")]


@pytest.mark.requirement("COR-1")
def test_a_second_receipt_of_the_customers_is_found(forger: Forger, at: At) -> None:
    receipt = at("order.confirm")[0] + 1
    assert found(forger.forge(add={receipt: forger.document(receipt, id=OTHER_ID)})) == [(receipt, "answered-twice")]


def test_the_same_message_twice_and_an_id_of_the_customers_twice_are_found(forger: Forger) -> None:
    assert found(forger.forge(add={1: forger.document(1)})) == [(1, "duplicate")]
    other = forger.document(1, created="2026-07-01T12:00:00.001Z")
    assert (1, "conflict") in found(forger.forge(add={1: other}))


@pytest.mark.requirement("EVD-3")
def test_a_message_of_the_customers_without_its_receipt_is_found(forger: Forger) -> None:
    last = len(forger.evidence.messages)
    pending = forger.document(last - 1, id=OTHER_ID)
    assert found(forger.forge(add={last: pending})) == [(last, "unanswered")]


@pytest.mark.requirement("COR-7")
def test_a_receipt_that_answers_what_is_not_for_it_is_found(forger: Forger, at: At) -> None:
    granted = at("consent.grant")[0]
    elsewhere = forger.document(at("terms.proffer", "plain")[0])["thread"]
    assert (granted + 1, "answers-nothing") in found(forger.forge((granted + 1, setting("thread", elsewhere))))
    receipt = at("order.confirm")[0] + 1
    of_receipt = str(forger.evidence.messages[at("offer.accept")[0]].digest)
    assert found(forger.forge((receipt, setting("body/of", of_receipt)))) == [(receipt, "answers-nothing")]


@pytest.mark.requirement("EVD-7")
def test_what_a_receipt_answers_must_be_there(forger: Forger, at: At) -> None:
    granted = at("consent.grant")[0] + 1
    forged = forger.forge((granted, setting("body/of", "zQm" + "2" * 44)))
    assert {code for _, code in found(forged)} == {"unanswered"}  # and the cause is named, not the consequence
    (plain,) = (one for one in examine(forged).relationships if "plain" in one.vendor)
    assert [gap.member for gap in plain.completeness.hard] == ["/body/of"]


def test_a_collect_is_no_evidence(forger: Forger) -> None:
    collect = forger.document(1, type="mailbox.collect", id=OTHER_ID, thread=OTHER_ID, body={"limit": 1})
    collect = {name: value for name, value in collect.items() if name != "expires"}
    assert found(forger.forge(add={1: collect})) == [(1, "no-entry")]


def test_a_message_between_two_customers_is_no_evidence(forger: Forger) -> None:
    forged = forger.forge(add={1: forger.document(1, id=OTHER_ID, thread=OTHER_ID, to=forger.document(1)["from"])})
    findings = examine(forged)
    assert [each.code for each in findings.loose] == ["malformed"]
    assert all(one.ok for one in findings.relationships), "it belongs to none, and spoils none"
    assert not findings.ok


@pytest.mark.requirement("SEQ-10", "RCV-15")
def test_a_void_message_with_a_signed_refusal_keeps_its_place_and_holds(forger: Forger, at: At) -> None:
    (made,) = at("offer.make", "picky")

    def dearer(document: Document) -> None:
        document["body"]["total"]["amount"] = "1.00"

    assert found(forger.forge((made, dearer))) == [(made + 1, "other-outcome")]
    refused = refusing(WrongTotal(rule="OFR-1", pointer="/body/total"))
    findings = examine(forger.forge((made, dearer), (made + 1, refused)))
    assert {each.code for each in findings.findings} == {"other-fold"}
    assert findings.counts["void"] == 1


@pytest.mark.requirement("RCV-6")
def test_an_id_that_a_vendor_uses_twice_is_a_void_word_in_its_place(forger: Forger, at: At) -> None:
    (confirm,) = at("order.confirm")
    first = forger.document(at("offer.make", "plain")[0])["id"]
    forged = forger.forge((confirm, setting("id", first)))
    assert (confirm + 1, "other-outcome") in found(forged)
    (plain,) = (one for one in examine(forged).relationships if "plain" in one.vendor)
    assert plain.completeness.whole


def test_a_receipt_of_a_wrong_form_keeps_its_number_and_is_found(forger: Forger, at: At) -> None:
    last = len(forger.evidence.messages)
    bad = forger.document(last, id=OTHER_ID, prior=forger.evidence.messages[last - 1].digest, body={"of": 1})
    bad["number"] += 1
    forged = forger.forge(add={last: bad})
    assert found(forged) == [(last, "malformed")]
    assert all(one.completeness.whole for one in examine(forged).relationships)


# DID documents and folds


def codes(evidence: Evidence) -> dict[str, str]:
    return {each.name: each.code for each in examine(evidence).findings}


def test_a_vendor_without_a_did_document_is_named_once(evidence: Evidence) -> None:
    found = examine(replace(evidence, dids=[each for each in evidence.dids if "plain" in each.name]))
    assert [each.code for each in found.findings] == ["no-document"]
    assert "did:web:picky.example" in found.findings[0].why
    assert {one.vendor: one.ok for one in found.relationships} == {
        "did:web:picky.example": False,
        "did:web:plain.example": True,
    }


def test_did_documents_that_are_none_are_named_and_spoil_their_vendors_evidence_alone(evidence: Evidence) -> None:
    first, second = sorted(evidence.dids, key=lambda each: each.name)
    first = replace(first, stated={"id": "did:web:picky.example"})
    for raw, code in (
        (b"{", "not-json"), (b"[]", "not-json"), (b"{}", "malformed"), (b" " * 70_000, "too-large"),
        (first.raw.replace(b"z6Mk", b"z6MK"), "weak-key"), (second.raw, "not-as-stated"),
    ):  # fmt: skip
        forged = replace(evidence, dids=[replace(first, raw=raw, digest=None), second])
        assert codes(forged) == {first.name: code}
        assert [one.vendor for one in examine(forged).relationships if one.ok] == ["did:web:plain.example"]
    again = Exhibit("again", first.raw)
    assert codes(replace(evidence, dids=[first, second, again])) == {"again": "duplicate"}


def test_a_key_that_is_not_the_one_pinned_proves_nothing(evidence: Evidence) -> None:
    first, second = evidence.dids
    public = orjson.loads(second.raw)["verificationMethod"][0]["publicKeyMultibase"]
    document = orjson.loads(first.raw)
    document["verificationMethod"][0]["publicKeyMultibase"] = public
    other = replace(evidence, dids=[Exhibit(first.name, trust.canonicalize(document)), second])
    assert set(codes(other).values()) == {"bad-signature"}


def test_stated_records_that_are_not_the_computed_ones_are_named_with_the_first_difference(evidence: Evidence) -> None:
    second, first = sorted(evidence.folds, key=lambda each: b"consent" in each.raw)
    said = orjson.loads(first.raw)
    thread, record = next((id_, each) for id_, each in said["records"].items() if each["record"] == "consent")
    record["items"][0]["state"] = "given"
    forged = replace(evidence, folds=[Exhibit(first.name, trust.canonicalize(said)), second])
    (finding,) = examine(forged).findings
    where = f"/records/{thread}/items/0/state"
    assert finding == Finding(first.name, "other-fold", finding.why, where)
    record["items"].pop()
    forged = replace(evidence, folds=[Exhibit(first.name, trust.canonicalize(said)), second])
    assert examine(forged).findings[0].pointer == f"/records/{thread}/items/0"
    del said["records"][thread]
    forged = replace(evidence, folds=[Exhibit(first.name, trust.canonicalize(said)), second])
    assert examine(forged).findings[0].pointer == f"/records/{thread}"


def test_records_of_nobody_twice_or_not_at_all_are_named(evidence: Evidence) -> None:
    first, second = evidence.folds
    assert set(codes(replace(evidence, folds=[first])).values()) == {"missing"}
    assert codes(replace(evidence, folds=[first, second, replace(first, name="again")])) == {"again": "duplicate"}
    nobody = Exhibit("nobody", b'{"customer":"x","records":{},"vendor":"y"}')
    assert codes(replace(evidence, folds=[first, second, nobody])) == {"nobody": "answers-nothing"}
    spaced = replace(first, raw=first.raw + b"\n", digest=None)
    assert codes(replace(evidence, folds=[spaced, second]))[first.name] == "not-canonical"


def test_the_records_are_those_that_both_sides_compute(evidence: Evidence, dialogues: tuple[Dialogue, ...]) -> None:
    found = {pair: records_of(history) for pair, history in examine(evidence).histories.items()}
    assert found == {one.pair: records_of(one.history) for one in dialogues}
