"""From a request to what is to be decoded: what is continued, how much is new, what goes in front."""

from __future__ import annotations

from dataclasses import dataclass

from generation.clip import Clip
from generation.engines.base import EngineJob
from generation.engines.musicgen.shape import ModelShape
from generation.errors import RequestRefused
from generation.request import Operation, Request

DEFAULT_COMPOSE_S = 20.0
DEFAULT_EXTEND_S = 15.0
PROMPT_S = 10.0
"""How much of a clip is heard before it is continued, and how much windows overlap. More leaves less room for new music
in a window of 30 s."""
MIN_KEPT_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be decoded for one take.

    heard: the audio that is continued, at the model's rate and channels, whole codec frames; None without a clip.
    front: the audio, as it was given, that the take begins with; None when only new music is delivered.
    melody: the clip whose melody is followed; None without.
    num_new_frames: codec frames to predict.
    prompt: the words.
    """

    prompt: str
    num_new_frames: int
    heard: Clip | None = None
    front: Clip | None = None
    melody: Clip | None = None


def operations_of(is_melody: bool) -> frozenset[Operation]:
    """What a model can do with a clip; only melody models can restyle."""
    plain = {Operation.COMPOSE, Operation.EXTEND, Operation.VARY}
    return frozenset(plain | {Operation.RESTYLE} if is_melody else plain)


def check(job: EngineJob, is_melody: bool, max_duration_s: float) -> None:
    """Refuse what the model can't do, before anything is loaded or decoded.

    Raises:
        RequestRefused: an operation that the model has not, a missing clip, or more new music than `max_duration_s`.
    """
    operation = job.request.operation
    if operation not in operations_of(is_melody):
        raise RequestRefused(_cannot(operation))
    if operation.num_clips and not job.clips:
        raise RequestRefused(f"{operation.value.capitalize()} needs a clip: attach an audio file.")
    if (new_s := new_seconds(job, max_duration_s)) > max_duration_s:
        raise RequestRefused(
            f"MusicGen makes at most {max_duration_s:g} s of new music at once here, not {new_s:.0f} s."
        )


def new_seconds(job: EngineJob, max_duration_s: float) -> float:
    """How much new music a job asks for, or what fits its operation."""
    asked, operation = job.request.duration_s, job.request.operation
    if operation is Operation.EXTEND:
        return asked or DEFAULT_EXTEND_S
    if operation is Operation.RESTYLE:
        return asked or min(job.clips[0].duration_s, max_duration_s)
    if operation is Operation.VARY:
        clip = job.clips[0]
        return max((asked or clip.duration_s) - kept_part(clip, job.request).duration_s, MIN_KEPT_S)
    return asked or DEFAULT_COMPOSE_S


def make_plan(job: EngineJob, shape: ModelShape, max_duration_s: float) -> Plan:
    """Read a job's request, which `check` has let through; resamples its clip."""
    operation, clip = job.request.operation, job.clips[0] if job.clips else None
    front = None
    if clip is not None and operation in (Operation.EXTEND, Operation.VARY):
        front = clip if operation is Operation.EXTEND else kept_part(clip, job.request)
    melody = clip if operation is Operation.RESTYLE else None
    source = None if melody else front or clip
    return Plan(
        prompt=words_for(job),
        num_new_frames=max(round(new_seconds(job, max_duration_s) * shape.frame_rate_hz), 1),
        heard=None if source is None else heard_part(source, shape),
        front=front,
        melody=melody,
    )


def words_for(job: EngineJob) -> str:
    """The prompt, with the tempo and key that were asked for: the training texts had them in words too."""
    request = job.request
    parts = [request.prompt.strip()]
    if request.tempo_bpm is not None:
        parts.append(f"{request.tempo_bpm:.0f} bpm")
    if request.key:
        parts.append(f"in {request.key}")
    return ", ".join(part for part in parts if part)


def heard_part(clip: Clip, shape: ModelShape) -> Clip:
    """The end of a clip that is continued: at the model's rate and channels, whole codec frames, at most `PROMPT_S`."""
    ready = clip.to_stereo() if shape.num_channels == 2 else clip.to_mono()
    ready = ready.cut(max(ready.duration_s - PROMPT_S, 0)).resampled(shape.sample_rate_hz)
    num_samples = ready.num_frames // shape.hop_samples * shape.hop_samples
    if num_samples == 0:
        raise RequestRefused("The clip is too short to go on from: it needs at least a fiftieth of a second.")
    return Clip(ready.samples[:, -num_samples:].copy(), shape.sample_rate_hz)


def kept_part(clip: Clip, request: Request) -> Clip:
    """The first part of a clip that a variation keeps: all but a second at strength 0, a second at strength 1.

    All of what was asked for, where that is shorter than the clip.
    """
    varied_s = min(clip.duration_s, request.duration_s or clip.duration_s)
    least = min(MIN_KEPT_S, varied_s / 2)
    return clip.cut(0, least + (1 - request.strength) * max(varied_s - 2 * least, 0))


def _cannot(operation: Operation) -> str:
    if operation is Operation.RESTYLE:
        return (
            "This MusicGen model can't follow a clip's melody: choose the model melody or stereo-melody,"
            " or compose with the clip to go on in its style."
        )
    return f"MusicGen can't {operation.value}; the arranger can."
