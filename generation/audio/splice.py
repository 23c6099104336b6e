"""Going on from a clip: where the new part takes over, at which level, and how one fades into the other.

clip  ████████████████▓▒░(mirror)     its own samples up to `kept_s`
new               ░▒▓█████████████    at the clip's level, from `new_start_s` on
                  ^kept_s  ^join_s
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.audio import click
from generation.audio.join import crossfade
from generation.audio.levels import loudness
from generation.audio.rumble import dc_offsets
from generation.audio.soften import softened
from generation.audio.timbre import band_levels_db, unlikeness_db
from generation.clip import Clip, Samples

LEAST_RATE_HZ, MOST_RATE_HZ = 32_000, 48_000
"""Clips of a lower rate are brought to the new part's, which would sound dull at theirs; of a higher one to the most
that is decoded and encoded. Those between keep their samples."""

LEVEL_S = 4.0
MAX_LEVEL_DB = 18.0
"""The loudness of the clip's last and the new part's first LEVEL_S is made equal, by at most this."""

RINGS_S = (0.08, 0.16, 0.32)
"""So long the clip rings on under the new part's first beat: the shorter, the better, as long as nothing falls away."""

OVERLAP_SEARCH_S = 0.2
OVERLAP_STEP_S = 0.005
OVERLAP_FADES_S = (0.03, 0.06, 0.12, 0.2)
LISTEN_S = 0.046
BEFORE_BEAT_S = 0.04
BEFORE_BEAT_DB = 2.0
OUT_OF_PHASE_DB = 6.0
"""Where both have the same music, the change is sought in the clip's last OVERLAP_SEARCH_S: where spectra of LISTEN_S
differ least; just before a beat, which hides it, counts BEFORE_BEAT_DB; waves that don't meet cost up to
OUT_OF_PHASE_DB."""


@dataclass(frozen=True, slots=True)
class Splice:
    """A clip that goes on. Up to `kept_s` its samples are the original's, less a constant (`offsets`, its DC, one a
    channel); from `join_s` on the new part leads, and at `until_s` nothing of the original sounds or is missed any
    more. `gain_db` is what the new part was raised by. `ring`: what of the original still sounds after `kept_s`, as it
    is in `clip` (float32 [channels, frames]); None where one form of the same music goes over into the other."""

    clip: Clip
    kept_s: float
    join_s: float
    until_s: float
    gain_db: float
    offsets: tuple[float, ...]
    ring: Samples | None = None

    def original_alone(self) -> Clip:
        """The clip's own part without the new one: up to `kept_s`, and ringing on."""
        kept = self.clip.samples[:, : round(self.kept_s * self.clip.sample_rate_hz)]
        whole = kept if self.ring is None else np.concatenate((kept, self.ring), axis=1)
        return Clip(whole if whole.shape[1] else np.zeros((len(kept), 1), np.float32), self.clip.sample_rate_hz)

    def details(self) -> dict[str, object]:
        """For the recipe."""
        return {
            "kept_s": round(self.kept_s, 4),
            "join_s": round(self.join_s, 4),
            "new_part_gain_db": round(self.gain_db, 2),
            "offsets_removed": [round(offset, 6) for offset in self.offsets],
        }


def go_on(original: Clip, new: Clip, new_start_s: float, join_s: float) -> Splice:
    """The clip up to `join_s`, where the first beat of different music falls; `new` begins at `new_start_s`, a little
    before, on the clip's clock. The clip rings on under it, led on by its mirror image."""
    front, new, offsets = _alike(original, new)
    rate_hz = front.sample_rate_hz
    start = min(max(round(new_start_s * rate_hz), 0), front.num_frames)
    join = min(max(round(join_s * rate_hz), start), start + new.num_frames)
    gain_db = level_gap_db(front.cut(join / rate_hz - LEVEL_S, join / rate_hz), new.cut(0, LEVEL_S))
    fresh = new.samples * np.float32(10 ** (gain_db / 20))
    kept_s, until_s = start / rate_hz, max(join / rate_hz + RINGS_S[0], front.duration_s)
    rough, ring = _shortest_ring(front, fresh, start, join)
    return Splice(softened(rough, kept_s, until_s), kept_s, join / rate_hz, until_s, gain_db, offsets, ring)


def take_over(original: Clip, new: Clip, overlap_s: float, beats_s: Sequence[float] = ()) -> Splice:
    """The clip going over into `new`, which begins `overlap_s` before the clip ends with its own form of the same
    music; the change lies in the clip's last moments, where the two are most alike. `beats_s`: the clip's."""
    front, new, offsets = _alike(original, new)
    rate_hz = front.sample_rate_hz
    overlap = min(round(overlap_s * rate_hz), front.num_frames, new.num_frames)
    first = front.num_frames - overlap
    if overlap < 2:
        end_to_end = Clip(np.concatenate((front.samples, new.samples), axis=1), rate_hz)
        end_s = front.duration_s
        return Splice(softened(end_to_end, end_s, end_s), end_s, end_s, end_s, 0.0, offsets)
    gain_db = level_gap_db(front.cut(first / rate_hz), new.cut(0, overlap / rate_hz))
    fresh = Clip(new.samples * np.float32(10 ** (gain_db / 20)), rate_hz)
    end = round(_best_moment(front, fresh, first / rate_hz, beats_s) * rate_hz)
    clip, kept = _shortest_smooth(front, fresh, first, end)
    kept_s, end_s = kept / rate_hz, end / rate_hz
    return Splice(softened(clip, kept_s, end_s), kept_s, end_s, end_s, gain_db, offsets)


def level_gap_db(before: Clip, after: Clip) -> float:
    """By how much `after` has to be raised to be as loud as `before` (BS.1770 gating), within MAX_LEVEL_DB."""
    wanted, there = (loudness(clip.samples, clip.sample_rate_hz) for clip in (before, after))
    if wanted is None or there is None:
        return 0.0  # next to silence there is no level to match
    return float(np.clip(wanted - there, -MAX_LEVEL_DB, MAX_LEVEL_DB))


def _alike(original: Clip, new: Clip) -> tuple[Clip, Clip, tuple[float, ...]]:
    """Both at one rate and with equal channels, without DC, and what was taken off the original's channels."""
    wanted_hz = original.sample_rate_hz if original.sample_rate_hz >= LEAST_RATE_HZ else new.sample_rate_hz
    rate_hz = min(wanted_hz, MOST_RATE_HZ)
    front, new = original.resampled(rate_hz), new.resampled(rate_hz)
    if 2 in (front.num_channels, new.num_channels):
        front, new = front.to_stereo(), new.to_stereo()
    offsets = dc_offsets(front.samples)
    return Clip(front.samples - offsets, rate_hz), Clip(new.samples - dc_offsets(new.samples), rate_hz), tuple(
        float(offset) for offset in offsets[:, 0]
    )  # fmt: skip


def _shortest_ring(front: Clip, fresh: Samples, start: int, join: int) -> tuple[Clip, Samples]:
    """The join with the clip ringing on just so long that nothing falls away, or as long as it may; and the ring."""
    tries = (_with_ring(front, fresh, start, join, ring_s) for ring_s in RINGS_S)
    found = next(tries)
    while _fall_db(found[0], front, start, join) > 0 and (longer := next(tries, None)) is not None:
        found = longer
    return found


def _with_ring(front: Clip, fresh: Samples, start: int, join: int, ring_s: float) -> tuple[Clip, Samples]:
    """The clip up to `start`, ringing on until `ring_s` after `join` under the new part; and what rings on alone."""
    rate_hz = front.sample_rate_hz
    out = np.concatenate((front.samples[:, :start], fresh), axis=1)
    lead = join - start
    out[:, start:join] *= np.sin(_quarter(lead))
    ring = min(lead + round(ring_s * rate_hz), fresh.shape[1])
    held = front.samples[:, : start + lead // 3]  # its own next attack must not ring in: only what sounded before
    if held.shape[1] == 0:
        return Clip(out, rate_hz), held
    fading = np.cos(_quarter(ring))
    ringing = _led_on(held, start, ring) * (fading if ring_s == RINGS_S[0] else fading**2)
    out[:, start : start + ring] += ringing
    return Clip(out, rate_hz), ringing


def _quarter(num_frames: int) -> Samples:
    return np.asarray((np.arange(num_frames) + 0.5) / max(num_frames, 1) * (np.pi / 2), np.float32)


def _led_on(samples: Samples, start: int, length: int) -> Samples:
    """`length` frames from `start` on; past the end of the samples their mirror image."""
    near = max(start - length, 0)
    missing = max(start + length - samples.shape[1], 0)
    padded = np.pad(samples[:, near:], ((0, 0), (0, missing)), mode="symmetric")
    return padded[:, start - near : start - near + length]


def _fall_db(clip: Clip, front: Clip, start: int, join: int) -> float:
    """By how much more the level falls at the join than it moves around it and did in the clip; <= 0 is unheard."""
    rate_hz = clip.sample_rate_hz
    start_s, until_s = start / rate_hz, join / rate_hz + RINGS_S[-1]
    usual = click.around(clip, start_s, until_s).or_more(click.around(front, start_s))
    return click.deepest_fall_db(clip, start_s, until_s) - usual.jump_db


def _excess_db(clip: Clip, front: Clip, start: int, join: int) -> float:
    """By how much the join is rougher than the clip was before and than the second to both sides; <= 0 is unheard."""
    rate_hz = clip.sample_rate_hz
    usual = click.around(clip, start / rate_hz, join / rate_hz).or_more(click.around(front, start / rate_hz))
    return click.at(clip, start / rate_hz, join / rate_hz).over_db(usual)


def _best_moment(front: Clip, fresh: Clip, first_s: float, beats_s: Sequence[float]) -> float:
    """The end of the crossfade, in seconds on the clip's clock."""
    end_s = front.duration_s
    earliest_s = max(end_s - OVERLAP_SEARCH_S, first_s + OVERLAP_FADES_S[0], 0.0)

    def cost_db(time_s: float) -> float:
        apart_db = unlikeness_db(
            band_levels_db(front, time_s - LISTEN_S, time_s),
            band_levels_db(fresh, time_s - first_s - LISTEN_S, time_s - first_s),
        )
        before_beat = any(0 <= beat - time_s <= BEFORE_BEAT_S for beat in beats_s)
        likeness = _likeness(front, fresh, time_s, first_s)
        return apart_db + OUT_OF_PHASE_DB * (1 - likeness) - BEFORE_BEAT_DB * before_beat

    times = np.arange(end_s, earliest_s - 1e-9, -OVERLAP_STEP_S)
    return float(min(times, key=cost_db)) if times.size else end_s


def _likeness(front: Clip, fresh: Clip, time_s: float, first_s: float) -> float:
    """The correlation of the waves just before a moment, 0..1."""
    one = front.cut(time_s - OVERLAP_FADES_S[0], time_s).samples
    other = fresh.cut(time_s - first_s - OVERLAP_FADES_S[0], time_s - first_s).samples
    length = min(one.shape[1], other.shape[1])
    one, other = one[:, -length:], other[:, -length:]
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return max(float((one * other).sum()) / norm, 0.0) if norm > 0 else 1.0


def _shortest_smooth(front: Clip, fresh: Clip, first: int, end: int) -> tuple[Clip, int]:
    """The joined clip and the first frame that is not the original's: by the shortest fade that can't be heard."""
    found: list[tuple[float, Clip, int]] = []
    for fade_s in OVERLAP_FADES_S:
        kept = max(end - round(fade_s * front.sample_rate_hz), first)
        clip = _crossfaded(front, fresh, kept, end, first)
        found.append((_excess_db(clip, front, kept, end), clip, kept))
        if found[-1][0] <= 0:
            break
    _, clip, kept = min(found, key=lambda item: max(item[0], 0.0))
    return clip, kept


def _crossfaded(front: Clip, fresh: Clip, kept: int, end: int, first: int) -> Clip:
    """The clip up to `kept`, the new part from `end` on; `first` is the frame at which the new part begins."""
    if end <= kept:
        return Clip(np.concatenate((front.samples[:, :end], fresh.samples[:, end - first :]), 1), front.sample_rate_hz)
    seam = crossfade(front.samples[:, kept:end], fresh.samples[:, kept - first : end - first])
    parts = (front.samples[:, :kept], seam, fresh.samples[:, end - first :])
    return Clip(np.concatenate(parts, axis=1), front.sample_rate_hz)
