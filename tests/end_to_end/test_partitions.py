"""A vendor's store in partitions by a hash of the relationship: the same conversations, the same rules."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

import postgres
from opencmr import Vendor, consent, intent, offer, order, trust
from opencmr.errors import Replayed
from opencmr.messages import core
from opencmr.store import Kept, schema
from parties import CAST, GRANT, MARKETING, SHOP, Street, an_offer, assert_equal_histories, read

PARTITIONS = 8
CUSTOMERS = 40


@pytest.fixture
def url(postgres_server: postgres.Cluster) -> Iterator[str]:
    with postgres_server.schema() as url:
        schema.open_store(url, partitions=PARTITIONS).close()
        yield url


@pytest.fixture
async def street(url: str, tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path, places=lambda _: url)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    shop = street.vendor(accepts=["SD-BASE"])
    shop.on(intent.Cast)(lambda *_: an_offer())
    shop.on(offer.Accept)(lambda accepted, _: order.Confirm(reference="R", total=accepted.body.total))
    return shop


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


async def test_a_whole_conversation_is_kept_in_partitions(street: Street, shop: Vendor) -> None:
    alice = street.customer()
    with_shop = await alice.meet(SHOP)
    await with_shop.agreements.proffer("SD-BASE")
    given = await with_shop.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01")
    assert shop.may(with_shop.me, **MARKETING).answer == "permit"
    await given.withdraw()
    assert shop.may(with_shop.me, **MARKETING).answer == "deny"
    cast = await alice.cast(CAST, to=[with_shop])
    bought = await cast.accept(cast.firm()[0])
    await shop.say(with_shop.me, order.Fulfil(status="done"), bought.thread)
    await with_shop.sync()
    assert_equal_histories(with_shop.history, shop.history(with_shop.me))


async def test_what_must_be_unique_is_so_in_every_partition(street: Street, shop: Vendor, url: str) -> None:
    hands = [street.stranger() for _ in range(CUSTOMERS)]
    for hand in hands:
        raw = hand.write(GRANT)
        answers = await shop.receive(raw)
        assert await shop.receive(raw) == answers, "the same bytes, the same answer"
        await shop.collect(collect := hand.write(core.Collect()))
        with pytest.raises(Replayed):
            await shop.collect(collect)
        await shop.receive(hand.write(consent.Withdraw(), read(raw)["id"], trust.digest(raw)))
    spread = asked(url, "SELECT tableoid::regclass, count(*) FROM messages GROUP BY 1")
    assert len(spread) > PARTITIONS / 2, "they are spread"
    assert sum(int(str(count)) for _, count in spread) == 4 * CUSTOMERS
    assert int(str(asked(url, "SELECT count(*) FROM collects")[0][0])) == CUSTOMERS
    columns = ", ".join(f'"{name}"' for name in ("relationship", *Kept._fields))
    other_id = columns.replace('"id"', "'urn:other'")
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
        connection.execute(f"INSERT INTO messages ({columns}) SELECT {other_id} FROM messages LIMIT 1")


@pytest.mark.parametrize(
    "where",
    [
        "digest = 'zQm'",
        "side = 'customer' AND id = 'urn'",
        "\"of\" = 'zQm' AND side = 'vendor'",
        "status = 'pending' ORDER BY position",
        "place > 7 ORDER BY place, side LIMIT 100",
        "place >= 7 ORDER BY place, side",
    ],
)
def test_a_query_looks_into_one_partition_only_and_by_an_index(url: str, where: str) -> None:
    asked_for = f"SELECT raw FROM messages WHERE relationship = 7 AND {where}"
    with psycopg.connect(url) as connection:
        connection.execute("SET enable_seqscan = off")  # the tables are empty, and no index is worth its while
        plan = "\n".join(str(line) for (line,) in connection.execute(f"EXPLAIN {asked_for}"))
    partitions = {number for number in range(PARTITIONS) if f"messages_{number} " in plan}
    assert len(partitions) == 1, plan
    assert "Index" in plan
    assert "Seq Scan" not in plan


SINCE = ("size", "revised", "kept", "idle", "forgotten", "last")
"""Columns of relationships that came after revision 0004."""


def test_a_store_in_partitions_is_brought_forward(url: str) -> None:
    with psycopg.connect(url) as connection:  # as the tables were at revision 0002
        for statement in (
            "DROP TABLE findings, muted, folds, dids, scrubs",
            "ALTER TABLE relationships "
            + ", ".join(f"DROP COLUMN {name}" for name in ("position", "restored", *SINCE)),
            "DROP INDEX ix_messages_of, ix_messages_status, ix_messages_place",
            *(
                f'CREATE INDEX ix_messages_{name} ON messages (relationship, "{name}")'
                for name in ("at", "of", "status")
            ),
            "UPDATE alembic_version SET version_num = '0002'",
        ):
            connection.execute(statement)
    schema.open_store(url).close()
    found = schema.inspect_tables(url)
    assert (found.state, found.version, found.partitions) == ("current", schema.HEAD, PARTITIONS)
    assert asked(url, "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'messages_%_status_idx'") == [(PARTITIONS,)]
