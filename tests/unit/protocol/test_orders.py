"""The fold of an intent thread, once an offer was accepted: the order."""

import time
from typing import Any

import pytest

from opencmr import errors

ADDRESS = {"data": "pd:PhysicalAddress", "value": {"addressLocality": "Kiel"}}


def thread_of(turn: Any) -> str:
    return turn.said.message.thread


def test_much_is_disclosed_for_an_order_in_little_time(talk: Any) -> None:
    thread = thread_of(talk.order())
    started = time.process_time()
    for disclosure in range(100):
        data = [{"data": "pd:Interest", "value": [disclosure, part]} for part in range(64)]
        told = talk.customer("order.disclose", {"discloses": data}, thread)
    assert len(told.record.disclosed) == 6400
    assert time.process_time() - started < 5  # each with each, it was thirty


def test_what_looks_equal_to_python_is_disclosed_beside_it(talk: Any) -> None:
    thread = thread_of(talk.order())
    for value in (1, True, 1):
        told = talk.customer("order.disclose", {"discloses": [{"data": "pd:Interest", "value": value}]}, thread)
    assert [datum.value for datum, _ in told.record.disclosed] == [1, True]


@pytest.mark.requirement("ORD-1")
def test_nothing_is_disclosed_for_an_order_that_is_none_yet(talk: Any) -> None:
    cast = talk.cast()
    talk.offer(cast.id)
    with pytest.raises(errors.WrongState):
        talk.customer("order.disclose", {"discloses": [ADDRESS]}, cast.id)
    ordered = talk.order()
    told = talk.customer("order.disclose", {"discloses": [ADDRESS]}, thread_of(ordered))
    assert (told.record.state, told.record.disclosed[-1][1]) == ("ordered", told.said.point)


def test_what_is_disclosed_is_in_the_words_of_the_vocabulary(talk: Any) -> None:
    ordered = talk.order()
    with pytest.raises(errors.UnknownTerm) as caught:
        talk.customer("order.disclose", {"discloses": [{"data": "pd:Home", "value": "x"}]}, thread_of(ordered))
    assert caught.value.pointer == "/body/discloses/0/data"


@pytest.mark.requirement("ORD-2")
def test_a_confirmation_repeats_the_total(talk: Any, bodies: Any) -> None:
    ordered = talk.order()
    with pytest.raises(errors.WrongTotal) as caught:
        talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("101")}, thread_of(ordered))
    assert (caught.value.pointer, caught.value.rule) == ("/body/total", "ORD-2")
    confirmed = talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("100")}, thread_of(ordered))
    assert (confirmed.record.state, confirmed.record.as_dict()["reference"]) == ("confirmed", "7")


def confirmed(talk: Any, bodies: Any) -> str:
    thread = thread_of(talk.order())
    talk.vendor("order.confirm", {"reference": "7", "total": bodies.euros("100")}, thread)
    return thread


@pytest.mark.requirement("ORD-3")
def test_a_report_is_about_lines_that_there_are(talk: Any, bodies: Any) -> None:
    thread = confirmed(talk, bodies)
    with pytest.raises(errors.UnknownReference) as caught:
        talk.vendor("order.fulfil", {"status": "shipped", "lines": [{"line": 0}, {"line": 1}]}, thread)
    assert (caught.value.pointer, caught.value.rule) == ("/body/lines/1/line", "ORD-3")
    assert (
        talk.vendor("order.fulfil", {"status": "shipped", "lines": [{"line": 0}]}, thread).record.state == "fulfilling"
    )


def test_done_ends_the_order(talk: Any, bodies: Any) -> None:
    thread = confirmed(talk, bodies)
    with pytest.raises(errors.WrongSide):
        talk.customer("order.fulfil", {"status": "done"}, thread)
    shipped = talk.vendor("order.fulfil", {"status": "shipped"}, thread)
    told = talk.customer("order.disclose", {"discloses": [ADDRESS]}, thread)
    assert told.record.state == "fulfilling"
    done = talk.vendor("order.fulfil", {"status": "done"}, thread)
    assert (done.record.state, done.record.closed) == ("done", done.said.point)
    assert done.record.as_dict()["progress"] == [
        {"status": "shipped", "at": shipped.said.at},
        {"status": "done", "at": done.said.at},
    ]
    assert talk.customer("order.cancel", {"reason": "other"}, thread).outcome == "moot"
    with pytest.raises(errors.WrongState):
        talk.vendor("order.fulfil", {"status": "shipped"}, thread)


@pytest.mark.requirement("ORD-4", "ORD-5")
def test_after_the_customer_cancels_the_vendor_settles_once(talk: Any, bodies: Any) -> None:
    thread = confirmed(talk, bodies)
    cancelled = talk.customer("order.cancel", {"reason": "other", "refund": bodies.euros("500")}, thread)
    assert (cancelled.record.state, cancelled.record.refund, cancelled.record.settled) == ("cancelled", None, False)
    assert talk.vendor("order.cancel", {"reason": "noted"}, thread).outcome == "moot"
    settled = talk.vendor(
        "order.cancel", {"reason": "noted", "refund": bodies.euros("95"), "fee": bodies.euros("5")}, thread
    )
    assert (settled.outcome, settled.record.state) == ("accepted", "cancelled")
    record = settled.record.as_dict()
    assert (record["refund"], record["fee"], record["closed"]) == (
        bodies.euros("95"),
        bodies.euros("5"),
        cancelled.said.at,
    )
    assert talk.vendor("order.cancel", {"reason": "x", "refund": bodies.euros("0")}, thread).outcome == "moot"
    assert talk.customer("order.cancel", {"reason": "x"}, thread).outcome == "moot"


@pytest.mark.requirement("ORD-5")
def test_a_vendor_that_cancels_may_settle_at_once_or_later(talk: Any, bodies: Any) -> None:
    at_once, later = confirmed(talk, bodies), confirmed(talk, bodies)
    refund = {"reason": "soldOut", "refund": bodies.euros("100")}
    assert talk.vendor("order.cancel", refund, at_once).record.settled
    assert talk.vendor("order.cancel", refund, at_once).outcome == "moot"
    assert not talk.vendor("order.cancel", {"reason": "soldOut"}, later).record.settled
    assert talk.vendor("order.cancel", refund, later).record.settled
