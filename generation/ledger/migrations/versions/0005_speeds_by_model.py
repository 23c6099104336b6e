"""A speed belongs to a model too: another one under the same engine is as fast as it is, not as the last one was."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table anew, with the model in its key; what was measured stays under no model's name."""
    op.create_table(
        "speeds_by_model",
        sa.Column("engine", sa.String(64), primary_key=True),
        sa.Column("model", sa.String(160), primary_key=True),
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("wall_s_per_music_s", sa.Double, nullable=False),
        sa.Column("num_measured", sa.Integer, nullable=False),
    )
    op.execute(
        "INSERT INTO speeds_by_model (model, engine, device, wall_s_per_music_s, num_measured)"
        " SELECT '', engine, device, wall_s_per_music_s, num_measured FROM speeds"
    )
    op.drop_table("speeds")
    op.rename_table("speeds_by_model", "speeds")
