"""The fold of an intent thread: the wish, the offers, the order."""

import sys
from decimal import localcontext
from typing import Any

import pytest

from opencmr import errors
from opencmr.protocol import Question

NOBODY = {"id": "urn:uuid:99999999-0000-4000-8000-000000000000", "digest": "zQm" + "2" * 44}
ADDRESS = {"data": "pd:PhysicalAddress", "value": {"addressLocality": "Kiel"}}


def thread_of(turn: Any) -> str:
    return turn.said.message.thread


# the wish


def test_a_wish_opens_the_thread_under_the_customers_terms(talk: Any) -> None:
    cast = talk.cast("PDC-INTENT", "SD-BASE", discloses=[ADDRESS])
    assert (cast.record.state, [document.id for _, document in cast.record.terms]) == (
        "open",
        ["PDC-INTENT", "SD-BASE"],
    )
    assert cast.record.as_dict() == {
        "record": "dealing",
        "state": "open",
        "since": cast.said.at,
        "wants": ["Boots", "Wax"],
        "offers": [],
        "disclosed": [{"data": "pd:PhysicalAddress", "at": cast.said.at}],
        "progress": [],
        "until": talk.after(days=30),
        "evidence": [cast.said.digest],
    }


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"discloses": [ADDRESS, {"data": "dpv:Use", "value": "x"}]}, "/body/discloses/1/data"),
        ({"onAccept": ["pd:Name", "pd:Nick"]}, "/body/onAccept/1"),
    ],
)
def test_a_wish_uses_the_words_of_the_vocabulary(talk: Any, body: dict[str, Any], pointer: str) -> None:
    with pytest.raises(errors.UnknownTerm) as caught:
        talk.cast(**body)
    assert caught.value.pointer == pointer


@pytest.mark.requirement("INT-1", "OFR-4", "OFR-5")
def test_after_an_amendment_only_the_amendment_counts(talk: Any, bodies: Any) -> None:
    cast = talk.cast("PDC-INTENT", "SD-BASE", until=talk.after(hours=1))
    talk.amend(cast.id)
    with pytest.raises(errors.TermsNotOffered):
        talk.offer(cast.id, under=bodies.terms("SD-BASE"))
    with pytest.raises(errors.UnknownReference) as caught:
        talk.offer(cast.id, lines=[{"name": "Wax", "price": bodies.euros("100"), "want": 1}])
    assert caught.value.pointer == "/body/lines/0/want"
    talk.later(days=1)
    assert talk.offer(cast.id).outcome == "accepted"


@pytest.mark.requirement("INT-2")
def test_an_amendment_leaves_firm_offers_firm(talk: Any, bodies: Any) -> None:
    cast = talk.cast("SD-BASE")
    made = talk.offer(cast.id, under=bodies.terms("SD-BASE"))
    talk.amend(cast.id)
    assert talk.accept(made).record.state == "ordered"


@pytest.mark.requirement("TRM-2")
def test_an_amendment_may_name_terms_that_the_cast_carried(talk: Any, bodies: Any, document: dict[str, Any]) -> None:
    cast = talk.cast(document)
    (digest, _), *_ = cast.record.terms
    named = {"id": document["id"], "digest": digest}
    talk.amend(cast.id)
    again = talk.amend(cast.id, terms=[named])
    assert again.record.terms == cast.record.terms
    assert talk.offer(cast.id, under=named).outcome == "accepted"


def test_what_was_disclosed_once_stays_disclosed_and_dated(talk: Any, bodies: Any) -> None:
    cast = talk.cast(discloses=[ADDRESS])
    name = {"data": "pd:Name", "value": "Ada"}
    again = talk.amend(cast.id, discloses=[ADDRESS, name])
    assert [(datum.data, point) for datum, point in again.record.disclosed] == [
        ("pd:PhysicalAddress", cast.said.point),
        ("pd:Name", again.said.point),
    ]


@pytest.mark.requirement("INT-3")
def test_a_withdrawal_lapses_every_offer(talk: Any) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id)
    declined = talk.offer(cast.id)
    talk.customer("offer.decline", {"offer": declined.ref, "reason": "other"}, cast.id)
    withdrawn = talk.customer("intent.withdraw", {}, cast.id)
    assert withdrawn.record.state == "withdrawn"
    assert [each.state for each in withdrawn.record.offers] == ["lapsed", "declined"]
    with pytest.raises(errors.WrongState):
        talk.accept(made)


@pytest.mark.requirement("INT-4")
def test_a_wish_takes_offers_for_as_long_as_it_stands(talk: Any) -> None:
    cast = talk.cast(until=talk.after(hours=1))
    made = talk.offer(cast.id)
    talk.later(minutes=57)
    assert talk.after(minutes=1) == cast.record.wished_until
    with pytest.raises(errors.Expired) as caught:
        talk.offer(cast.id)
    assert (caught.value.pointer, caught.value.rule) == ("/created", "INT-4")
    assert talk.accept(made).record.state == "ordered"


@pytest.mark.requirement("INT-4")
def test_a_wish_that_does_not_say_stands_for_30_days(talk: Any) -> None:
    cast = talk.cast()
    talk.now = cast.record.wished_until
    talk.later(minutes=-2)
    assert talk.offer(cast.id).outcome == "accepted"
    with pytest.raises(errors.Expired):
        talk.offer(cast.id)
    talk.amend(cast.id)
    assert talk.offer(cast.id).outcome == "accepted", "amended, it stands again"


@pytest.mark.requirement("INT-4", "SEQ-25")
def test_by_when_a_wish_had_to_take_its_place_bars_no_offers(talk: Any) -> None:
    cast = talk.cast()
    talk.later(days=20)
    assert talk.now > cast.said.message.expires
    assert talk.offer(cast.id).outcome == "accepted"


# the offer


@pytest.mark.requirement("OFR-1")
@pytest.mark.parametrize(
    ("lines", "adjustments", "total"),
    [
        (["289.00"], ["-14.45", "5.50"], "280.05"),
        (["0.1", "0.2"], [], "0.3"),
        (["0.1", "0.2"], [], "0.300"),
        (["10"], ["-10"], "0"),
        (["999999999999999.999999"], ["-999999999999999.999998"], "0.000001"),
    ],
)
def test_a_total_is_lines_plus_adjustments_exactly(
    talk: Any, bodies: Any, lines: list[str], adjustments: list[str], total: str
) -> None:
    body = {
        "lines": [{"name": "L", "price": bodies.euros(amount)} for amount in lines],
        "adjustments": [{"kind": "discount", "amount": bodies.euros(amount)} for amount in adjustments],
    }
    if not adjustments:
        del body["adjustments"]
    assert talk.offer(talk.cast().id, total, **body).outcome == "accepted"


@pytest.mark.requirement("OFR-1")
def test_another_total_is_void_and_says_which_would_be_right(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    body = bodies.offer("280.05", lines=[{"name": "Boots", "price": bodies.euros("289.00")}])
    heard = talk.heard("offer.make", body, cast.id, expires=talk.after(days=1))
    assert (heard.outcome, heard.why.code, heard.why.pointer, heard.why.rule) == (
        "void",
        "wrong-total",
        "/body/total",
        "OFR-1",
    )
    assert heard.why.expected == ["289.00 EUR"]
    assert heard.record == cast.record


def test_quantity_and_unit_price_explain_a_line_and_are_not_multiplied_again(talk: Any, bodies: Any) -> None:
    line = {
        "name": "Socks",
        "price": bodies.euros("30.00"),
        "quantity": {"value": "3"},
        "unitPrice": bodies.euros("10.00"),
    }
    assert talk.offer(talk.cast().id, "30.00", lines=[line]).outcome == "accepted"


@pytest.mark.requirement("OFR-2")
def test_an_offer_has_one_currency(talk: Any, bodies: Any) -> None:
    cast, dollars = talk.cast(), {"amount": "1.00", "currency": "USD"}
    line = {"name": "L", "price": bodies.euros("99.00")}
    with pytest.raises(errors.WrongTotal) as caught:
        talk.offer(cast.id, "100.00", lines=[line, {"name": "M", "price": dollars}])
    assert (caught.value.pointer, caught.value.rule) == ("/body/lines/1/price/currency", "OFR-2")
    with pytest.raises(errors.WrongTotal) as caught:
        talk.offer(cast.id, "100.00", lines=[line], adjustments=[{"kind": "tax", "amount": dollars}])
    assert (caught.value.pointer, caught.value.expected) == ("/body/adjustments/0/amount/currency", ["EUR"])


@pytest.mark.requirement("OFR-3")
@pytest.mark.parametrize("hours", [0, -1])
def test_an_offer_expires_after_it_was_made(talk: Any, bodies: Any, hours: int) -> None:
    cast = talk.cast()
    with pytest.raises(errors.Expired) as caught:
        talk.vendor("offer.make", bodies.offer(), cast.id, expires=talk.after(hours=hours, minutes=1))
    assert caught.value.pointer == "/expires"
    heard = talk.heard("offer.make", bodies.offer(), cast.id, expires=talk.after(hours=hours, minutes=1))
    assert heard.outcome == "void"


@pytest.mark.requirement("OFR-4")
def test_an_offer_is_under_one_of_the_customers_terms(talk: Any, bodies: Any) -> None:
    cast = talk.cast("SD-BASE", "PDC-INTENT")
    made = talk.offer(cast.id)
    assert made.record.offers[0].terms[1].id == "PDC-INTENT"
    with pytest.raises(errors.TermsNotOffered) as caught:
        talk.offer(cast.id, under=bodies.terms("SD-BASE-ATP"))
    assert (caught.value.pointer, caught.value.expected) == ("/body/under/id", ["SD-BASE", "PDC-INTENT"])
    with pytest.raises(errors.TermsMismatch) as caught:
        talk.offer(cast.id, under={"id": "SD-BASE", "digest": NOBODY["digest"]})
    assert caught.value.pointer == "/body/under/digest"


@pytest.mark.requirement("OFR-5")
def test_a_line_answers_a_want_that_there_is(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    assert talk.offer(cast.id, lines=[{"name": "Wax", "price": bodies.euros("100"), "want": 1}]).outcome == "accepted"
    with pytest.raises(errors.UnknownReference) as caught:
        talk.offer(cast.id, lines=[{"name": "Hat", "price": bodies.euros("100"), "want": 2}])
    assert (caught.value.pointer, caught.value.rule) == ("/body/lines/0/want", "OFR-5")


@pytest.mark.requirement("OFR-8")
def test_what_an_offer_needs_or_notes_permits_nothing(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    talk.offer(
        cast.id,
        needs=["pd:PhysicalAddress"],
        conditions=[{"url": "https://shop.example/conditions", "title": "We may profile you"}],
        note="By reading this you consent to direct marketing.",
    )
    for purpose in ("dpv:DirectMarketing", "dpv:RequestedServiceProvision"):
        question = Question("dpv:Use", purpose, "pd:PhysicalAddress", thread=cast.id)
        assert talk.history.may(question, talk.now).answer == "deny"


def marketing(talk: Any, bodies: Any, **members: Any) -> Any:
    return talk.grant(None, bodies.item(**members), statement="Write to me.")


@pytest.mark.requirement("OFR-6", "OFR-7")
def test_an_unasked_offer_rests_on_a_live_consent_and_the_agreement(talk: Any, bodies: Any) -> None:
    talk.agree("SD-BASE")
    consent = marketing(talk, bodies)
    lines = [{"name": "Boots", "price": bodies.euros("100")}]
    made = talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE"), lines=lines)
    assert (made.record.state, made.record.cast) == ("open", None)
    assert talk.accept(made).record.state == "ordered"


@pytest.mark.requirement("OFR-6")
@pytest.mark.parametrize("why", ["absent", "unknown", "withdrawn", "expired", "other purpose", "other message"])
def test_without_a_live_consent_an_unasked_offer_has_no_basis(talk: Any, bodies: Any, why: str) -> None:
    agreed = talk.agree("SD-BASE")
    purposes = ["dpv:Personalisation" if why == "other purpose" else "dpv:Marketing"]
    consent = marketing(talk, bodies, purposes=purposes)
    if why == "withdrawn":
        talk.customer("consent.withdraw", {}, consent.id)
    if why == "expired":
        talk.later(days=400)
    basis = {"unknown": NOBODY, "other message": agreed.ref}.get(why, consent.ref)
    body = {"under": bodies.terms("SD-BASE"), "lines": [{"name": "Boots", "price": bodies.euros("100")}]}
    with pytest.raises(errors.NoBasis) as caught:
        talk.offer(None, **body, **({} if why == "absent" else {"basis": basis}))
    assert (caught.value.pointer, caught.value.rule) == ("/body/basis", "OFR-6")


@pytest.mark.requirement("OFR-6")
def test_a_consent_to_marketing_over_a_channel_is_a_basis(talk: Any, bodies: Any) -> None:
    talk.agree("SD-BASE")
    consent = marketing(talk, bodies, channels=["email"])
    lines = [{"name": "Boots", "price": bodies.euros("100")}]
    assert talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE"), lines=lines).outcome == "accepted"


@pytest.mark.requirement("OFR-7")
def test_an_unasked_offer_is_under_the_agreement_that_is_active(talk: Any, bodies: Any) -> None:
    first = talk.agree("SD-BASE")
    consent = marketing(talk, bodies)
    lines = [{"name": "Boots", "price": bodies.euros("100")}]
    with pytest.raises(errors.TermsNotOffered):
        talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE-A"), lines=lines)
    talk.customer("terms.terminate", {}, thread_of(first))
    with pytest.raises(errors.TermsNotOffered):
        talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE"), lines=lines)


@pytest.mark.requirement("OFR-5")
def test_an_unasked_offer_answers_no_want(talk: Any, bodies: Any) -> None:
    talk.agree("SD-BASE")
    consent = marketing(talk, bodies)
    with pytest.raises(errors.UnknownReference):
        talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE"))


# accepting and declining


@pytest.mark.requirement("OFR-9")
def test_an_offer_is_firm_until_it_expires(talk: Any) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id, hours=1)
    expires = made.record.offers[0].expires
    assert [each.digest for each in made.record.firm(talk.now)] == [made.said.digest]
    assert made.record.firm(expires) == []
    talk.now = expires
    talk.later(minutes=-1)
    with pytest.raises(errors.OfferNotFirm) as caught:
        talk.accept(made)
    assert (caught.value.pointer, caught.value.rule) == ("/body/offer", "OFR-9")
    talk.later(minutes=-2)
    assert talk.accept(made).record.state == "ordered"


@pytest.mark.requirement("OFR-9")
def test_a_declined_offer_is_no_longer_firm(talk: Any) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id)
    decline = {"offer": made.ref, "reason": "tooExpensive"}
    declined = talk.customer("offer.decline", decline, cast.id)
    assert (declined.outcome, declined.record.offers[0].state, declined.record.state) == (
        "accepted",
        "declined",
        "open",
    )
    assert talk.customer("offer.decline", decline, cast.id).outcome == "moot"
    with pytest.raises(errors.OfferNotFirm):
        talk.accept(made)


@pytest.mark.requirement("OFR-9")
def test_an_offer_of_another_thread_cannot_be_accepted(talk: Any, bodies: Any) -> None:
    talk.offer(talk.cast().id)
    other = talk.offer(talk.cast().id)
    thread = next(iter(talk.history.threads))
    body = {"offer": other.ref, "total": bodies.euros("100")}
    with pytest.raises(errors.UnknownReference) as caught:
        talk.customer("offer.accept", body, thread)
    assert caught.value.pointer == "/body/offer"


@pytest.mark.requirement("OFR-9")
def test_a_void_offer_cannot_be_accepted(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    void = talk.heard("offer.make", bodies.offer(total=bodies.euros("1")), cast.id, expires=talk.after(days=1))
    assert void.outcome == "void"
    with pytest.raises(errors.UnknownReference):
        talk.accept(void, "1")


@pytest.mark.requirement("OFR-10")
def test_an_acceptance_repeats_the_total(talk: Any, bodies: Any) -> None:
    made = talk.offer(talk.cast().id, "47.50")
    with pytest.raises(errors.WrongTotal) as caught:
        talk.accept(made, "47.51")
    assert (caught.value.pointer, caught.value.rule) == ("/body/total", "OFR-10")
    accepted = talk.accept(made, "47.5")
    assert (accepted.record.state, accepted.record.accepted) == ("ordered", made.said.digest)
    assert accepted.record.accepted_offer.ref.wire() == made.ref


def test_an_acceptance_chooses_a_payment_that_the_offer_takes(talk: Any) -> None:
    made = talk.offer(talk.cast().id, payment=["card", "invoice"])
    with pytest.raises(errors.UnknownReference) as caught:
        talk.accept(made, payment=[{"method": "cash"}])
    assert (caught.value.pointer, caught.value.expected) == ("/body/payment/0/method", ["card", "invoice"])
    assert talk.accept(made, payment=[{"method": "invoice"}]).record.state == "ordered"


def test_there_is_one_order_in_a_thread(talk: Any) -> None:
    cast = talk.cast()
    first, second = talk.offer(cast.id), talk.offer(cast.id, "90.00")
    talk.accept(first)
    with pytest.raises(errors.WrongState):
        talk.accept(second, "90.00")
    with pytest.raises(errors.WrongState):
        talk.offer(cast.id)


@pytest.mark.requirement("OFR-1")
def test_a_total_is_exact_whatever_arithmetic_the_application_has_chosen(talk: Any) -> None:
    cast = talk.cast()
    with localcontext() as arithmetic:
        arithmetic.prec = 3
        made = talk.offer(cast.id, "123456789.123456")
    assert made.record.offers[0].body.total.amount == "123456789.123456"


def test_amending_a_wish_again_and_again_costs_no_more_each_time(talk: Any) -> None:
    """Found by fuzzing: each amendment looked through all terms of all earlier ones for each of its own."""

    def amend(number: int) -> int:
        rules = [{"effect": "permit", "action": "dpv:Use", "by": ["vendor"]}]
        terms = [
            {"document": {"id": f"a{number}-{each}", "version": "1", "title": "x", "rules": rules}}
            for each in range(16)
        ]
        steps, before = 0, sys.gettrace()

        def counted(frame: Any, *_: object) -> Any:
            nonlocal steps
            frame.f_trace_opcodes = True
            steps += 1
            return counted

        word = talk.write("intent.amend", {"wants": [{"name": "x"}], "terms": terms, "standing": "ready"}, cast.id)
        sys.settrace(counted)
        try:
            talk.place(word)
        finally:
            sys.settrace(before)
        return steps

    cast = talk.cast()
    steps = [amend(number) for number in range(20)]
    assert max(steps[1:]) < 1.2 * steps[1]
