"""By which rules what is derived was computed; and two columns go that nobody reads."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has noted the rules of before: their number is 0, so that all is computed anew."""
    op.drop_column("messages", "formed")
    op.drop_column("muted", "since")
    folds = op.create_table(
        "folds",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("through", sa.Integer),
    )
    op.bulk_insert(folds, [{"number": 0, "through": None}])
