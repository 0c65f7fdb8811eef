"""A wrong value of the application's own code is a `UsageError` that names the member, wherever it is given."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from opencmr import Customer, Money, Policy, Polling, Quota, Retry, Vendor, intent, order
from opencmr.errors import HandlerFailed, OpenCMRError, UsageError
from opencmr.messages.offer import Adjustment
from opencmr.roles import AgreementInHand, Casting, ConsentInHand, CustomerRelationship, OfferInHand, OrderInHand
from parties import CAST, REQUEST, SHOP, Street, an_offer

WRONG: list[Any] = [
    7,
    -1,
    1.5,
    float("nan"),
    "",
    "\ud800",
    "x" * 5000,
    b"x",
    True,
    [],
    [7],
    ["x"],
    {},
    {"x": 7},
    object(),
]


class Held(NamedTuple):
    """What a customer holds of one vendor, and the vendor."""

    alice: Customer
    shop: Vendor
    at_shop: CustomerRelationship
    agreement: AgreementInHand
    request: ConsentInHand
    given: ConsentInHand
    casting: Casting
    offer: OfferInHand
    order: OrderInHand


@pytest.fixture
async def held(street: Street) -> Held:
    shop = street.vendor(accepts=["SD-BASE"])
    shop.on(intent.Cast)(lambda *_: an_offer("49.00"))
    alice = street.customer()
    at_shop = await alice.meet(SHOP)
    agreement = await at_shop.agreements.proffer("SD-BASE")
    given = await at_shop.consents.grant(purpose="dpv:Marketing", data=["pd:EmailAddress"], until=timedelta(days=9))
    await shop.say(at_shop.me, REQUEST)
    await at_shop.sync()
    (request,) = at_shop.consents.in_state("requested")
    made = (await alice.cast(CAST, at_shop)).firm()[0]
    casting = await alice.cast(CAST, at_shop)
    return Held(alice, shop, at_shop, agreement, request, given, casting, casting.firm()[0], await made.accept())


async def first(casting: Casting, until: Any) -> None:
    async for _ in casting.offers(until):
        return


Call = Callable[[Held, Any], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "agreement.decline": lambda held, wrong: held.agreement.decline(wrong),
    "agreement.terminate": lambda held, wrong: held.agreement.terminate(wrong),
    "agreement.say": lambda held, wrong: held.agreement.say(wrong),
    "consent.grant keys": lambda held, wrong: held.request.grant(wrong),
    "consent.grant items": lambda held, wrong: held.request.grant(items=wrong),
    "consent.grant until": lambda held, wrong: held.request.grant(until=wrong),
    "consent.grant discloses": lambda held, wrong: held.request.grant(discloses=wrong),
    "consent.refuse keys": lambda held, wrong: held.request.refuse(wrong),
    "consent.refuse reason": lambda held, wrong: held.request.refuse(reason=wrong),
    "consent.withdraw keys": lambda held, wrong: held.given.withdraw(wrong),
    "consent.withdraw reason": lambda held, wrong: held.given.withdraw(reason=wrong),
    "offer.accept payment": lambda held, wrong: held.offer.accept(wrong),
    "offer.accept codes": lambda held, wrong: held.offer.accept(codes=wrong),
    "offer.decline reason": lambda held, wrong: held.offer.decline(wrong),
    "offer.decline note": lambda held, wrong: held.offer.decline(note=wrong),
    "order.disclose": lambda held, wrong: held.order.disclose(wrong),
    "order.disclose value": lambda held, wrong: held.order.disclose({"pd:PhysicalAddress": wrong}),
    "order.cancel reason": lambda held, wrong: held.order.cancel(wrong),
    "order.cancel note": lambda held, wrong: held.order.cancel(note=wrong),
    "order.cancel lines": lambda held, wrong: held.order.cancel(lines=wrong),
    "order.withdraw ground": lambda held, wrong: held.order.withdraw(wrong),
    "order.withdraw lines": lambda held, wrong: held.order.withdraw("law", wrong),
    "order.withdraw reason": lambda held, wrong: held.order.withdraw("law", reason=wrong),
    "order.withdraw refund_to": lambda held, wrong: held.order.withdraw("law", refund_to=wrong),
    "order.withdraw note": lambda held, wrong: held.order.withdraw("law", note=wrong),
    "casting.accept": lambda held, wrong: held.casting.accept(held.offer, wrong),
    "casting.withdraw": lambda held, wrong: held.casting.withdraw(wrong),
    "proffer choices": lambda held, wrong: held.at_shop.agreements.proffer(wrong),
    "proffer scope": lambda held, wrong: held.at_shop.agreements.proffer("SD-BASE", scope=wrong),
    "proffer answer_by": lambda held, wrong: held.at_shop.agreements.proffer("SD-BASE", answer_by=wrong),
    "proffer note": lambda held, wrong: held.at_shop.agreements.proffer("SD-BASE", note=wrong),
    "say": lambda held, wrong: held.at_shop.say(wrong),
    "say thread": lambda held, wrong: held.at_shop.say(CAST, wrong),
    "forget": lambda held, wrong: held.at_shop.forget(wrong),
    "meet": lambda held, wrong: held.alice.meet(wrong),
    "cast wish": lambda held, wrong: held.alice.cast(wrong, held.at_shop),
    "cast to": lambda held, wrong: held.alice.cast(CAST, wrong),
    "cast expires": lambda held, wrong: held.alice.cast(CAST, held.at_shop, expires=wrong),
    "vendor.say": lambda held, wrong: held.shop.say(held.at_shop.me, wrong),
    "vendor.say thread": lambda held, wrong: held.shop.say(held.at_shop.me, an_offer("1.00"), wrong),
    "vendor.say customer": lambda held, wrong: held.shop.say(wrong, REQUEST),
} | {
    f"grant {name}": lambda held, wrong, name=name: held.at_shop.consents.grant(
        **{"purpose": "dpv:Marketing", "data": ["pd:EmailAddress"], "until": timedelta(days=9), name: wrong}
    )
    for name in ("purpose", "data", "until", "actions", "channels", "topics", "recipients", "discloses", "statement")
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
async def test_no_error_but_ours_leaves_by_a_wrong_value(name: str, held: Held) -> None:
    for wrong in WRONG:
        try:
            await CALLS[name](held, wrong)
        except* OpenCMRError:
            pass


async def test_waiting_takes_a_number_of_seconds_alone(held: Held) -> None:
    for wrong in ("x", None, b"1", [], float("nan"), True):
        with pytest.raises(UsageError):
            await held.at_shop.collect(wait=wrong)  # type: ignore[arg-type]
        with pytest.raises(UsageError):
            await held.alice.sync(within=wrong)  # type: ignore[arg-type]
        with pytest.raises(UsageError):
            await held.order.reaches("done", within=wrong)  # type: ignore[arg-type]
    await held.at_shop.collect(wait=-5)
    for wrong in ("x", b"1", [], float("nan"), True):
        with pytest.raises(UsageError):
            await first(held.casting, wrong)


def ask(held: Held, **wrong: Any) -> None:
    question = {"action": "dpv:Use", "purpose": "dpv:Marketing", **wrong}
    for asked in (lambda: held.at_shop.may(**question), lambda: held.shop.may(held.at_shop.me, **question)):
        try:
            asked()
        except UsageError:
            pass


@pytest.mark.parametrize("name", ["action", "purpose", "data", "recipient", "channel", "thread", "topic", "at"])
async def test_a_question_of_wrong_values_is_a_usage_error(name: str, held: Held) -> None:
    for wrong in WRONG:
        ask(held, **{name: wrong})


async def test_handlers_and_standing_choices_of_wrong_values_are_usage_errors(street: Street, held: Held) -> None:
    for wrong in WRONG:
        with pytest.raises(UsageError):
            held.shop.on(wrong)
        with pytest.raises(UsageError):
            held.shop.after(wrong)
        with pytest.raises(UsageError):
            held.shop.accept(wrong)
        if wrong not in ([], "", {}):
            with pytest.raises(UsageError):
                Policy(proffers=wrong).choices()
            with pytest.raises(UsageError):
                Policy(takes=wrong).knows("x")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (CALLS["offer.accept payment"], "offer.accept at /payment"),
        (lambda held, _: held.offer.accept([{"method": "card", "sum": 1}]), "offer.accept at /payment/0/sum"),
        (CALLS["order.cancel lines"], "lines is a list, not 7"),
        (lambda held, _: held.order.withdraw("law", ["x"]), "order.withdraw at /lines/0/line"),
        (lambda held, _: held.order.withdraw("whim"), "order.withdraw at /ground: Input should be 'returns' or 'law'"),
        (lambda held, _: held.order.withdraw("law", refund_to=7), "order.withdraw at /refund_to"),
        (CALLS["cast wish"], "a int is no body of a message"),
        (CALLS["grant data"], "data is a list, not 7"),
    ],
)
async def test_the_member_is_named_and_what_was_expected(call: Call, told: str, held: Held) -> None:
    with pytest.raises(UsageError) as raised:
        await call(held, 7)
    assert str(raised.value).startswith(told)


BOUNDS: list[tuple[type[Quota | Polling | Retry], str]] = [
    *((Quota, name) for name in ("collect", "relationship")),
    *((Polling, name) for name in ("every", "gap", "at_once", "within")),
    *((Retry, name) for name in ("first", "most", "at_once")),
]


@pytest.mark.parametrize(("kind", "name"), BOUNDS)
def test_a_bound_of_a_wallet_that_is_none_is_a_usage_error(kind: Callable[..., Any], name: str) -> None:
    for wrong in (-1, float("nan"), float("inf"), True, "1", None, [], b"1", -(10**400)):
        with pytest.raises(UsageError, match=name):
            kind(**{name: wrong})
    assert getattr(kind(**{name: 7}), name) == 7


def test_a_span_of_a_vendors_that_is_none_is_a_usage_error(street: Street) -> None:
    for wrong in (timedelta(), timedelta(-1), timedelta.max, 7, "1", None):
        with pytest.raises(UsageError, match="firm_for"):
            street.vendor(firm_for=wrong)
    for wrong in (-1, float("nan"), "1", None, timedelta(1)):
        with pytest.raises(UsageError, match="handler_timeout"):
            street.vendor(handler_timeout=wrong)
    assert street.vendor(firm_for=timedelta(seconds=1), handler_timeout=1).did == SHOP


def test_a_count_is_a_whole_number_from_one() -> None:
    for wrong in (0, 1.5):
        for kind, name in ((Quota, "collect"), (Quota, "relationship"), (Polling, "at_once"), (Retry, "at_once")):
            with pytest.raises(UsageError, match=name):
                kind(**{name: wrong})


# Handlers


def gives_money(*_: Any) -> Any:
    return an_offer("49.00", adjustments=[Adjustment(kind="discount", amount=Money("1.00", "EUR"))])


def misnames(*_: Any) -> Any:
    return order.Confirm(reference="R1", total=7, **{"a customer's word": 1})  # type: ignore[arg-type]


def misspells(*_: Any) -> Any:
    return order.Confirm(reference="R1", total=Money("49.00", "EUR"), **{"secret": 1})  # type: ignore[arg-type]


def says_what_is_not_due(*_: Any) -> Any:
    return order.Confirm(reference="R1", total=Money("49.00", "EUR"))


def replies_in_no_body(*_: Any) -> Any:
    return [7]


@pytest.mark.parametrize(
    ("handler", "event", "pointer", "expected"),
    [
        (
            gives_money,
            "handler.failed",
            "Adjustment/amount",
            "Input should be a dictionary or an instance of SignedMoney",
        ),
        (misnames, "handler.failed", "Confirm/total", "Input should be a dictionary or an instance of Money"),
        (misspells, "handler.failed", "Confirm", "Extra inputs are not permitted"),
        (says_what_is_not_due, "handler.misspoke", "/type", "The thread's state does not allow this message."),
        (replies_in_no_body, "handler.failed", None, None),
    ],
)
async def test_the_log_names_the_handler_the_member_and_what_was_expected(
    handler: Any, event: str, pointer: str, expected: str, street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    shop = street.vendor(accepts=["SD-BASE"])
    shop.on(intent.Cast)(handler)
    with pytest.raises(HandlerFailed) as raised:
        await shop.receive(street.stranger().write(CAST))
    (said,) = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert said["event"] == event
    assert said["handler"].endswith(f"test_wrong_values.{handler.__qualname__}")
    assert (said.get("pointer"), said.get("expected")) == (pointer, expected)
    assert "secret" not in caplog.text
    if pointer is not None and event == "handler.failed":
        assert handler.__qualname__ in str(raised.value.__cause__)
        assert f"{pointer}: {expected}" in str(raised.value.__cause__)


async def test_what_follows_a_message_and_fails_is_named_too(street: Street, caplog: pytest.LogCaptureFixture) -> None:
    shop = street.vendor(accepts=["SD-BASE"])
    shop.after(intent.Cast)(gives_money)
    await shop.receive(street.stranger().write(CAST))
    await shop.close()
    (said,) = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert (said["event"], said["pointer"], said["outcome"]) == ("handler.failed", "Adjustment/amount", "accepted")
    assert said["handler"].endswith("gives_money")
