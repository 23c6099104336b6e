"""Composing: from a job to a score, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generation.engines.arranger.band import Player, sound_of, sound_of_drums
from generation.engines.arranger.bass import play_bass
from generation.engines.arranger.comping import Comper
from generation.engines.arranger.counter import play_counter
from generation.engines.arranger.draft import Draft, begin
from generation.engines.arranger.effects_part import effect_parts
from generation.engines.arranger.era import remark_of
from generation.engines.arranger.events import Event, never_stuck, within_reach
from generation.engines.arranger.frame import Frame, key_name
from generation.engines.arranger.groove import play_drums
from generation.engines.arranger.harmony import chord_names
from generation.engines.arranger.kit import pieces_heard
from generation.engines.arranger.lead import play_lead
from generation.engines.arranger.perform import Feel, drum_lateness, perform
from generation.engines.arranger.score import Part, Score
from generation.engines.arranger.style import Style
from generation.engines.base import EngineJob


@dataclass(frozen=True, slots=True)
class Composition:
    """A finished score, what was decided on the way (plain JSON) and the sentences for the user."""

    score: Score
    frame: Frame
    details: dict[str, Any]
    remarks: tuple[str, ...]


def compose(job: EngineJob) -> Iterator[str | Composition]:
    """Compose a take: yields the name of each part that is written, finally the Composition."""
    draft = begin(job)
    yield "harmony"
    _write_drums(draft)
    yield "drums"
    for player in sorted(draft.band.players, key=_turn):
        events = within_reach(never_stuck(_events_of(player, draft), *_bars(draft.frame)), *player.reach)
        feel = _feel(player, draft.style, draft.frame)
        notes = perform(events, draft.frame, feel, draft.streams.stream("humanise", player.name))
        draft.parts.append(Part(player.name, sound_of(player), notes))
        yield player.name
    draft.parts += effect_parts(draft.band, draft.style, draft.form, draft.frame)
    yield finish(draft)


def _turn(player: Player) -> int:
    """Who writes when: chords and tune look at the bass, the counter line at the tune."""
    return {"bass": 0, "counter": 2}.get(player.style.role, 1)


def _write_drums(draft: Draft) -> None:
    band, style = draft.band, draft.style
    if band.drums is None:
        return
    wild = draft.job.request.sampling.temperature
    draft.drums = play_drums(band.drums, draft.form, draft.frame.grid, draft.streams, wild)
    struck = band.pieces.heard(draft.drums.events)
    feel = Feel(
        *_swing(style, draft.frame), style.humanise_ms * 0.6, late_by_pitch_ms=drum_lateness(band.drums.late_ms)
    )
    events = never_stuck(struck, *_bars(draft.frame), is_pitched=False)
    notes = perform(events, draft.frame, feel, draft.streams.stream("humanise", "drums"))
    draft.parts.append(Part("drums", sound_of_drums(band), notes))


def _bars(frame: Frame) -> tuple[float, float]:
    """The band's own bar and the one that people count, in the band's beats."""
    return frame.grid.beats_per_bar, frame.counted_bar_beats


def _swing(style: Style, frame: Frame) -> tuple[float, int]:
    return (0.0 if frame.grid.beats_per_bar == 6 else style.swing), style.swing_unit


def _feel(player: Player, style: Style, frame: Frame) -> Feel:
    return Feel(*_swing(style, frame), style.humanise_ms, player.style.late_ms, player.style.strum_ms)


def _events_of(player: Player, draft: Draft) -> tuple[Event, ...]:
    """A melodic part's events, by its role."""
    role, streams = player.style.role, draft.streams
    if role == "bass":
        draft.bass = play_bass(player, draft.form, draft.harmony, draft.frame.grid, draft.drums.kicks, streams)
        return draft.bass
    if role == "lead":
        draft.tune = play_lead(player, draft)
        return draft.tune
    if role == "counter":
        return play_counter(player, draft.form, draft.harmony, draft.frame.grid, streams, draft.tune)
    return Comper(player, draft.harmony, draft.frame.grid, streams, draft.bass).play(draft.form)


def finish(draft: Draft) -> Composition:
    """Put the score together and say what was decided."""
    frame, style = draft.frame, draft.style
    shift = frame.clock_shift_s
    upbeats, beats = counted_beats(frame, shift)
    markers = tuple(
        (max(frame.grid.seconds(s.first_bar * frame.grid.beats_per_bar) - shift, 0.0), s.kind) for s in draft.form
    )
    score = Score(
        frame.duration_s, tuple(part for part in draft.parts if part.notes), beats, frame.counted.beats_per_bar,
        frame.tuning_cents, style.space, style.character, markers, upbeats,
        tuple((frame.grid.seconds(span.start) - shift, span.root) for span in draft.harmony.spans),
    )  # fmt: skip
    return Composition(score, frame, _details(draft), _remarks(draft))


def counted_beats(frame: Frame, shift_s: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The beats as people count them, on a clock that begins `shift_s` after the grid's: those before the first
    downbeat, and all from it on to the take's end."""
    grid, end_s = frame.counted, frame.clock_shift_s + frame.duration_s - shift_s
    times = [time - shift_s for time in grid.beats_s]
    first = next((i for i in range(0, len(times), grid.beats_per_bar) if times[i] >= -1e-6), 0)
    inside = tuple(time for time in times[first:] if time <= end_s + 1e-6)
    return tuple(time for time in times[:first] if time >= -1e-6), inside


def _details(draft: Draft) -> dict[str, Any]:
    frame, wish = draft.frame, draft.wish
    shifted = [
        {
            "start_s": round(max(float(c["start_s"]) - frame.clock_shift_s, 0.0), 3),
            "chord": c["chord"],
        }
        for c in chord_names(draft.harmony, frame.grid)
    ]
    return {
        "style": draft.choice.style.key,
        "style_reason": draft.choice.reason,
        "era": list(draft.era),
        "tempo_bpm": round(frame.tempo_bpm, 2),
        "key": key_name(frame.key),
        "beats_per_bar": frame.counted.beats_per_bar,
        "chords": shifted,
        "chords_from_clip": draft.harmony.from_clip,
        "join_s": round(frame.join_s, 4),
        "form": [{"part": s.kind, "bars": s.num_bars, "energy": round(s.energy, 2)} for s in draft.form],
        "band": {player.name: player.instrument for player in draft.band.players}
        | ({"drums": draft.band.kit} if draft.band.drums else {}),
        "kit": pieces_heard(note.pitch for part in draft.parts if part.name == "drums" for note in part.notes),
        "understood": list(wish.understood),
        "not_understood": list(wish.unknown),
    }


def _remarks(draft: Draft) -> tuple[str, ...]:
    silent: tuple[str, ...] = ()
    if draft.job.hearings and draft.hearing is None:
        silent = ("The clip is silent, so I wrote music without it.",)
    sound = (remark_of(draft.era), draft.band.pieces.remark if draft.band.drums else "")
    said = (*silent, *draft.wish.remarks, draft.choice.remark, *sound, *draft.frame.remarks)
    return tuple(dict.fromkeys(sentence for sentence in said if sentence))
