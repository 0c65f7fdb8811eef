"""`Sec-GPC: 1` → an objection, and whether it is processed."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridging import DATA, NEWS, Talk, grant, view
from dialogue import Dialogue
from opencmr import Question
from opencmr.bridges import View, gpc
from opencmr.messages import consent, data
from opencmr.messages.types import Party
from opencmr.protocol import THIRD_PARTY

SIGNAL = {"Accept": "*/*", "sec-gpc": "1"}
ADS = Party(name="Ads", role="thirdParty", id="https://ads.example/")
SALE = {**NEWS, "purposes": ["dpv:SellDataToThirdParties"], "actions": ["dpv:Share"], "recipients": [ADS]}


def said(one: Dialogue) -> str:
    body = gpc.objection(SIGNAL)
    assert body is not None
    return one.say(body)


@pytest.mark.parametrize("headers", [{}, {"Sec-GPC": "0"}, {"Sec-GPC": "true"}, {"Sec-GPC": ""}, {"X-Sec-GPC": "1"}])
def test_where_the_signal_is_not_there_nobody_objects(headers: dict[str, str]) -> None:
    assert gpc.objection(headers) is None


@pytest.mark.parametrize("name", ["Sec-GPC", "sec-gpc", "SEC-GPC"])
def test_the_signal_is_an_objection_to_selling_and_sharing_with_anybody(name: str) -> None:
    body = gpc.objection({name: "1"})
    assert body is not None
    assert (body.right, body.regime, body.data, body.actions) == ("object", "ccpa", None, None)
    assert body.purposes == ["dpv:SellDataToThirdParties", "dpv:TargetedAdvertising"]
    assert body.recipients == [Party(name="Third parties", role="thirdParty")]


def test_what_was_consented_to_before_is_denied_by_it(one: Dialogue) -> None:
    one.say(grant(SALE, statement="Do."))
    question = Question("dpv:Share", "dpv:SellDataToThirdParties", "pd:EmailAddress", str(ADS.id))
    assert one.history.may(question, one.now)
    said(one)
    assert one.history.may(question, one.now).reason == "objected"


def test_it_leaves_the_vendors_own_advertising(one: Dialogue) -> None:
    one.say(grant({**NEWS, "actions": ["dpv:Use"], "recipients": None}, statement="Do."))
    said(one)
    assert one.history.may(Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress"), one.now)


def test_it_is_processed_once_the_vendor_has_given_it_a_place(one: Dialogue) -> None:
    assert gpc.processed(view(one)) == gpc.Processed(honored=False)
    thread = said(one)
    shown = gpc.processed(view(one))
    (entry,) = one.history.threads[thread].entries
    assert shown.honored
    assert shown.text == "Opt-Out Request Honored"
    assert shown.evidence == (entry.digest, one.history.chain.tip)
    assert shown.since == one.history.chain.time(entry.place, entry.at)
    assert shown.permitted == ()


def test_a_wider_objection_is_one_too(one: Dialogue) -> None:
    one.say(data.Object(right="object"))
    assert gpc.processed(view(one)).honored


@pytest.mark.parametrize(
    "narrower",
    [
        {"purposes": ["dpv:SellDataToThirdParties"]},
        {"purposes": None, "data": ["pd:EmailAddress"]},
        {"channels": ["email"]},
        {"actions": ["dpv:Transmit"]},
        {"recipients": [ADS]},
    ],
)
def test_a_narrower_objection_is_none(one: Dialogue, narrower: dict[str, object]) -> None:
    body = gpc.objection(SIGNAL)
    assert body is not None
    one.say(body.model_copy(update=narrower))
    assert gpc.processed(view(one)) == gpc.Processed(honored=False)


def test_where_the_customer_says_yes_again_it_is_told_what_to(one: Dialogue) -> None:
    said(one)
    one.say(grant(SALE, statement="Sell it to them."))
    shown = gpc.processed(view(one))
    assert (shown.honored, shown.text) == (False, "")
    assert shown.permitted == (Question("dpv:Share", "dpv:SellDataToThirdParties", "pd:EmailAddress", str(ADS.id)),)
    one.say(consent.Withdraw(), next(iter(reversed(one.history.threads))))
    assert gpc.processed(view(one)).honored


@given(st.integers(0, 2**32))
@example(1043839)  # a yes to all data, of which another no denies a part: what is left of it is permitted
@settings(deadline=None, max_examples=60)
def test_where_it_is_honored_nothing_of_it_is_permitted(seed: int) -> None:
    dice = random.Random(seed)
    talk = Talk(dice)
    one = talk.play(4)
    said(one)
    talk.play(8)
    seen = View(one.history, one.customer_did, one.vendor_did, one.now)
    if gpc.processed(seen).honored:
        for purpose in ("dpv:SellDataToThirdParties", "dpv:TargetedAdvertising"):
            for term in DATA:
                for to in (THIRD_PARTY, str(ADS.id)):
                    for channel in (None, "email", "sms"):
                        asked = Question("dpv:Share", purpose, term, to, channel)  # type: ignore[arg-type]
                        assert not one.history.may(asked, one.now, now=True)
