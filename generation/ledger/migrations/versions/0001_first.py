"""The first form: jobs, clips and who brought them, takes and their parents, turns, speeds, instances."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _instances()
    _clips()
    _uploads()
    _jobs()
    _takes()
    _take_parents()
    _turns()
    _speeds()


def _instances() -> None:
    op.create_table(
        "instances",
        sa.Column("instance_id", sa.String(32), primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("seen_until", sa.Double, nullable=False),
    )


def _clips() -> None:
    op.create_table(
        "clips",
        sa.Column("clip_id", sa.String(80), primary_key=True),
        sa.Column("audio_hash", sa.String(80), nullable=False),
        sa.Column("duration_s", sa.Double, nullable=False),
        sa.Column("sample_rate_hz", sa.Integer, nullable=False),
        sa.Column("num_channels", sa.Integer, nullable=False),
        sa.Column("hearing", sa.JSON, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("clip_id", sa.String(80), sa.ForeignKey("clips.clip_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("front_end", sa.String(32), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("guild_id", sa.String(64)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("remarks", sa.JSON, nullable=False),
        sa.Column("uploaded_at", sa.Double, nullable=False),
    )
    op.create_index("uploads_by_person", "uploads", ["front_end", "person_id"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(24), primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("front_end", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("person_name", sa.Text, nullable=False),
        sa.Column("guild_id", sa.String(64)),
        sa.Column("channel_id", sa.String(64)),
        sa.Column("reply", sa.JSON, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("engine", sa.String(64), nullable=False),
        sa.Column("music_s", sa.Double, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("home", sa.String(32), nullable=False),
        sa.Column("submitted_at", sa.Double, nullable=False),
        sa.Column("started_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("worker_deaths", sa.Integer, nullable=False, server_default="0"),
        sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.String(32)),
        sa.Column("lease_until", sa.Double),
        sa.Column("device", sa.String(64)),
        sa.Column("fraction", sa.Double, nullable=False, server_default="0.0"),
        sa.Column("made_s", sa.Double, nullable=False, server_default="0.0"),
        sa.Column("stage", sa.Text, nullable=False, server_default=""),
        sa.Column("preview_hash", sa.String(80)),
        sa.Column("sentence", sa.Text, nullable=False, server_default=""),
        sa.Column("message_id", sa.Text),
        sa.Column("answered_at", sa.Double),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "submitted_at"])
    op.create_index("jobs_by_person", "jobs", ["front_end", "person_id", "submitted_at"])


def _takes() -> None:
    op.create_table(
        "takes",
        sa.Column("take_id", sa.String(32), primary_key=True),
        sa.Column("job_id", sa.String(24), sa.ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("audio_hash", sa.String(80), nullable=False),
        sa.Column("duration_s", sa.Double, nullable=False),
        sa.Column("sample_rate_hz", sa.Integer, nullable=False),
        sa.Column("recipe", sa.JSON, nullable=False),
        sa.Column("samples_digest", sa.String(64), nullable=False),
        sa.Column("stem_hashes", sa.JSON, nullable=False),
        sa.Column("midi_hash", sa.String(80)),
        sa.Column("remarks", sa.JSON, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.UniqueConstraint("job_id", "index"),
    )


def _take_parents() -> None:
    op.create_table(
        "take_parents",
        sa.Column("take_id", sa.String(32), sa.ForeignKey("takes.take_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("parent_id", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index("take_parents_by_parent", "take_parents", ["parent_id"])


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("who", sa.String(160), primary_key=True),
        sa.Column("queued", sa.Integer, nullable=False, server_default="0"),
        sa.Column("running", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_served_at", sa.Double, nullable=False, server_default="0.0"),
    )


def _speeds() -> None:
    op.create_table(
        "speeds",
        sa.Column("engine", sa.String(64), primary_key=True),
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("wall_s_per_music_s", sa.Double, nullable=False),
        sa.Column("num_measured", sa.Integer, nullable=False),
    )
