"""The guide for adding a style: what it shows, put together as it stands, is a style that plays."""

from __future__ import annotations

import re
from pathlib import Path

from generation.engines.arranger.style import DRUMS, STYLES_FOLDER, read_style

GUIDE = (STYLES_FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_examples_of_the_guide_are_a_style(tmp_path: Path) -> None:
    shown = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    own = tmp_path / "own.toml"
    own.write_text("\n".join(shown), encoding="utf-8")
    style = read_style(own)
    assert (style.name, [part.name for part in style.parts]) == ("Bossa nova", ["guitar"])
    assert style.drums.grooves and style.drums.fills and style.melody.cells


def test_the_guide_names_every_drum_and_every_setting() -> None:
    line = next(line for line in GUIDE.splitlines() if line.startswith("Drums: "))
    assert set(line.removeprefix("Drums: ").rstrip(".").split()) == set(DRUMS)
    for text in (path.read_text(encoding="utf-8") for path in STYLES_FOLDER.glob("*.toml")):
        for name in re.findall(r"^(\w+) *=", text, re.MULTILINE):
            assert re.search(rf"\b{name}\b", GUIDE), f"the guide says nothing of {name}"
