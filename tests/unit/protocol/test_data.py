"""The folds of the family data: sharing, rights requests with their due dates, what a vendor gives."""

import json
from typing import Any

import pytest

from dialogue import ACCEPT, CAST, GRANT, NOON, PROFFER, Dialogue, an_offer, ref_of
from opencmr import errors
from opencmr.messages import consent, data, offer, order
from opencmr.messages.personal import Datum
from opencmr.messages.types import Money, Ref
from opencmr.protocol import Question
from opencmr.protocol.families.data import RightsRequest, regimes
from opencmr.protocol.receiving import check_place, validate_verified

EMAIL = Datum(data="pd:EmailAddress", value="alice@moser.example")
HOME = Datum(data="pd:PhysicalAddress", value={"addressLocality": "Kiel"})
BORN = Datum(data="pd:BirthDate", value="1988-02-29")
NOWHERE = Ref(id="urn:uuid:00000000-0000-4000-8000-000000000000", digest="zQm" + "2" * 44)
TO_ANSWER = {"action": "dpv:Use", "purpose": "dpv:RightsFulfilment"}


def answered(talk: Dialogue) -> tuple[str, str | None, str | None]:
    """Outcome, code and pointer of the last thing that the vendor answered."""
    body = json.loads(talk.raws[-1])["body"]
    problem = body.get("problem")
    return body["outcome"], problem and problem["type"].rpartition("#")[2], problem and problem.get("pointer")


def request(talk: Dialogue, thread: str) -> RightsRequest:
    record = talk.history.threads[thread].record
    assert isinstance(record, RightsRequest)
    return record


def asked(right: Any = "access", **more: Any) -> data.Request:
    return data.Request(right=right, **more)


def an_order(talk: Dialogue) -> str:
    """An order in which the address was disclosed."""
    wish = talk.say(CAST)
    talk.tell(an_offer(), wish)
    talk.say(offer.Accept(offer=ref_of(talk.raws[-2]), total=Money("49.00", "EUR")), wish)
    talk.say(order.Disclose(discloses=[order.OrderDatum(data=HOME.data, value=HOME.value)]), wish)
    return wish


# Sharing


@pytest.mark.requirement("DAT-1", "DAT-2")
def test_what_is_shared_on_a_live_consent_is_held_and_permits_nothing() -> None:
    talk = Dialogue()
    given = talk.say(GRANT)
    before = talk.history.facts
    shared = talk.say(data.Share(discloses=[EMAIL], basis=ref_of(talk.raws[-2])))
    assert talk.history.threads[shared].record.as_dict()["disclosed"][0]["data"] == "pd:EmailAddress"  # type: ignore[union-attr]
    assert talk.history.facts == before
    assert talk.history.threads[given].state == "given"


@pytest.mark.requirement("DAT-1")
def test_nothing_is_shared_on_what_is_not_live() -> None:
    talk = Dialogue()
    given = talk.say(GRANT)
    basis = ref_of(talk.raws[-2])
    talk.say(data.Share(discloses=[EMAIL], basis=NOWHERE))
    assert answered(talk) == ("refused", "no-basis", "/body/basis")
    talk.say(consent.Withdraw(), given)
    talk.say(data.Share(discloses=[EMAIL], basis=basis))
    assert answered(talk) == ("refused", "no-basis", "/body/basis")


@pytest.mark.requirement("DAT-1")
def test_an_agreement_and_an_order_are_a_basis_by_each_message_that_made_them() -> None:
    talk = Dialogue()
    agreed = talk.say(PROFFER)
    proffer = ref_of(talk.raws[-2])
    talk.tell(ACCEPT, agreed)
    accept = ref_of(talk.raws[-2])
    an_order(talk)
    made = [ref_of(raw) for raw in talk.raws if b'"offer.accept"' in raw]
    for basis in (proffer, accept, *made):
        talk.say(data.Share(discloses=[EMAIL], basis=basis))
        assert answered(talk) == ("accepted", None, None)


@pytest.mark.requirement("DAT-1")
def test_in_the_thread_of_a_request_what_is_shared_serves_to_answer_that_alone() -> None:
    talk = Dialogue()
    thread = talk.say(asked())
    basis = ref_of(talk.raws[-2])
    talk.tell(data.Answer(status="needVerification", needs=["pd:BirthDate"]), thread)
    talk.say(data.Share(discloses=[BORN], basis=NOWHERE), thread)
    assert answered(talk) == ("refused", "no-basis", "/body/basis")
    talk.say(data.Share(discloses=[BORN], basis=basis), thread)
    assert request(talk, thread).state == "needVerification"
    assert talk.history.may(Question(**TO_ANSWER, data="pd:BirthDate", thread=thread), talk.now, now=True)
    assert not talk.history.may(Question("dpv:Use", "dpv:Marketing", "pd:BirthDate", thread=thread), talk.now, now=True)
    talk.tell(data.Answer(status="fulfilled"), thread)
    talk.say(data.Share(discloses=[BORN], basis=basis), thread)
    assert answered(talk) == ("refused", "wrong-state", "/type")


# Requests


@pytest.mark.requirement("DAT-5")
def test_only_what_was_shared_or_told_can_be_corrected() -> None:
    talk = Dialogue()
    right = asked("correct", corrections=[HOME])
    talk.say(right)
    assert answered(talk) == ("refused", "unknown-reference", "/body/corrections/0/data")
    access = talk.say(asked())
    talk.tell(data.Answer(status="fulfilled", categories=["pd:Interest"]), access)
    talk.say(right)
    assert answered(talk)[1] == "unknown-reference"
    an_order(talk)
    thread = talk.say(right)
    assert request(talk, thread).disclosed[0][0] == HOME


@pytest.mark.requirement("DAT-5")
def test_what_an_answer_has_told_can_be_corrected() -> None:
    talk = Dialogue()
    access = talk.say(asked())
    talk.tell(data.Answer(status="fulfilled", data=[HOME]), access)
    talk.say(asked("correct", corrections=[HOME]))
    assert answered(talk) == ("accepted", None, None)


@pytest.mark.requirement("DAT-6")
def test_a_review_is_of_something_that_was_said_here() -> None:
    talk = Dialogue()
    talk.say(asked("review", about=NOWHERE))
    assert answered(talk) == ("refused", "unknown-reference", "/body/about")
    wish = talk.say(CAST)
    talk.tell(an_offer(), wish)
    talk.say(asked("review", about=ref_of(talk.raws[-2])))
    assert answered(talk) == ("accepted", None, None)


@pytest.mark.requirement("DAT-7")
def test_only_a_vendor_answers() -> None:
    talk = Dialogue()
    thread = talk.say(asked())
    talk.say(data.Answer(status="fulfilled"), thread)
    assert answered(talk) == ("refused", "wrong-side", "/type")


@pytest.mark.requirement("DAT-7")
@pytest.mark.parametrize(
    ("first", "then", "why"),
    [
        ("received", "received", "/body/status"),
        ("inProgress", "received", "/body/status"),
        ("needVerification", "received", "/body/status"),
        ("fulfilled", "inProgress", "/type"),
        ("partly", "fulfilled", "/type"),
        ("denied", "fulfilled", "/type"),
    ],
)
def test_no_answer_goes_back(first: Any, then: Any, why: str) -> None:
    talk = Dialogue()
    thread = talk.say(asked())
    talk.tell(data.Answer(status=first, reason=["other"] if first == "denied" else None), thread)
    talk.tell(data.Answer(status=then), thread)
    assert answered(talk) == ("refused", "wrong-state", why)
    assert request(talk, thread).state == first


@pytest.mark.requirement("DAT-7")
def test_what_is_in_progress_may_need_verification_and_go_on() -> None:
    talk = Dialogue()
    thread = talk.say(asked())
    for status in ("received", "inProgress", "needVerification", "inProgress", "fulfilled"):
        talk.tell(data.Answer(status=status), thread)
    assert [step.status for step in request(talk, thread).steps] == [
        "received", "inProgress", "needVerification", "inProgress", "fulfilled",
    ]  # fmt: skip


@pytest.mark.requirement("DAT-16")
def test_a_request_is_taken_back_until_it_is_answered_for_good() -> None:
    talk = Dialogue()
    thread, other = talk.say(asked()), talk.say(asked())
    talk.say(data.Cancel(), thread)
    assert answered(talk)[0] == "accepted"
    assert request(talk, thread).state == "cancelled"
    talk.tell(data.Answer(status="fulfilled"), thread)
    assert answered(talk) == ("refused", "wrong-state", "/type")
    talk.tell(data.Answer(status="fulfilled"), other)
    talk.say(data.Cancel(), other)
    assert answered(talk)[0] == "moot"


@pytest.mark.requirement("DAT-16")
def test_a_request_that_was_taken_back_before_it_came_never_takes_effect() -> None:
    talk = Dialogue()
    raw = talk.write(asked())
    thread = ref_of(raw).id
    talk.say(data.Cancel(), thread, prior=None)
    assert answered(talk)[0] == "moot"
    talk.answer(raw)
    assert answered(talk) == ("refused", "stale", "/seen")


# Due dates


@pytest.mark.requirement("DAT-14")
@pytest.mark.parametrize(
    ("regime", "at", "due", "confirm"),
    [
        ("gdpr", "2027-01-31T23:59:00.000Z", "2027-03-01T00:00:00.000Z", None),
        ("gdpr", "2028-01-31T00:00:00.000Z", "2028-03-01T00:00:00.000Z", None),
        ("gdpr", "2026-12-05T12:00:00.000Z", "2027-01-06T00:00:00.000Z", None),
        ("ccpa", "2026-07-03T12:00:00.000Z", "2026-08-18T00:00:00.000Z", "2026-07-18T00:00:00.000Z"),
        ("dpdp", "2026-07-03T12:00:00.000Z", "2026-10-02T00:00:00.000Z", None),
        ("other", "2026-07-03T12:00:00.000Z", None, None),
        ("gdpr", "9999-12-30T12:00:00.000Z", "9999-12-31T23:59:59.999Z", None),
    ],
)
def test_a_request_is_due_as_its_regime_says(regime: str, at: str, due: str | None, confirm: str | None) -> None:
    law = regimes()[regime]
    assert (law.due(at), law.confirmed_by(at)) == (due, confirm)


@pytest.mark.requirement("DAT-14", "DAT-15")
def test_overdue_is_a_view_that_needs_no_message() -> None:
    talk = Dialogue()
    thread = talk.say(asked(regime="gdpr"))
    record = request(talk, thread)
    assert record.due == "2026-08-02T00:00:00.000Z"
    assert not record.overdue("2026-08-01T23:59:59.999Z")
    assert record.overdue("2026-08-02T00:00:00.000Z")
    assert "overdue" in record.in_full("2026-08-02T00:00:00.000Z").lines[0]
    talk.now = "2026-08-03T00:00:00.000Z"
    talk.tell(data.Answer(status="fulfilled"), thread)
    late = request(talk, thread)
    assert late.overdue("2026-08-02T12:00:00.000Z")
    assert not late.overdue("2026-08-04T00:00:00.000Z")


@pytest.mark.requirement("DAT-15")
def test_who_has_to_confirm_is_behind_until_an_answer_comes() -> None:
    talk = Dialogue()
    thread = talk.say(asked(regime="ccpa"))
    assert request(talk, thread).overdue("2026-07-17T00:00:00.000Z")
    talk.tell(data.Answer(status="received"), thread)
    assert not request(talk, thread).overdue("2026-07-17T00:00:00.000Z")


@pytest.mark.requirement("DAT-8")
def test_a_vendor_may_say_sooner_and_once_later_in_time() -> None:
    talk = Dialogue()
    thread = talk.say(asked(regime="gdpr"))
    talk.tell(data.Answer(status="received", due_by="2026-07-20T00:00:00.000Z"), thread)
    assert request(talk, thread).due == "2026-07-20T00:00:00.000Z"
    later = data.Answer(status="inProgress", reason=["extended"], due_by="2026-10-02T00:00:00.000Z")
    talk.tell(later, thread)
    assert (request(talk, thread).due, request(talk, thread).extended) == ("2026-10-02T00:00:00.000Z", True)


@pytest.mark.requirement("DAT-8")
@pytest.mark.parametrize(
    ("regime", "reason", "due_by", "at"),
    [
        ("gdpr", None, "2026-08-02T00:00:00.001Z", NOON),
        ("gdpr", "extended", "2026-10-02T00:00:00.001Z", NOON),
        ("gdpr", "extended", "2026-09-01T00:00:00.000Z", "2026-08-02T00:00:00.000Z"),
        ("dpdp", "extended", "2026-12-01T00:00:00.000Z", NOON),
        ("ccpa", "extended", "2026-12-01T00:00:00.000Z", NOON),
    ],
)
def test_a_vendor_may_not_take_longer_than_the_regime_allows(regime: Any, reason: Any, due_by: str, at: str) -> None:
    talk = Dialogue()
    thread = talk.say(asked(regime=regime))
    due = request(talk, thread).due
    talk.now = max(at, talk.now)
    talk.tell(data.Answer(status="inProgress", reason=[reason] if reason else None, due_by=due_by), thread)
    assert answered(talk) == ("refused", "wider-than-asked", "/body/dueBy")
    assert (request(talk, thread).due, request(talk, thread).state) == (due, "requested")


@pytest.mark.requirement("DAT-8")
def test_who_has_extended_once_does_not_extend_again() -> None:
    talk = Dialogue()
    thread = talk.say(asked(regime="gdpr"))
    for day in ("01", "02"):
        talk.tell(data.Answer(status="inProgress", reason=["extended"], due_by=f"2026-09-{day}T00:00:00.000Z"), thread)
    assert answered(talk) == ("refused", "wider-than-asked", "/body/dueBy")
    assert request(talk, thread).due == "2026-09-01T00:00:00.000Z"


@pytest.mark.requirement("DAT-8", "DAT-14")
def test_without_a_regime_it_is_due_as_the_vendor_says() -> None:
    talk = Dialogue()
    thread = talk.say(asked())
    assert (request(talk, thread).due, request(talk, thread).overdue("2030-01-01T00:00:00.000Z")) == (None, False)
    for year in ("2026", "2028"):
        talk.tell(data.Answer(status="inProgress", due_by=f"{year}-09-01T00:00:00.000Z"), thread)
    assert request(talk, thread).due == "2028-09-01T00:00:00.000Z"


# Erasure, and what is kept


@pytest.mark.requirement("DAT-10")
def test_who_erases_in_part_names_what_is_kept() -> None:
    talk = Dialogue()
    thread = talk.say(asked("erase"))
    talk.tell(data.Answer(status="partly", reason=["legalObligation"]), thread)
    assert answered(talk) == ("refused", "no-basis", "/body/kept")
    kept = data.Kept(data=["pd:Name"], because="legalObligation", until="2033-12-31T00:00:00.000Z")
    talk.tell(data.Answer(status="partly", kept=[kept]), thread)
    told = request(talk, thread).as_dict()
    assert told["erased"] == ["dpv:PersonalData"]
    assert told["kept"] == [{"data": ["pd:Name"], "because": "legalObligation", "until": "2033-12-31T00:00:00.000Z"}]


@pytest.mark.requirement("DAT-11")
def test_data_is_kept_for_an_order_only_while_one_lives_in_which_it_was_disclosed() -> None:
    talk = Dialogue()
    thread = talk.say(asked("erase"))
    kept = data.Kept(data=["pd:PhysicalAddress"], because="order")
    talk.tell(data.Answer(status="partly", kept=[kept]), thread)
    assert answered(talk) == ("refused", "no-basis", "/body/kept/0/because")
    an_order(talk)
    other = data.Kept(data=["pd:EmailAddress"], because="order")
    talk.tell(data.Answer(status="partly", kept=[kept, other]), thread)
    assert answered(talk) == ("refused", "no-basis", "/body/kept/1/because")
    talk.tell(data.Answer(status="partly", kept=[kept]), thread)
    assert answered(talk) == ("accepted", None, None)


@pytest.mark.requirement("DAT-9")
def test_who_takes_longer_says_until_when() -> None:
    with pytest.raises(errors.Malformed) as caught:
        placed(data.Answer(status="inProgress", reason=["extended"]))
    assert (caught.value.pointer, caught.value.rule) == ("/body/dueBy", "DAT-9")
    placed(data.Answer(status="inProgress", reason=["extended"], due_by=NOON))


def placed(body: Any) -> None:
    """Check 7 of a message with this body."""
    talk = Dialogue()
    raw = (
        talk.write(body)
        if body.place == "first"
        else talk.sign("vendor", talk.document("vendor", body, NOWHERE.id, number=1))
    )
    message, fault = validate_verified(json.loads(raw))
    if fault is not None:
        raise fault
    check_place(message)


# What a vendor gives


def a_receipt(about: Ref, total: str = "9.00", **more: Any) -> data.Give:
    lines = [data.GivenLine(name="Wax", price=Money("10.00", "EUR"))]
    off = data.GivenAdjustment(kind="discount", amount={"amount": "-1.00", "currency": "EUR"})  # type: ignore[arg-type]
    tax = data.GivenAdjustment(kind="tax", amount={"amount": "1.50", "currency": "EUR"}, included=True)  # type: ignore[arg-type]
    given = {"lines": lines, "adjustments": [off, tax], **more}
    return data.Give(kind="receipt", about=about, total=Money(total, "EUR"), **given)


@pytest.mark.requirement("DAT-6", "DAT-13")
def test_a_receipt_belongs_to_something_here_and_adds_up() -> None:
    talk = Dialogue()
    talk.say(CAST)
    about = ref_of(talk.raws[-2])
    thread = talk.tell(a_receipt(about))
    assert talk.history.threads[thread].record.as_dict()["total"] == {"amount": "9.00", "currency": "EUR"}  # type: ignore[union-attr]
    talk.tell(a_receipt(NOWHERE))
    assert answered(talk) == ("refused", "unknown-reference", "/body/about")
    talk.tell(a_receipt(about, "9.01"))
    assert answered(talk) == ("refused", "wrong-total", "/body/total")
    dollars = [data.GivenLine(name="Wax", price=Money("10.00", "USD"))]
    talk.tell(a_receipt(about, lines=dollars))
    assert answered(talk) == ("refused", "wrong-total", "/body/lines/0/price/currency")
