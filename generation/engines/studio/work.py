"""What the studio does with a job: a loop of a clip, a blend of two."""

from __future__ import annotations

from generation.engines.base import Done, EngineJob
from generation.engines.revision import code_revision
from generation.engines.studio.grid import placed
from generation.errors import RequestRefused
from generation.keys import is_own_key, key_asked
from generation.request import AudioFormat, Operation


def check(job: EngineJob) -> None:
    """Refuse what can't be made, before anything is computed.

    Raises:
        RequestRefused: another operation, too few clips, a key that is none.
    """
    operation = job.request.operation
    if operation not in (Operation.LOOP, Operation.BLEND):
        raise RequestRefused(f"The studio can't {operation.value}: it makes loops and blends.")
    if min(len(job.clips), len(job.hearings)) < operation.num_clips:
        wanted = "two clips" if operation is Operation.BLEND else "a clip"
        raise RequestRefused(f"{operation.value.capitalize()} needs {wanted}: attach an audio file.")
    key_asked(job.request.key)


def loop_take(job: EngineJob) -> Done:
    """A loop of the clip; see `generation.audio.loop.make_loop` for what it raises."""
    from generation.audio.loop import NOT_GAPLESS, make_loop

    request = job.request
    hearing = placed(job.clips[0], job.hearings[0], request, key_asked(request.key))
    loop = make_loop(job.clips[0], hearing, request.bars, request.tempo_bpm)
    details = {
        "bars": loop.bars,
        "beats_per_bar": hearing.beats_per_bar,
        "tempo_bpm": None if loop.tempo_bpm is None else round(loop.tempo_bpm, 3),
        "start_s": round(loop.start_s, 4),
        "end_s": round(loop.end_s, 4),
        "seam": loop.seam,
        "num_frames": loop.clip.num_frames,
    }
    told = (NOT_GAPLESS,) if request.audio_format is AudioFormat.MP3 else ()
    return Done(
        job.job_id,
        loop.clip,
        details=details,
        remarks=(*loop.remarks, *told),
        engine_revision=f"studio {code_revision('studio')}",
        repeats=True,
    )


def blend_take(job: EngineJob) -> Done:
    """A blend of the two clips, with each as a stem; see `generation.audio.blend.blend` for what it raises."""
    from generation.audio.blend import blend

    request = job.request
    key = key_asked(request.key)
    hearings = [placed(clip, heard, request, key) for clip, heard in zip(job.clips, job.hearings, strict=False)]
    made = blend(
        job.clips[:2],
        hearings[:2],
        request.weights,
        tempo_bpm=request.tempo_bpm,
        key=key,
        keep_keys=is_own_key(request.key or ""),
    )
    details = {
        "tempo_bpm": None if made.meeting.tempo_bpm is None else round(made.meeting.tempo_bpm, 3),
        "key": None if made.meeting.key is None else str(made.meeting.key),
        "stretch": [round(factor, 4) for factor in made.meeting.factors],
        "semitones": [round(move, 2) for move in made.meeting.semitones],
        "weights": list(request.weights) or [1.0, 1.0],
        "downbeats_s": [round(time, 3) for time in made.downbeats_s],
    }
    return Done(
        job.job_id,
        made.clip,
        stems={"first": made.parts[0], "second": made.parts[1]},
        details=details,
        remarks=made.remarks,
        engine_revision=f"studio {code_revision('studio')}",
    )
