"""What people share: preferences, orders that wait for a person, takes that were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "preferences",
        sa.Column("front_end", sa.String(32), primary_key=True),
        sa.Column("scope", sa.String(16), primary_key=True),
        sa.Column("scope_id", sa.String(64), primary_key=True),
        sa.Column("chosen", sa.JSON, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
    )
    op.create_table(
        "pending_wishes",
        sa.Column("wish_id", sa.String(24), primary_key=True),
        sa.Column("front_end", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(64)),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_index("pending_wishes_by_person", "pending_wishes", ["front_end", "person_id"])
    op.create_index("pending_wishes_by_age", "pending_wishes", ["made_at"])
    op.create_table(
        "retractions",
        sa.Column("take_id", sa.String(32), primary_key=True),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("retracted_at", sa.Double, nullable=False),
    )
