"""Evidence that hides something, is dated wrongly, or is spoilt by a vendor: what is found, and what is told.

The successors of the attacks that evidence did not stand up to: 13 (evidence that hides), 30 (a fork voids a withdrawal
that was receipted) and 31 (one vendor spoils the evidence against another).
"""

import random
from dataclasses import replace

import orjson
import pytest

from dialogue import (
    ACCEPT,
    CAST,
    GRANT,
    NEWS,
    OTHER,
    PROFFER,
    REQUEST,
    SHOP,
    Dialogue,
    at_random,
    exhibits,
    is_no,
    number_of,
    put_forward,
)  # fmt: skip
from opencmr import trust
from opencmr.errors import Stale
from opencmr.messages import consent, terms
from opencmr.protocol import Question
from opencmr.protocol.evidence import Evidence, Exhibit, Judgement, examine

MARKETING = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")


def judged(evidence: Evidence, vendor: str = SHOP) -> Judgement:
    (one,) = (one for one in examine(evidence).relationships if one.vendor == vendor)
    return one


def codes(one: Judgement) -> set[str]:
    return {each.code for each in one.findings}


def a_year() -> tuple[Dialogue, dict[str, str]]:
    """An open proffer; terms agreed and ended; a consent given and withdrawn; and, most of a year later, another."""
    one = Dialogue()
    threads = {"open": one.say(terms.Proffer(choices=PROFFER.choices, answer_by="2027-07-01T00:00:00.000Z"))}
    threads["terms"] = one.say(terms.Proffer(choices=PROFFER.choices))
    one.tell(ACCEPT, threads["terms"])
    threads["consent"] = one.say(GRANT)
    one.later(days=1)
    one.say(consent.Withdraw(), threads["consent"])
    one.later(days=1)
    one.say(terms.Terminate(), threads["terms"])
    one.later(days=330)
    threads["later"] = one.say(consent.Grant(items=[NEWS], until="2028-01-01T00:00:00.000Z", statement="Again."))
    one.say(CAST)
    return one, threads


# 13: evidence that hides


@pytest.mark.requirement("EVD-7")
def test_13_a_hidden_withdrawal_is_found_wherever_a_later_word_is_there() -> None:
    one, _ = a_year()
    (said,) = (raw for raw in one.ordered() if orjson.loads(raw)["type"] == "consent.withdraw")
    of = trust.digest(said)
    hidden = [raw for raw in one.ordered() if raw != said and orjson.loads(raw)["body"].get("of") != of]
    found = judged(put_forward(one, raws=hidden))
    assert codes(found) == {"missing"}
    (gap,) = found.completeness.hard
    (receipt,) = (raw for raw in one.ordered() if orjson.loads(raw)["body"].get("of") == of)
    assert gap.numbers == (number_of(receipt), number_of(receipt))
    assert gap.digest == trust.digest(receipt)
    assert not found.completeness.whole


@pytest.mark.requirement("EVD-7")
def test_13_a_hidden_thread_is_found_wherever_a_later_word_is_there() -> None:
    one, threads = a_year()
    hidden = [raw for raw in one.ordered() if orjson.loads(raw)["thread"] != threads["terms"]]
    found = judged(put_forward(one, raws=hidden))
    assert codes(found) == {"missing"}
    gone = {number_of(raw) for raw in one.raws if orjson.loads(raw)["thread"] == threads["terms"]} - {None}
    told = {n for gap in found.completeness.hard if gap.numbers for n in range(gap.numbers[0], gap.numbers[1] + 1)}
    assert told == gone


def test_13_what_is_hidden_at_the_end_cannot_be_known_and_that_is_said() -> None:
    one, _ = a_year()
    raws = one.ordered()
    found = judged(put_forward(one, raws=raws[:-2]))
    assert found.ok
    assert found.completeness.last == one.history.chain.next - 2
    assert {each.code for each in found.unknown} == {"end", "unanswered", "keys"}
    assert str(found.completeness.last) in next(each.what for each in found.unknown if each.code == "end")


@pytest.mark.requirement("EVD-7")
def test_13_a_receipt_that_is_signed_anew_with_another_date_is_found() -> None:
    one, _ = a_year()
    raws = one.ordered()
    withdrawn = next(n for n, raw in enumerate(raws) if orjson.loads(raw)["type"] == "consent.withdraw") + 1
    document = {**orjson.loads(raws[withdrawn]), "created": "2027-01-02T00:00:00.000Z"}
    document.pop("proof")
    raws[withdrawn] = one.sign("vendor", document)
    found = judged(put_forward(one, raws=raws))
    assert codes(found) == {"missing"}
    assert "another number" in found.findings[0].why


def test_13_a_receipt_that_was_dated_far_ahead_is_told_as_disputed_with_both_readings() -> None:
    one = Dialogue()
    thread = one.say(GRANT)
    said = one.write(consent.Withdraw(), thread)
    one.answer(said, at="2027-01-02T00:00:00.000Z")
    one.say(CAST)
    found = judged(put_forward(one))
    assert found.ok, found.findings
    (disputed,) = found.completeness.contradictions
    assert disputed.says == "2027-01-02T00:00:00.000Z"
    assert disputed.dated == orjson.loads(one.raws[-2])["created"]
    assert disputed.later.endswith("intent.cast.json")
    last = one.history.chain.times()[-1]
    assert last < "2026-07-02", "the next right word is right again"
    assert found.completeness.at == last


@pytest.mark.requirement("SEQ-22")
def test_13_an_acceptance_that_is_dated_back_moves_nothing_that_was_acknowledged() -> None:
    one, threads = a_year()
    acknowledged = one.history.chain.times()[one.history.chain.acknowledged - 1]
    before = {day: one.history.may(MARKETING, f"2026-{day}T00:00:00.000Z") for day in ("08-01", "12-01")}
    one.tell(ACCEPT, threads["open"], at="2026-08-01T00:00:00.000Z")
    one.say(CAST)
    found = judged(put_forward(one))
    thread = found.history.threads[threads["open"]]
    assert thread.entries[-1].at >= acknowledged
    assert {day: found.history.may(MARKETING, f"2026-{day}T00:00:00.000Z") for day in before} == before
    assert found.ok, found.findings


def test_13_a_vendor_made_up_is_as_good_as_its_keys_and_that_is_said() -> None:
    one, _ = a_year()
    evidence = put_forward(one)
    assert "keys" in {each.code for each in judged(evidence).unknown}
    trusted = replace(evidence, given=frozenset([SHOP]))
    assert "keys" not in {each.code for each in judged(trusted).unknown}


# 30: a withdrawal that was receipted, and a place that is no place


@pytest.mark.requirement("EVD-8", "SEQ-29", "SEQ-30")
def test_30_a_split_is_told_with_both_words_and_spoils_nothing() -> None:
    one = Dialogue()
    thread = one.say(GRANT)
    fork = one.history.copy()
    said = one.write(consent.Withdraw(), thread)
    one.answer(said)
    one.history, kept = fork, one.history  # the vendor was restored, or says that there was no withdrawal
    one.say(CAST, seen=None, prior=None)
    one.history, one.seen = kept, kept.chain.tip
    one.say(CAST)
    found = judged(put_forward(one))
    assert found.ok, found.findings
    (split,) = found.completeness.splits
    names = {
        f"messages/{n:04}-receipt.json" for n, raw in enumerate(one.ordered(), 1) if number_of(raw) == split.number
    }
    assert {split.one, split.other} == names
    assert found.completeness.strays == 1
    assert found.history.threads[thread].state == "withdrawn"


@pytest.mark.requirement("SEQ-30")
def test_30_a_no_that_is_answered_off_the_chain_alone_denies_all_the_same_and_is_told() -> None:
    one = Dialogue()
    thread = one.say(GRANT)
    fork = one.history.copy()
    said = one.write(consent.Withdraw(), thread)
    one.say(CAST)
    chain, one.history = one.history, fork
    one.answer(said)
    one.history, one.seen = chain, chain.chain.tip
    found = judged(put_forward(one))
    assert found.ok, found.findings
    assert found.completeness.noes == ("messages/0005-consent.withdraw.json",)
    assert found.history.threads[thread].state == "given", "records are of the chain"
    assert not found.history.may(MARKETING, one.now, now=True)


@pytest.mark.requirement("EVD-7")
def test_30_a_word_that_goes_on_from_nothing_is_missing_its_predecessor() -> None:
    one = Dialogue()
    thread = one.say(GRANT)
    raw = one.write(consent.Withdraw(), thread)
    one.answer(raw, {"outcome": "accepted", "state": "withdrawn"}, prior=trust.digest(b"nothing"))
    assert codes(judged(put_forward(one))) == {"missing"}


@pytest.mark.requirement("EVD-7")
def test_30_a_word_that_names_another_than_the_one_before_is_found() -> None:
    one = Dialogue()
    thread = one.say(GRANT)
    first = one.history.chain.tip
    one.say(CAST)
    raw = one.write(consent.Withdraw(), thread)
    one.answer(raw, {"outcome": "accepted", "state": "withdrawn"}, prior=first)
    assert codes(judged(put_forward(one))) == {"wrong-prior"}


# 31: one vendor spoils the evidence against another


def two_vendors() -> tuple[Dialogue, Dialogue]:
    bad, good = Dialogue(SHOP, key=1), Dialogue(OTHER, key=2)
    for one in (bad, good):
        agreed = one.say(PROFFER)
        one.tell(ACCEPT, agreed)
        one.say(consent.Withdraw(), one.say(GRANT))
    return bad, good


def spoilt(evidence: Evidence, raw: bytes) -> Evidence:
    return replace(evidence, messages=[*evidence.messages, *(replace(each, name="extra") for each in exhibits([raw]))])


@pytest.mark.requirement("EVD-5", "EVD-11")
@pytest.mark.parametrize("how", ["no predecessor", "unsigned", "no message", "a duplicate", "a false refusal"])
def test_31_what_one_vendor_says_spoils_no_evidence_about_another(how: str) -> None:
    bad, good = two_vendors()
    if how == "a false refusal":
        bad.answer(bad.write(CAST), {"outcome": "refused", "problem": Stale().as_dict()})
        evidence = put_forward(bad, good)
    else:
        document = bad.document("vendor", REQUEST, None, number=99, prior=trust.digest(b"never"))
        raw = bad.sign("vendor", document)
        if how == "unsigned":
            raw = raw.replace(b'"number":99', b'"number":98')
        elif how == "no message":
            raw = trust.canonicalize({"from": bad.vendor_did, "to": bad.customer_did, "type": "receipt"})
        elif how == "a duplicate":
            raw = bad.raws[-1]
        evidence = spoilt(put_forward(bad, good), raw)
    assert not examine(evidence).ok
    assert examine(evidence).loose == ()
    assert not judged(evidence, SHOP).ok
    assert judged(evidence, OTHER).ok, judged(evidence, OTHER).findings
    assert judged(evidence, OTHER).step == 5


def test_31_bytes_that_belong_to_nobody_spoil_no_relationship() -> None:
    evidence = put_forward(*two_vendors())
    evidence = replace(evidence, messages=[*evidence.messages, Exhibit("messages/x.json", b"\xff")])
    found = examine(evidence)
    assert [each.name for each in found.loose] == ["messages/x.json"]
    assert all(one.ok for one in found.relationships)
    assert not found.ok


def test_31_a_file_that_cannot_be_read_is_held_against_the_relationship_that_names_it() -> None:
    bad, good = two_vendors()
    evidence = put_forward(bad, good)
    gone = next(n for n, each in enumerate(evidence.messages) if each.raw == bad.ordered()[1])
    messages = list(evidence.messages)
    messages[gone] = replace(messages[gone], raw=b"", unfit=("missing", "the file is missing"))
    evidence = replace(evidence, messages=messages)
    assert [(each.name, each.code) for each in examine(evidence).findings] == [(messages[gone].name, "missing")]
    assert judged(evidence, OTHER).ok


# Gaps that accuse nobody


@pytest.mark.requirement("EVD-8")
def test_a_prior_that_nobody_answered_is_told_and_spoils_nothing() -> None:
    one = Dialogue()
    one.say(GRANT)
    never = one.write(CAST)  # it was lost on its way, or the vendor does not answer
    one.say(CAST)
    found = judged(put_forward(one))
    assert found.ok, found.findings
    (gap,) = found.completeness.soft
    assert (gap.member, gap.digest) == ("/prior", trust.digest(never))
    assert found.completeness.hard == ()


@pytest.mark.requirement("EVD-8")
def test_a_vendors_message_without_the_customers_receipt_is_counted_and_spoils_nothing() -> None:
    one = Dialogue()
    one.tell(REQUEST, taken=False)
    one.say(CAST)
    found = judged(put_forward(one))
    assert found.ok, found.findings
    assert found.completeness.unreceipted == 1


@pytest.mark.requirement("EVD-8")
def test_a_receipt_that_is_dated_before_what_it_answers_is_told_as_disputed() -> None:
    one = Dialogue()
    one.answer(one.write(CAST), {"outcome": "accepted", "state": "open"}, at="2026-07-01T11:00:00.000Z")
    found = judged(put_forward(one))
    assert found.ok, found.findings
    (disputed,) = found.completeness.contradictions
    assert disputed.dated == "2026-07-01T11:00:00.000Z"
    assert disputed.later.endswith("receipt.json")


# Any part, and any forgery of the customer's


def test_no_forged_prior_or_seen_of_a_customer_spoils_the_evidence_of_an_honest_vendor() -> None:
    for seed in range(60):
        one = at_random(random.Random(seed), forging=True)
        if one.raws:
            found = judged(put_forward(one))
            assert found.ok, (seed, found.findings)
            assert found.completeness.whole


@pytest.mark.requirement("EVD-7")
def test_any_part_in_which_a_later_word_is_there_is_found_incomplete_and_by_how_much() -> None:
    for seed in range(60):
        dice = random.Random(seed)
        one = at_random(dice)
        whole = one.ordered()
        if not whole:
            continue
        complete = judged(put_forward(one)).completeness
        for _ in range(8):
            kept = [raw for raw in whole if dice.random() < dice.choice((0.5, 0.9))]
            if not kept or kept == whole:
                continue
            found = judged(put_forward(one, raws=kept))
            here = found.completeness
            numbers = {number for raw in kept if (number := number_of(raw))}
            last = max(numbers, default=0)
            gone = set(range(1, last + 1)) - numbers
            told = {n for gap in here.hard if gap.numbers for n in range(gap.numbers[0], gap.numbers[1] + 1)}
            assert told == gone, seed
            assert here.last == last
            digests = {trust.digest(raw) for raw in kept}
            answers = {orjson.loads(raw)["body"]["of"] for raw in kept if number_of(raw) and b'"of":' in raw}
            assert (here.answered, here.answered_here) == (len(answers), len(answers & digests))
            if gone or answers - digests:
                assert not found.ok
                assert not here.whole
            if last == complete.last and found.ok:
                assert here.unreceipted > complete.unreceipted, "only receipts of the customer's are missing"


def test_a_no_can_be_hidden_at_the_end_alone() -> None:
    for seed in range(40):
        one = at_random(random.Random(seed))
        whole = one.ordered()
        noes = [raw for raw in whole if is_no(raw)]
        for no in noes:
            hidden = [raw for raw in whole if raw != no and orjson.loads(raw)["body"].get("of") != trust.digest(no)]
            found = judged(put_forward(one, raws=hidden)) if hidden else None
            assert found is None or not found.ok or found.completeness.last < one.history.chain.next - 1, seed
