"""A thread by itself, written down with what it needs: it folds to the same record, and tells that it is a part."""

import random
from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from dialogue import ACCEPT, CAST, GRANT, NEWS, PROFFER, SHOP, Dialogue, an_offer, at_random, put_forward, ref_of
from opencmr import trust
from opencmr.messages import consent, terms
from opencmr.protocol import roster
from opencmr.protocol.arrangement import arrange
from opencmr.protocol.evidence import Evidence, Judgement, examine, records_of
from opencmr.protocol.excerpt import Excerpt, excerpt


def part_of(one: Dialogue, thread: str) -> tuple[Excerpt, Evidence]:
    """The part that a thread needs, and the evidence of it alone."""
    part = excerpt(one.arranged, one.history, thread)
    raws = [one.raws[piece.position] for piece in arrange(part.pieces).order]
    return part, put_forward(one, raws=raws, part=part.threads)


def judged(evidence: Evidence) -> Judgement:
    (one,) = examine(evidence).relationships
    return one


@pytest.fixture
def busy() -> tuple[Dialogue, dict[str, str]]:
    """Much is said between the words of one thread."""
    one = Dialogue()
    threads = {"terms": one.say(PROFFER)}
    one.tell(ACCEPT, threads["terms"])
    threads["wish"] = one.say(CAST)
    threads["consent"] = one.say(GRANT)
    for _ in range(3):
        one.tell(an_offer(), threads["wish"])
    one.say(consent.Withdraw(), threads["consent"])
    one.say(consent.Grant(items=[NEWS], until="2027-01-01T00:00:00.000Z", statement="Do."), threads["consent"])
    one.say(CAST)
    return one, threads


@pytest.mark.requirement("EVD-9")
def test_a_thread_by_itself_holds_and_says_how_much_is_left_out(busy: tuple[Dialogue, dict[str, str]]) -> None:
    one, threads = busy
    part, evidence = part_of(one, threads["consent"])
    found = judged(evidence)
    assert found.ok, found.findings
    assert part.threads == {threads["consent"]}
    assert found.completeness.part == part.threads
    assert found.completeness.here < found.completeness.last < one.history.chain.next
    assert not found.completeness.whole
    assert {each.code for each in found.unknown} == {"end", "unanswered", "rest", "keys"}
    records = records_of(one.history)
    assert records_of(found.history) == {threads["consent"]: records[threads["consent"]]}


@pytest.mark.requirement("EVD-9")
def test_the_same_part_that_does_not_say_that_it_is_one_is_bad(busy: tuple[Dialogue, dict[str, str]]) -> None:
    one, threads = busy
    _, evidence = part_of(one, threads["consent"])
    found = judged(replace(evidence, part=None))
    assert {each.code for each in found.findings} >= {"missing"}
    assert all(each.code in ("missing", "unanswered") for each in found.findings)


def test_a_part_that_lacks_what_its_words_have_seen_is_bad(busy: tuple[Dialogue, dict[str, str]]) -> None:
    one, threads = busy
    part, evidence = part_of(one, threads["consent"])
    within = {trust.digest(raw) for raw in one.raws if orjson.loads(raw)["thread"] in part.threads}
    (context, *_) = (each for each in evidence.messages if each.digest not in within)
    lacking = replace(evidence, messages=[each for each in evidence.messages if each is not context])
    assert {each.code for each in judged(lacking).findings} == {"missing"}
    assert "/seen" in {each.pointer for each in judged(lacking).findings}


@pytest.mark.parametrize("denied", [False, True])
def test_an_unasked_offer_comes_with_the_consents_and_the_terms_that_decide_about_it(denied: bool) -> None:
    one = Dialogue()
    agreed = one.say(terms.Proffer(choices=[roster.ref("SD-BASE")]))
    one.tell(ACCEPT, agreed)
    given = one.say(GRANT)
    basis = ref_of(one.raws[-2])
    aside = one.say(CAST)
    other = one.say(consent.Grant(items=[NEWS], until="2027-01-01T00:00:00.000Z", statement="Do."))
    if denied:
        one.say(consent.Refuse(), other)
    unasked = one.tell(an_offer(basis=basis))
    assert one.history.threads[unasked].entries[0].outcome == ("void" if denied else "accepted")
    part, evidence = part_of(one, unasked)
    assert part.threads == {agreed, given, other, unasked}
    assert aside not in part.threads
    found = judged(evidence)
    assert found.ok, found.findings
    assert records_of(found.history).get(unasked) == records_of(one.history).get(unasked)


def test_a_word_that_knew_of_its_thread_by_what_it_named_alone_is_known_to_know_it() -> None:
    one = Dialogue()
    thread = one.say(GRANT)
    first = one.seen
    one.say(consent.Withdraw(), thread)
    aside = one.say(CAST, seen=first)  # its sender had not collected since, but names what they said before
    again = consent.Grant(items=[NEWS], until="2027-01-01T00:00:00.000Z", statement="Again.")
    one.say(again, thread, seen=first)
    assert one.history.threads[thread].state == "given"
    part, evidence = part_of(one, thread)
    found = judged(evidence)
    assert found.ok, found.findings
    assert aside in {piece.message.thread for piece in part.pieces}
    assert aside not in found.history.threads


def test_a_date_that_was_overtaken_comes_with_what_has_seen_the_later_one() -> None:
    one = Dialogue()
    thread = one.say(GRANT)
    one.tell(an_offer(), one.say(CAST))
    one.say(CAST)
    one.answer(
        one.write(consent.Withdraw(), thread),
        {"outcome": "accepted", "state": "withdrawn"},
        at="2026-07-01T12:01:30.000Z",
    )
    _, evidence = part_of(one, thread)
    found = judged(evidence)
    assert found.ok, found.findings
    assert records_of(found.history)[thread] == records_of(one.history)[thread]


def _forging(seed: int) -> Dialogue:
    return at_random(random.Random(seed), forging=True)


def _honest(seed: int) -> Dialogue:
    return at_random(random.Random(seed))


@pytest.mark.requirement("EVD-9")
@pytest.mark.parametrize("made", [_honest, _forging])
def test_every_thread_of_random_conversations_holds_by_itself(made: Callable[[int], Dialogue]) -> None:
    for seed in range(40):
        one = made(seed)
        for thread in one.history.threads:
            part, evidence = part_of(one, thread)
            found = judged(evidence)
            assert found.ok, (seed, thread, found.findings)
            whole = records_of(one.history)
            assert records_of(found.history) == {id_: whole[id_] for id_ in whole if id_ in part.threads}
            for id_ in part.threads:
                entries = [(each.digest, each.outcome, each.at) for each in one.history.threads[id_].entries]
                assert [(each.digest, each.outcome, each.at) for each in found.history.threads[id_].entries] == entries


def test_a_part_that_names_no_thread_of_a_relationship_is_bad(busy: tuple[Dialogue, dict[str, str]]) -> None:
    evidence = replace(put_forward(busy[0]), part=frozenset(["urn:uuid:11111111-1111-4111-8111-111111111111"]))
    assert {each.code for each in judged(evidence).findings} == {"not-as-stated"}


def test_the_vendor_of_a_part_is_the_one_of_the_whole(busy: tuple[Dialogue, dict[str, str]]) -> None:
    one, threads = busy
    assert judged(part_of(one, threads["wish"])[1]).vendor == SHOP
