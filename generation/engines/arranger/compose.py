"""Composing: from a job to a score, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from generation.engines.arranger.band import Band, Player, choose_band, sound_of, sound_of_drums
from generation.engines.arranger.bass import play_bass
from generation.engines.arranger.choose import Choice, choose_style
from generation.engines.arranger.comping import Comper
from generation.engines.arranger.counter import play_counter
from generation.engines.arranger.effects_part import effect_parts
from generation.engines.arranger.events import Event, never_stuck, within_reach
from generation.engines.arranger.form import Section, make_form
from generation.engines.arranger.frame import Frame, find_frame, key_name
from generation.engines.arranger.groove import DrumTrack, play_drums
from generation.engines.arranger.harmony import chord_names, harmonise
from generation.engines.arranger.melody import Melodist
from generation.engines.arranger.parallels import without_parallels
from generation.engines.arranger.perform import Feel, drum_lateness, perform
from generation.engines.arranger.prompt import Wish, read_prompt
from generation.engines.arranger.score import Part, Score
from generation.engines.arranger.spans import Harmony
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import Style
from generation.engines.arranger.tune import (
    fitted_tune,
    heard_tune,
    motifs_of,
    ornamented_tune,
    phrase_beats,
    resumed_tune,
)
from generation.engines.base import EngineJob
from generation.hearing import Hearing
from generation.request import Operation

VARY_STEPS = {
    0.0: {"fills", "humanise", "ornaments"},
    0.25: {"groove", "bass"},
    0.5: {"comping"},
    0.75: {"melody", "band"},
}
"""From which strength of vary on which streams follow the seed; below it they stay as in every other variation."""
ORNAMENTS_FROM = 0.4
KEEPS_TUNE_BELOW = 0.75
SILENCE_DBFS = -70.0


@dataclass(frozen=True, slots=True)
class Composition:
    """A finished score, what was decided on the way (plain JSON) and the sentences for the user."""

    score: Score
    frame: Frame
    details: dict[str, Any]
    remarks: tuple[str, ...]


@dataclass(slots=True)
class Draft:
    """A composition while it is made."""

    job: EngineJob
    wish: Wish
    choice: Choice
    style: Style
    streams: Streams
    frame: Frame
    form: tuple[Section, ...]
    harmony: Harmony
    band: Band
    hearing: Hearing | None
    drums: DrumTrack = field(default_factory=lambda: DrumTrack((), {}))
    bass: tuple[Event, ...] = ()
    tune: tuple[Event, ...] = ()
    parts: list[Part] = field(default_factory=list)


def compose(job: EngineJob) -> Iterator[str | Composition]:
    """Compose a take: yields the name of each part that is written, finally the Composition."""
    draft = begin(job)
    yield "harmony"
    _write_drums(draft)
    yield "drums"
    for player in sorted(draft.band.players, key=lambda player: player.style.role == "counter"):  # after the tune
        events = within_reach(_never_stuck(_events_of(player, draft), draft.frame), *player.reach)
        feel = _feel(player, draft.style, draft.frame)
        notes = perform(events, draft.frame, feel, draft.streams.stream("humanise", player.name))
        draft.parts.append(Part(player.name, sound_of(player), notes))
        yield player.name
    draft.parts += effect_parts(draft.band, draft.style, draft.form, draft.frame)
    yield finish(draft)


def begin(job: EngineJob) -> Draft:
    """Read the prompt, choose style, frame, form, harmony and band."""
    hearing = _usable(job.hearings[0]) if job.hearings else None
    wish = read_prompt(job.request.prompt)
    streams = _streams(job)
    choice = choose_style(wish, hearing, job.request.prompt, streams)
    style = _adapted(choice.style, wish)
    frame = find_frame(job.request, hearing, wish, style, streams)
    form = make_form(frame, style, wish, hearing)
    harmony = harmonise(frame, hearing, style, form, streams.stream("harmony"))
    band = choose_band(style, wish, streams)
    return Draft(job, wish, choice, style, streams, frame, form, harmony, band, hearing)


def _usable(hearing: Hearing) -> Hearing | None:
    """The hearing, None for a clip in which nothing was heard (silence)."""
    quiet = hearing.peak_dbfs is None or hearing.peak_dbfs < SILENCE_DBFS
    silent = quiet and not (hearing.beats_s or hearing.chords or hearing.melody)
    return None if hearing.duration_s <= 0 or silent else hearing


def _streams(job: EngineJob) -> Streams:
    """Where chance comes from: all from the seed, but for vary only the parts that its strength lets go."""
    request = job.request
    if request.operation is not Operation.VARY:
        return Streams(job.seed)
    free = {name for strength, names in VARY_STEPS.items() if request.strength >= strength for name in names}
    return Streams(job.seed, base_seed=0, free=frozenset(free))


def _adapted(style: Style, wish: Wish) -> Style:
    """The style with what the prompt says of its feel."""
    changes: dict[str, Any] = {}
    if "swing" in wish.flags:
        changes["swing"] = max(style.swing, 0.8)
    if "straight" in wish.flags:
        changes["swing"] = 0.0
    if wish.mode is not None:
        changes["mode"] = wish.mode
    return style.model_copy(update=changes) if changes else style


def _write_drums(draft: Draft) -> None:
    band, style = draft.band, draft.style
    if band.drums is None:
        return
    wild = draft.job.request.sampling.temperature
    draft.drums = play_drums(band.drums, draft.form, draft.frame.grid, draft.streams, wild)
    feel = Feel(
        *_swing(style, draft.frame), style.humanise_ms * 0.6, late_by_pitch_ms=drum_lateness(band.drums.late_ms)
    )
    events = _never_stuck(draft.drums.events, draft.frame)
    notes = perform(events, draft.frame, feel, draft.streams.stream("humanise", "drums"))
    draft.parts.append(Part("drums", sound_of_drums(band), notes))


def _never_stuck(events: tuple[Event, ...], frame: Frame) -> tuple[Event, ...]:
    return never_stuck(events, frame.grid.beats_per_bar, frame.counted_bar_beats)


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
        draft.tune = _melody(player, draft)
        return draft.tune
    if role == "counter":
        return play_counter(player, draft.form, draft.harmony, draft.frame.grid, streams, draft.tune)
    return Comper(player, draft.harmony, draft.frame.grid, streams).play(draft.form)


def _melody(player: Player, draft: Draft) -> tuple[Event, ...]:
    """The tune: the clip's own where the take follows it, otherwise a new one from the clip's motifs or none."""
    request, frame, harmony = draft.job.request, draft.frame, draft.harmony
    heard = heard_tune(frame, draft.hearing) if draft.hearing is not None else ()
    varies = request.operation is Operation.VARY
    keeps = request.operation is Operation.RESTYLE or (varies and request.strength < KEEPS_TUNE_BELOW)
    motifs = motifs_of(heard, frame.grid, harmony) if heard and not varies else ()
    melodist = Melodist(player, draft.style.melody, harmony, frame.grid, draft.streams, motifs)
    if heard and request.operation is Operation.EXTEND and player is draft.band.lead:
        return _gone_on(heard, melodist, player, draft)
    if not (heard and keeps and frame.follows_clip and player is draft.band.lead):
        return without_parallels(melodist.play(draft.form), draft.bass, harmony, player.style.register_)
    tune = fitted_tune(heard, harmony, player.style.register_)
    if varies and request.strength >= ORNAMENTS_FROM:
        tune = ornamented_tune(tune, harmony, draft.streams.stream("ornaments"), request.strength - 0.2)
    beats = frame.grid.beats_per_bar
    unheard = tuple(
        section
        for section in draft.form
        if section.num_bars > 1
        and not any(section.first_bar * beats <= note.start < section.end_bar * beats for note in tune)
    )
    return (*tune, *melodist.play(unheard))


def _gone_on(heard: tuple[Event, ...], melodist: Melodist, player: Player, draft: Draft) -> tuple[Event, ...]:
    """The tune of an extension: the clip's last phrase once more, as a song sings its next verse, then new ones."""
    frame, harmony = draft.frame, draft.harmony
    beats, first = frame.grid.beats_per_bar, frame.first_beat
    phrase = phrase_beats(harmony.cycle_bars * beats, frame.counted_bar_beats, first)
    landing = draft.form[-1].first_bar * beats
    end = min(-(-first // beats) * beats + phrase, landing)
    again = fitted_tune(resumed_tune(heard, first, end, phrase), harmony, player.style.register_)
    if len(again) < (end - first) / beats:  # where it was silent there is nothing to take up
        return melodist.play(draft.form)
    end_bar = end // beats
    left = tuple(
        section
        if section.first_bar >= end_bar
        else replace(section, first_bar=end_bar, num_bars=section.end_bar - end_bar)
        for section in draft.form
        if section.end_bar > end_bar
    )
    return (*again, *melodist.play(left))


def finish(draft: Draft) -> Composition:
    """Put the score together and say what was decided."""
    frame, style = draft.frame, draft.style
    shift = frame.clock_shift_s
    upbeats, beats = _counted_beats(frame)
    markers = tuple(
        (max(frame.grid.seconds(s.first_bar * frame.grid.beats_per_bar) - shift, 0.0), s.kind) for s in draft.form
    )
    score = Score(
        frame.duration_s, tuple(part for part in draft.parts if part.notes), beats, frame.counted.beats_per_bar,
        frame.tuning_cents, style.space, style.character, markers, upbeats,
    )  # fmt: skip
    return Composition(score, frame, _details(draft), _remarks(draft))


def _counted_beats(frame: Frame) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The beats as people count them, on the score's clock: those before the first downbeat, and all from it on."""
    grid, shift = frame.counted, frame.clock_shift_s
    times = [time - shift for time in grid.beats_s]
    first = next((i for i in range(0, len(times), grid.beats_per_bar) if times[i] >= -1e-6), 0)
    inside = tuple(time for time in times[first:] if time <= frame.duration_s + 1e-6)
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
        "tempo_bpm": round(frame.tempo_bpm, 2),
        "key": key_name(frame.key),
        "beats_per_bar": frame.counted.beats_per_bar,
        "chords": shifted,
        "chords_from_clip": draft.harmony.from_clip,
        "join_s": round(frame.join_s, 4),
        "form": [{"part": s.kind, "bars": s.num_bars, "energy": round(s.energy, 2)} for s in draft.form],
        "band": {player.name: player.instrument for player in draft.band.players}
        | ({"drums": draft.band.kit} if draft.band.drums else {}),
        "understood": list(wish.understood),
        "not_understood": list(wish.unknown),
    }


def _remarks(draft: Draft) -> tuple[str, ...]:
    silent: tuple[str, ...] = ()
    if draft.job.hearings and draft.hearing is None:
        silent = ("The clip is silent, so I wrote music without it.",)
    said = (*silent, *draft.wish.remarks, draft.choice.remark, *draft.frame.remarks)
    return tuple(dict.fromkeys(sentence for sentence in said if sentence))
