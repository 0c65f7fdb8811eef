"""The sequence: what a customer must have seen, and what takes its place whatever was seen."""

from typing import Any

import pytest

from opencmr import errors
from opencmr.protocol import Thread


def thread_of(turn: Any) -> str:
    return turn.said.message.thread


def stale(talk: Any, type_: str, body: dict[str, Any], thread: str, seen: str | None) -> errors.StaleHead:
    said = talk.said(type_, body, by="customer", thread=thread, inReplyTo=seen)
    with pytest.raises(errors.StaleHead) as caught:
        talk.thread_of(said).check_follows(said.message, "customer")
    return caught.value


def amendment(bodies: Any) -> dict[str, Any]:
    return {"wants": [{"name": "Boots"}], "terms": [bodies.terms("PDC-INTENT")], "standing": "ready"}


@pytest.mark.requirement("SEQ-4", "SEQ-5")
def test_who_has_not_seen_the_head_is_told_what_was_missed_in_order(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    first, second = talk.offer(cast.id), talk.offer(cast.id, "90.00")
    problem = stale(talk, "intent.amend", amendment(bodies), cast.id, cast.said.digest)
    assert problem.missing == (first.said.digest, second.said.digest)
    assert (problem.pointer, problem.rule, problem.expected) == ("/inReplyTo", "SEQ-4", [second.said.digest])
    problem = stale(talk, "intent.amend", amendment(bodies), cast.id, first.said.digest)
    assert problem.missing == (second.said.digest,)


@pytest.mark.requirement("SEQ-4", "SEQ-5")
def test_who_names_a_message_that_was_refused_is_told_everything(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id)
    problem = stale(talk, "intent.amend", amendment(bodies), cast.id, "zQm" + "2" * 44)
    assert problem.missing == (cast.said.digest, made.said.digest)


def test_who_has_seen_the_head_goes_on(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id)
    said = talk.said("intent.amend", amendment(bodies), by="customer", thread=cast.id, inReplyTo=made.said.digest)
    assert talk.thread_of(said).follows(said.message, "customer") is None


@pytest.mark.requirement("SEQ-7")
def test_an_acceptance_holds_where_only_the_vendor_has_spoken_since(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id)
    talk.offer(cast.id, "200.00")
    talk.heard("order.confirm", {"reference": "1", "total": bodies.euros("1")}, cast.id)
    body = {"offer": made.ref, "total": bodies.euros("100.00")}
    said = talk.said("offer.accept", body, by="customer", thread=cast.id, inReplyTo=made.said.digest)
    assert talk.thread_of(said).follows(said.message, "customer") is None
    assert talk.thread_of(said).judge(said, talk.history)[0].state == "ordered"


@pytest.mark.requirement("SEQ-4", "SEQ-7")
def test_an_acceptance_is_stale_where_the_customer_has_spoken_since(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    made, other = talk.offer(cast.id), talk.offer(cast.id, "90.00")
    declined = talk.customer("offer.decline", {"offer": other.ref, "reason": "other"}, cast.id)
    body = {"offer": made.ref, "total": bodies.euros("100.00")}
    problem = stale(talk, "offer.accept", body, cast.id, other.said.digest)
    assert problem.missing == (declined.said.digest,)
    assert stale(talk, "offer.accept", body, cast.id, "zQm" + "2" * 44).missing[0] == cast.said.digest


@pytest.mark.requirement("SEQ-4")
def test_an_acceptance_that_names_a_refused_message_is_stale_though_only_the_vendor_has_spoken(
    talk: Any, bodies: Any
) -> None:
    talk.agree("SD-BASE")
    consent = talk.grant(None, bodies.item(), statement="Do write.")
    lines = [{"name": "Boots", "price": bodies.euros("100")}]
    made = talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE"), lines=lines)
    body = {"offer": made.ref, "total": bodies.euros("100")}
    assert stale(talk, "offer.accept", body, thread_of(made), "zQm" + "2" * 44).missing == (made.said.digest,)


@pytest.mark.requirement("SEQ-8")
@pytest.mark.parametrize("seen", ["first", "refused"])
def test_a_word_that_takes_something_back_needs_to_have_seen_nothing(talk: Any, seen: str) -> None:
    cast = talk.cast()
    talk.offer(cast.id)
    head = cast.said.digest if seen == "first" else "zQm" + "2" * 44
    said = talk.said("intent.withdraw", {}, by="customer", thread=cast.id, inReplyTo=head)
    assert talk.thread_of(said).follows(said.message, "customer") is None


@pytest.mark.requirement("SEQ-9")
def test_a_no_word_before_its_thread_takes_the_first_place_and_bars_the_late_opener(talk: Any, bodies: Any) -> None:
    proffer = {"choices": [bodies.terms("SD-BASE")]}
    opener = talk.said("terms.proffer", proffer, by="customer")
    early = talk.customer("terms.decline", {"reason": "changedMind"}, opener.message.id, inReplyTo=opener.digest)
    assert (early.outcome, early.thread.state, early.thread.record) == ("moot", "none", None)
    assert [entry.digest for entry in early.thread.entries] == [early.said.digest]
    with pytest.raises(errors.StaleHead) as caught:
        talk.thread_of(opener).check_follows(opener.message, "customer")
    assert caught.value.missing == (early.said.digest,)


@pytest.mark.requirement("SEQ-10", "LIF-1")
def test_a_void_entry_is_the_head_and_changes_nothing(talk: Any, bodies: Any) -> None:
    agreed = talk.agree("SD-BASE")
    heard = talk.heard("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, thread_of(agreed))
    assert (heard.outcome, heard.why.code) == ("void", "wrong-state")
    assert (heard.thread.record, heard.thread.head) == (agreed.record, heard.said.digest)
    ended = talk.customer("terms.terminate", {}, thread_of(agreed))
    assert ended.thread.state == "terminated"
    assert [entry.outcome for entry in ended.thread.entries] == ["accepted", "accepted", "void", "accepted"]


@pytest.mark.requirement("RCV-12", "RCV-15")
def test_a_message_that_had_expired_when_it_was_made_is_void(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    body = {"terms": bodies.terms("SD-BASE")}
    late = talk.heard("terms.accept", body, proffered.id, expires=talk.after(minutes=1))
    assert (late.outcome, late.why.code, late.why.pointer) == ("void", "expired", "/expires")
    in_time = talk.heard("terms.accept", body, proffered.id, expires=talk.after(minutes=2))
    assert in_time.outcome == "accepted"


@pytest.mark.requirement("SEQ-8")
def test_a_vendors_no_word_holds_though_it_had_expired(talk: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    heard = talk.heard("terms.decline", {"reason": "other"}, proffered.id, expires=talk.now)
    assert (heard.outcome, heard.thread.state) == ("accepted", "declined")


@pytest.mark.requirement("RCV-15")
def test_an_entry_of_the_wrong_form_is_void_for_that_reason(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    said = talk.said("terms.accept", {"terms": bodies.terms("SD-BASE")}, by="vendor", thread=proffered.id)
    fault = errors.Malformed("a member too many", pointer="/body/more")
    assert talk.history.take(said, fault) is fault
    thread = talk.history.threads[proffered.id]
    assert (thread.state, thread.head, thread.entries[-1].outcome) == ("proffered", said.digest, "void")


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
    with pytest.raises(errors.WrongState):
        talk.customer("com.example.hello", {"a": 1}, proffered.id)
    assert talk.customer("consent.withdraw", {}, proffered.id).outcome == "moot"


@pytest.mark.requirement("LIF-2", "ENV-11", "SEQ-8")
def test_private_types_live_in_threads_of_their_own(talk: Any, bodies: Any) -> None:
    hello = talk.customer("com.example.hello", {"name": "Ada"})
    answer = talk.vendor("com.example.hello", {"name": "Shop"}, hello.id)
    assert (answer.outcome, answer.thread.state, answer.thread.family, answer.record) == (
        "accepted",
        "none",
        None,
        None,
    )
    assert talk.history.facts.statements == ()
    with pytest.raises(errors.WrongState) as caught:
        talk.grant(hello.id, bodies.item(), statement="Do.")
    assert caught.value.rule == "LIF-2"
    assert talk.customer("consent.withdraw", {}, hello.id).outcome == "moot"


def test_an_empty_thread_has_neither_head_nor_state() -> None:
    thread = Thread("urn:uuid:11111111-1111-4111-8111-111111111111", "terms")
    assert (thread.head, thread.state) == (None, "none")
