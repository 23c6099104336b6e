"""`bandmate show` and `bandmate replay`: a file says how it was made, and a take is made again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.replay import take_id_of
from generation.audio.encode import encode
from generation.audio.tags import Tags
from generation.clip import Clip
from generation.errors import BandmateError
from generation.request import AudioFormat, Operation, Recipe, Request
from tests.support.scripted_engine import tone

RECIPE = Recipe(
    Request(Operation.RESTYLE, "lo-fi [bold]hip hop[/bold]\x1b[2J", ("c" * 64,), seed=7),
    7,
    "arranger 0.1.0+12ab34cd",
    "MIT",
    versions={"numpy": "2.1"},
    details={"key": "D minor", "tempo_bpm": 84.0},
)
run = CliRunner()


def write_file(folder: Path, tags: Tags | None, audio_format: AudioFormat = AudioFormat.OGG) -> Path:
    clip: Clip = tone(3, 0.5)
    path = folder / f"take.{audio_format.value}"
    path.write_bytes(asyncio.run(encode(clip, audio_format, tags=tags)))
    return path


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_show_tells_the_recipe_of_every_format(tmp_path: Path, audio_format: AudioFormat) -> None:
    tags = Tags("lo-fi", credits=("Ann",), licence="MIT", take_id="abc-0", parents=("p-1",), recipe=RECIPE.to_json())
    shown = run.invoke(app, ["show", str(write_file(tmp_path, tags, audio_format))])
    assert shown.exit_code == 0
    for word in ("abc-0", "p-1", "Ann", "restyle", "arranger 0.1.0+12ab34cd", "D minor", "float32 on cpu", "numpy 2.1"):
        assert word in shown.output
    assert "[bold]hip hop" in shown.output and "\x1b[2J" not in shown.output  # words stay words


def test_show_gives_the_whole_recipe_as_json(tmp_path: Path) -> None:
    path = write_file(tmp_path, Tags("x", recipe=RECIPE.to_json()))
    shown = run.invoke(app, ["show", "--json", str(path)])
    assert Recipe.from_json(json.loads(shown.output)) == RECIPE


def test_files_without_a_recipe_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BandmateError, match="carries no recipe"):
        run.invoke(app, ["show", str(write_file(tmp_path, None))], catch_exceptions=False)
    strange = write_file(tmp_path, Tags("x", recipe={"request": {"operation": "juggle"}}))
    with pytest.raises(BandmateError, match="another version"):
        run.invoke(app, ["show", str(strange)], catch_exceptions=False)
    text = tmp_path / "notes.txt"
    text.write_text("no music")
    with pytest.raises(BandmateError, match="not an audio file"):
        run.invoke(app, ["show", str(text)], catch_exceptions=False)


def test_a_take_is_named_by_its_id_or_by_its_file(tmp_path: Path) -> None:
    assert take_id_of("abc-0") == "abc-0"
    assert take_id_of(str(write_file(tmp_path, Tags("x", take_id="abc-0")))) == "abc-0"
    with pytest.raises(BandmateError, match="does not say which take"):
        take_id_of(str(write_file(tmp_path, None)))


def test_replay_of_a_take_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDMATE_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(BandmateError, match="no such take"):
        run.invoke(app, ["replay", "nobody-0"], catch_exceptions=False)
