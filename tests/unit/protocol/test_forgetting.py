"""Until when a vendor has promised something: what may be forgotten only after that (`spec/v1/sequence.md`)."""

from typing import Any

from opencmr.protocol import promised_until


def test_a_counter_is_promised_until_it_is_to_be_answered(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE", answerBy=talk.after(hours=1))
    assert promised_until(talk.history) == "", "the customer has promised it, and not the vendor"
    until = talk.after(days=2)
    talk.vendor("terms.counter", {"terms": bodies.terms("SD-BASE-A"), "answerBy": until}, proffered.id)
    assert promised_until(talk.history) == until
    talk.customer("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, proffered.id)
    assert promised_until(talk.history) == "", "it binds, and is promised no more"


def test_a_counter_without_an_end_promises_nothing_for_good(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    talk.vendor("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, proffered.id)
    assert promised_until(talk.history) == ""


def test_offers_are_promised_while_they_are_firm(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    late, soon = talk.after(days=3), talk.after(days=1)
    first = talk.vendor("offer.make", bodies.offer(), cast.id, expires=late)
    talk.vendor("offer.make", bodies.offer(), cast.id, expires=soon)
    assert promised_until(talk.history) == late
    made = first.record.offers[0]
    talk.customer("offer.decline", {"offer": made.ref.wire(), "reason": "price"}, cast.id)
    assert promised_until(talk.history) == soon
