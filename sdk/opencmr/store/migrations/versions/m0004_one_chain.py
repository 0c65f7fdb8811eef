"""One chain a relationship: places by the vendor's numbers, and what was noticed is kept.

Messages of the drafts before have no number, and can't be given one: they are signed. So a store that holds any is not
brought forward.
"""

import sqlalchemy as sa
from alembic import op

from opencmr.errors import StoreError
from opencmr.store.backends import make_partitions, only, partitioned, partitions_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_RECEIPTS = "of IS NOT NULL"
_UNDONE = "status = 'pending' OR status = 'waiting' OR status = 'unsent' OR status = 'held' OR status = 'undone'"


def upgrade() -> None:
    """Make messages and relationships anew; there are none."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM messages")).scalar():
        raise StoreError(
            "its messages are of an older draft of the protocol, and have no place in this one; begin anew"
        )
    partitions = partitions_of(op.get_bind(), "messages")
    op.drop_table("messages")
    op.drop_table("relationships")
    op.create_table(
        "relationships",
        sa.Column("relationship", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("me", sa.String(255), nullable=False),
        sa.Column("peer", sa.String(255), nullable=False),
        sa.Column("endpoint", sa.Text),
        sa.Column("pinned", sa.Text, nullable=False),
        sa.Column("opened", sa.String(24), nullable=False),
        sa.Column("restored", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.UniqueConstraint("me", "peer"),
    )
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
        sa.Column("place", sa.Integer),
        sa.Column("at", sa.String(24)),
        sa.Column("formed", sa.Boolean, nullable=False),
        **partitioned(partitions),
    )
    make_partitions(op.get_bind(), "messages", partitions)
    op.create_index("ix_messages_position", "messages", ["relationship", "position"])
    op.create_index("ix_messages_id", "messages", ["relationship", "side", "id"])
    op.create_index("ix_messages_of", "messages", ["relationship", "of"], **only(_RECEIPTS))
    op.create_index("ix_messages_status", "messages", ["relationship", "status"], **only(_UNDONE))
    op.create_table(
        "findings",
        sa.Column("relationship", sa.Integer, primary_key=True),
        sa.Column("finding", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("noticed", sa.String(24), nullable=False),
    )
