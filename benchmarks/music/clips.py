"""The clips of the benchmark: songs written here, so that their tempo, bars, chords and key are known, and how each is
played, recorded and uploaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from generation.clip import Clip
from tests.support import music
from tests.support.clips import encoded, run_ffmpeg, wav_bytes
from tests.support.music import Plan, Song
from tests.support.repertoire import PLANS

UPLOAD_RATE_HZ = 44_100
EVEN_WITHIN = 0.02
TRUTH_BEYOND_S = 20.0
"""The written song goes on after the clip's end, so that an extension's beats can be told right or wrong."""


@dataclass(frozen=True)
class Recording:
    """How a song becomes a clip.

    late_ms and spread_ms: mean and standard deviation of how late each note is (the truth stays the written grid);
    waver_s: how far the tempo swings, in seconds, within 8 s; parts: those that play (empty: all); noise_db: noise
    below the music, None for hardly any; sides: "mono", "stereo" or "out of phase"; gain_db: louder, cut off at full
    scale; silent_end_s: so much silence at the end; upload: the file that is sent.
    """

    late_ms: float = 0.0
    spread_ms: float = 0.0
    waver_s: float = 0.0
    parts: tuple[str, ...] = ()
    noise_db: float | None = None
    sides: str = "mono"
    gain_db: float = 0.0
    silent_end_s: float = 0.0
    upload: str = "flac"


@dataclass(frozen=True)
class Written:
    """A clip with its truth. `song` goes on beyond the clip's `duration_s`; `data` is the file that is uploaded.

    has_beat, has_bars and has_chords say what there is to be followed: drums alone have no key, and where every beat
    sounds alike (a kick on each, an even hum) nobody can tell the bar's first.
    """

    name: str
    song: Song
    duration_s: float
    data: bytes
    has_beat: bool = True
    has_chords: bool = True
    has_bars: bool = True
    is_hum: bool = False

    @property
    def beats_s(self) -> np.ndarray:
        """The written beats up to the clip's end."""
        return np.array([time for time in self.song.beats_s if time < self.duration_s])

    @property
    def downbeats_s(self) -> np.ndarray:
        """The written bar lines up to the clip's end."""
        return np.array([time for time in self.song.downbeats_s if time < self.duration_s])

    @property
    def tempo_bpm(self) -> float:
        """Beats a minute over the whole clip."""
        return 60 / float(np.polyfit(np.arange(self.beats_s.size), self.beats_s, 1)[0])

    @property
    def is_even(self) -> bool:
        """Whether its beats keep one tempo within 2 %."""
        beats_s = np.diff(self.beats_s)
        return bool(np.abs(beats_s / beats_s.mean() - 1).max(initial=0.0) < EVEN_WITHIN)

    @property
    def end_tempo_bpm(self) -> float:
        """The tempo at the clip's end where it gets ever faster or slower; otherwise that of the whole clip."""
        beats_s = np.diff(self.beats_s)
        rises = np.diff(beats_s)
        glides = bool((rises > 0).all() or (rises < 0).all())
        return 60 / float(beats_s[-4:].mean()) if glides and not self.is_even else self.tempo_bpm


C, D, E, F, G, A, B = 0, 2, 4, 5, 7, 9, 11
POP = ((C, "maj"), (G, "maj"), (A, "min"), (F, "maj"))
MORE = (
    Plan(104, ((G, "maj"), (D, "maj"), (E, "min"), (C, "maj")), name="late 104", key=(G, "major"), drums="four"),
    Plan(98, ((A, "min"), (F, "maj"), (C, "maj"), (G, "maj")), name="early 98", key=(A, "minor"), comping="pump"),
    Plan(120, POP, name="mp3 120", comping="arpeggio"),
    Plan(116, ((D, "maj"), (B, "min"), (G, "maj"), (A, "maj")), name="noisy 116", key=(D, "major")),
    Plan(108, ((E, "min"), (C, "maj"), (G, "maj"), (D, "maj")), name="phone 108", key=(E, "minor")),
    Plan(88, ((F, "maj"), (C, "maj"), (D, "min"), (10, "maj")), name="wavering 88", key=(F, "major"), comping="pump"),
    Plan(126, POP, name="out of phase 126"),
    Plan(122, ((A, "min"), (G, "maj"), (F, "maj"), (E, "min")), name="stereo 122", key=(A, "minor"), drums="four"),
    Plan(112, POP, name="five seconds", duration_s=5.0),
    Plan(120, POP, name="a moment", duration_s=0.4, lead_in_s=0.0),
    Plan(160, ((E, "maj"), (B, "maj"), (A, "maj"), (E, "maj")), name="straight 160", key=(E, "major"), drums="rock"),
    Plan(128, POP, drums="four", comping="none", bass=False, lead=False, name="drums 128"),
    Plan(94, POP, drums="breakbeat", comping="none", bass=False, lead=False, name="drums 94"),
    Plan(110, POP, name="thirty seconds", duration_s=30.0, comping="pump"),
    Plan(110, POP, name="quiet 110", comping="pump"),
    Plan(128, POP, name="loud 128", drums="four", comping="pump"),
    Plan(100, POP, name="silent end 100"),
    Plan(96, POP, name="on the hit 96"),
    Plan(84, POP, name="mid note 84", drums="none", lead=False),
)
LENGTHS_S = {"five-seconds": 5.0, "a-moment": 0.4, "thirty-seconds": 30.0, "on-the-hit-96": 10.94, "mid-note-84": 11.3}
"""Clips that are not 12 s long; "on the hit" ends 15 ms into a snare."""
HELD = frozenset({"mid-note-84"})
"""Chords that change once a bar and nothing else: nobody could tell the beats."""
RECORDINGS = {
    "late-104": Recording(late_ms=22, spread_ms=6),
    "early-98": Recording(late_ms=-18, spread_ms=8),
    "mp3-120": Recording(upload="mp3 64k", sides="stereo"),
    "noisy-116": Recording(noise_db=-12),
    "phone-108": Recording(upload="mp3 11 kHz", noise_db=-25),
    "wavering-88": Recording(waver_s=0.12),
    "out-of-phase-126": Recording(sides="out of phase"),
    "stereo-122": Recording(sides="stereo", spread_ms=5),
    "quiet-110": Recording(gain_db=-42),
    "loud-128": Recording(gain_db=5),
    "silent-end-100": Recording(silent_end_s=1.2),
}
HUMS = {
    "hum-120": (music.hum(), (C, "major")),
    "hum-100": (music.hum((69, 72, 71, 69, 76, 74, 72, 71), 0.6), (A, "minor")),
    "hum-waltz-150": (
        replace(music.hum((67, 71, 74, 72, 69, 66, 67, 67, 62), 0.4, 4), beats_per_bar=3), (G, "major"),
    ),
}  # fmt: skip


def names() -> tuple[str, ...]:
    """All clips."""
    return tuple(_makers())


@cache
def written(name: str) -> Written:
    """The clip of a name; made at the first call."""
    return _makers()[name]()


@cache
def _makers() -> dict[str, Callable[[], Written]]:
    makers: dict[str, Callable[[], Written]] = {}
    for plan in (*PLANS, *MORE):
        name = plan.name.replace(" ", "-")
        makers[name] = partial(_of_plan, plan, name)
    for name, (song, key) in HUMS.items():
        makers[name] = partial(_of_hum, name, song, key)
    makers["no-beat"] = _without_beat
    return makers


def _of_plan(plan: Plan, name: str) -> Written:
    """12 s of a song, 16 s of a slow one."""
    how = RECORDINGS.get(name, Recording())
    pulse_bpm = plan.tempo_bpm / (3 if plan.beats_per_bar == 6 else 1)
    duration_s = 16.0 if pulse_bpm < 80 and plan.duration_s == 16.0 else min(plan.duration_s, 12.0)
    duration_s = LENGTHS_S.get(name, duration_s)
    beyond = TRUTH_BEYOND_S if plan.tempo_end_bpm is None else 0.0  # a glide is over with its song
    song = music.write(replace(plan, duration_s=(plan.duration_s if not beyond else duration_s + beyond)))
    song = _played(song, how)
    pitched = plan.comping != "none" or plan.lead
    if not pitched:
        song = replace(song, chords=())
    bars = (pitched or plan.drums != "four") and name not in HELD
    return Written(name, song, duration_s, _recorded(song, duration_s, how), name not in HELD, pitched, bars)


def _of_hum(name: str, song: Song, key: tuple[int, str]) -> Written:
    """A single voice; its notes are its beats."""
    downbeats = song.beats_s[:: song.beats_per_bar]
    song = replace(song, key=key, downbeats_s=downbeats)
    return Written(name, song, song.duration_s, _recorded(song, song.duration_s, Recording()), True, False, False, True)


def _without_beat() -> Written:
    """Long chords that fade in one after the other at no even distance."""
    rng = np.random.default_rng(4)
    notes, start_s = [], 0.0
    for root, quality in ((D, "min"), (10, "maj"), (F, "maj"), (C, "maj"), (D, "min")):
        length_s = float(rng.uniform(2.1, 3.9))
        for tone in music.INTERVALS[quality]:
            lag_s = float(rng.uniform(0, 0.5))
            notes.append(music.Played(start_s + lag_s, length_s, 48 + (root + tone) % 12, 0.6, "hum"))
        start_s += length_s
    song = Song(start_s, 60.0, 4, (0.0, 1.0), (0.0,), (), tuple(notes), "no beat", (D, "minor"))
    return Written("no-beat", song, start_s, _recorded(song, start_s, Recording()), False, False, False)


def _played(song: Song, how: Recording) -> Song:
    """The song as its players play it."""
    rng = np.random.default_rng(9)

    def at(time_s: float) -> float:
        return time_s + how.waver_s * float(np.sin(2 * np.pi * time_s / 8.0))

    notes = tuple(
        replace(note, start_s=max(at(note.start_s) + rng.normal(how.late_ms, how.spread_ms) / 1000, 0.0))
        for note in song.notes
        if not how.parts or note.part in how.parts
    )
    chords = tuple((at(start), at(end), root, quality) for start, end, root, quality in song.chords)
    return replace(
        song,
        notes=notes,
        chords=chords,
        beats_s=tuple(map(at, song.beats_s)),
        downbeats_s=tuple(map(at, song.downbeats_s)),
    )


def _recorded(song: Song, duration_s: float, how: Recording) -> bytes:
    """The file that somebody uploads."""
    clip = music.render(replace(song, duration_s=duration_s)).resampled(UPLOAD_RATE_HZ)
    samples = clip.samples[0]
    if how.noise_db is not None:
        rms = float(np.sqrt(np.square(samples).mean()))
        samples = samples + np.random.default_rng(3).normal(0, rms * 10 ** (how.noise_db / 20), samples.size)
    if how.sides == "stereo":
        late = np.concatenate((np.zeros(9), samples[:-9]))  # 0.2 ms, as of two microphones
        sides = np.stack([samples, 0.8 * late])
    else:
        sides = np.stack([samples, -samples]) if how.sides == "out of phase" else samples[None]
    sides = sides / max(1.0, float(np.abs(sides).max()))
    sides = np.clip(sides * 10 ** (how.gain_db / 20), -1, 1)
    if how.silent_end_s:
        sides[:, -round(how.silent_end_s * UPLOAD_RATE_HZ) :] = 0.0
    clip = Clip(np.ascontiguousarray(sides, np.float32), UPLOAD_RATE_HZ)
    return _uploaded(clip, how.upload)


def _uploaded(clip: Clip, upload: str) -> bytes:
    told = {
        "mp3 64k": ("-c:a", "libmp3lame", "-b:a", "64k"),
        "mp3 11 kHz": ("-ac", "1", "-ar", "11025", "-c:a", "libmp3lame", "-b:a", "32k"),
    }
    if upload not in told:
        return encoded(clip, upload)
    return run_ffmpeg(["-f", "wav", "-i", "pipe:0", *told[upload]], ".mp3", wav_bytes(clip, "FLOAT"))
