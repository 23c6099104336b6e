"""Clips that end in every awkward way, and music of every kind that goes on from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.audio.join import crossfade
from generation.audio.splice import Splice, go_on, take_over
from generation.clip import Clip, Samples
from tests.support.heard_songs import song_clip

RATE_HZ = 44_100
CLIP_S, NEW_S = 4.0, 3.0


@dataclass(frozen=True)
class Ending:
    """A clip and where its last beat falls, in seconds."""

    clip: Clip
    last_beat_s: float


def endings() -> dict[str, Ending]:
    """Ends: as it comes, in silence, in the middle of a note, on a drum hit, very soft, very loud, and others."""
    song, heard = song_clip(duration_s=CLIP_S)
    last_s = heard.beats_s[-1]
    pad, _ = song_clip(duration_s=CLIP_S, drums="none", lead=False, tempo_bpm=70.0)
    silent = song.samples.copy()
    silent[:, round(2.6 * RATE_HZ) :] = 0.0
    hit = song.cut(0, last_s + 0.015)
    fading = song.samples * np.linspace(1, 0, song.num_frames, dtype=np.float32) ** 2
    return {
        "as it comes": Ending(song, last_s),
        "silence": Ending(Clip(silent, RATE_HZ), last_s),
        "mid-note": Ending(pad, 3.7),
        "on a hit": Ending(hit, last_s),
        "very soft": Ending(Clip(song.samples * np.float32(0.004), RATE_HZ), last_s),
        "very loud": Ending(Clip((song.samples * np.float32(4)).clip(-1, 1), RATE_HZ), last_s),
        "fading": Ending(Clip(fading, RATE_HZ), last_s),
        "tone": Ending(_tone(CLIP_S, 0.3), 3.8),
        "noise": Ending(_noise(CLIP_S, 0.05, 1), 3.8),
    }


def sequels() -> dict[str, Clip]:
    """New parts that begin 30 ms before their first beat: a band, a pad, a lone crash, a rest at first."""
    band, _ = song_clip(duration_s=NEW_S, lead_in_s=0.03, seed=4)
    pad, _ = song_clip(duration_s=NEW_S, lead_in_s=0.03, drums="none", lead=False, tempo_bpm=60.0)
    late, _ = song_clip(duration_s=NEW_S, lead_in_s=0.6, seed=5)
    crash = pad.samples.copy()
    begin, length = round(0.03 * RATE_HZ), round(0.5 * RATE_HZ)
    crash[0, begin : begin + length] += _noise(0.5, 0.3, 3).samples[0] * np.exp(-np.arange(length) / 6_000)
    return {
        "band": band.to_stereo(),
        "pad": pad,
        "crash": Clip(crash.clip(-1, 1), RATE_HZ),
        "rest first": late,
    }


def played_on(ending: Ending, new: Clip) -> Splice:
    """Joined on the last beat, as the arranger does it."""
    return go_on(ending.clip, new, ending.last_beat_s - 0.03, ending.last_beat_s)


def taken_over(ending: Ending, new: Clip) -> Splice:
    """Joined as MusicGen does it: the new part begins with its own form of the clip's last second, a rough one."""
    again = ending.clip.cut(ending.clip.duration_s - 1.0).samples
    again = again.repeat(new.num_channels, axis=0)
    rough = again + np.random.default_rng(7).normal(0, 0.01 * np.abs(again).max() + 1e-4, again.shape)
    led_on = np.concatenate((rough, rough[:, : -round(0.1 * RATE_HZ) : -1]), axis=1)
    seam = round(0.1 * RATE_HZ)
    middle = crossfade(led_on[:, -seam:].astype(np.float32), new.samples[:, :seam])
    whole = np.concatenate((led_on[:, :-seam], middle, new.samples[:, seam:]), axis=1)
    return take_over(ending.clip, Clip(whole.astype(np.float32), RATE_HZ), 1.0)


def _tone(duration_s: float, level: float, frequency_hz: float = 220.0) -> Clip:
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    wave: Samples = (level * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)
    return Clip(wave[None], RATE_HZ)


def _noise(duration_s: float, level: float, seed: int) -> Clip:
    samples = np.random.default_rng(seed).normal(0, level, (1, round(duration_s * RATE_HZ)))
    return Clip(samples.clip(-1, 1).astype(np.float32), RATE_HZ)
