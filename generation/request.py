"""What someone asks for and what comes out: Request, Sampling, Recipe, Take."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from numbers import Integral, Real
from typing import Any, Self

from generation.errors import RequestRefused
from generation.keys import is_own_key, key_named

MAX_PROMPT_CHARACTERS = 500
MAX_TAKES = 4
MAX_SEED = 2**31 - 1
MAX_ACCOMPANY_CLIPS = 4
"""The clip, its backing, and the backing's drums and the rest of it."""

DRAW_SEED = -1
"""In place of a seed: draw one."""


class Operation(StrEnum):
    """What is made from what; see README."""

    COMPOSE = "compose"
    EXTEND = "extend"
    RESTYLE = "restyle"
    VARY = "vary"
    ACCOMPANY = "accompany"
    BLEND = "blend"
    LOOP = "loop"

    @property
    def num_clips(self) -> int:
        """How many clips the operation needs; compose takes an optional one as a hint of tempo and key."""
        return {Operation.COMPOSE: 0, Operation.BLEND: 2}.get(self, 1)

    @property
    def max_clips(self) -> int:
        """How many clips the operation can do something with; for accompany see Request."""
        return MAX_ACCOMPANY_CLIPS if self is Operation.ACCOMPANY else max(self.num_clips, 1)


class AudioFormat(StrEnum):
    """The formats a take can be delivered in; the value is the file's extension."""

    MP3 = "mp3"
    OGG = "ogg"
    WAV = "wav"
    FLAC = "flac"


def _check_range(name: str, value: Any, low: float, high: float, unit: str = "") -> None:
    if isinstance(value, bool) or not issubclass(type(value), Real):
        raise RequestRefused(f"{name} must be a number, not {value!r}.")
    if not low <= value <= high:  # also refuses NaN
        raise RequestRefused(
            f"{name} must be between {_shown(low)} and {_shown(high)}{unit}, not {_shown(value)}{unit}."
        )


def _check_whole(name: str, value: Any, low: int, high: int) -> None:
    _check_range(name, value, low, high)
    if not issubclass(type(value), Integral):
        raise RequestRefused(f"{name} must be a whole number, not {value!r}.")


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _check_words(**fields: Any) -> None:
    """Front ends hand on what came over the network: a worker must not be the first to see that it is no text."""
    for name, value in fields.items():
        if value is not None and not isinstance(value, str):
            raise RequestRefused(f"The {name} must be text, not {value!r}.")


def _check_clips(operation: Operation, num_clips: int) -> None:
    name = operation.value.capitalize()
    if num_clips < operation.num_clips:
        wanted = "two clips" if operation.num_clips == 2 else "a clip"
        raise RequestRefused(f"{name} needs {wanted}: attach an audio file.")
    if operation is Operation.ACCOMPANY and num_clips not in (1, 2, MAX_ACCOMPANY_CLIPS):
        raise RequestRefused("Accompany works on one clip, and one more as its backing: leave the others out.")
    if num_clips > operation.max_clips:
        wanted = "two clips" if operation.max_clips == 2 else "one clip"
        raise RequestRefused(f"{name} works on {wanted}, not on {num_clips}: leave the others out.")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a neural engine draws its tokens; the arranger reads `temperature` as how far it strays from the plain form.

    temperature: 0.05..2, 1 is as trained. top_k: 0 (off)..2048. top_p: 0 (off)..1.
    guidance_scale: 1 (off)..10, classifier-free guidance (MusicGen paper, arXiv:2306.05284, uses 3).
    """

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance_scale: float = 3.0

    def __post_init__(self) -> None:
        _check_range("temperature (creativity)", self.temperature, 0.05, 2.0)
        _check_range("top_k", self.top_k, 0, 2048)
        _check_range("top_p", self.top_p, 0.0, 1.0)
        _check_range("guidance_scale (adherence)", self.guidance_scale, 1.0, 10.0)


@dataclass(frozen=True, slots=True)
class Request:
    """One frozen wish, from the front end to the engine.

    `clip_ids` name clips in the ledger by the hash of their audio; for accompany the clip alone, or the clip and the
    backing to lay under it, or also that backing's drums and the rest of it (its stems). `duration_s` None means: as
    the operation finds fit (the clip's length for restyle and accompany, 20 s for compose). For extend it is the length
    of the *new* part. `seed` is drawn when it is left out (or DRAW_SEED); `seed_is_drawn` says so: then, and only then,
    a take that falls short may be tried again with another. `tempo_bpm`, `key` and `beats_per_bar` override what was
    heard; `bars` is for loop; `strength` (0..1) for vary; `weights` for blend. `model` picks a checkpoint, None the
    engine's default.

    Raises:
        RequestRefused: with a sentence that names the value, its range and the mend.
    """

    operation: Operation
    prompt: str = ""
    clip_ids: tuple[str, ...] = ()
    engine: str = "arranger"
    model: str | None = None
    duration_s: float | None = None
    seed: int = DRAW_SEED
    sampling: Sampling = Sampling()
    num_takes: int = 1
    strength: float = 0.5
    bars: int | None = None
    weights: tuple[float, ...] = ()
    tempo_bpm: float | None = None
    key: str | None = None
    beats_per_bar: int | None = None
    audio_format: AudioFormat = AudioFormat.MP3
    parent_take_ids: tuple[str, ...] = ()
    seed_is_drawn: bool = False

    def __post_init__(self) -> None:
        _check_words(prompt=self.prompt, engine=self.engine, model=self.model, key=self.key)
        if self.seed == DRAW_SEED:
            object.__setattr__(self, "seed", secrets.randbelow(MAX_SEED))  # frozen for everybody else
            object.__setattr__(self, "seed_is_drawn", True)
        if len(self.prompt) > MAX_PROMPT_CHARACTERS:
            raise RequestRefused(
                f"The prompt has {len(self.prompt)} characters; at most {MAX_PROMPT_CHARACTERS} are read."
                " Say it shorter."
            )
        _check_clips(self.operation, len(self.clip_ids))
        if self.operation is Operation.COMPOSE and not self.prompt.strip() and not self.clip_ids:
            raise RequestRefused("Say in a few words what the music should be like, or attach a clip.")
        if self.key and not (self.operation is Operation.BLEND and is_own_key(self.key)):
            key_named(self.key)
        if self.duration_s is not None:
            _check_range("The length", self.duration_s, 1, 300, " s")
        _check_whole("The seed", self.seed, 0, MAX_SEED)
        _check_whole("The number of takes", self.num_takes, 1, MAX_TAKES)
        _check_range("strength", self.strength, 0, 1)
        if self.bars is not None:
            _check_whole("The number of bars", self.bars, 1, 64)
        if self.tempo_bpm is not None:
            _check_range("The tempo", self.tempo_bpm, 30, 300, " BPM")
        if self.beats_per_bar is not None and self.beats_per_bar not in (3, 4, 6):
            raise RequestRefused(f"The metre must be 3/4, 4/4 or 6/8, not {self.beats_per_bar} beats a bar.")

    @property
    def has_backing(self) -> bool:
        """Whether it brings the backing for its clip along: then nothing is composed, and the seed changes nothing."""
        return self.operation is Operation.ACCOMPANY and len(self.clip_ids) > 1

    def changed(self, **changes: Any) -> Self:
        """A changed copy, checked again. A new seed counts as given, unless it is DRAW_SEED."""
        if "seed" in changes:
            changes.setdefault("seed_is_drawn", False)
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Request:
        """The inverse of `to_json`. A key or a clip too many that an earlier version let pass stays as it stands."""
        fields = dict(data)
        fields["operation"] = Operation(fields["operation"])
        fields["audio_format"] = AudioFormat(fields["audio_format"])
        fields["sampling"] = Sampling(**fields["sampling"])
        for name in ("clip_ids", "weights", "parent_take_ids"):
            fields[name] = tuple(fields[name])
        old = {"key": fields.get("key"), "clip_ids": fields["clip_ids"]}
        request = cls(**{**fields, "key": None, "clip_ids": fields["clip_ids"][: fields["operation"].max_clips]})
        for name, value in old.items():
            object.__setattr__(request, name, value)  # frozen for everybody else
        return request


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that is needed to make a take again, and to say what changed when it comes out differently.

    `seed` is the take's own (a request's seed plus the take's index). `engine_revision` names the engine's code or
    weights; `precision` and `device_kind` what it ran on ("float32", "cpu"); `versions` the libraries that matter;
    `details` whatever the engine decided by itself (style, chords, what was heard), as plain JSON.
    """

    request: Request
    seed: int
    engine_revision: str
    licence: str
    precision: str = "float32"
    device_kind: str = "cpu"
    versions: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as it travels in a file's tags."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recipe:
        """The inverse of `to_json`."""
        return cls(**{**data, "request": Request.from_json(data["request"])})


@dataclass(frozen=True, slots=True)
class Take:
    """One finished result, as the ledger keeps it.

    `audio_hash` names the lossless audio file in the data folder, `stem_hashes` those of its stems by name,
    `midi_hash` its MIDI file; `parents` are the ids of the takes it was made from; `remarks` are sentences for the user
    (words not understood, what falls short); `samples_digest` is the SHA-256 of the samples, for replay.
    """

    take_id: str
    job_id: str
    index: int
    audio_hash: str
    duration_s: float
    sample_rate_hz: int
    recipe: Recipe
    samples_digest: str = ""
    stem_hashes: dict[str, str] = field(default_factory=dict)
    midi_hash: str | None = None
    parents: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
