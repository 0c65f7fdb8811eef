"""Whether something came of a relationship, since when it is idle until then, and what is left of a forgotten one."""

import sqlalchemy as sa
from alembic import op

from opencmr.store.backends import only

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PASSING = "NOT kept AND size > 0"
_OF = "FROM messages WHERE messages.relationship = relationships.relationship"
_BINDING = (
    "status IN ('held', 'undone', 'forked') "
    "OR (side = 'customer' AND status = 'entry' AND type NOT IN ('terms.proffer', 'intent.cast', 'intent.amend')) "
    "OR (side = 'vendor' AND status = 'entry' AND type NOT IN "
    "('terms.counter', 'terms.decline', 'offer.make', 'consent.request'))"
)


def upgrade() -> None:
    """Look at what is there."""
    op.add_column("relationships", sa.Column("kept", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("relationships", sa.Column("idle", sa.String(24), nullable=False, server_default=""))
    op.add_column("relationships", sa.Column("forgotten", sa.Integer, nullable=False, server_default="0"))
    op.add_column("relationships", sa.Column("last", sa.String(48)))
    op.execute(
        f"UPDATE relationships SET kept = (me LIKE 'did:key:%' OR EXISTS (SELECT 1 {_OF} AND ({_BINDING}))), "  # noqa: S608
        f"idle = coalesce((SELECT max(at) {_OF}), opened)"
    )
    op.create_index(
        "ix_relationships_idle",
        "relationships",
        ["me", "idle", "relationship", "size"],
        **only(_PASSING),
    )
