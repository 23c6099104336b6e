"""What was made of late, for the daily limits, and how long a waiting job should take."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table; give the jobs their column."""
    op.create_table(
        "spendings",
        sa.Column("spending_id", sa.String(32), primary_key=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("guild", sa.String(64)),
        sa.Column("music_s", sa.Double, nullable=False),
        sa.Column("device_s", sa.Double, nullable=False),
        sa.Column("spent_at", sa.Double, nullable=False),
    )
    op.create_index("spendings_by_person", "spendings", ["person", "spent_at"])
    op.create_index("spendings_by_guild", "spendings", ["guild", "spent_at"])
    op.add_column("jobs", sa.Column("expected_s", sa.Double))
