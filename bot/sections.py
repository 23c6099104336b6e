"""The tables of the settings file: each setting with its kind, its default and, where nobody else checks it, its range.

config/default.toml says of each what it is for; the ranges of the service's own are in generation.config.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from generation.audio.decode import DecodeLimits
from generation.config import ServiceConfig
from generation.request import AudioFormat

MIB = 2**20


def _default(config: type[ServiceConfig | DecodeLimits], name: str) -> Any:
    """The default of whoever uses the setting, so that it stands in one place."""
    return next(item.default for item in dataclasses.fields(config) if item.name == name)


class Section(BaseModel):
    """A table of the TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Discord(Section):
    """Everything about the Discord side."""

    token_file: Path | None = None
    dev_guild_id: int | None = None
    operator_ids: tuple[int, ...] = ()
    progress_edit_interval_s: float = Field(5.0, ge=5, le=60)


class Web(Section):
    """The page on this machine."""

    enabled: bool | None = None
    host: str = "127.0.0.1"
    port: int = Field(8321, ge=0, le=65535)
    public_url: str = Field("", pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$")


class Health(Section):
    """How the bot is, for supervisors and Prometheus."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(8322, ge=0, le=65535)


class Clips(Section):
    """What is let in."""

    max_bytes: int = Field(_default(DecodeLimits, "max_bytes"), ge=64 * 1024, le=500 * MIB)
    max_clip_s: float = Field(300.0, ge=1, le=1800)
    min_clip_s: float = Field(_default(DecodeLimits, "min_clip_s"), ge=0.02, le=10)
    memory_bytes: int = Field(_default(DecodeLimits, "memory_bytes"), ge=320 * MIB, le=16 * 1024 * MIB)
    cpu_s: int = Field(_default(DecodeLimits, "cpu_s"), ge=1, le=600)
    wall_s: float = Field(_default(DecodeLimits, "wall_s"), ge=1, le=600)
    ffmpeg_path: Path | None = None
    bubblewrap: bool = True


class Uploads(Section):
    """How much of what is let in may be in hand at once."""

    max_clips_per_person: int = _default(ServiceConfig, "max_clips_per_person")
    max_held_bytes: int = _default(ServiceConfig, "max_held_bytes")
    long_clip_s: float = _default(ServiceConfig, "long_clip_s")


class Takes(Section):
    """What comes out."""

    engine: str = "arranger"
    audio_format: AudioFormat = AudioFormat.MP3
    target_lufs: float = _default(ServiceConfig, "target_lufs")
    ceiling_dbfs: float = _default(ServiceConfig, "ceiling_dbfs")


class Queue(Section):
    """Who may ask for how much, and what happens to a job whose worker dies."""

    max_jobs: int = _default(ServiceConfig, "max_jobs")
    max_jobs_per_person: int = _default(ServiceConfig, "max_jobs_per_person")
    max_jobs_per_guild: int = _default(ServiceConfig, "max_jobs_per_guild")
    daily_music_min_per_person: float = _default(ServiceConfig, "daily_music_min_per_person")
    daily_music_min_per_guild: float = _default(ServiceConfig, "daily_music_min_per_guild")
    daily_device_s_per_person: float = _default(ServiceConfig, "daily_device_s_per_person")
    daily_device_s_per_guild: float = _default(ServiceConfig, "daily_device_s_per_guild")
    cooldown_s: float = _default(ServiceConfig, "cooldown_s")
    long_job_s: float = _default(ServiceConfig, "long_job_s")
    long_job_patience_s: float = _default(ServiceConfig, "long_job_patience_s")
    max_attempts: int = _default(ServiceConfig, "max_attempts")
    max_worker_deaths: int = _default(ServiceConfig, "max_worker_deaths")
    lease_s: float = _default(ServiceConfig, "lease_s")
    instance_s: float = _default(ServiceConfig, "instance_s")
    poll_interval_s: float = _default(ServiceConfig, "poll_interval_s")
    ledger_busy_limit_s: float = _default(ServiceConfig, "ledger_busy_limit_s")


class Workers(Section):
    """The processes that make takes."""

    devices: tuple[str, ...] = ("auto",)
    threads_per_worker: int = _default(ServiceConfig, "threads_per_worker")
    network: bool = _default(ServiceConfig, "worker_network")
    preload_engines: tuple[str, ...] = _default(ServiceConfig, "preload_engines")
    start_limit_s: float = _default(ServiceConfig, "start_limit_s")
    load_limit_s: float = _default(ServiceConfig, "load_limit_s")
    step_limit_s: float = _default(ServiceConfig, "step_limit_s")
    stop_grace_s: float = _default(ServiceConfig, "stop_grace_s")
    analysis_limit_s: float = _default(ServiceConfig, "analysis_limit_s")
    preview_interval_s: float = _default(ServiceConfig, "preview_interval_s")


class Retention(Section):
    """How long audio stays; recipes and trees stay anyway."""

    keep_audio_days: float = _default(ServiceConfig, "keep_audio_days")
    max_audio_gib: float = _default(ServiceConfig, "max_audio_gib")
    housekeeping_interval_s: float = _default(ServiceConfig, "housekeeping_interval_s")


class Log(Section):
    """What is written about the run."""

    level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    json_lines: bool = False
