"""What a customer withdraws from, and what the vendor pays back."""

from typing import Any

import pytest

from opencmr import errors
from opencmr.protocol import Question

SHIRT, CAP = {"line": 0, "quantity": {"value": "1"}}, {"line": 1}


def bought(talk: Any, bodies: Any, **more: Any) -> str:
    """An order of two shirts and a cap that is done."""
    lines = [
        {"name": "Shirt", "price": bodies.euros("60"), "quantity": {"value": "2"}},
        {"name": "Cap", "price": bodies.euros("40")},
    ]
    thread = talk.accept(talk.offer(talk.cast().id, lines=lines, returns={"days": 14}, **more)).said.message.thread
    talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("100")}, thread)
    talk.vendor("order.fulfil", {"status": "done"}, thread)
    return str(thread)


def withdraw(talk: Any, thread: str, *lines: dict[str, Any], ground: str = "returns", **more: Any) -> Any:
    return talk.customer("order.withdraw", {"ground": ground, "lines": list(lines)}, thread, **more)


def refund(talk: Any, bodies: Any, thread: str, *lines: dict[str, Any]) -> Any:
    body = {"status": "refunded", "amount": bodies.euros("30"), **({"lines": list(lines)} if lines else {})}
    return talk.vendor("order.fulfil", body, thread)


@pytest.mark.requirement("ORD-7", "ORD-10")
def test_a_shirt_is_sent_back_and_paid_back(talk: Any, bodies: Any) -> None:
    thread = bought(talk, bodies)
    said = withdraw(talk, thread, SHIRT)
    (open_,) = said.record.withdrawals
    assert (said.record.state, open_.late, open_.beyond, open_.settled) == ("returning", False, False, None)
    talk.vendor("order.fulfil", {"status": "returned", "lines": [SHIRT]}, thread)
    assert refund(talk, bodies, thread, CAP).record.state == "returning", "that was for something else"
    done = refund(talk, bodies, thread, SHIRT)
    assert (done.record.state, done.record.withdrawals[0].settled) == ("done", done.said.point)
    record = done.record.as_dict()
    assert record["withdrawals"] == [
        {
            "digest": said.said.digest,
            "ground": "returns",
            "at": said.said.at,
            "dueBy": open_.due,
            "late": False,
            "beyond": False,
            "lines": [SHIRT],
            "settled": done.said.at,
        }
    ]
    assert [each["amount"] for each in record["refunds"]] == [bodies.euros("30")] * 2


@pytest.mark.requirement("ORD-10")
def test_a_refund_of_one_shirt_settles_no_withdrawal_from_two(talk: Any, bodies: Any) -> None:
    thread = bought(talk, bodies)
    withdraw(talk, thread, {"line": 0})
    assert refund(talk, bodies, thread, SHIRT).record.state == "returning"
    assert refund(talk, bodies, thread, SHIRT, SHIRT).record.state == "done"


@pytest.mark.requirement("ORD-10")
def test_a_refund_that_is_overdue_shows_at_a_time(talk: Any, bodies: Any) -> None:
    thread = bought(talk, bodies)
    said = withdraw(talk, thread, SHIRT)
    due = said.record.withdrawals[0].due
    assert (said.record.overdue(talk.now), len(said.record.overdue(due))) == ([], 1)
    talk.later(days=20)
    late = refund(talk, bodies, thread, SHIRT)
    assert (len(late.record.overdue(due)), late.record.overdue(talk.now)) == (1, []), (
        "it was overdue then, and is not now"
    )


@pytest.mark.requirement("ORD-7")
def test_late_or_too_much_it_takes_its_place_all_the_same(talk: Any, bodies: Any) -> None:
    thread = bought(talk, bodies)
    talk.later(days=14)
    late = withdraw(talk, thread, {"line": 0, "quantity": {"value": "3"}})
    assert (late.outcome, late.record.withdrawals[-1].late, late.record.withdrawals[-1].beyond) == (
        "accepted",
        True,
        True,
    )
    nowhere = withdraw(talk, thread, {"line": 7}, ground="law")
    assert (nowhere.record.withdrawals[-1].late, nowhere.record.withdrawals[-1].beyond) == (False, True)


@pytest.mark.requirement("ORD-7")
def test_what_was_said_in_time_is_in_time_though_it_is_answered_late(talk: Any, bodies: Any) -> None:
    thread = bought(talk, bodies)
    talk.later(days=13)
    word = talk.write("order.withdraw", {"ground": "returns"}, thread)
    talk.later(days=9)
    assert not talk.place(word).record.withdrawals[0].late


@pytest.mark.requirement("ORD-7")
@pytest.mark.parametrize("returns", [{"days": 0}, None])
def test_where_the_offer_takes_nothing_back_it_is_late_at_once(talk: Any, bodies: Any, returns: Any) -> None:
    made = talk.offer(talk.cast().id, **({"returns": returns} if returns else {}))
    thread = talk.accept(made).said.message.thread
    assert not withdraw(talk, thread, {"line": 0}).record.withdrawals[0].late, "nothing was delivered yet"
    talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("100")}, thread)
    talk.vendor("order.fulfil", {"status": "delivered"}, thread)
    assert withdraw(talk, thread, {"line": 0}).record.withdrawals[1].late


@pytest.mark.requirement("ORD-9")
def test_once_it_is_done_a_vendor_reports_what_came_back_and_nothing_else(talk: Any, bodies: Any) -> None:
    thread = bought(talk, bodies)
    with pytest.raises(errors.WrongState) as caught:
        talk.vendor("order.fulfil", {"status": "shipped"}, thread)
    assert (caught.value.pointer, caught.value.rule) == ("/body/status", "ORD-9")
    assert refund(talk, bodies, thread).record.state == "done"


@pytest.mark.requirement("ORD-11")
def test_lines_are_cancelled_and_the_rest_stands(talk: Any, bodies: Any) -> None:
    lines = [{"name": "Shirt", "price": bodies.euros("60")}, {"name": "Cap", "price": bodies.euros("40")}]
    thread = talk.accept(talk.offer(talk.cast().id, lines=lines)).said.message.thread
    one = talk.customer("order.cancel", {"reason": "other", "lines": [CAP]}, thread)
    assert (one.record.state, one.record.closed) == ("ordered", None)
    assert talk.customer("order.cancel", {"reason": "other", "lines": [CAP, {"line": 9}]}, thread).outcome == "moot"
    settled = talk.vendor("order.cancel", {"reason": "other", "lines": [CAP], "refund": bodies.euros("40")}, thread)
    assert [each["by"] for each in settled.record.as_dict()["cancelled"]] == ["customer", "vendor"]
    all_ = talk.customer("order.cancel", {"reason": "other", "lines": [{"line": 0}]}, thread)
    assert (all_.record.state, all_.record.settled, all_.record.closed) == ("cancelled", False, all_.said.point)
    refund_ = {"reason": "other", "refund": bodies.euros("60")}
    assert talk.vendor("order.cancel", refund_, thread).record.settled


@pytest.mark.requirement("DEC-20", "DEC-22")
def test_rule_1_lasts_for_the_days_the_warranty_and_the_carrier(talk: Any, bodies: Any) -> None:
    party = {"name": "Post", "role": "thirdParty", "id": "https://post.example/"}
    address = {"data": "pd:PhysicalAddress", "value": {"streetAddress": "Main Street 1"}}
    lines = [{"name": "Shirt", "price": bodies.euros("100")}]
    made = talk.offer(
        talk.cast(discloses=[address]).id,
        lines=lines,
        needs=["pd:PhysicalAddress"],
        recipients=[{"party": party, "data": ["pd:PhysicalAddress"]}],
        returns={"days": 14},
        warranty="P2Y",
    )
    thread = made.said.message.thread

    def may(purpose: str, recipient: str = "vendor", at: str | None = None) -> str:
        action = "dpv:Use" if recipient == "vendor" else "dpv:Share"
        question = Question(action, purpose, "pd:PhysicalAddress", recipient, thread=thread)
        return str(talk.may(question, at).answer)

    service, post = "dpv:RequestedServiceProvision", "https://post.example/"
    assert may(service, post) == "deny", "an offer is no order"
    talk.accept(made)
    assert (may(service, post), may("dpv:DirectMarketing", post)) == ("permit", "deny")
    assert may(service, "https://other.example/") == "deny"
    talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("100")}, thread)
    talk.vendor("order.fulfil", {"status": "done"}, thread)
    talk.later(days=15)
    assert (may(service), may(service, post), may("dpv:CustomerCare")) == ("deny", "deny", "permit")
    assert may("dpv:CustomerCare", post) == "deny"
    assert may("dpv:CustomerCare", at=talk.after(days=720)) == "deny"


@pytest.mark.requirement("DEC-20", "DEC-1")
def test_a_withdrawal_lets_an_order_go_on_from_its_place_and_not_before(talk: Any, bodies: Any) -> None:
    thread = bought(talk, bodies)
    talk.customer("order.withdraw", {"ground": "returns"}, thread)
    refund(talk, bodies, thread)
    mine, question = talk.history, Question("dpv:Use", "dpv:CustomerCare", "pd:Intention", thread=thread)
    mine.mine = True
    talk.later(days=13)
    word = talk.write("order.withdraw", {"ground": "law"}, thread)
    talk.later(days=3)
    mine.hear(*word)
    assert (mine.may(question, talk.now, now=True).answer, mine.unplaced != {}) == ("deny", True)
    between = talk.after(days=-1)
    talk.place(word)
    assert (mine.may(question, talk.now, now=True).answer, mine.may(question, between).answer) == ("permit", "deny")


@pytest.mark.requirement("DEC-20")
@pytest.mark.parametrize("mine", [False, True])
def test_a_vendor_that_reports_and_pays_nothing_back_has_44_days(talk: Any, bodies: Any, mine: bool) -> None:
    thread = bought(talk, bodies)
    talk.history.mine = mine
    question = Question("dpv:Use", "dpv:PaymentManagement", "pd:Intention", thread=thread)
    talk.customer("order.withdraw", {"ground": "law"}, thread)
    ends = talk.after(days=44)
    for _ in range(4):
        talk.later(days=10)
        talk.vendor("order.fulfil", {"status": "returned"}, thread)
        assert talk.may(question).answer == "permit"
    talk.later(days=10)
    for status in ("returned", "done"):
        told = talk.vendor("order.fulfil", {"status": status}, thread)
        assert (talk.may(question).answer, talk.may(question, talk.now).answer) == ("deny", "deny")
    assert (told.record.state, talk.may(question, ends).answer) == ("done", "deny")
    withdraw(talk, thread, {"line": 0})
    assert (talk.may(question).answer, talk.may(question, ends).answer) == ("permit", "deny")


@pytest.mark.requirement("DEC-20")
def test_a_withdrawal_from_all_ends_rule_1_whatever_the_offer_says_of_returns(talk: Any, bodies: Any) -> None:
    made = talk.offer(talk.cast().id, returns={"days": 3650}, warranty="P9Y")
    thread = talk.accept(made).said.message.thread
    talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("100")}, thread)
    talk.vendor("order.fulfil", {"status": "done"}, thread)
    question = Question("dpv:Use", "dpv:CustomerCare", "pd:Intention", thread=thread)
    talk.later(days=100)
    withdraw(talk, thread, {"line": 7})
    talk.later(days=45)
    assert talk.may(question).answer == "permit", "all of it is left"
    talk.customer("order.withdraw", {"ground": "returns"}, thread)
    talk.later(days=43)
    assert talk.may(question).answer == "permit"
    talk.later(days=1)
    assert talk.may(question).answer == "deny"


@pytest.mark.requirement("DEC-20")
def test_what_is_left_lasts_as_if_nothing_had_been_sent_back(talk: Any, bodies: Any) -> None:
    lines = [{"name": "Shirt", "price": bodies.euros("60")}, {"name": "Cap", "price": bodies.euros("40")}]
    made = talk.offer(talk.cast().id, lines=lines, returns={"days": 14}, warranty="P1Y")
    thread = talk.accept(made).said.message.thread
    talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("100")}, thread)
    talk.vendor("order.fulfil", {"status": "done"}, thread)
    pay, care = (Question("dpv:Use", f"dpv:{of}", "pd:Intention", thread=thread)
                 for of in ("PaymentManagement", "CustomerCare"))  # fmt: skip
    days, year = talk.after(days=14), talk.after(days=365)
    talk.later(days=5)
    withdraw(talk, thread, CAP)
    assert talk.may(pay, days).answer == "permit", "it is being returned"
    talk.later(days=5)
    told = talk.vendor("order.fulfil", {"status": "refunded", "amount": bodies.euros("40"), "lines": [CAP]}, thread)
    assert told.record.state == "done"
    assert (talk.may(pay).answer, talk.may(pay, days).answer) == ("permit", "deny")
    assert (talk.may(care, days).answer, talk.may(care, year).answer) == ("permit", "deny")
