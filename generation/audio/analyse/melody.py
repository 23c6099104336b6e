"""The melody: the highest voice that persists, as notes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.audio.analyse.beat_features import FloatArray
from generation.audio.analyse.chord_model import Float
from generation.audio.analyse.notes import LOWEST_PITCH, NotePosteriors
from generation.hearing import Note

STEP_FRAMES = 3
"""The line is sought every 35 ms."""
LOWEST_LINE, BASS_TOP = 43, 55
"""Below G2 nothing is a melody; up to G3 only what has nothing above it."""
ONSET_SHARE = 0.4
HEIGHT_BONUS = 0.012
"""Per semitone: of two voices as clear as each other the higher one is the melody."""
REST_LEVEL = 0.55
ENTER_COST, LEAP_COST, REST_COST = 0.7, 0.03, 0.4
REPEAT_ONSET = 0.45
SHORTEST_S = 0.09
FULL_SALIENCE = 0.6
FULL_NOTES_PER_S = 0.8


def find_melody(notes: NotePosteriors) -> tuple[tuple[Note, ...], float]:
    """The melody's notes (times in seconds of the clip, velocity 0..1 from how clearly they sound) and a confidence.

    Viterbi over pitches and rest: a pitch is as likely as it sounds and begins, higher ones a little more; changing the
    pitch costs, by the leap. A note ends where the pitch changes or the same pitch begins anew. The confidence is high
    when the line is clear and moves; a held top note of a chord is no tune.
    """
    sounding, onset = _by_steps(notes.sounding), _by_steps(notes.onset)
    if len(sounding) < 2:
        return (), 0.0
    line = _best_line(_salience(sounding, onset))
    found = _as_notes(line, sounding, onset, STEP_FRAMES / notes.frames_per_s)
    return found, _confidence(found, len(sounding) * STEP_FRAMES / notes.frames_per_s)


def _by_steps(posteriors: FloatArray) -> Float:
    """The largest of every three frames, from the lowest pitch of a line on: float64 [steps, pitches]."""
    rows = posteriors[: len(posteriors) // STEP_FRAMES * STEP_FRAMES, LOWEST_LINE - LOWEST_PITCH :]
    out: Float = rows.reshape(-1, STEP_FRAMES, rows.shape[1]).max(axis=1).astype(np.float64)
    return out


def _salience(sounding: Float, onset: Float) -> Float:
    """What each pitch is worth as the melody at each step, and in the last column what a rest is worth."""
    pitches = np.arange(sounding.shape[1])
    worth = sounding + ONSET_SHARE * onset + HEIGHT_BONUS * np.minimum(pitches, 36) * (sounding > 0.2)
    above = sounding[:, BASS_TOP - LOWEST_LINE :].max(axis=1, keepdims=True)
    low = slice(0, BASS_TOP - LOWEST_LINE)
    worth[:, low] -= np.where(above > 0.3, 1.0, 0.0)
    return np.hstack([worth, np.full((len(worth), 1), REST_LEVEL)])


def _best_line(worth: Float) -> NDArray[np.intp]:
    """The best path through pitches (column numbers, the last is rest): [steps]."""
    num_steps, num_states = worth.shape
    pitch = np.arange(num_states)
    cost = ENTER_COST + LEAP_COST * np.abs(pitch[:, None] - pitch[None, :])
    cost[:, -1], cost[-1, :] = REST_COST, REST_COST
    np.fill_diagonal(cost, 0.0)
    came_from = np.empty((num_steps, num_states), np.intp)
    score = worth[0]
    for step in range(1, num_steps):
        options = score[None, :] - cost  # [to, from]
        came_from[step] = options.argmax(axis=1)
        score = options[pitch, came_from[step]] + worth[step]
    line = np.empty(num_steps, np.intp)
    line[-1] = score.argmax()
    for step in range(num_steps - 1, 0, -1):
        line[step - 1] = came_from[step, line[step]]
    return line


def _as_notes(line: NDArray[np.intp], sounding: Float, onset: Float, step_s: float) -> tuple[Note, ...]:
    rest = sounding.shape[1]
    is_new = np.diff(line, prepend=-1) != 0
    steps = np.arange(line.size)
    at_pitch = np.where(line < rest, onset[steps, np.minimum(line, rest - 1)], 0.0)
    before = np.concatenate([[0.0], at_pitch[:-1]])
    is_new |= (at_pitch > REPEAT_ONSET) & (before < 0.6 * at_pitch)
    starts = np.flatnonzero(is_new)
    notes = []
    for first, last in zip(starts, [*starts[1:], line.size], strict=True):
        if line[first] < rest and (last - first) * step_s >= SHORTEST_S:
            clearness = float(np.clip(sounding[first:last, line[first]].mean(), 0, 1))
            notes.append(Note(float(first * step_s), float(last * step_s), int(line[first]) + LOWEST_LINE, clearness))
    return tuple(notes)


def _confidence(notes: tuple[Note, ...], duration_s: float) -> float:
    if not notes:
        return 0.0
    lengths = np.array([note.end_s - note.start_s for note in notes])
    clear = np.average([note.velocity for note in notes], weights=lengths) / FULL_SALIENCE
    moving = len(notes) / duration_s / FULL_NOTES_PER_S
    return float(np.clip(clear, 0, 1) * np.clip(moving, 0, 1))
