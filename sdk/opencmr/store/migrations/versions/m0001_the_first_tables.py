"""The tables of the first stores: relationships, messages, collects."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is not there: stores that are older than migrations have these tables already."""
    there = set(sa.inspect(op.get_bind()).get_table_names())
    if "relationships" not in there:
        op.create_table(
            "relationships",
            sa.Column("relationship", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("me", sa.String(255), nullable=False),
            sa.Column("peer", sa.String(255), nullable=False),
            sa.Column("endpoint", sa.Text),
            sa.Column("pinned", sa.Text, nullable=False),
            sa.Column("opened", sa.String(24), nullable=False),
            sa.Column("last", sa.String(24)),
            sa.Column("cursor", sa.String(64)),
            sa.Column("version", sa.Integer, nullable=False),
            sa.UniqueConstraint("me", "peer"),
        )
    if "messages" not in there:
        op.create_table(
            "messages",
            sa.Column("relationship", sa.Integer, primary_key=True),
            sa.Column("digest", sa.String(48), primary_key=True),
            sa.Column("position", sa.Integer, nullable=False),
            sa.Column("side", sa.String(8), nullable=False),
            sa.Column("id", sa.String(45), nullable=False),
            sa.Column("type", sa.String(200), nullable=False),
            sa.Column("thread", sa.String(45), nullable=False),
            sa.Column("raw", sa.LargeBinary, nullable=False),
            sa.Column("status", sa.String(8), nullable=False),
            sa.Column("of", sa.String(48)),
            sa.Column("previous", sa.String(48)),
            sa.Column("at", sa.String(24)),
            sa.Column("formed", sa.Boolean, nullable=False),
            sa.UniqueConstraint("relationship", "side", "id"),
            sa.Index("ix_messages_position", "relationship", "position"),
            sa.Index("ix_messages_at", "relationship", "at"),
            sa.Index("ix_messages_of", "relationship", "of"),
            sa.Index("ix_messages_status", "relationship", "status"),
        )
    if "collects" not in there:
        op.create_table(
            "collects",
            sa.Column("relationship", sa.Integer, primary_key=True),
            sa.Column("id", sa.String(45), primary_key=True),
            sa.Column("until", sa.String(24), nullable=False),
        )
