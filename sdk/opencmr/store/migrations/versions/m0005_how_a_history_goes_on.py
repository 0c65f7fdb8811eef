"""How many bytes a relationship holds, and when it was last changed otherwise than by what was added to it.

And an index, by which a collect finds what follows a place.
"""

import sqlalchemy as sa
from alembic import op

from opencmr.store.backends import only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns and an index. Nobody remembers anything from before: nothing counts as revised."""
    op.add_column("relationships", sa.Column("size", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("relationships", sa.Column("revised", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE relationships SET size = (SELECT coalesce(sum(length(raw) + 1024), 0) FROM messages "
        "WHERE messages.relationship = relationships.relationship)"
    )
    placed = "place IS NOT NULL"
    op.create_index("ix_messages_place", "messages", ["relationship", "place"], **only(placed))
