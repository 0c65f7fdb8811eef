"""Evidence: a conversation holds as it was, and nothing of it can be changed without being named."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversation import read_evidence, write_evidence
from opencmr import trust
from opencmr.errors import StaleHead, StoreError, UsageError, WrongTotal
from opencmr.protocol.evidence import Evidence, Exhibit, Finding, check, check_message, records_of
from opencmr.roles.export import export
from opencmr.store import KeyFile, Store
from world import World, quick_folder, settle_down

Document = dict[str, Any]
Change = Callable[[Document], None]
QUIETLY = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("evidence")
    asyncio.run(write_evidence(where))
    return where


@pytest.fixture(scope="module")
def evidence(folder: Path) -> Evidence:
    return read_evidence(folder / "evidence")


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, tuple[trust.SigningKey, str]]:
    """Everybody's keys: DID → key and key URL."""
    found = {}
    for name in ("alice", "plain", "picky"):
        file = KeyFile(folder / f"{name}.keys")
        for url in file.names():
            did = url.partition("#")[0]
            found[did] = (file.get(url), trust.key_url(did) if did.startswith("did:key:") else url)
    return found


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
    findings = check(evidence)
    assert findings.ok, findings.findings
    assert findings.step == 5
    assert findings.counts == {
        "messages": 20, "receipts": 20, "relationships": 2, "threads": 5, "accepted": 17, "moot": 1, "refused": 2,
    }  # fmt: skip


def test_random_conversations_over_a_wire_that_misbehaves_hold() -> None:
    async def play(seed: int) -> list[Evidence]:
        with quick_folder() as where:
            world = World(where, random.Random(seed))
            for name in ("shop0", "shop1"):
                world.open_vendor(name)
            customers = ("anna", "ben")
            for name in customers:
                customer = world.open_customer(name)
                for vendor in world.vendors.values():
                    await customer.meet(vendor.did)
            relationships = [one for customer in world.customers.values() for one in customer.relationships()]
            await asyncio.gather(*(world.play(one, 12) for one in relationships))
            await settle_down(world)
            await world.close()
            for name in customers:
                export(where / name, where / f"{name}.db")
            return [read_evidence(where / name) for name in customers]

    for seed in range(3):
        for evidence in asyncio.run(play(seed)):
            findings = check(evidence)
            assert findings.ok, (seed, findings.findings)


@pytest.mark.requirement("EVD-5")
@pytest.mark.parametrize("restated", [False, True], ids=["digest-kept", "digest-restated"])
def test_a_changed_byte_of_any_message_is_found_and_the_message_named(evidence: Evidence, restated: bool) -> None:
    for which, exhibit in enumerate(evidence.messages):
        for where in (0, len(exhibit.raw) // 3, len(exhibit.raw) * 2 // 3, len(exhibit.raw) - 1):
            findings = check(flipped(evidence, which, where, 1, restated=restated))
            assert {each.name for each in findings.findings} == {exhibit.name}, (exhibit.name, where)


@QUIETLY
@given(data=st.data())
def test_a_byte_drawn_from_anywhere_is_found(evidence: Evidence, data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(evidence.messages) - 1))
    where = data.draw(st.integers(0, len(evidence.messages[which].raw) - 1))
    mask = data.draw(st.integers(1, 255))
    findings = check(flipped(evidence, which, where, mask, restated=data.draw(st.booleans())))
    assert {each.name for each in findings.findings} == {evidence.messages[which].name}


def test_every_single_byte_of_a_message_counts_even_where_its_digest_is_restated(evidence: Evidence) -> None:
    exhibit = min(evidence.messages, key=lambda each: len(each.raw))
    for where in range(len(exhibit.raw)):
        raw = bytearray(exhibit.raw)
        raw[where] ^= 1
        message, findings = check_message(Exhibit("it", bytes(raw)), evidence.dids)
        assert message is None, where
        assert {each.name for each in findings} == {"it"}, where


@pytest.mark.requirement("EVD-3", "EVD-5")
def test_a_message_that_is_taken_out_is_missed_even_where_all_is_numbered_anew(evidence: Evidence) -> None:
    for which, gone in enumerate(evidence.messages):
        rest = [each for position, each in enumerate(evidence.messages) if position != which]
        findings = check(with_messages(evidence, rest)).findings
        if "receipt" in gone.name:
            answered = orjson.loads(gone.raw)["body"]["of"]
            names = {each.name for each in evidence.messages if each.digest == answered}
            assert names <= {each.name for each in findings if each.code == "unanswered"}
        else:
            assert any(each.code == "missing" and str(gone.digest) in each.why for each in findings), gone.name


@pytest.mark.requirement("EVD-4", "EVD-5")
@pytest.mark.parametrize("restated", [False, True], ids=["contents", "with-manifest"])
def test_two_neighbours_swapped_are_named(evidence: Evidence, restated: bool) -> None:
    for one in range(len(evidence.messages) - 1):
        findings = check(swapped(evidence, one, one + 1, restated=restated))
        pair = {evidence.messages[one].name, evidence.messages[one + 1].name}
        named = {each.name for each in findings.findings}
        assert named == pair if not restated else len(named) == 1 and named <= pair, pair
        assert findings.step == (3 if restated else 1)


@QUIETLY
@given(data=st.data())
def test_any_two_swapped_are_named(evidence: Evidence, data: st.DataObject) -> None:
    last = len(evidence.messages) - 1
    one, other = sorted(data.draw(st.lists(st.integers(0, last), min_size=2, max_size=2, unique=True)))
    restated = data.draw(st.booleans())
    named = {each.name for each in check(swapped(evidence, one, other, restated=restated)).findings}
    pair = {evidence.messages[one].name, evidence.messages[other].name}
    assert named & pair if other - one <= 2 else named >= pair or len(named & pair) == 2
    assert restated or named == pair


def test_where_contents_are_swapped_it_says_whose_bytes_they_are(evidence: Evidence) -> None:
    first, second = check(swapped(evidence, 2, 10, restated=False)).findings
    assert evidence.messages[10].name in first.why
    assert evidence.messages[2].name in second.why


class Forger:
    """Has everybody's keys: changes messages, and signs anew all that rests on them."""

    def __init__(self, evidence: Evidence, keys: dict[str, tuple[trust.SigningKey, str]]) -> None:
        self.evidence = evidence
        self.keys = keys

    def sign(self, document: Document) -> bytes:
        unsigned = {name: value for name, value in document.items() if name != "proof"}
        return trust.sign(unsigned, *self.keys[document["from"]])

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
def forger(evidence: Evidence, keys: dict[str, tuple[trust.SigningKey, str]]) -> Forger:
    return Forger(evidence, keys)


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


def found(evidence: Evidence) -> list[tuple[int, str]]:
    """The number and the code of each finding."""
    return [(int(each.name.split("/")[1][:4]), each.code) for each in check(evidence).findings]


def test_signing_all_anew_changes_nothing(forger: Forger) -> None:
    assert found(forger.forge()) == []


@pytest.mark.requirement("SEQ-3")
def test_a_vendor_that_dates_two_at_one_instant_is_found(forger: Forger, at: At) -> None:
    accept = at("terms.accept")[0]
    same = forger.document(accept - 1)["created"]
    assert found(forger.forge((accept, setting("created", same)))) == [(accept, "same-instant")]


@pytest.mark.requirement("SEQ-1")
def test_a_fork_is_found(forger: Forger, at: At) -> None:
    (confirm,) = at("order.confirm")
    (accept,) = at("offer.accept")
    offered = forger.document(accept)["inReplyTo"]
    assert found(forger.forge((confirm, setting("inReplyTo", offered)))) == [(confirm, "fork")]


@pytest.mark.requirement("SEQ-2")
def test_a_receipt_that_gives_another_place_is_found(forger: Forger, at: At) -> None:
    granted = at("consent.grant")[0] + 1
    elsewhere = str(forger.evidence.messages[at("terms.proffer", "picky")[0] - 1].digest)
    assert found(forger.forge((granted, setting("body/previous", elsewhere)))) == [(granted, "missing")]

    def first(document: Document) -> None:
        del document["body"]["previous"]

    assert found(forger.forge((granted, first))) == [(granted, "fork")]


@pytest.mark.requirement("COR-5", "SEQ-12")
def test_a_receipt_with_another_state_than_the_fold_is_found(forger: Forger, at: At) -> None:
    receipt = at("offer.accept")[0] + 1
    assert found(forger.forge((receipt, setting("body/state", "open")))) == [(receipt, "other-state")]


@pytest.mark.requirement("SEQ-8")
def test_a_withdrawal_that_a_vendor_refuses_is_found(forger: Forger, at: At) -> None:
    receipt = at("consent.withdraw")[0] + 1
    of = forger.document(receipt)["body"]["of"]
    body = {"of": of, "outcome": "refused", "problem": StaleHead().as_dict()}

    def refuse(document: Document) -> None:
        document["body"] = {**body, "of": document["body"]["of"]}

    assert found(forger.forge((receipt, refuse))) == [(receipt, "other-outcome")]


def test_a_refusal_for_another_reason_than_the_rules_say_is_found(forger: Forger, at: At) -> None:
    receipt = at("intent.amend")[1] + 1
    forged = forger.forge((receipt, setting("body/problem", StaleHead().as_dict())))
    assert found(forged) == [(receipt, "other-problem")]


def test_a_refused_message_that_is_said_to_be_accepted_is_found(forger: Forger, at: At) -> None:
    receipt = at("intent.amend")[1] + 1
    head = forger.evidence.messages[at("order.fulfil")[0] - 1].digest

    def accept(document: Document) -> None:
        document["body"] = {"of": document["body"]["of"], "outcome": "accepted", "state": "open", "previous": head}

    # The head is signed anew without a change, and Ed25519 is deterministic: its digest stays.
    assert found(forger.forge((receipt, accept))) == [(receipt, "other-outcome")]


@pytest.mark.requirement("SEQ-11", "COR-6")
def test_a_receipt_dated_long_before_its_message_is_found(forger: Forger) -> None:
    late = "2026-07-01T13:00:00.000Z"
    assert (2, "too-early") in found(forger.forge((1, setting("created", late))))


@pytest.mark.requirement("COR-4")
def test_a_customers_receipt_that_gives_a_place_is_found(forger: Forger, at: At) -> None:
    receipt = at("terms.accept")[0] + 1
    forged = forger.forge((receipt, setting("body/previous", str(forger.evidence.messages[0].digest))))
    assert found(forged) == [(receipt, "malformed")]


@pytest.mark.requirement("COR-1")
def test_a_second_receipt_for_one_message_is_found(forger: Forger) -> None:
    forged = forger.forge(add={2: forger.document(2, id=OTHER_ID)})
    assert found(forged) == [(2, "answered-twice")]


def test_the_same_message_twice_and_an_id_twice_are_found(forger: Forger) -> None:
    assert found(forger.forge(add={1: forger.document(1)})) == [(1, "duplicate")]
    other = forger.document(1, created="2026-07-01T12:00:00.001Z")
    assert (1, "conflict") in found(forger.forge(add={1: other}))


@pytest.mark.requirement("COR-7")
def test_a_receipt_that_answers_what_is_not_for_it_is_found(forger: Forger, at: At) -> None:
    thread = forger.document(at("consent.grant")[0])["thread"]
    assert (2, "answers-nothing") in found(forger.forge((2, setting("thread", thread))))
    receipt = at("terms.accept")[0] + 1
    of_receipt = str(forger.evidence.messages[1].digest)
    assert (receipt, "answers-nothing") in found(forger.forge((receipt, setting("body/of", of_receipt))))
    elsewhere = "zQm" + "2" * 44
    assert (2, "missing") in found(forger.forge((2, setting("body/of", elsewhere))))


def test_a_collect_is_no_evidence(forger: Forger) -> None:
    collect = forger.document(1, type="mailbox.collect", id=OTHER_ID, thread=OTHER_ID, body={"limit": 1})
    assert found(forger.forge(add={1: collect})) == [(1, "no-entry")]


def test_a_message_between_two_customers_is_no_evidence(forger: Forger) -> None:
    forged = forger.forge(add={1: forger.document(1, id=OTHER_ID, thread=OTHER_ID, to=forger.document(1)["from"])})
    assert found(forged) == [(1, "malformed")]


@pytest.mark.requirement("SEQ-10", "RCV-15")
def test_a_void_message_with_a_signed_refusal_keeps_its_place_and_holds(forger: Forger, at: At) -> None:
    (made,) = at("offer.make", "picky")

    def dearer(document: Document) -> None:
        document["body"]["total"]["amount"] = "1.00"

    def refuse(document: Document) -> None:
        problem = WrongTotal(rule="OFR-1", pointer="/body/total").as_dict()
        document["body"] = {"of": document["body"]["of"], "outcome": "refused", "problem": problem}

    assert found(forger.forge((made, dearer))) == [(made + 1, "other-outcome")]
    forged = forger.forge((made, dearer), (made + 1, refuse))
    findings = check(forged)
    assert findings.step == 5
    assert {each.code for each in findings.findings} <= {"other-fold"}
    assert findings.counts["void"] == 1
    folds = [
        Exhibit(f"folds/{vendor}", trust.write({"customer": me, "vendor": vendor, "records": records_of(history)}))
        for (me, vendor), history in findings.histories.items()
    ]
    assert check(replace(forged, folds=folds)).ok


# DID documents and folds


def codes(evidence: Evidence) -> dict[str, str]:
    return {each.name: each.code for each in check(evidence).findings}


def test_a_vendor_without_a_did_document_is_named_once(evidence: Evidence) -> None:
    findings = check(replace(evidence, dids=[each for each in evidence.dids if "plain" in each.name])).findings
    assert [each.code for each in findings] == ["no-document"]
    assert "did:web:picky.example" in findings[0].why


def test_did_documents_that_are_none_are_named(evidence: Evidence) -> None:
    first, second = evidence.dids
    for raw, code in (
        (b"{", "not-json"), (b"[]", "not-json"), (b"{}", "malformed"), (b" " * 70_000, "too-large"),
        (first.raw.replace(b"z6Mk", b"z6MK"), "weak-key"), (second.raw, "not-as-stated"),
    ):  # fmt: skip
        assert codes(replace(evidence, dids=[replace(first, raw=raw, digest=None), second]))[first.name] == code
    again = Exhibit("again", first.raw)
    assert codes(replace(evidence, dids=[first, second, again])) == {"again": "duplicate"}


def test_a_key_that_is_not_the_one_pinned_proves_nothing(evidence: Evidence) -> None:
    first, second = evidence.dids
    public = orjson.loads(second.raw)["verificationMethod"][0]["publicKeyMultibase"]
    document = orjson.loads(first.raw)
    document["verificationMethod"][0]["publicKeyMultibase"] = public
    other = replace(evidence, dids=[Exhibit(first.name, trust.write(document)), second])
    assert set(codes(other).values()) == {"bad-signature"}


def test_stated_records_that_are_not_the_computed_ones_are_named_with_the_first_difference(evidence: Evidence) -> None:
    first, second = evidence.folds
    said = orjson.loads(first.raw)
    thread, record = next((id_, each) for id_, each in said["records"].items() if each["record"] == "consent")
    record["items"][0]["state"] = "given"
    forged = replace(evidence, folds=[Exhibit(first.name, trust.write(said)), second])
    (finding,) = check(forged).findings
    where = f"/records/{thread}/items/0/state"
    assert finding == Finding(first.name, "other-fold", finding.why, where)
    record["items"].pop()
    forged = replace(evidence, folds=[Exhibit(first.name, trust.write(said)), second])
    assert check(forged).findings[0].pointer in (f"/records/{thread}/items/0/state", f"/records/{thread}/items/1")
    del said["records"][thread]
    forged = replace(evidence, folds=[Exhibit(first.name, trust.write(said)), second])
    assert check(forged).findings[0].pointer == f"/records/{thread}"


def test_records_of_nobody_twice_or_not_at_all_are_named(evidence: Evidence) -> None:
    first, second = evidence.folds
    assert set(codes(replace(evidence, folds=[first])).values()) == {"missing"}
    assert codes(replace(evidence, folds=[first, second, replace(first, name="again")])) == {"again": "duplicate"}
    nobody = Exhibit("nobody", b'{"customer":"x","records":{},"vendor":"y"}')
    assert codes(replace(evidence, folds=[first, second, nobody])) == {"nobody": "answers-nothing"}
    spaced = replace(first, raw=first.raw + b"\n", digest=None)
    assert codes(replace(evidence, folds=[spaced, second])) == {first.name: "not-canonical"}


# Export


def test_what_has_not_been_answered_is_left_out_and_the_rest_holds(tmp_path: Path, folder: Path) -> None:
    with Store(folder / "alice.db") as store:
        first = export(tmp_path / "one", store)
        again = export(tmp_path / "one", store)
    assert first == again, "the same store makes the same bytes"
    assert sorted(first.numbers.values()) == list(range(1, 41))
    assert check(read_evidence(tmp_path / "one")).ok


def test_only_a_customers_store_with_something_decided_is_exported(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UsageError):
        export(tmp_path, folder / "plain.db")
    with pytest.raises(StoreError):
        export(tmp_path, tmp_path / "nothing.db")
    Store(tmp_path / "empty.db").close()
    with pytest.raises(UsageError):
        export(tmp_path, tmp_path / "empty.db")
