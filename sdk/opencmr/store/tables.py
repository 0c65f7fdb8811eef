"""The tables, the same in every database. Keys and indexes lead with the relationship.

An index with `only` holds those rows alone; `Backend.make_tables` says so in the words of its database.
"""

from sqlalchemy import (
    BigInteger,
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

UNDONE = "status = 'pending' OR status = 'waiting' OR status = 'unsent' OR status = 'held' OR status = 'undone'"

PASSING = "NOT kept AND size > 0"
"""Those of which nothing came, and that hold something."""

relationships = Table(
    "relationships",
    metadata,
    Column("relationship", Integer, primary_key=True, autoincrement=True),
    Column("me", String(255), nullable=False),
    Column("peer", String(255), nullable=False),  # empty once a customer has forgotten it: its number serves no other
    Column("endpoint", Text),
    Column("pinned", Text, nullable=False),  # JSON: key URL → public key in multibase
    Column("opened", String(24), nullable=False),
    Column("restored", Boolean, nullable=False, server_default=text("false")),  # put back, and not collected since
    Column("version", Integer, nullable=False),  # counts every change: another process's is noticed
    Column("position", Integer, nullable=False, server_default="0"),  # of the message that came or was made last
    Column("size", BigInteger, nullable=False, server_default="0"),  # bytes of all that was kept, with its rows, about
    Column("revised", Integer, nullable=False, server_default="0"),  # the version that changed what was kept before it
    # Whether something came of it. Until then it is counted since when it is idle; not afterwards.
    Column("kept", Boolean, nullable=False, server_default=text("false")),
    Column("idle", String(24), nullable=False, server_default=""),
    # Of a vendor's that was forgotten: number and digest of its last word.
    Column("forgotten", Integer, nullable=False, server_default="0"),
    Column("last", String(48)),
    UniqueConstraint("me", "peer"),
    Index("ix_relationships_idle", "me", "idle", "relationship", "size", info={"only": PASSING}),
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
    # `pending`: said, without a place · `waiting`: a vendor's word whose predecessor is missing · `entry` · `refused`
    # `forked`: a vendor's word off the chain · `receipt` · `unsent`: a receipt of ours that the other side lacks
    # `held`: a customer's word that gets its receipt once we have caught up · `undone`: off the chain, to be said again
    Column("status", String(8), nullable=False),
    Column("of", String(48)),  # of a receipt: the digest of what it answers
    Column("place", Integer),  # the number of a vendor's word; of a customer's, that of the vendor's receipt for it
    Column("at", String(24)),  # the date of the vendor's word that gives the place
    # An index costs as much as the row itself, so there are few, and two of them hold few rows.
    Index("ix_messages_position", "relationship", "position"),
    Index("ix_messages_place", "relationship", "place", info={"only": "place IS NOT NULL"}),
    Index("ix_messages_id", "relationship", "side", "id"),
    Index("ix_messages_of", "relationship", "of", info={"only": "of IS NOT NULL"}),
    Index("ix_messages_status", "relationship", "status", info={"only": UNDONE}),
)

collects = Table(
    "collects",
    metadata,
    Column("relationship", Integer, primary_key=True),
    Column("id", String(45), primary_key=True),
    Column("until", String(24), nullable=False),
)

# What a party has noticed of the other side's words: for good, so that a restart forgets nothing.
findings = Table(
    "findings",
    metadata,
    Column("relationship", Integer, primary_key=True),
    Column("finding", Integer, primary_key=True),  # counted from 1
    Column("code", String(40), nullable=False),
    Column("why", Text, nullable=False),
    Column("words", Text, nullable=False),  # JSON: digests of the signed words that show it
    Column("noticed", String(24), nullable=False),
)

# Relationships of a wallet from which nothing is collected, because the customer said so.
muted = Table(
    "muted",
    metadata,
    Column("relationship", Integer, primary_key=True, autoincrement=False),
)

# Other DIDs of a relationship's customer: those before a move, and in a wallet one to which a move is on its way.
dids = Table(
    "dids",
    metadata,
    Column("relationship", Integer, primary_key=True, autoincrement=False),
    Column("did", String(255), primary_key=True),
    Index("ix_dids_did", "did"),
)

# By the rules of which number (`protocol.FOLDS`) what is derived was computed, and as far as which relationship: one
# row. Absent: all of them.
folds = Table(
    "folds",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("through", Integer),
)

# That something was erased, and may still stand in free pages or in a journal: when, until that is scrubbed.
scrubs = Table(
    "scrubs",
    metadata,
    Column("asked", String(24), primary_key=True),
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
