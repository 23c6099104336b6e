"""A musician's own styles: a folder beside the carried ones; a file with a mistake is told and stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generation.engines import EngineOptions, create_engine
from generation.engines.arranger.own_styles import OwnStyles, read_own, take_up
from generation.engines.arranger.style import STYLES_FOLDER, all_styles, read_style
from generation.engines.base import Done, EngineJob, Warns
from generation.errors import EngineUnavailable
from generation.request import Operation, Request

POP = (STYLES_FOLDER / "pop.toml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    take_up(OwnStyles())


def write(folder: Path, name: str, *changes: tuple[str, str], words: str = "tarantula") -> None:
    line = next(line for line in POP.splitlines() if line.startswith("words = "))
    text = POP.replace(line, f'words = ["{words}"]')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / name).write_text(text, encoding="utf-8")


def take(prompt: str, **options: str) -> Done:
    engine = create_engine("arranger", "cpu", EngineOptions(dict(options)))
    engine.load()
    engine.admit(EngineJob("a", Request(Operation.COMPOSE, prompt, duration_s=3.0), 1))
    while events := engine.step():
        if isinstance(events[-1], Done):
            return events[-1]
    raise AssertionError("the engine ended without a take")


def test_an_own_style_is_played_and_offered(folder: Path) -> None:
    write(folder, "tarantula.toml")
    done = take("a tarantula, please", styles_folder=str(folder))
    assert done.details["style"] == "tarantula" and done.details["not_understood"] == []
    assert len(done.details["style_file"]) == 16
    offered = create_engine("arranger", "cpu", EngineOptions({"styles_folder": str(folder)})).capabilities.styles
    assert "tarantula" in offered and "jazz" in offered


def test_a_carried_styles_name_replaces_it(folder: Path) -> None:
    write(folder, "jazz.toml", words="jazz")
    take_up(read_own(folder))
    assert all_styles()["jazz"].words == ("jazz",) and all_styles()["jazz"].name == "Pop"
    take_up(OwnStyles())
    assert all_styles()["jazz"].name != "Pop" and "style_file" not in take("jazz").details


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "tempo_bpm = [",
            "tempo_bpn = [",
            r"tempo_bpm is missing; tempo_bpn is not known \(did you mean tempo_bpm\?\)",
        ),
        ('role = "bass"', 'role = "base"', r"part 1, role is 'base'; it should be 'bass', "),
        ("[[part]]", "[part]", r"it is not TOML: .*line \d+"),
        (
            'instruments = ["gm:33"',
            'instruments = ["gm:330"',
            "part bass, instruments: there is no 'gm:330'; it should",
        ),
        ("tempo_bpm = [", "tempo_bpm = 90 # [", "tempo_bpm is 90; it should be a list in square brackets"),
        ('mode = "major"', 'mode = "lydian"', "mode is 'lydian'; it should be 'major' or 'minor'"),
        ("[drums]", "[drums]\nvelocity = 9", "drums, velocity is 9; it should be less than or equal to 1.3"),
    ],
)
def test_a_mistake_is_told_with_file_field_and_what_would_be_right(folder: Path, old: str, new: str, told: str) -> None:
    (folder / "broken.toml").write_text(POP.replace(old, new, 1), encoding="utf-8")
    (fault,) = read_own(folder).faults
    assert fault.startswith("The style file broken.toml can't be used: ") and fault.endswith(".")
    assert "\n" not in fault.strip() or "TOML" in told
    with pytest.raises(ValueError, match=told):
        raise ValueError(fault)


def test_files_that_are_no_text_or_no_tables_are_told(folder: Path) -> None:
    (folder / "a.toml").write_bytes(b"\xff\xfe\x00")
    (folder / "b.toml").write_text("groove = 3\n", encoding="utf-8")
    (folder / "c.toml").write_text("drums = 3\n", encoding="utf-8")
    (folder / "d.toml").mkdir()
    faults = read_own(folder).faults
    assert [fault.split()[3] for fault in faults] == ["a.toml", "b.toml", "c.toml", "d.toml"]
    assert "not text in UTF-8" in faults[0] and "[[groove]]" in faults[1] and "table" in faults[2]


def test_a_bad_file_or_folder_stops_nothing(folder: Path) -> None:
    write(folder, "broken.toml", ('role = "bass"', 'role = "base"'))
    write(folder, "tarantula.toml")
    assert take("tarantula", styles_folder=str(folder)).details["style"] == "tarantula"
    for options, told in (
        ({"styles_folder": str(folder)}, "broken.toml"),
        ({"styles_folder": "/no"}, "no such folder"),
    ):
        engine = create_engine("arranger", "cpu", EngineOptions(dict(options)))
        assert isinstance(engine, Warns) and told in " ".join(engine.warnings)
        assert "jazz" in engine.capabilities.styles and "broken" not in engine.capabilities.styles


@pytest.mark.parametrize(("name", "value"), [("style_folder", "x"), ("styles_folder", 3)])
def test_a_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(EngineUnavailable, match=rf"engines\.arranger\.{name}"):
        create_engine("arranger", "cpu", EngineOptions({name: value}))


def test_every_carried_style_passes_what_own_ones_must() -> None:
    assert read_own(STYLES_FOLDER).faults == ()
    assert read_style(STYLES_FOLDER / "pop.toml").key == "pop"
