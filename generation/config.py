"""What the service can be told: one frozen object, built by whoever starts it; nothing is read from anywhere here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from generation import limits
from generation.audio.check.limits import CheckLimits
from generation.engines import EngineOptions

if TYPE_CHECKING:
    from generation.audio.decode import DecodeLimits

_RANGES: dict[str, tuple[float, float]] = {
    "threads_per_worker": (1, 256),
    "lease_s": (3, 3600),
    "instance_s": (3, 3600),
    "poll_interval_s": (0.05, 60),
    "start_limit_s": (1, 3600),
    "load_limit_s": (1, 7200),
    "step_limit_s": (0.2, 3600),
    "stop_grace_s": (0, 3600),
    "analysis_limit_s": (1, 600),
    "max_worker_deaths": (1, 10),
    "max_attempts": (1, 100),
    **limits.RANGES,
    "max_clips_per_person": (2, 1000),
    "max_held_bytes": (2**20, 2**40),
    "long_clip_s": (1, 1800),
    "long_job_s": (1, 1200),
    "long_job_patience_s": (0, 86_400),
    "preview_interval_s": (0, 600),
    "target_lufs": (-40, -5),
    "ceiling_dbfs": (-12, 0),
    "ledger_busy_limit_s": (0.1, 600),
    "keep_audio_days": (0, 36_500),
    "max_audio_gib": (0, 1_000_000),
    "housekeeping_interval_s": (1, 604_800),
}


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """Everything the service needs to know.

    data_folder: where the ledger, the audio and the locks live; made when missing.
    database_url: an SQLAlchemy URL of an async driver; empty: SQLite (WAL) in the data folder.
        PostgreSQL: "postgresql+asyncpg://user:password@host/name".
    devices: one worker process each: "cpu", "cuda:0", "cuda:1".
    engines: the engines to offer, with their options; an engine that can't be made here says so when it is asked for.
    preload_engines: loaded when a worker starts; the others load with their first job.
    engine_registry: a dotted module with an `ENGINES` mapping (as in generation.engines) that adds to the known ones.
    decode_limits: generation.audio.decode's limits; None: its defaults.
    threads_per_worker: threads of one worker's numeric libraries (1..256).
    worker_network: whether workers may reach the network, which only the fetching of an engine's weights needs.
    lease_s: how long a worker's hold on a job lasts without a sign of life (3..3600 s); renewed at a third of it.
    instance_s: after this time without a sign of life another service may answer this one's jobs (3..3600 s).
    poll_interval_s: how often the ledger is asked for what other services did (0.05..60 s).
    start_limit_s, load_limit_s: longest start of a worker process, longest loading of an engine (or finishing of a
        take: our own code, slow for a long take on a busy machine, but never hung).
    step_limit_s: a step or an admission that takes longer counts as hung: the process is killed.
    stop_grace_s: how long running jobs may go on when the service closes; what is left goes back into the line.
    analysis_limit_s: longest analysis of a clip.
    max_worker_deaths: a job under which this many workers died is set aside (1..10).
    max_attempts: a job that was started this often and never ended is set aside (1..100).
    max_jobs_per_person, max_jobs_per_guild, max_jobs: how many jobs may wait or run at once.
    daily_music_min_per_person, daily_music_min_per_guild: minutes of music that may be made within 24 hours (0: any).
    daily_device_s_per_person, daily_device_s_per_guild: seconds that their jobs may hold a device within 24 hours (0:
        any number); a job that shares a device with others holds it too.
    cooldown_s: between two orders of a person (0..3600 s; 0: none).
    max_clips_per_person: clips of one person that are fetched, decoded or listened to at once (2..1000: a blend has 2).
    max_held_bytes: bytes of uploads that are held until they are decoded, of all people together (1 MiB..1 TiB).
    long_clip_s: longer clips are listened to in a process of their own, so that short ones need not wait (1..1800 s).
    long_job_s: a job of more seconds of music than this stands back behind the shorter ones (1..1200 s) ...
    long_job_patience_s: ... until it has waited this long (0..86400 s).
    preview_interval_s: at most one preview in this time, none of jobs that end within it (0..600 s; 0: no previews).
    target_lufs, ceiling_dbfs: loudness (ITU-R BS.1770-4) and true peak of finished takes.
    checks: from where on a finished take falls short; see generation.audio.check.limits.CheckLimits.
    ledger_busy_limit_s: how long a locked ledger is waited for before the request is refused.
    keep_audio_days: older audio that nothing living was made from is removed (0..36500; 0: never).
    max_audio_gib: past this the oldest goes sooner (0..1000000 GiB; 0: no limit).
    housekeeping_interval_s: how often that is looked after (1..604800 s).

    Raises:
        ValueError: a value outside its range; the message names the setting, the value and the range.
    """

    data_folder: Path
    database_url: str = ""
    devices: tuple[str, ...] = ("cpu",)
    engines: Mapping[str, EngineOptions] = field(default_factory=lambda: {"arranger": EngineOptions()})
    preload_engines: tuple[str, ...] = ("arranger",)
    engine_registry: str | None = None
    decode_limits: DecodeLimits | None = None
    threads_per_worker: int = 2
    worker_network: bool = True
    lease_s: float = 30.0
    instance_s: float = 60.0
    poll_interval_s: float = 1.0
    start_limit_s: float = 60.0
    load_limit_s: float = 600.0
    step_limit_s: float = 60.0
    stop_grace_s: float = 20.0
    analysis_limit_s: float = 60.0
    max_worker_deaths: int = 2
    max_attempts: int = 10
    max_jobs_per_person: int = 5
    max_jobs_per_guild: int = 50
    max_jobs: int = 500
    daily_music_min_per_person: float = 0.0
    daily_music_min_per_guild: float = 0.0
    daily_device_s_per_person: float = 0.0
    daily_device_s_per_guild: float = 0.0
    cooldown_s: float = 0.0
    max_clips_per_person: int = 6
    max_held_bytes: int = 256 * 2**20
    long_clip_s: float = 60.0
    long_job_s: float = 90.0
    long_job_patience_s: float = 600.0
    preview_interval_s: float = 10.0
    target_lufs: float = -14.0
    ceiling_dbfs: float = -1.0
    checks: CheckLimits = field(default_factory=CheckLimits)
    ledger_busy_limit_s: float = 10.0
    keep_audio_days: float = 90.0
    max_audio_gib: float = 50.0
    housekeeping_interval_s: float = 3600.0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:  # also refuses NaN
                raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value!r}")
        if not self.devices or len(set(self.devices)) < len(self.devices):
            raise ValueError(f"devices must name at least one device and none twice, not {self.devices!r}")
        if unknown := set(self.preload_engines) - set(self.engines):
            raise ValueError(f"preload_engines names engines that are not offered: {', '.join(sorted(unknown))}")

    @property
    def audio_folder(self) -> Path:
        """Where the hash-named audio files lie."""
        return self.data_folder / "audio"

    @property
    def locks_folder(self) -> Path:
        """Where each running service holds a lock of its own."""
        return self.data_folder / "instances"

    @property
    def ledger_url(self) -> str:
        """The ledger's address: `database_url`, or SQLite in the data folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_folder / 'ledger.sqlite3'}"
