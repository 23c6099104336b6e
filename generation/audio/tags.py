"""What a file says about itself: title, credits, recipe, engine, licence, parents, and that it was generated."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.errors import BandmateError
from generation.request import AudioFormat

GENERATED = "AI-generated"
"""Stands in every file's comment."""

MAX_RECIPE_CHARACTERS = 256_000
"""No recipe is longer; a file that claims one is not ours."""

_PREFIX = "BANDMATE_"


@dataclass(frozen=True, slots=True)
class Tags:
    """What goes into a file. `credits` are people and takes in words, `parents` ids of takes, `recipe` plain JSON
    (Recipe.to_json); `generated` is False only for a file that does not say it was generated."""

    title: str = ""
    artist: str = "Bandmate"
    credits: tuple[str, ...] = ()
    engine: str = ""
    licence: str = ""
    take_id: str = ""
    parents: tuple[str, ...] = ()
    recipe: dict[str, Any] | None = None
    generated: bool = True


def write_tags(data: bytes, audio_format: AudioFormat, tags: Tags) -> bytes:
    """The file with its tags: ID3v2 in mp3 and wav, Vorbis comments in ogg (Opus) and flac."""
    file = io.BytesIO(data)
    fields = _to_fields(tags)
    if audio_format in (AudioFormat.MP3, AudioFormat.WAV):
        _write_id3(file, audio_format, fields)
    else:
        from mutagen.flac import FLAC
        from mutagen.oggopus import OggOpus

        comments = OggOpus(file) if audio_format is AudioFormat.OGG else FLAC(file)
        comments.update(fields)
        file.seek(0)
        comments.save(file)
    return file.getvalue()


def read_tags(source: bytes | Path) -> Tags:
    """The tags of a file that Bandmate wrote; of any other file what it has of them.

    Raises:
        BandmateError: the file can't be read or is no audio file with tags.
    """
    import mutagen

    try:
        file = io.BytesIO(source if isinstance(source, bytes) else source.read_bytes())
        tagged = mutagen.File(file)
    except OSError as error:
        raise BandmateError(f"The file can't be read: {error.strerror}.") from error
    except (mutagen.MutagenError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise BandmateError("The file's tags can't be read: it is damaged.") from error
    if tagged is None:
        raise BandmateError("That is not an audio file whose tags I can read. I write mp3, ogg, wav and flac.")
    return _from_fields(_read_fields(tagged.tags))


def _to_fields(tags: Tags) -> dict[str, str]:
    """Vorbis field names (xiph.org/vorbis/doc/v-comment.html) and our own with a prefix; empty ones are left out."""
    fields = {
        "TITLE": tags.title,
        "ARTIST": tags.artist,
        "LICENSE": tags.licence,
        "COMMENT": f"{GENERATED} by Bandmate" if tags.generated else "",
        f"{_PREFIX}CREDITS": json.dumps(tags.credits, ensure_ascii=False) if tags.credits else "",
        f"{_PREFIX}ENGINE": tags.engine,
        f"{_PREFIX}TAKE": tags.take_id,
        f"{_PREFIX}PARENTS": json.dumps(tags.parents) if tags.parents else "",
        f"{_PREFIX}RECIPE": json.dumps(tags.recipe, ensure_ascii=False) if tags.recipe is not None else "",
    }
    return {name: value.replace("\0", "") for name, value in fields.items() if value}


def _from_fields(fields: dict[str, str]) -> Tags:
    return Tags(
        title=fields.get("TITLE", ""),
        artist=fields.get("ARTIST", ""),
        credits=_words(fields.get(f"{_PREFIX}CREDITS", "")),
        engine=fields.get(f"{_PREFIX}ENGINE", ""),
        licence=fields.get("LICENSE", ""),
        take_id=fields.get(f"{_PREFIX}TAKE", ""),
        parents=_words(fields.get(f"{_PREFIX}PARENTS", "")),
        recipe=_recipe(fields.get(f"{_PREFIX}RECIPE", "")),
        generated=GENERATED in fields.get("COMMENT", ""),
    )


_ID3_NAMES = {"TIT2": "TITLE", "TPE1": "ARTIST", "COMM": "COMMENT", "TCOP": "LICENSE"}
"""ID3v2.4 frames (id3.org/id3v2.4.0-frames) for the fields that have one; the others go into TXXX."""


def _write_id3(file: io.BytesIO, audio_format: AudioFormat, fields: dict[str, str]) -> None:
    from mutagen import id3
    from mutagen.mp3 import MP3
    from mutagen.wave import WAVE

    tagged = MP3(file) if audio_format is AudioFormat.MP3 else WAVE(file)
    if tagged.tags is None:
        tagged.add_tags()
    frames = {field: frame for frame, field in _ID3_NAMES.items()}
    for field, value in fields.items():
        if field == "COMMENT":
            frame = id3.COMM(encoding=3, lang="eng", desc="", text=value)
        elif field in frames:
            frame = getattr(id3, frames[field])(encoding=3, text=value)
        else:
            frame = id3.TXXX(encoding=3, desc=field, text=value)
        tagged.tags.add(frame)
    file.seek(0)
    tagged.save(file)


def _read_fields(tags: Any) -> dict[str, str]:
    if tags is None:
        return {}
    fields: dict[str, str] = {}
    for name, value in tags.items():
        if name.startswith("TXXX:"):
            fields[name.removeprefix("TXXX:").upper()] = str(value)
        elif name[:4] in _ID3_NAMES:
            fields[_ID3_NAMES[name[:4]]] = str(value)
        else:
            fields[name.upper()] = str(value[0]) if isinstance(value, list) and value else str(value)
    return fields


def _words(text: str) -> tuple[str, ...]:
    words = _json(text)
    return tuple(str(word) for word in words) if isinstance(words, list) else ()


def _recipe(text: str) -> dict[str, Any] | None:
    recipe = _json(text)
    return recipe if isinstance(recipe, dict) else None


def _json(text: str) -> Any:
    """What a field of ours holds; a file of somebody else's may hold anything, which counts as nothing."""
    if len(text) > MAX_RECIPE_CHARACTERS:
        return None
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
