"""Deadlines as people and programs write them: an instant, the same on every machine, or a UsageError that helps."""

import math
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from opencmr import Draft
from opencmr.errors import UsageError
from opencmr.messages.types import Instant
from opencmr.protocol import instant
from opencmr.roles.party.signing import deadline, exactly
from parties import CAST, GRANT, MARKETING, SHOP, Street

NOW = "2026-03-02T09:30:00.000Z"
ZONES = ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"]
ON_THE_WIRE: TypeAdapter[str] = TypeAdapter(Instant)
EAST = timezone(timedelta(hours=14))


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine's own time zone."""
    before = os.environ.get("TZ")
    _live_in(request.param)
    yield request.param
    _live_in(before)


def _live_in(zone: str | None) -> None:
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    time.tzset()


def said(when: Any, now: str = NOW) -> str | None:
    """The instant, as the wire has it; none where it is refused."""
    try:
        found = deadline(when, now)
    except UsageError:
        return None
    return ON_THE_WIRE.validate_python(found)


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("2026-06-01", "2026-06-01T00:00:00.000Z"),
        (date(2026, 6, 1), "2026-06-01T00:00:00.000Z"),
        ("2026-06-01T00:00:00Z", "2026-06-01T00:00:00.000Z"),
        ("2026-06-01T02:00:00+02:00", "2026-06-01T00:00:00.000Z"),
        ("2026-06-01 02:00+02:00", "2026-06-01T00:00:00.000Z"),
        (datetime(2026, 6, 1, tzinfo=UTC), "2026-06-01T00:00:00.000Z"),
        (datetime(2026, 6, 1, 14, tzinfo=EAST), "2026-06-01T00:00:00.000Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")), "2026-10-25T00:30:00.000Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1), "2026-10-25T01:30:00.000Z"),
        (timedelta(days=1), "2026-03-03T09:30:00.000Z"),
        (timedelta(), NOW),
        (timedelta(seconds=-1), "2026-03-02T09:29:59.000Z"),
        (timedelta(microseconds=1999), "2026-03-02T09:30:00.001Z"),
        ("2026-06-01T00:00:00.123999Z", "2026-06-01T00:00:00.123Z"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_is_one_instant_in_every_time_zone(zone: str, when: Any, found: str) -> None:
    assert said(when) == found


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 6, 1),
        datetime.max,
        "2026-06-01T00:00:00",
        "2026-06-01 09:30",
        datetime(1, 1, 1, tzinfo=EAST),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+14:00",
        "0000-01-01",
        "10000-01-01",
        timedelta.max,
        timedelta.min,
        timedelta(days=365 * 8000),
        datetime(2026, 6, 1, tzinfo=tzinfo()),
        "tomorrow",
        "",
        "2026-02-30",
        "2026-06-01T25:00:00Z",
        "\ud800026-06-01",
        "2" * 100_000,
        None,
        True,
        math.inf,
        math.nan,
        1780272000,
        b"2026-06-01",
        time.gmtime(0),
    ],
    ids=lambda when: repr(when)[:40],
)
def test_what_is_no_one_time_is_refused_in_every_time_zone(zone: str, when: Any) -> None:
    with pytest.raises(UsageError) as refused:
        deadline(when, NOW)
    assert len(str(refused.value)) < 300


def test_who_names_no_time_zone_is_told_what_to_write(zone: str) -> None:
    with pytest.raises(UsageError, match=r"\.replace\(tzinfo=UTC\)"):
        deadline(datetime(2026, 6, 1), NOW)
    with pytest.raises(UsageError, match="say 2026-06-01T00:00:00Z"):
        deadline("2026-06-01T00:00:00", NOW)


SPELT = st.builds(
    lambda moment, form, end: form(moment) + end,
    st.datetimes(),
    st.sampled_from([datetime.isoformat, lambda at: at.isoformat(" ", "minutes"), lambda at: at.date().isoformat()]),
    st.sampled_from(["", "Z", "+14:00", "-12:00", "+00:00:01", "z", " UTC"]),
)
OFFSETS = st.integers(-23 * 3600, 23 * 3600).map(lambda seconds: timezone(timedelta(seconds=seconds)))
ANY = st.one_of(
    st.text(), SPELT, st.datetimes(), st.datetimes(timezones=OFFSETS), st.datetimes(timezones=st.timezones()),
    st.timedeltas(), st.dates(),
)  # fmt: skip
QUIETLY = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@QUIETLY
@given(ANY, st.datetimes(timezones=st.just(UTC)).map(instant))
@example(timedelta.max, NOW)
def test_anything_is_an_instant_or_refused_and_the_same_everywhere(when: Any, now: str) -> None:
    before = os.environ.get("TZ")
    try:
        found = set()
        for zone in ZONES:
            _live_in(zone)
            found.add(said(when, now))
    finally:
        _live_in(before)
    assert len(found) == 1


@QUIETLY
@given(st.datetimes(timezones=OFFSETS))
def test_a_moment_and_its_text_are_the_same_instant_never_later_and_by_less_than_a_millisecond(at: datetime) -> None:
    found = said(at)
    assert found == said(at.isoformat())
    if found is not None:
        assert timedelta() <= at - datetime.fromisoformat(found) < timedelta(milliseconds=1)


@QUIETLY
@given(st.datetimes())
def test_a_moment_without_a_time_zone_is_always_refused(at: datetime) -> None:
    assert said(at) is None
    assert said(at.isoformat()) is None


async def test_may_takes_an_instant_and_refuses_what_is_none_on_both_sides(street: Street) -> None:
    shop, alice = street.vendor(), street.customer()
    mine = await alice.meet(SHOP)
    await mine.say(GRANT)
    now = street.clock()
    for may in (mine.may, shop.relationship(mine.me).may):
        assert may(**MARKETING, at=now).answer == "permit"
        assert may(**MARKETING, at=now.astimezone(EAST)).answer == "permit"
        assert may(**MARKETING, at=now - timedelta(seconds=1)).answer == "deny"
        for wrong in (now.replace(tzinfo=None), datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))):
            with pytest.raises(UsageError):
                may(**MARKETING, at=wrong)
    assert exactly(now) == instant(now)


async def test_no_word_and_no_wait_has_a_deadline_that_is_none(street: Street) -> None:
    street.vendor(accepts=["SD-BASE"])
    alice = street.customer()
    mine = await alice.meet(SHOP)
    naive = datetime(2027, 1, 1)
    with pytest.raises(UsageError):
        await mine.say(Draft(CAST, expires=naive))
    with pytest.raises(UsageError):
        await mine.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=naive)
    assert mine.waiting == 0
    cast = await alice.cast(CAST, to=[mine], expires=timedelta(days=1))
    for wrong in (naive, math.nan, timedelta.max):
        with pytest.raises(UsageError):
            await anext(cast.offers(until=wrong))
    assert [made async for made in cast.offers(until=-math.inf)] == []
    assert [made async for made in cast.offers(until=-(10**400))] == []


def test_explain_takes_the_same_times(zone: str) -> None:
    from opencmr.cli.explain import _instant

    assert _instant("2026-09-01") == "2026-09-01T00:00:00.000Z"
    for wrong in ("2026-09-01T12:00:00", "9999-12-31T23:59:59-01:00"):
        with pytest.raises(UsageError):
            _instant(wrong)
