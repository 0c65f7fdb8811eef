"""`opencmr show` reads either side's store, and writes nothing."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opencmr import Customer, Money, Vendor, intent, offer, order
from opencmr.testing import Loopback, StandingClock
from parties import CAST, SHOP, an_offer


@pytest.mark.parametrize("side", ["alice", "shop"])
def test_both_sides_show_the_same_threads_and_records(run: Any, stores: Any, side: str) -> None:
    other = stores.alice if side == "shop" else stores.shop
    mine, theirs = (
        run("show", store, "--json").json["relationships"][0]["threads"] for store in (getattr(stores, side), other)
    )
    assert mine == theirs
    assert [thread["record"]["record"] for thread in mine] == ["agreement", "consent", "dealing"]
    assert [thread["state"] for thread in mine] == ["active", "withdrawn", "confirmed"]


@pytest.mark.parametrize("side", ["alice", "shop"])
def test_tables_tell_states_and_what_a_thread_is_about(run: Any, stores: Any, side: str) -> None:
    done = run("show", getattr(stores, side))
    assert done.code == 0
    for words in (stores.customer, "did:web:shop.example", "SD-BASE-A", "direct marketing: withdrawn", "49.00 EUR"):
        assert words in done.out


def test_the_timeline_tells_messages_and_receipts(run: Any, stores: Any) -> None:
    done = run("show", stores.shop, "--timeline", "--json")
    lines = done.json["relationships"][0]["timeline"]
    said = [(line["side"], line["type"], line["outcome"], line["state"]) for line in lines]
    assert said[:3] == [
        ("customer", "terms.proffer", "accepted", "proffered"),
        ("vendor", "receipt", "accepted", "proffered"),
        ("vendor", "terms.counter", "accepted", "countered"),
    ]
    assert ("customer", "consent.withdraw", "accepted", "withdrawn") in said
    text = run("show", stores.shop, "--timeline").out
    assert stores.withdrawal[:12] in text
    assert f"receipt for {stores.withdrawal[:12]}" in text


def test_a_thread_is_found_by_its_first_signs_and_shown_whole(run: Any, stores: Any) -> None:
    for name in (stores.dealing, stores.dealing.removeprefix("urn:uuid:")[:9]):
        done = run("show", stores.alice, "--thread", name)
        assert done.code == 0
        assert "disclosed pd:PhysicalAddress" in done.out
        assert "offer.accept" in done.out
        assert "consent.withdraw" not in done.out
    for thread in run("show", stores.alice, "--json").json["relationships"][0]["threads"]:
        assert run("show", stores.alice, "--thread", thread["id"]).code == 0


def test_a_peers_words_cannot_take_over_the_terminal(run: Any, stores: Any) -> None:
    done = run("show", stores.alice, "--thread", stores.dealing)
    assert "\x1b" not in done.out
    assert "[red]49" in done.out


@pytest.mark.parametrize("options", [["--thread", "zzz"], ["--thread", ""], ["--with", "did:web:other.example"]])
def test_what_is_not_there_is_a_usage_error(run: Any, stores: Any, options: list[str]) -> None:
    assert run("show", stores.alice, *options).code in ((2,) if options[1] else (0,))


def test_one_relationship_is_shown_alone(run: Any, stores: Any) -> None:
    done = run("show", stores.shop, "--with", stores.customer, "--json")
    assert [one["customer"] for one in done.json["relationships"]] == [stores.customer]


def test_no_key_is_needed_and_nothing_is_written(run: Any, stores: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(stores.shop, copy)
    before = copy.read_bytes()
    assert run("show", copy, "--timeline").code == 0
    assert run("explain", copy, "--action", "dpv:Use", "--purpose", "dpv:Marketing").code == 0
    assert copy.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["copy.db"]


def test_an_empty_store_says_so(run: Any, tmp_path: Path) -> None:
    run("init", "customer", tmp_path / "new.db")
    done = run("show", tmp_path / "new.db")
    assert (done.code, done.out) == (0, f"{tmp_path / 'new.db'} holds no relationships yet.\n")


def test_what_is_no_store_is_refused_in_a_line_and_left_as_it_is(run: Any, tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "text.db").write_text("no database" * 100)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("create table t (x)")
    other.close()
    before = (tmp_path / "other.db").read_bytes()
    for name in ("text.db", "other.db"):
        done = run("show", tmp_path / name)
        assert (done.code, done.error) == (1, None)
        assert done.err.count("\n") == 1
    assert (tmp_path / "other.db").read_bytes() == before


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_timeline_is_one_line_a_message_under_its_day(
    run: Any, stores: Any, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = run("show", stores.shop, "--timeline")
    lines = done.out.partition("\n2026-07-01\n")[2].splitlines()
    told = run("show", stores.shop, "--timeline", "--json").json["relationships"][0]["timeline"]
    assert len(lines) == len(told)
    assert all(line["state"] in text for line, text in zip(told, lines, strict=True) if line["outcome"] == "accepted")
    table = done.out.partition("last word")[2].splitlines()
    assert max(map(len, table)) <= columns
    assert not [line for line in done.out.splitlines() if line != line.rstrip()]


def test_colours_are_for_terminals(run: Any, stores: Any) -> None:
    assert "\x1b" not in run("show", stores.alice, "--timeline").out


def test_what_was_withdrawn_from_is_told_with_its_due_date(run: Any, tmp_path: Path) -> None:
    async def buy(refund: bool) -> str:
        clock = StandingClock()
        path = str(tmp_path / f"alice-{refund}.db")
        shop = Vendor.open(tmp_path / f"shop-{refund}.db", did=SHOP, accepts=["SD-BASE"], clock=clock)
        shop.on(intent.Cast)(lambda cast, _: an_offer())
        shop.on(offer.Accept)(lambda said, _: order.Confirm(reference="1", total=said.body.total))
        async with Customer.open(path, network=Loopback(shop), clock=clock) as alice:
            at_shop = await alice.meet(SHOP)
            cast = await alice.cast(CAST, to=[at_shop])
            bought = await cast.firm()[0].accept()
            await bought.withdraw("returns", [0])
            clock.move(timedelta(days=3))
            if refund:
                paid = order.Fulfil(status="refunded", amount=Money("49.00", "EUR"))
                await shop.say(at_shop.me, paid, bought.thread)
                await at_shop.collect()
        await shop.close()
        return path

    for refund, told in ((False, "to be refunded by 2026-07-15"), (True, "refunded at 2026-07-04")):
        store = asyncio.run(buy(refund))
        (thread,) = run("show", store, "--json").json["relationships"][0]["threads"]
        out = run("show", store, "--thread", thread["id"]).out
        assert "withdrawn from line 0 at 2026-07-01" in out
        assert told in out
        assert ("overdue" in out, "49.00 EUR paid back" in out) == (not refund, refund), "the machine's clock is later"
