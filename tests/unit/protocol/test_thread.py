"""The sequence: what a customer must have known, and what takes its place whatever was known."""

from typing import Any

import pytest

from opencmr import errors
from opencmr.protocol import Thread

NOTHING = "zQm" + "2" * 44
BLIND = {"prior": None, "seen": None}
"""Members of a word that knows nothing."""


def thread_of(turn: Any) -> str:
    return turn.said.message.thread


def wish(bodies: Any) -> dict[str, Any]:
    return {"wants": [{"name": "Boots"}], "terms": [bodies.terms("PDC-INTENT")], "standing": "ready"}


def stale(talk: Any, type_: str, body: dict[str, Any], thread: str, **knows: Any) -> errors.Stale:
    with pytest.raises(errors.Stale) as caught:
        talk.customer(type_, body, thread, **knows)
    assert (caught.value.pointer, caught.value.rule) == ("/seen", "SEQ-4")
    return caught.value


# knowing


@pytest.mark.requirement("SEQ-4")
def test_who_does_not_know_what_stands_is_told_the_last_of_it(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    seen = talk.history.chain.tip
    first, second = talk.offer(cast.id), talk.offer(cast.id, "90.00")
    problem = stale(talk, "intent.amend", wish(bodies), cast.id, seen=seen)
    assert problem.expected == [second.said.digest]
    problem = stale(talk, "intent.amend", wish(bodies), cast.id, seen=first.said.digest)
    assert problem.expected == [second.said.digest]
    assert talk.amend(cast.id).outcome == "accepted"


@pytest.mark.requirement("SEQ-4", "SEQ-20")
def test_a_seen_that_is_not_in_the_chain_counts_as_none(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    problem = stale(talk, "intent.amend", wish(bodies), cast.id, seen=NOTHING, prior=None)
    assert problem.expected == [cast.said.digest]


@pytest.mark.requirement("SEQ-20")
def test_a_word_knows_the_one_before_it_and_all_that_this_one_knows(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    declined = talk.customer("offer.decline", {"offer": {"id": cast.id, "digest": NOTHING}, "reason": "other"}, cast.id)
    amended = talk.customer("intent.amend", wish(bodies), cast.id, seen=None)
    assert amended.outcome == "accepted"
    assert all(amended.said.knows.knows(turn.said.place) for turn in (cast, declined))
    assert stale(talk, "intent.amend", wish(bodies), cast.id, **BLIND).expected == [amended.said.digest]


@pytest.mark.requirement("SEQ-20")
def test_a_word_before_that_has_no_place_is_known_to_nobody(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    pending = talk.write("intent.amend", wish(bodies), cast.id)
    stale(talk, "intent.amend", wish(bodies), cast.id, prior=pending[1], seen=None)


@pytest.mark.requirement("SEQ-4")
def test_a_vendor_that_accepts_a_stale_word_makes_it_no_better(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    seen = talk.history.chain.tip
    talk.offer(cast.id)
    heard = talk.receipted(talk.write("intent.amend", wish(bodies), cast.id, seen=seen))
    assert (heard.outcome, heard.why.code, heard.record.wish) == ("void", "stale", cast.record.wish)


# an offer is firm


@pytest.mark.requirement("SEQ-7")
def test_an_acceptance_holds_where_only_the_vendor_has_spoken_since(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id)
    talk.offer(cast.id, "200.00")
    talk.heard("order.confirm", {"reference": "1", "total": bodies.euros("1")}, cast.id)
    body = {"offer": made.ref, "total": bodies.euros("100.00")}
    assert talk.customer("offer.accept", body, cast.id, seen=made.said.digest).record.state == "ordered"


@pytest.mark.requirement("SEQ-4", "SEQ-7")
def test_an_acceptance_is_stale_where_the_customer_has_spoken_since(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    made, other = talk.offer(cast.id), talk.offer(cast.id, "90.00")
    declined = talk.customer("offer.decline", {"offer": other.ref, "reason": "other"}, cast.id)
    body = {"offer": made.ref, "total": bodies.euros("100.00")}
    problem = stale(talk, "offer.accept", body, cast.id, seen=other.said.digest, prior=cast.said.digest)
    assert problem.expected == [declined.said.digest]
    stale(talk, "offer.accept", body, cast.id, **BLIND)


@pytest.mark.requirement("SEQ-7")
def test_an_acceptance_that_knows_nothing_holds_where_only_the_vendor_has_spoken(talk: Any, bodies: Any) -> None:
    talk.agree("SD-BASE")
    consent = talk.grant(None, bodies.item(), statement="Do write.")
    lines = [{"name": "Boots", "price": bodies.euros("100")}]
    made = talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE"), lines=lines)
    body = {"offer": made.ref, "total": bodies.euros("100")}
    assert talk.customer("offer.accept", body, thread_of(made), **BLIND).record.state == "ordered"


# taking back


@pytest.mark.requirement("SEQ-8")
@pytest.mark.parametrize("knows", [BLIND, {"seen": NOTHING, "prior": NOTHING}], ids=["nothing", "what is not there"])
def test_a_word_that_takes_something_back_needs_to_know_nothing(talk: Any, knows: dict[str, Any]) -> None:
    cast = talk.cast()
    talk.offer(cast.id)
    assert talk.customer("intent.withdraw", {}, cast.id, **knows).record.state == "withdrawn"


@pytest.mark.requirement("SEQ-9")
def test_a_no_word_before_its_thread_takes_the_first_place_and_bars_the_late_opener(talk: Any, bodies: Any) -> None:
    opener = talk.write("terms.proffer", {"choices": [bodies.terms("SD-BASE")]})
    early = talk.customer("terms.decline", {"reason": "changedMind"}, opener[0].id)
    assert (early.outcome, early.thread.state, early.thread.record) == ("moot", "none", None)
    assert [entry.digest for entry in early.thread.entries] == [early.said.digest]
    with pytest.raises(errors.Stale) as caught:
        talk.place(opener)
    assert (caught.value.rule, caught.value.expected) == ("SEQ-4", [early.said.digest])
    assert talk.receipted(opener).outcome == "void", "whatever the vendor says of it"
    accepted = talk.heard("terms.accept", {"terms": bodies.terms("SD-BASE")}, opener[0].id)
    assert (accepted.outcome, accepted.thread.state) == ("void", "none")


@pytest.mark.requirement("SEQ-26")
@pytest.mark.parametrize("outcome", ["accepted", "moot", "refused"])
def test_a_no_word_counts_by_any_receipt(talk: Any, bodies: Any, outcome: str) -> None:
    granted = talk.grant(None, bodies.item(), statement="Do.")
    said = talk.receipted(talk.write("consent.withdraw", {}, granted.id), outcome)
    assert (said.outcome, said.record.state) == ("accepted", "withdrawn")


@pytest.mark.requirement("SEQ-10")
def test_a_yes_that_was_refused_is_no_entry(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    refused = talk.receipted(talk.write("intent.amend", wish(bodies), cast.id), "refused")
    assert [entry.type for entry in refused.thread.entries] == ["intent.cast"]
    again = talk.receipted(refused_word(talk))
    assert [entry.type for entry in again.thread.entries] == ["intent.cast"], "the first receipt counts"


def refused_word(talk: Any) -> Any:
    return talk.words[-1][2]


# void


@pytest.mark.requirement("SEQ-10", "LIF-1")
def test_a_void_entry_has_its_place_and_changes_nothing(talk: Any, bodies: Any) -> None:
    agreed = talk.agree("SD-BASE")
    heard = talk.heard("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, thread_of(agreed))
    assert (heard.outcome, heard.why.code) == ("void", "wrong-state")
    assert (heard.thread.record, heard.thread.entries[-1].digest) == (agreed.record, heard.said.digest)
    ended = talk.customer("terms.terminate", {}, thread_of(agreed))
    assert ended.thread.state == "terminated"
    assert [entry.outcome for entry in ended.thread.entries] == ["accepted", "accepted", "void", "accepted"]


@pytest.mark.requirement("SEQ-25", "SEQ-28", "RCV-11")
def test_a_yes_that_takes_its_place_too_late_is_void_whatever_the_vendor_says(talk: Any, bodies: Any) -> None:
    item = {"items": [bodies.item()], "until": talk.after(days=90), "statement": "Do."}
    late, in_time = (talk.write("consent.grant", item, expires=talk.after(minutes=minutes)) for minutes in (3, 9))
    talk.later(minutes=1)
    with pytest.raises(errors.Expired) as caught:
        talk.place(late)
    assert (caught.value.pointer, caught.value.rule) == ("/expires", "RCV-11")
    assert talk.receipted(late).outcome == "void"
    assert talk.place(in_time).outcome == "accepted"


@pytest.mark.requirement("RCV-12", "RCV-15")
def test_an_offer_that_had_expired_when_it_was_made_is_void(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    late = talk.heard("offer.make", bodies.offer(), cast.id, expires=talk.after(minutes=1))
    assert (late.outcome, late.why.code, late.why.pointer) == ("void", "expired", "/expires")
    assert talk.heard("offer.make", bodies.offer(), cast.id, expires=talk.after(minutes=2)).outcome == "accepted"


@pytest.mark.requirement("RCV-15")
def test_an_entry_of_the_wrong_form_is_void_for_that_reason(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    message, digest = talk.message("terms.accept", {"terms": bodies.terms("SD-BASE")}, by="vendor", thread=proffered.id)
    fault = errors.Malformed("a member too many", pointer="/body/more")
    thread, why = talk.history.follow(message, digest, fault=fault)
    assert why is fault
    assert (thread.state, thread.entries[-1].digest, thread.entries[-1].outcome) == ("proffered", digest, "void")


# out of turn


@pytest.mark.requirement("LIF-1")
def test_a_word_out_of_turn_says_what_could_be_said(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    with pytest.raises(errors.WrongSide) as side:
        talk.customer("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, proffered.id)
    assert (side.value.pointer, side.value.expected) == ("/type", ["terms.decline", "terms.terminate"])
    talk.customer("terms.decline", {"reason": "other"}, proffered.id)
    with pytest.raises(errors.WrongState) as state:
        talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE")}, proffered.id)
    assert (state.value.pointer, state.value.expected) == ("/type", None)


@pytest.mark.requirement("LIF-2")
def test_a_thread_keeps_to_its_family(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    with pytest.raises(errors.WrongState):
        talk.grant(proffered.id, bodies.item())
    assert talk.customer("consent.withdraw", {}, proffered.id).outcome == "moot"


@pytest.mark.requirement("LIF-2", "SEQ-8", "RCV-15")
def test_nothing_takes_effect_in_a_thread_that_began_with_a_word_of_an_unknown_type(talk: Any, bodies: Any) -> None:
    unknown = errors.UnsupportedType("no such type", pointer="/type")
    hello = talk.heard("com.example.hello", {"name": "Shop"}, fault=unknown)
    assert (hello.outcome, hello.why, hello.thread.family) == ("void", unknown, None)
    with pytest.raises(errors.WrongState) as caught:
        talk.grant(hello.id, bodies.item(), statement="Do.")
    assert caught.value.rule == "LIF-2"
    assert talk.heard("terms.accept", {"terms": bodies.terms("SD-BASE")}, hello.id).outcome == "void"
    assert talk.customer("consent.withdraw", {}, hello.id).outcome == "moot"
    thread = talk.history.threads[hello.id]
    assert (thread.state, thread.record, len(thread.entries)) == ("none", None, 3)
    assert talk.history.facts.statements == ()


@pytest.mark.requirement("LIF-2", "RCV-15")
def test_a_word_of_an_unknown_type_changes_nothing_in_a_thread_of_a_family(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    unknown = errors.UnsupportedType("no such type", pointer="/type")
    assert talk.heard("com.example.hello", {}, proffered.id, fault=unknown).outcome == "void"
    assert talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE")}, proffered.id).thread.state == "active"


def test_an_empty_thread_has_neither_entries_nor_a_state() -> None:
    thread = Thread("urn:uuid:11111111-1111-4111-8111-111111111111", "terms")
    assert (thread.entries, thread.state) == ((), "none")
