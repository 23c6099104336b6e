"""What a case's take is worth: every figure of the benchmark, against the written score, and what falls short."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import mir_eval
import numpy as np

from benchmarks.music import harmony, midi, sound
from benchmarks.music.blend import measure_blend
from benchmarks.music.cases import Case
from benchmarks.music.clips import Written, written
from benchmarks.music.drive import Outcome
from benchmarks.music.joins import measure_join, measure_loop
from generation.request import Operation

TEMPO_WITHIN = 0.02
LUFS, LUFS_WITHIN, CEILING_DBFS = -14.0, 1.0, -1.0
METER_ROUNDS_DB = 0.05
"""ffmpeg's meter shows tenths."""
BEAT_F, DOWNBEAT_F = 0.9, 0.8
FOLLOWING = (Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY)


@dataclass
class Figures:
    """Numbers by name (NaN: does not apply), words by name, and the sentences about what falls short."""

    numbers: dict[str, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    short: list[str] = field(default_factory=list)

    def expect(self, good: bool, sentence: str) -> None:
        """Note what falls short."""
        if not good:
            self.short.append(sentence)


def measure(outcome: Outcome) -> Figures:
    """All figures of an outcome."""
    figures = Figures({f"{name} s": seconds for name, seconds in outcome.seconds.items()})
    if outcome.fault:
        figures.expect(False, f"unexplained error: {outcome.fault.strip().splitlines()[-1]}")
    if outcome.sentence:
        figures.words["answer"] = outcome.sentence
        figures.expect(outcome.case.may_refuse, f"refused: {outcome.sentence}")
    if outcome.finished is None:
        return figures
    if outcome.hearings and not outcome.case.may_refuse:
        _heard(outcome, figures)
    figures.numbers["length s"] = outcome.take.duration_s
    _levels(outcome, figures)
    _length(outcome, figures)
    _replay(outcome, figures)
    if outcome.midi is not None and not outcome.case.may_refuse:
        _written_music(outcome, figures, midi.read(outcome.midi))
    if outcome.case.operation is Operation.EXTEND:
        measure_join(outcome, figures)
    elif outcome.case.operation is Operation.LOOP:
        measure_loop(outcome, figures)
    elif outcome.case.operation is Operation.BLEND and not outcome.case.may_refuse:
        measure_blend(outcome, figures)
    return figures


def _heard(outcome: Outcome, figures: Figures) -> None:
    """What the ear made of the first clip: it bounds what an engine can do."""
    truth, hearing = written(outcome.case.clips[0]), outcome.hearings[0]
    if truth.has_beat:
        figures.numbers["heard beat F"] = _f(truth.beats_s, np.array(hearing.beats_s))
    if truth.has_bars:
        figures.numbers["heard downbeat F"] = _f(truth.downbeats_s, np.array(hearing.downbeats_s))
    if (truth.has_chords or truth.is_hum) and hearing.key is not None:
        figures.words["key heard"] = harmony.key_class(truth.song.key, (hearing.key.tonic, hearing.key.mode))


def _levels(outcome: Outcome, figures: Figures) -> None:
    """Of the finished take as it lies in the store."""
    heard = sound.loudness(outcome.take)
    figures.numbers |= {"LUFS": heard.lufs, "true peak": heard.true_peak_dbfs}
    clipped = int((np.abs(outcome.take.samples) >= 1 - 1 / 32_768).sum())
    loud = abs(heard.lufs - LUFS) <= LUFS_WITHIN + METER_ROUNDS_DB
    figures.expect(loud, f"loudness {heard.lufs:.1f} LUFS")
    figures.expect(heard.true_peak_dbfs <= CEILING_DBFS + METER_ROUNDS_DB, f"true peak {heard.true_peak_dbfs:.1f} dBFS")
    figures.expect(clipped == 0, f"{clipped} samples at full scale")


def _length(outcome: Outcome, figures: Figures) -> None:
    """Against the length that was asked for, or the clip's."""
    case, take = outcome.case, outcome.take
    asked = case.wishes.get("duration_s")
    if case.operation is Operation.EXTEND:
        wanted = None if asked is None else outcome.clips[0].duration_s + asked
    elif case.operation in FOLLOWING and asked is None and case.engine == "arranger":
        wanted = None if case.tag == "changed" or case.may_refuse else outcome.clips[0].duration_s
    else:
        wanted = asked
    if wanted is not None:
        off_s = take.duration_s - wanted
        figures.numbers["length off s"] = off_s
        figures.expect(abs(off_s) <= 0.05, f"{take.duration_s:.2f} s long instead of {wanted:.2f} s")


def _replay(outcome: Outcome, figures: Figures) -> None:
    if outcome.replayed_digest is not None:
        same = outcome.replayed_digest == outcome.made.samples_digest
        figures.numbers["replay identical"] = float(same)
        figures.expect(same, "the replay differs")


def _written_music(outcome: Outcome, figures: Figures, sheet: midi.Sheet) -> None:
    """Tempo, beats, key and chords of the notes, on the take's clock, and whether the sound follows them."""
    case = outcome.case
    truth = written(case.clips[0]) if case.clips else None
    strength = sound.flux(outcome.take)
    figures.numbers["lag ms"] = sound.lag_ms(strength, np.unique([round(note.start_s, 3) for note in sheet.notes]))
    tempo_bpm = sheet.tempo_from(_begins_s(outcome))
    _tempo(case, truth, tempo_bpm, strength[round(_begins_s(outcome) * sound.FLUX_RATE_HZ) :], figures)
    if truth is not None and truth.has_beat and case.operation is not Operation.COMPOSE and case.tag != "changed":
        _grid(case, truth, sheet, strength, figures)
    _key(outcome, truth, sheet, figures)
    if truth is not None and truth.song.chords and case.operation in FOLLOWING and case.tag != "changed":
        _chords(truth, sheet, figures)
    _words(outcome, sheet, figures)


def _begins_s(outcome: Outcome) -> float:
    """Where the take's own music begins: an extension's after the clip."""
    return float(outcome.made.details["join_s"]) if outcome.case.operation is Operation.EXTEND else 0.0


def _wanted_tempo(case: Case, truth: Written | None) -> float | None:
    if case.asked.tempo_bpm is not None:
        return case.asked.tempo_bpm
    if truth is not None and truth.has_beat and case.operation is Operation.EXTEND:
        return truth.end_tempo_bpm
    return truth.tempo_bpm if truth is not None and truth.has_beat else None


def tempo_class(found_bpm: float, wanted_bpm: float) -> tuple[str, float]:
    """right, half or double, a third or triple (6/8), or wrong; and the error that is left, as a share."""
    for name, factors in (("right", (1.0,)), ("half or double", (0.5, 2.0)), ("third", (1 / 3, 3.0, 2 / 3, 1.5))):
        error = min((abs(found_bpm / (wanted_bpm * factor) - 1) for factor in factors), default=1.0)
        if error <= TEMPO_WITHIN:
            return name, error
    octaves = np.log2(found_bpm / wanted_bpm)
    return "wrong", float(abs(2 ** (octaves - round(octaves)) - 1))


def _tempo(case: Case, truth: Written | None, tempo_bpm: float, strength: np.ndarray, figures: Figures) -> None:
    wanted = _wanted_tempo(case, truth)
    if wanted is None:
        return
    kind, error = tempo_class(tempo_bpm, wanted)
    figures.words["tempo"] = kind
    figures.numbers["tempo error %"] = 100 * error
    figures.expect(kind == "right", f"tempo {kind}: {tempo_bpm:.1f} BPM instead of {wanted:.1f}")
    heard = sound.best_tempo(strength, tempo_bpm)
    figures.numbers["tempo of the sound error %"] = 100 * abs(heard / tempo_bpm - 1)


def _grid(case: Case, truth: Written, sheet: midi.Sheet, strength: np.ndarray, figures: Figures) -> None:
    """Beats and bar lines against the written ones: of the clip, or for an extension of the song that goes on."""
    song = truth.song
    end_s = strength.size / sound.FLUX_RATE_HZ
    low_s, high_s = 0.0, min(truth.duration_s, end_s)
    if case.operation is Operation.EXTEND:
        if not truth.is_even:
            return  # how a clip would go on wavering nobody can know
        low_s, high_s = truth.duration_s - 0.1, min(end_s, max(song.beats_s) + 0.1)
        if high_s - low_s < 3.0:
            return  # the written song ends with the clip

    def inside(times: Any) -> np.ndarray:
        moments = np.asarray(times, np.float64)
        return moments[(moments >= low_s) & (moments < high_s)]

    found, bars = inside(sheet.beats_s), inside(sheet.downbeats_s)
    wanted = inside(song.beats_s)
    beat_f, bar_f = _f(wanted, found), _f(inside(song.downbeats_s), bars)
    figures.numbers["beat F"] = beat_f
    if truth.has_bars:
        figures.numbers["downbeat F"] = bar_f
        figures.expect(bar_f >= DOWNBEAT_F, f"downbeat F {bar_f:.2f}")
    figures.numbers["sound beat F"] = _f(wanted, inside(sound.tracked_beats(strength, truth.tempo_bpm)))
    if wanted.size and found.size:
        off = np.abs(wanted[:, None] - found[None, :]).min(axis=1)
        figures.numbers["beat off ms"] = float(1000 * np.median(off))
    figures.expect(beat_f >= BEAT_F, f"beat F {beat_f:.2f}")


def _f(truth: np.ndarray, found: np.ndarray) -> float:
    return float(mir_eval.beat.f_measure(truth, found)) if truth.size and found.size else 0.0


def _key(outcome: Outcome, truth: Written | None, sheet: midi.Sheet, figures: Figures) -> None:
    """The key of the notes (by profile), the one that the take says, and the share of notes in the wanted scale."""
    case = outcome.case
    wanted = case.asked.key or (truth.song.key if truth is not None and (truth.has_chords or truth.is_hum) else None)
    if wanted is None:
        return
    if case.tag == "changed" and case.asked.key is None and truth is not None:
        wanted = truth.song.key
    said = harmony.key_class(wanted, harmony.key_said(outcome.made.details["key"]))
    notes = [note for note in sheet.notes if not note.track.startswith(("effects", "texture"))]
    figures.words["key said"] = said
    figures.words["key of the notes"] = harmony.key_class(wanted, harmony.key_of(harmony.chroma_of_notes(notes)))
    figures.numbers["in scale"] = harmony.share_in_scale(notes, wanted)
    figures.expect(said in ("same", "relative"), f"key {said}: {outcome.made.details['key']}")


def _chords(truth: Written, sheet: midi.Sheet, figures: Figures) -> None:
    """The written chords against the lead and against everything else that has a pitch."""
    pitched = [note for note in sheet.notes if not note.is_drum and not note.track.startswith(("effects", "texture"))]
    lead = [note for note in pitched if note.track == "lead"]
    rest = [note for note in pitched if note.track not in ("lead", "counter")]
    figures.numbers["chord tones of the lead"] = harmony.chord_tones(lead, truth.song.chords)
    figures.numbers["chord tones of the band"] = share = harmony.chord_tones(rest, truth.song.chords)
    figures.expect(not share < 0.6, f"only {share:.0%} of the band's tones are in the written chords")


def _words(outcome: Outcome, sheet: midi.Sheet, figures: Figures) -> None:
    """Each word that asks for something that the file can show; the style by the take's own word."""
    asked, details = outcome.case.asked, outcome.made.details
    checks = [(f"no {name}", not sheet.plays(name)) for name in asked.without]
    checks += [(name, sheet.plays(name)) for name in asked.instruments]
    if asked.style is not None:
        checks.append((asked.style, details["style"] == asked.style))
    if asked.tempo_bpm is not None:
        checks.append(
            (
                f"{asked.tempo_bpm:g} bpm",
                abs(sheet.tempo_from(_begins_s(outcome)) / asked.tempo_bpm - 1) <= TEMPO_WITHIN,
            )
        )
    if asked.key is not None:
        checks.append(("key", harmony.fits(harmony.chroma_of_notes(sheet.notes), asked.key)))
    if asked.beats_per_bar is not None:
        checks.append((f"{asked.beats_per_bar} beats", sheet.beats_per_bar == asked.beats_per_bar))
    if checks:
        figures.numbers |= {"words": float(len(checks)), "words obeyed": float(sum(good for _, good in checks))}
    for word, good in checks:
        figures.expect(good, f"not obeyed: {word}")
