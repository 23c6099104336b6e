"""Eight finished examples and the page to listen to them: `python -m benchmarks.examples [FOLDER]`.

Each is a clip (written and played here, or hummed), a prompt, a take and its MIDI file. The page lays clips and takes
side by side with their waveforms and piano rolls and needs nothing from anywhere else.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.arranging.agreement import Maker
from benchmarks.arranging.listening_page import Shown, page
from benchmarks.arranging.sheet import Sheet, Written
from generation.audio.analyse import analyse
from generation.audio.finish import finish
from generation.clip import Clip
from generation.engines.base import EngineJob
from generation.request import Operation, Request
from tests.support import music
from tests.support.clips import encoded

FOLDER = Path(__file__).parent / "examples"
SEED = 11
KBITS = "112k"
"""Eight clips and takes of under half a minute stay under 6 MB."""


@dataclass(frozen=True)
class Example:
    """What is asked for. `clip` is None for a take from words alone; `length_s` as in a request."""

    name: str
    operation: Operation
    prompt: str
    clip: music.Plan | str | None = None
    length_s: float | None = None


_AXIS = ((9, "min"), (5, "maj"), (0, "maj"), (7, "maj"))
EXAMPLES = (
    Example("hum-to-bossa", Operation.RESTYLE, "bossa nova with flute, mellow", "hum"),
    Example(
        "rock-to-jazz", Operation.RESTYLE, "jazz trio: piano, double bass, no sax",
        music.Plan(126, ((2, "min"), (7, "7"), (0, "maj7"), (9, "min")), name="song", seed=4), 16.0,
    ),
    Example(
        "sketch-to-synthwave", Operation.RESTYLE, "synthwave, saw lead, no guitar",
        music.Plan(104, _AXIS, comping="arpeggio", bass=False, drums="rock", seed=7, key=(9, "minor")),
    ),
    Example(
        "band-for-a-waltz", Operation.ACCOMPANY, "folk with fiddle and accordion",
        music.Plan(138, ((7, "maj"), (0, "maj"), (2, "7"), (7, "maj")), beats_per_bar=3, drums="waltz",
                   comping="oompah", seed=3, key=(7, "major")),
    ),
    Example(
        "funk-goes-on", Operation.EXTEND, "funk with slap bass and horns",
        music.Plan(108, ((4, "min7"), (9, "7")), comping="pump", seed=5, key=(4, "minor"), duration_s=10.0),
        12.0,
    ),
    Example("lofi-from-words", Operation.COMPOSE, "lo-fi hip hop, rainy night, rhodes, 78 bpm", None, 25.0),
    Example("film-from-words", Operation.COMPOSE, "epic film score with choir, build up", None, 24.0),
    Example("house-from-words", Operation.COMPOSE, "deep house with organ, 124 bpm", None, 24.0),
)  # fmt: skip


def song_of(example: Example) -> music.Song | None:
    """What the small synthesiser of the tests plays as the clip."""
    if example.clip is None:
        return None
    return music.hum(repeats=2) if isinstance(example.clip, str) else music.write(example.clip)


def sheet_of(song: music.Song) -> Sheet:
    """A song's notes for the page, counted in seconds."""
    parts = sorted({note.part for note in song.notes})
    notes = [
        Written(
            note.start_s, min(note.duration_s, song.duration_s - note.start_s), note.pitch, 90, 0,
            parts.index(note.part), note.part == "drums",
        )
        for note in song.notes
        if note.start_s < song.duration_s
    ]  # fmt: skip
    seconds = np.arange(0.0, song.duration_s + 2)
    return Sheet(seconds, len(seconds), tuple(sorted(notes, key=lambda note: note.start)), tuple(parts))


def make(example: Example, maker: Maker, folder: Path) -> Shown:
    """Write the example's files and hand back what the page shows."""
    song = song_of(example)
    clip = None if song is None else finish(music.render(song))
    hearings = () if clip is None else (analyse(clip),)
    clips = () if clip is None else (clip,)
    request = Request(example.operation, example.prompt, ("clip",) if clip else (), duration_s=example.length_s)
    done = maker.take(EngineJob(example.name, request, SEED, clips, hearings))
    take = finish(done.clip)
    if clip is not None:
        _write_mp3(folder / f"{example.name}-clip.mp3", clip)
    _write_mp3(folder / f"{example.name}.mp3", take)
    (folder / f"{example.name}.mid").write_bytes(done.midi or b"")
    heard = hearings[0].sentence() if hearings else None
    return Shown(
        example.name, example.operation.value, example.prompt, clip, heard, take, done.midi or b"", done.details,
        None if song is None else sheet_of(song),
    )  # fmt: skip


def _write_mp3(path: Path, clip: Clip) -> None:
    path.write_bytes(encoded(clip, "mp3", extra=("-b:a", KBITS if clip.num_channels == 2 else "64k")))


def main() -> int:
    """Make all examples and the page."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    maker = Maker()
    shown = [make(example, maker, folder) for example in EXAMPLES]
    (folder / "index.html").write_text(page(shown), encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{len(shown)} examples in {folder}: {size / 1e6:.1f} MB; open {folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
