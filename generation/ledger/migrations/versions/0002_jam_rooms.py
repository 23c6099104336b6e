"""Jam rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the rooms' table, and find the takes of a place by its jobs."""
    op.create_table(
        "jam_rooms",
        sa.Column("room_id", sa.String(24), primary_key=True),
        sa.Column("front_end", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.String(64)),
        sa.Column("thread_id", sa.String(64), nullable=False),
        sa.Column("host_id", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("frame", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("card_message_id", sa.String(64)),
        sa.Column("closing_message_id", sa.String(64)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.UniqueConstraint("front_end", "thread_id"),
    )
    op.create_index("jam_rooms_by_state", "jam_rooms", ["state", "front_end"])
    op.create_index("jobs_by_channel", "jobs", ["channel_id", "submitted_at"])
