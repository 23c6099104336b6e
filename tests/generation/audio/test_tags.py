"""A file says where it comes from, in every format, and damaged tags harm nobody."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC

from generation.audio.encode import encode
from generation.audio.ffmpeg import ffmpeg_path
from generation.audio.tags import Tags, read_tags, write_tags
from generation.errors import BandmateError
from generation.request import AudioFormat, Operation, Recipe, Request
from tests.support import clips
from tests.support.mutate import mutations

REQUEST = Request(Operation.RESTYLE, prompt='Lo-fi, größer ♥ "weich"', clip_ids=("a" * 64,), seed=7)
TAGS = Tags(
    title="Lo-fi, größer ♥",
    credits=("clip by Ada", "after a take by Béla"),
    engine="arranger r1",
    licence="MIT",
    take_id="take-1",
    parents=("take-0", "take-00"),
    recipe=Recipe(REQUEST, seed=7, engine_revision="r1", licence="MIT").to_json(),
)


@pytest.mark.parametrize("audio_format", AudioFormat)
async def test_tags_come_back_as_they_were(audio_format: AudioFormat, tmp_path: Path) -> None:
    data = await encode(clips.hum(), audio_format, tags=TAGS)
    tags = read_tags(data)
    assert tags.recipe is not None
    assert Recipe.from_json(tags.recipe) == Recipe(REQUEST, seed=7, engine_revision="r1", licence="MIT")
    assert tags == Tags(**{**{name: getattr(TAGS, name) for name in TAGS.__slots__}, "recipe": tags.recipe})
    assert tags.generated
    path = tmp_path / f"take.{audio_format}"
    path.write_bytes(data)
    assert read_tags(path) == tags


def said_by_ffmpeg(data: bytes) -> str:
    """All that ffmpeg knows of a file; what an Ogg file says is tied to its stream."""
    command = [ffmpeg_path(), "-hide_banner", "-i", "pipe:0", "-f", "null", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stderr.decode().lower()


@pytest.mark.parametrize("audio_format", [AudioFormat.MP3, AudioFormat.OGG, AudioFormat.FLAC])
async def test_other_programs_see_them(audio_format: AudioFormat) -> None:
    data = await encode(clips.tone(0.5), audio_format, tags=TAGS)
    said = said_by_ffmpeg(data)
    assert "ai-generated" in said and "bandmate_recipe" in said


async def test_a_plain_file_says_that_it_was_not_generated() -> None:
    tags = read_tags(await encode(clips.tone(0.5), AudioFormat.FLAC))
    assert not tags.generated and tags.recipe is None and tags.parents == ()


def test_files_without_tags_and_missing_files_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BandmateError, match="not an audio file"):
        read_tags(b"hello, world")
    with pytest.raises(BandmateError, match="No such file"):
        read_tags(tmp_path / "nothing.mp3")


@pytest.mark.parametrize("audio_format", AudioFormat)
async def test_damaged_files_give_tags_or_a_sentence(audio_format: AudioFormat) -> None:
    data = await encode(clips.tone(0.3), audio_format, tags=TAGS)
    for name, damaged in mutations({audio_format.value: data}, 150, seed=3):
        try:
            assert isinstance(read_tags(damaged), Tags), name
        except BandmateError as error:
            assert str(error).endswith("."), name


@pytest.mark.parametrize("recipe", ["[1, 2]", "{", "[" * 100_000, '"x"', "null"])
async def test_a_forged_recipe_counts_as_none(recipe: str) -> None:
    file = io.BytesIO(await encode(clips.tone(0.3), AudioFormat.FLAC))
    tagged = FLAC(file)
    tagged["BANDMATE_RECIPE"] = recipe
    file.seek(0)
    tagged.save(file)
    assert read_tags(file.getvalue()).recipe is None


@settings(max_examples=30)
@given(title=st.text(max_size=80), words=st.lists(st.text(max_size=20), max_size=4))
def test_any_words_come_back(title: str, words: list[str]) -> None:
    file = clips.song_file("flac")
    tags = read_tags(write_tags(file, AudioFormat.FLAC, Tags(title=title, credits=tuple(words))))
    assert tags.title == title.replace("\0", "")
    assert tags.credits == tuple(words)
