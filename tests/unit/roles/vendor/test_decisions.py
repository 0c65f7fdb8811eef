"""What is answered from memory is what the record says, at once and everywhere."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import postgres
from opencmr import consent, trust
from opencmr.errors import StoreError, UsageError
from opencmr.protocol import Facts, Knowledge, Question, Statement, Word, decide, parse, turning_point, verify
from opencmr.protocol.statements import Activity
from opencmr.roles.vendor import decisions
from opencmr.store import Store
from opencmr.transport.limits import Limits
from parties import GRANT, MARKETING, SHOP, Hand, Street, read

WITHDRAW = """
import asyncio, sys
from pathlib import Path
from opencmr import Vendor
from opencmr.testing import StandingClock

async def main(store, keys, raw):
    shop = Vendor.open(store, did="did:web:shop.example", keys=keys, clock=StandingClock())
    await shop.receive(Path(raw).read_bytes())
    await shop.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
def she(street: Street) -> Hand:
    return street.stranger(SHOP)


def withdrawal(she: Hand, grant: bytes) -> bytes:
    return she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant))


async def test_the_same_question_gets_the_same_answer_until_something_is_said(street: Street, she: Hand) -> None:
    shop = street.vendor()
    assert shop.may(she.did, **MARKETING).reason == "no-word"
    await shop.receive(grant := she.write(GRANT))
    first = shop.may(she.did, **MARKETING)
    assert first.answer == "permit"
    assert shop.may(she.did, **MARKETING) is first
    assert shop.may(she.did, **{**MARKETING, "data": "pd:Age"}).reason == "no-word"
    await shop.receive(withdrawal(she, grant))
    assert shop.may(she.did, **MARKETING).reason == "withdrawn"


@pytest.mark.requirement("CNS-7")
async def test_a_withdrawal_in_another_process_is_never_missed(street: Street, she: Hand, tmp_path: Path) -> None:
    shop = street.vendor()
    await shop.receive(grant := she.write(GRANT))
    assert [shop.may(she.did, **MARKETING).answer for _ in range(3)] == ["permit"] * 3
    (tmp_path / "raw").write_bytes(withdrawal(she, grant))
    arguments = (street.place("shop.example"), tmp_path / "shop.example.keys", tmp_path / "raw")
    command = [sys.executable, "-c", WITHDRAW, *map(str, arguments)]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    assert shop.may(she.did, **MARKETING).reason == "withdrawn"


async def test_what_another_process_writes_elsewhere_changes_no_answer(street: Street, she: Hand) -> None:
    one, two = street.vendor(), street.vendor()
    await one.receive(she.write(GRANT))
    first = one.may(she.did, **MARKETING)
    await two.receive(street.stranger(SHOP).write(GRANT))
    assert one.may(she.did, **MARKETING) is first


async def test_what_is_written_while_an_answer_is_looked_up_is_not_missed(
    street: Street, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = street.vendor(), street.vendor()
    await one.receive(grant := she.write(GRANT))
    raw = withdrawal(she, grant)
    real = Store.version

    def meanwhile(store: Store, number: int) -> int | None:
        monkeypatch.setattr(Store, "version", real)
        verified = verify(parse(raw), me=SHOP, pinned={})
        two._store.write_now(lambda rows: two._transactions.receive(rows, verified, [], two.now()))
        return real(store, number)

    monkeypatch.setattr(Store, "version", meanwhile)
    one.may(she.did, **MARKETING)  # was asked before, or after: either is right
    assert one.may(she.did, **MARKETING).reason == "withdrawn"


async def test_an_answer_ends_when_what_it_rests_on_runs_out(street: Street, she: Hand) -> None:
    shop = street.vendor()
    await shop.receive(she.write(GRANT))
    assert shop.may(she.did, **MARKETING).answer == "permit"
    street.clock.move(timedelta(days=182))
    assert shop.may(she.did, **MARKETING).answer == "permit"
    street.clock.move(timedelta(days=2))
    assert shop.may(she.did, **MARKETING).reason == "consent-expired"


async def test_an_answer_that_was_begun_before_the_end_does_not_outlive_it(
    street: Street, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = street.vendor()
    await shop.receive(she.write(GRANT))
    assert not shop.may(she.did, **{**MARKETING, "data": "pd:Age"})
    real = decide

    def slow(*asked: Any, **how: Any) -> Any:
        """Somebody else asks meanwhile, and by then the consent has run out."""
        monkeypatch.setattr(decisions, "decide", real)
        decision = real(*asked, **how)
        street.clock.move(timedelta(days=365))
        shop.may(she.did, **{**MARKETING, "data": "pd:Name"})
        return decision

    monkeypatch.setattr(decisions, "decide", slow)
    assert shop.may(she.did, **MARKETING).answer == "permit", "it was asked before the end"
    assert shop.may(she.did, **MARKETING).reason == "consent-expired"


async def test_of_many_customers_those_asked_about_least_lately_are_forgotten(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "QUESTIONS", 2)
    shop = street.vendor(limits=Limits(memory=60_000))
    people = [street.stranger(SHOP) for _ in range(9)]
    for each in people:
        await shop.receive(each.write(GRANT))
    for _ in range(2):
        for each in people:
            assert shop.may(each.did, **MARKETING).answer == "permit"
            for data in ("pd:Age", "pd:Name", "pd:Income"):
                assert shop.may(each.did, **{**MARKETING, "data": data}).answer == "deny"
    remembered = shop._decisions._known
    assert 0 < len(remembered) < len(people)
    assert remembered.get(people[-1].did) is not None
    assert remembered.get(people[0].did) is None


async def test_who_is_no_customer_is_looked_for_each_time(street: Street, she: Hand) -> None:
    one, two = street.vendor(), street.vendor()
    assert one.may(she.did, **MARKETING).reason == "no-word"
    await two.receive(she.write(GRANT))
    assert one.may(she.did, **MARKETING).answer == "permit"


async def test_a_misspelt_word_is_refused_each_time(street: Street, she: Hand) -> None:
    shop = street.vendor()
    await shop.receive(she.write(GRANT))
    for _ in range(2):
        with pytest.raises(UsageError, match="did you mean"):
            shop.may(she.did, **{**MARKETING, "purpose": "dpv:DirectMarketin"})


# Alone with a store


async def test_who_is_alone_answers_right_and_lets_nobody_else_write(tmp_path: Path) -> None:
    street = Street(tmp_path)
    she = street.stranger(SHOP)
    shop = street.vendor(alone=True)
    await shop.receive(grant := she.write(GRANT))
    first = shop.may(she.did, **MARKETING)
    assert shop.may(she.did, **MARKETING) is first
    await shop.receive(withdrawal(she, grant))
    assert shop.may(she.did, **MARKETING).reason == "withdrawn"
    for alone in (False, True):
        with pytest.raises(StoreError, match="another process"):
            street.vendor(alone=alone)
    with Store(street.place("shop.example"), read_only=True) as reader:
        assert len(reader.read(lambda rows: list(rows.peers()))) == 1
    await shop.close()
    again = street.vendor()
    assert again.may(she.did, **MARKETING).reason == "withdrawn"
    with pytest.raises(StoreError, match="another process has it open"):
        street.vendor(alone=True)
    await street.close()


async def test_a_store_on_a_server_is_shared(tmp_path: Path, postgres_server: postgres.Cluster) -> None:
    with postgres_server.schema() as url, pytest.raises(UsageError, match="alone"):
        Store(url, alone=True)


# How long answers hold

INSTANTS = [f"2026-0{month}-01T00:00:00.000Z" for month in range(1, 8)]
some_instant = st.sampled_from(INSTANTS)
maybe = st.none() | some_instant


def said(effect: str, source: str) -> st.SearchStrategy[Statement]:
    return st.builds(
        Statement,
        effect=st.just(effect),
        source=st.just(source),
        actions=st.just(("dpv:Use",)),
        purposes=st.just(("dpv:DirectMarketing",)),
        data=st.just(("pd:EmailAddress",)),
        own=st.builds(Word, st.integers(1, 9), st.builds(Knowledge, st.integers(0, 9)), some_instant),
        at=some_instant,
        evidence=st.just(("zQm",)),
        begins=maybe,
        until=maybe,
        ended=maybe,
    )


statement = said("permit", "consent") | said("prohibit", "withdrawal")


@given(st.lists(statement, max_size=4), some_instant, some_instant)
def test_no_answer_changes_before_the_turning_point(statements: list[Statement], at: str, later: str) -> None:
    facts = Facts(tuple(statements))
    question = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
    point = turning_point(facts, at)
    if at <= later and (point is None or later < point):
        now, then = decide(facts, question, at, now=True), decide(facts, question, later, now=True)
        assert (now.answer, now.reason, now.evidence) == (then.answer, then.reason, then.evidence)


def test_the_turning_point_is_the_next_beginning_or_end_of_all() -> None:
    word = Word(1, Knowledge(), INSTANTS[0])
    plain = Statement("permit", "consent", ("dpv:Use",), None, ("pd:Name",), word, INSTANTS[0], ("zQm",))
    wish = Activity("urn:t", "intent-live", INSTANTS[0], INSTANTS[4], None, (), (), ("dpv:Purpose",))
    said = (replace(plain, until=INSTANTS[5]), replace(plain, begins=INSTANTS[2], until=INSTANTS[3]), plain)
    facts = Facts(said, (wish, replace(wish, until=INSTANTS[1])))
    for at, then in pairwise([*INSTANTS[:6], None]):
        assert turning_point(facts, str(at)) == then
