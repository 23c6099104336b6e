"""The examples that the README links to: eight takes with clips, MIDI files and a page, all small enough to carry."""

from __future__ import annotations

from pathlib import Path

import mido

from benchmarks.examples import EXAMPLES, FOLDER

ROOT = Path(__file__).parents[2]


def test_eight_takes_lie_beside_their_clips_and_notes_on_a_page() -> None:
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert len(EXAMPLES) == 8
    for example in EXAMPLES:
        files = [f"{example.name}.mp3", f"{example.name}.mid"]
        files += [f"{example.name}-clip.mp3"] if example.clip is not None else []
        for file in files:
            assert (FOLDER / file).stat().st_size > 1_000
            assert f'"{file}"' in page
        assert example.prompt in page
        notes = [message for message in mido.MidiFile(FOLDER / f"{example.name}.mid") if message.type == "note_on"]
        assert len(notes) > 50
    assert page.count("<svg") == 2 * (8 + sum(example.clip is not None for example in EXAMPLES))


def test_together_they_stay_under_six_megabytes_and_the_readme_leads_there() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 6_000_000
    assert "(benchmarks/examples/index.html)" in (ROOT / "README.md").read_text(encoding="utf-8")
