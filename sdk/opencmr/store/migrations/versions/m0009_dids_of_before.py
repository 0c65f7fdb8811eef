"""Other DIDs of a relationship's customer: those before a move, and one to which a move is on its way."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own: few customers move, and the row of a relationship holds the DID of now."""
    op.create_table(
        "dids",
        sa.Column("relationship", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("did", sa.String(255), primary_key=True),
    )
    op.create_index("ix_dids_did", "dids", ["did"])
