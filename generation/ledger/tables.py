"""The ledger's tables. Times are seconds since the epoch (UTC); JSON columns hold what `to_json` gives."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

instances = Table(
    "instances",
    metadata,
    Column("instance_id", String(32), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_until", Double, nullable=False),  # later than this without a renewal: it is dead
)

clips = Table(
    "clips",
    metadata,
    Column("clip_id", String(80), primary_key=True),
    Column("audio_hash", String(80), nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("sample_rate_hz", Integer, nullable=False),
    Column("num_channels", Integer, nullable=False),
    Column("hearing", JSON, nullable=False),
    Column("made_at", Double, nullable=False),
)

uploads = Table(  # who brought a clip: the same audio may come from several people, under several names
    "uploads",
    metadata,
    Column("clip_id", String(80), ForeignKey("clips.clip_id", ondelete="CASCADE"), primary_key=True),
    Column("front_end", String(32), primary_key=True),
    Column("person_id", String(64), primary_key=True),
    Column("guild_id", String(64)),
    Column("name", Text, nullable=False),
    Column("remarks", JSON, nullable=False),
    Column("uploaded_at", Double, nullable=False),
    Index("uploads_by_person", "front_end", "person_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(24), primary_key=True),  # also the nonce of the delivery: Discord takes 25 characters
    Column("key", Text, nullable=False, unique=True),
    Column("front_end", String(32), nullable=False),
    Column("person_id", String(64), nullable=False),
    Column("person_name", Text, nullable=False),
    Column("guild_id", String(64)),
    Column("channel_id", String(64)),
    Column("reply", JSON, nullable=False),
    Column("request", JSON, nullable=False),
    Column("engine", String(64), nullable=False),
    Column("music_s", Double, nullable=False),  # seconds of music to make, all takes together
    Column("priority", Integer, nullable=False),  # 0: short, 1: long, stands back
    Column("expected_s", Double),  # seconds on a device, as far as they could be guessed when it was taken
    Column("state", String(16), nullable=False),
    Column("home", String(32), nullable=False),  # the instance that answers it
    Column("submitted_at", Double, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker_deaths", Integer, nullable=False, default=0),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_owner", String(32)),
    Column("lease_until", Double),
    Column("device", String(64)),
    Column("fraction", Double, nullable=False, default=0.0),
    Column("made_s", Double, nullable=False, default=0.0),
    Column("stage", Text, nullable=False, default=""),
    Column("preview_hash", String(80)),
    Column("sentence", Text, nullable=False, default=""),  # why it failed, for the user
    Column("message_id", Text),  # the answer in the channel
    Column("answered_at", Double),  # delivered, told, or given up: nothing more to say
    Index("jobs_by_state", "state", "submitted_at"),
    Index("jobs_by_person", "front_end", "person_id", "submitted_at"),
    Index("jobs_by_channel", "channel_id", "submitted_at"),
)

takes = Table(
    "takes",
    metadata,
    Column("take_id", String(32), primary_key=True),
    Column("job_id", String(24), ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
    Column("index", Integer, nullable=False),
    Column("audio_hash", String(80), nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("sample_rate_hz", Integer, nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("samples_digest", String(64), nullable=False),
    Column("stem_hashes", JSON, nullable=False),
    Column("midi_hash", String(80)),
    Column("remarks", JSON, nullable=False),
    Column("made_at", Double, nullable=False),
    UniqueConstraint("job_id", "index"),
)

take_parents = Table(  # no foreign key on the parent: a tree keeps the place of a take that was deleted
    "take_parents",
    metadata,
    Column("take_id", String(32), ForeignKey("takes.take_id", ondelete="CASCADE"), primary_key=True),
    Column("parent_id", String(32), primary_key=True),
    Column("position", Integer, nullable=False),
    Index("take_parents_by_parent", "parent_id"),
)

turns = Table(  # running counts, kept with every change of a job's state: who has how much, and since when
    "turns",
    metadata,
    Column("who", String(160), primary_key=True),  # "person:discord:12", "guild:discord:7", "all"
    Column("queued", Integer, nullable=False, default=0),
    Column("running", Integer, nullable=False, default=0),
    Column("last_served_at", Double, nullable=False, default=0.0),
)

spendings = (
    Table(  # what was made of late, for the daily limits; a person and a guild stand there as SHA-256, for a day
        "spendings",
        metadata,
        Column("spending_id", String(32), primary_key=True),
        Column("person", String(64), nullable=False),
        Column("guild", String(64)),
        Column("music_s", Double, nullable=False),
        Column("device_s", Double, nullable=False),
        Column("spent_at", Double, nullable=False),
        Index("spendings_by_person", "person", "spent_at"),
        Index("spendings_by_guild", "guild", "spent_at"),
    )
)

speeds = Table(  # what making one second of music costs, per engine, model ("": it has none) and kind of device
    "speeds",
    metadata,
    Column("engine", String(64), primary_key=True),
    Column("model", String(160), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("wall_s_per_music_s", Double, nullable=False),
    Column("num_measured", Integer, nullable=False),
)

jam_rooms = Table(  # one room a thread; `body` holds what changes together: layers, relay, vote, people
    "jam_rooms",
    metadata,
    Column("room_id", String(24), primary_key=True),
    Column("front_end", String(32), nullable=False),
    Column("guild_id", String(64)),
    Column("thread_id", String(64), nullable=False),
    Column("host_id", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("frame", JSON, nullable=False),
    Column("body", JSON, nullable=False),
    Column("card_message_id", String(64)),
    Column("closing_message_id", String(64)),
    Column("version", Integer, nullable=False),  # counts the changes; a change is made to the version it was read at
    Column("opened_at", Double, nullable=False),
    UniqueConstraint("front_end", "thread_id"),
    Index("jam_rooms_by_state", "state", "front_end"),
)

preferences = Table(  # what members, channels and guilds have set; `chosen` holds only what was said
    "preferences",
    metadata,
    Column("front_end", String(32), primary_key=True),
    Column("scope", String(16), primary_key=True),  # guild, channel, person
    Column("scope_id", String(64), primary_key=True),
    Column("chosen", JSON, nullable=False),
    Column("changed_at", Double, nullable=False),
)

pending_wishes = Table(  # orders that wait for a person: a form to be filled in, an owner's yes
    "pending_wishes",
    metadata,
    Column("wish_id", String(24), primary_key=True),
    Column("front_end", String(32), nullable=False),
    Column("person_id", String(64), nullable=False),  # who wishes
    Column("owner_id", String(64)),  # whose yes it waits for; null: nobody's
    Column("body", JSON, nullable=False),
    Column("made_at", Double, nullable=False),
    Index("pending_wishes_by_person", "front_end", "person_id"),
    Index("pending_wishes_by_age", "made_at"),
)

retractions = Table(  # takes that were taken back: no audio any more, no new children; the tree keeps their place
    "retractions",
    metadata,
    Column("take_id", String(32), primary_key=True),
    Column("person_id", String(64), nullable=False),  # who took it back
    Column("retracted_at", Double, nullable=False),
)
