"""Which relationships of a wallet are muted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own: few relationships are muted, and no row of the others changes."""
    op.create_table(
        "muted",
        sa.Column("relationship", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("since", sa.String(24), nullable=False),
    )
