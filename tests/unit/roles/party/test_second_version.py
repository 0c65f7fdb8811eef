"""A message is read under the version that it names: a next one is one more `Version`, and 1.0 stays as it is."""

from typing import Any

import pytest

from opencmr import errors, messages, terms, trust
from opencmr.messages import VERSIONS, Body, Version, core
from opencmr.messages.types import Text
from opencmr.protocol import parse, roster, verify
from opencmr.roles.party.signing import Draft, Link, Signer
from opencmr.roles.vendor.telemetry import known_type
from parties import SHOP, Hand, Street, read


class Decline(Body):
    """As of 1.0, and a member more."""

    type = "terms.decline"
    reason: Text
    instead: Text | None = None


class Praise(Body):
    """What 1.0 has no word for."""

    type = "terms.praise"
    place = "first"
    words: Text


NOON = "2026-03-01T12:00:00.000Z"
THREAD = "urn:uuid:00000000-0000-4000-8000-000000000000"
PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])
LATER = Version("1.1", {**messages.V1.types, Decline.type: Decline, Praise.type: Praise})


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERSIONS, LATER.number, LATER)


@pytest.fixture
def she(street: Street) -> Hand:
    return street.stranger()


def typed(raw: bytes) -> Any:
    return verify(parse(raw), me=SHOP, pinned={}).message


@pytest.mark.requirement("ENV-5")
def test_a_message_is_read_under_the_version_that_it_names(she: Hand) -> None:
    said = {"reason": "other", "instead": "nothing"}
    later = typed(she.write(said, THREAD, type="terms.decline", opencmr="1.1"))
    assert (later.opencmr, later.body) == ("1.1", Decline(**said))
    assert later.wire()["opencmr"] == "1.1"
    assert type(typed(she.write({"reason": "other"}, THREAD, type="terms.decline")).body) is terms.Decline
    assert typed(she.write({"words": "Good."}, type="terms.praise", opencmr="1.1")).body == Praise(words="Good.")


@pytest.mark.requirement("ENV-5", "ENV-6")
def test_a_message_of_1_0_gets_neither_a_member_nor_a_type_of_a_later_version(she: Hand) -> None:
    with pytest.raises(errors.Malformed) as member:
        typed(she.write({"reason": "other", "instead": "nothing"}, THREAD, type="terms.decline"))
    assert member.value.pointer == "/body/instead"
    with pytest.raises(errors.UnsupportedType) as type_:
        typed(she.write({"words": "Good."}, type="terms.praise"))
    assert type_.value.expected == sorted(messages.BODIES)


@pytest.mark.requirement("ENV-5")
def test_a_version_that_is_not_registered_is_refused_with_all_that_are(she: Hand) -> None:
    with pytest.raises(errors.UnsupportedVersion) as caught:
        typed(she.write({"words": "Good."}, type="terms.praise", opencmr="1.2"))
    assert (caught.value.pointer, caught.value.expected) == ("/opencmr", ["1.0", "1.1"])


@pytest.mark.requirement("ENV-5")
def test_a_sender_uses_the_lowest_version_that_can_say_it(she: Hand) -> None:
    signer = Signer(she.did, she.key, she.method)
    for body, thread, number in (
        (PROFFER, None, "1.0"),
        (terms.Decline(reason="other"), THREAD, "1.0"),
        (Decline(reason="other", instead="nothing"), THREAD, "1.1"),
        (Praise(words="Good."), None, "1.1"),
    ):
        said = signer.write(Draft(body), to=SHOP, at=NOON, link=Link(), thread=thread)
        assert said.message.opencmr == number
    assert messages.lowest(core.Receipt) is messages.V1


@pytest.mark.requirement("ENV-5")
async def test_a_thread_holds_messages_of_both_and_discovery_lists_them(street: Street, she: Hand) -> None:
    shop = street.vendor()
    shop.accept("SD-BASE")
    assert shop.discovery()["versions"] == ["1.0", "1.1"]
    assert "terms.praise" in shop.discovery()["types"]
    assert known_type("terms.praise") == "terms.praise"
    proffered = she.write(PROFFER)
    await shop.receive(proffered)
    thread = read(proffered)["thread"]
    said = {"reason": "other", "instead": "nothing"}
    no = she.write(said, thread, trust.digest(proffered), type="terms.decline", opencmr="1.1")
    receipt = read((await shop.receive(no))[0])
    assert receipt["opencmr"] == "1.0"
    assert (receipt["body"]["outcome"], receipt["body"]["state"]) == ("accepted", "terminated")
