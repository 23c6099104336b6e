"""The cases: which clips go into which operation of which engine, with which words, and what the words ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from generation.request import Operation

ENGINES = ("arranger", "studio", "musicgen")


@dataclass(frozen=True)
class Asked:
    """What a prompt's words ask for; None and empty where they are silent. `key` is (tonic, mode)."""

    style: str | None = None
    tempo_bpm: float | None = None
    key: tuple[int, str] | None = None
    beats_per_bar: int | None = None
    instruments: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One take to make and to measure. `wishes` are further fields of the request; `may_refuse` marks input that a
    clear sentence answers as well as music does."""

    engine: str
    operation: Operation
    clips: tuple[str, ...] = ()
    prompt: str = ""
    asked: Asked = Asked()
    wishes: dict[str, Any] = field(default_factory=dict)
    may_refuse: bool = False
    tag: str = ""

    @property
    def name(self) -> str:
        """What `--case` takes: engine/operation/clips, and a word where these are not enough."""
        return "/".join(part for part in (self.engine, self.operation.value, "+".join(self.clips), self.tag) if part)


WORDS: tuple[tuple[str, Asked], ...] = (
    ("lo-fi hip hop, mellow, with rhodes", Asked("lofi", instruments=("electric piano",))),
    (
        "jazz trio: piano, double bass, no sax",
        Asked("jazz", None, None, None, ("piano", "double bass"), ("saxophone",)),
    ),
    ("classic rock with hammond organ", Asked("rock", instruments=("organ",))),
    ("synthwave, no piano", Asked("synthwave", without=("piano",))),
    ("funk with slap bass and trumpet", Asked("funk", instruments=("slap bass", "trumpet"))),
    ("irish folk with fiddle, no drums", Asked("folk", instruments=("violin",), without=("drums",))),
    ("deep house with organ", Asked("house", instruments=("organ",))),
    ("bossa nova with flute", Asked("bossa", instruments=("flute",))),
    ("country with banjo", Asked("country", instruments=("banjo",))),
    ("pop with strings, no bass", Asked("pop", instruments=("strings",), without=("bass",))),
    ("reggae with trumpet", Asked("reggae", instruments=("trumpet",))),
    ("epic film score with choir", Asked("film", instruments=("choir",))),
)
COMPOSED: tuple[tuple[str, str, Asked, float], ...] = (
    ("jazz-minor", "jazz in D minor at 132 bpm with piano and double bass",
     Asked("jazz", 132, (2, "minor"), None, ("piano", "double bass")), 12),
    ("house", "deep house, 124 bpm, A minor, organ", Asked("house", 124, (9, "minor"), None, ("organ",)), 12),
    ("waltz", "a waltz in G major with accordion, no drums, 150 bpm",
     Asked("waltz", 150, (7, "major"), 3, ("accordion",), ("drums",)), 12),
    ("six-eight", "folk in 6/8 with fiddle in E minor", Asked("folk", None, (4, "minor"), 6, ("violin",)), 12),
    ("slow", "soul ballad at 62 bpm in F major, strings", Asked("soul", 62, (5, "major"), None, ("strings",)), 20),
    ("dnb", "liquid drum and bass at 174 bpm, no piano", Asked("dnb", 174, without=("piano",)), 12),
    ("metal", "thrash metal in E minor, 180 bpm, aggressive", Asked("metal", 180, (4, "minor")), 12),
    ("lofi", "lo-fi, 78 bpm, C major, rhodes", Asked("lofi", 78, (0, "major"), None, ("electric piano",)), 16),
    ("disco", "disco con violín, 118 bpm", Asked("disco", 118, instruments=("violin",)), 12),
    ("chiptune", "8 bit game music in C major at 140 bpm", Asked("chiptune", 140, (0, "major")), 10),
    ("classical", "string quartet in B flat major, calm",
     Asked("classical", None, (10, "major"), without=("drums",)), 16),
    ("german", "langsamer Jazz mit Klarinette, 84 bpm", Asked("jazz", 84, instruments=("clarinet",)), 14),
    ("rock", "rock in A major at 128 bpm with saxophone", Asked("rock", 128, (9, "major"), None, ("saxophone",)), 12),
    ("ambient", "ambient, dreamy, harp, no drums", Asked("ambient", instruments=("harp",), without=("drums",)), 16),
    ("long", "pop at 100 bpm in G major", Asked("pop", 100, (7, "major")), 30),
)  # fmt: skip
FOLLOWED = (
    "rock-110", "rock-in-A-minor", "fast-breakbeat", "slow-60", "half-time-76", "swing-132", "swing-168", "waltz-140",
    "slow-waltz-96", "six-eight-68", "six-eight-80", "house-125", "sevenths-92", "no-drums", "speeding-up", "late-104",
    "early-98", "mp3-120", "noisy-116", "phone-108", "wavering-88", "stereo-122", "straight-160", "hum-120", "hum-100",
    "drums-128",
)  # fmt: skip
"""The clips that restyle, vary, accompany and extend are measured on."""
SOME = ("fast-sevenths", "ballad-68", "suspended", "aug-and-dim", "waltz-114", "hum-waltz-150", "drums-94")
ENDINGS = ("quiet-110", "loud-128", "silent-end-100", "on-the-hit-96", "mid-note-84")
"""Clips whose ends are hard to go on from."""


def all_cases() -> tuple[Case, ...]:
    """Every case, the ones of an operation together."""
    return (*_composed(), *_on_clips(), *_changed(), *_loops(), *_blends(), *_weighted(), *_neural(), *_bad_input())


def spread(cases: tuple[Case, ...], number: int) -> tuple[Case, ...]:
    """`number` cases at even distances, so that every operation and engine has its share; always the same ones."""
    if number >= len(cases):
        return cases
    return tuple(cases[round((index + 0.5) * len(cases) / number - 0.5)] for index in range(number))


def _composed() -> Iterator[Case]:
    for tag, prompt, asked, seconds in COMPOSED:
        yield Case("arranger", Operation.COMPOSE, (), prompt, asked, {"duration_s": seconds}, tag=tag)
    for clip in ("rock-110", "waltz-140", "house-125", "half-time-76"):
        yield Case("arranger", Operation.COMPOSE, (clip,), "soul", Asked("soul"), {"duration_s": 12})


def _on_clips() -> Iterator[Case]:
    for turn, operation in enumerate((Operation.RESTYLE, Operation.ACCOMPANY, Operation.EXTEND, Operation.VARY)):
        for index, clip in enumerate(FOLLOWED):
            if operation is Operation.VARY and index % 2:
                continue
            prompt, asked = WORDS[(index + 5 * turn) % len(WORDS)]
            wishes: dict[str, Any] = {"duration_s": 10} if operation is Operation.EXTEND else {}
            if operation is Operation.VARY:
                wishes = {"strength": (index % 4 + 1) / 4}
            yield Case("arranger", operation, (clip,), prompt, asked, wishes)
    for index, clip in enumerate(SOME):
        operation = (Operation.RESTYLE, Operation.ACCOMPANY)[index % 2]
        yield Case("arranger", operation, (clip,), *WORDS[(index + 3) % len(WORDS)])
    yield Case("arranger", Operation.RESTYLE, ("thirty-seconds",), *WORDS[9])
    for index, clip in enumerate(ENDINGS):
        yield Case("arranger", Operation.EXTEND, (clip,), *WORDS[index + 4], wishes={"duration_s": 6})


def _changed() -> Iterator[Case]:
    """Clips that are to be brought to another tempo or key."""
    for clip, prompt, asked in (
        ("rock-110", "jazz at 132 bpm", Asked("jazz", 132)),
        ("house-125", "rock in A minor", Asked("rock", key=(9, "minor"))),
        ("no-drums", "lofi at 84 bpm in E minor", Asked("lofi", 84, (4, "minor"))),
        ("stereo-122", "house in C minor", Asked("house", key=(0, "minor"))),
    ):
        yield Case("arranger", Operation.RESTYLE, (clip,), prompt, asked, tag="changed")


def _loops() -> Iterator[Case]:
    for index, (clip, bars) in enumerate((
        ("rock-110", 4), ("fast-breakbeat", 4), ("slow-60", 2), ("swing-132", 4), ("waltz-140", 4), ("six-eight-68", 2),
        ("house-125", 4), ("no-drums", 2), ("late-104", 2), ("mp3-120", 4), ("noisy-116", 1), ("wavering-88", 2),
        ("hum-120", 2), ("drums-128", 4), ("stereo-122", None), ("no-beat", None),
    )):  # fmt: skip
        form = ("wav", "flac", "ogg")[index % 3]
        yield Case("studio", Operation.LOOP, (clip,), wishes={"bars": bars, "audio_format": form})


def _blends() -> Iterator[Case]:
    for first, second in (
        ("rock-110", "house-125"), ("rock-in-A-minor", "mp3-120"), ("stereo-122", "drums-128"),
        ("late-104", "early-98"), ("waltz-140", "waltz-114"), ("swing-132", "straight-160"), ("no-drums", "noisy-116"),
        ("half-time-76", "fast-breakbeat"),
        ("wavering-88", "sevenths-92"), ("hum-120", "drums-128"), ("six-eight-68", "six-eight-80"),
    ):  # fmt: skip
        yield Case("studio", Operation.BLEND, (first, second))


def _weighted() -> Iterator[Case]:
    """Blends with words of their own."""
    for tag, clips, wishes in (
        ("weights", ("rock-110", "house-125"), {"weights": (0.8, 0.2)}),
        ("one-alone", ("stereo-122", "drums-128"), {"weights": (1.0, 0.0)}),
        ("tempo", ("late-104", "mp3-120"), {"tempo_bpm": 112.0}),
        ("key", ("no-drums", "sevenths-92"), {"key": "A minor"}),
        ("own-keys", ("waltz-140", "waltz-114"), {"key": "none", "weights": (0.4, 0.6)}),
    ):
        yield Case("studio", Operation.BLEND, clips, wishes=wishes, tag=tag)


def _neural() -> Iterator[Case]:
    """Random weights have no music in them: lengths, joins, levels and replay."""
    for seconds in (1.0, 4.0, 7.3):
        yield Case("musicgen", Operation.COMPOSE, (), "lo fi", wishes={"duration_s": seconds}, tag=f"{seconds:g}s")
    for clip in ("rock-110", "mp3-120", "phone-108", "stereo-122", "hum-120", "drums-128", *ENDINGS):
        yield Case("musicgen", Operation.EXTEND, (clip,), "lo fi", wishes={"duration_s": 4})
    yield Case("musicgen", Operation.VARY, ("house-125",), "jazz", wishes={"duration_s": 4})
    yield Case("musicgen", Operation.RESTYLE, ("house-125",), "jazz", wishes={"duration_s": 4, "model": "tiny-melody"})


def _bad_input() -> Iterator[Case]:
    def bad(engine: str, operation: Operation, *clips: str, **wishes: Any) -> Case:
        return Case(
            engine, operation, clips, "pop" if engine != "studio" else "", wishes=wishes, may_refuse=True, tag="bad"
        )

    yield bad("studio", Operation.BLEND, "slow-60", "fast-breakbeat")
    yield bad("studio", Operation.BLEND, "rock-110", "no-beat")
    yield bad("studio", Operation.LOOP, "five-seconds", bars=64)
    yield bad("studio", Operation.LOOP, "a-moment")
    yield bad("studio", Operation.LOOP, "out-of-phase-126", bars=2)
    for operation in (Operation.EXTEND, Operation.RESTYLE, Operation.ACCOMPANY):
        yield bad("arranger", operation, "a-moment")
        yield bad("arranger", operation, "out-of-phase-126")
        yield bad("arranger", operation, "no-beat")
    yield bad("musicgen", Operation.EXTEND, "a-moment", duration_s=2)
