"""The tables, the same for SQLite and PostgreSQL. Keys and indexes lead with the relationship."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

UNDONE = "status = 'pending' OR status = 'waiting' OR status = 'unsent'"


def only(rows: str) -> dict[str, Any]:
    """An index of these rows alone, in either database."""
    return {"sqlite_where": text(rows), "postgresql_where": text(rows)}


relationships = Table(
    "relationships",
    metadata,
    Column("relationship", Integer, primary_key=True, autoincrement=True),
    Column("me", String(255), nullable=False),
    Column("peer", String(255), nullable=False),
    Column("endpoint", Text),
    Column("pinned", Text, nullable=False),  # JSON: key URL → public key in multibase
    Column("opened", String(24), nullable=False),
    Column("last", String(24)),  # the vendor's latest time: its entries and receipts strictly increase
    Column("cursor", String(64)),  # how far the customer has collected
    Column("version", Integer, nullable=False),  # counts every change: another process's is noticed
    Column("position", Integer, nullable=False, server_default="0"),  # of the message that came or was made last
    UniqueConstraint("me", "peer"),
)

messages = Table(
    "messages",
    metadata,
    Column("relationship", Integer, primary_key=True),
    Column("digest", String(48), primary_key=True),
    Column("position", Integer, nullable=False),  # the order in which they came or were made
    Column("side", String(8), nullable=False),
    Column("id", String(45), nullable=False),
    Column("type", String(200), nullable=False),
    Column("thread", String(45), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    # `pending`: sent, not yet answered · `waiting`: its predecessor is missing · `entry` · `refused` · `forked`
    # `receipt` · `unsent`: a receipt of ours that the other side does not have yet
    Column("status", String(8), nullable=False),
    Column("of", String(48)),  # of a receipt: the digest of what it answers
    Column("previous", String(48)),  # of an entry: the entry before it
    Column("at", String(24)),  # of an entry: when it took effect, which orders all entries of a relationship
    Column("formed", Boolean, nullable=False),  # whether it is of the form that its type asks for
    UniqueConstraint("relationship", "side", "id"),
    # An index costs as much as the row itself, so there are few, and two of them hold few rows.
    Index("ix_messages_position", "relationship", "position"),
    Index("ix_messages_of", "relationship", "of", **only("of IS NOT NULL")),
    Index("ix_messages_status", "relationship", "status", **only(UNDONE)),
)

collects = Table(
    "collects",
    metadata,
    Column("relationship", Integer, primary_key=True),
    Column("id", String(45), primary_key=True),
    Column("until", String(24), nullable=False),
)

# Of DIDs that have no relationship: what they used must not open the mailbox that they may have a moment later.
strangers = Table(
    "strangers",
    metadata,
    Column("sender", String(255), primary_key=True),
    Column("id", String(45), primary_key=True),
    Column("until", String(24), nullable=False),
    Index("ix_strangers_until", "until"),
)
