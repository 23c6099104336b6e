"""Songs as clips together with what a perfect ear would hear in them, without the cost of listening."""

from __future__ import annotations

from typing import Any

from generation.clip import Clip
from generation.hearing import Chord, Hearing, Key
from tests.support.music import Plan, Song, render, write


def heard(song: Song) -> Hearing:
    """The truth about a song as a hearing."""
    return Hearing(
        song.duration_s,
        loudness_lufs=-16.0,
        tempo_bpm=song.tempo_bpm,
        beat_confidence=0.95,
        beats_s=song.beats_s,
        downbeats_s=song.downbeats_s,
        beats_per_bar=song.beats_per_bar,
        metre_confidence=0.9,
        key=Key(*song.key),
        key_confidence=0.9,
        chords=tuple(Chord(*chord) for chord in song.chords),
        chord_confidence=0.9,
    )


def song_clip(rate_hz: int = 44_100, **plan: Any) -> tuple[Clip, Hearing]:
    """A song (see tests.support.music.Plan) at a rate, and its hearing."""
    song = write(Plan(**plan))
    return render(song).resampled(rate_hz), heard(song)
