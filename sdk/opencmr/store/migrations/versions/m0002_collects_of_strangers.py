"""Collects of DIDs that the vendor does not know: what one process was shown is not taken again by another."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "strangers",
        sa.Column("sender", sa.String(255), primary_key=True),
        sa.Column("id", sa.String(45), primary_key=True),
        sa.Column("until", sa.String(24), nullable=False),
        sa.Index("ix_strangers_until", "until"),
    )
