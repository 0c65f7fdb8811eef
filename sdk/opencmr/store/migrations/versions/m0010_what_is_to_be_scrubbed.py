"""That what was erased may still stand in pages that are free, or in a journal."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was erased before."""
    op.create_table("scrubs", sa.Column("asked", sa.String(24), primary_key=True))
