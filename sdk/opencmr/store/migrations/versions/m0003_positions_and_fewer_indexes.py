"""The last position stands with its relationship; indexes hold the rows alone that are looked for, or are gone."""

import sqlalchemy as sa
from alembic import op

from opencmr.store.backends import only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UNDONE = "status = 'pending' OR status = 'waiting' OR status = 'unsent'"
_RECEIPTS = "of IS NOT NULL"


def upgrade() -> None:
    """Count the positions once, and make the indexes anew."""
    op.add_column("relationships", sa.Column("position", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE relationships SET position = coalesce((SELECT max(messages.position) FROM messages "
        "WHERE messages.relationship = relationships.relationship), 0)"
    )
    for name in ("at", "of", "status"):
        op.drop_index(f"ix_messages_{name}", "messages")
    op.create_index("ix_messages_of", "messages", ["relationship", "of"], **only(_RECEIPTS))
    op.create_index("ix_messages_status", "messages", ["relationship", "status"], **only(_UNDONE))
