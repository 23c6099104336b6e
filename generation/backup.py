"""One file that holds everything: the ledger at one moment and all audio that it names; written while music is made.

A tar archive: ledger.jsonl first, then audio/<hash>.<kind>. Audio files never change once they are there, so those
that the ledger names can be copied after it; one that was deleted in between is left out and counted.
"""

from __future__ import annotations

import asyncio
import os
import re
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from generation.config import ServiceConfig
from generation.errors import BandmateError

LEDGER = "ledger.jsonl"
_AUDIO = re.compile(r"audio/([0-9a-f]{2})([0-9a-f]{62})\.(flac|bin)")


@dataclass(frozen=True, slots=True)
class Copied:
    """What went into a file or came out of it."""

    num_rows: int
    num_audio_files: int


async def write_backup(config: ServiceConfig, target: Path) -> Copied:
    """Write a backup beside a service that may be running. Raises BandmateError; the file is there whole or not at all.

    The file has the rights of its owner alone: it holds everything that anybody ever sent.
    """
    from generation.ledger.copy import ledger_lines

    if config.ledger_url.startswith("sqlite") and not (config.data_folder / "ledger.sqlite3").exists():
        raise BandmateError(f"There is no ledger in {config.data_folder}: nothing to back up.")
    partial = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryFile(dir=target.parent) as lines:
            num_lines = 0
            async for line in ledger_lines(config.ledger_url):
                lines.write(line.encode() + b"\n")
                num_lines += 1
            num_audio = await asyncio.to_thread(_write_archive, partial, lines, config.audio_folder)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise BandmateError(f"The backup can't be written to {target}: {error.strerror or error}.") from error
    return Copied(num_lines - 1, num_audio)


def _write_archive(partial: Path, lines: object, audio_folder: Path) -> int:
    """The archive; returns the number of audio files in it."""
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    num_audio = 0
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            lines.seek(0)  # type: ignore[attr-defined]
            archive.addfile(archive.gettarinfo(arcname=LEDGER, fileobj=lines), lines)  # type: ignore[arg-type]
            for path in sorted(audio_folder.glob("??/*")):
                name = f"audio/{path.name}"
                if not _AUDIO.fullmatch(name):
                    continue  # a file that is being written
                try:
                    archive.add(path, name, recursive=False)
                except FileNotFoundError:  # deleted since: the ledger says so too, or will
                    continue
                num_audio += 1
        file.flush()
        os.fsync(file.fileno())
    return num_audio


async def restore_backup(config: ServiceConfig, source: Path) -> Copied:
    """Fill an empty data folder (and database) from a backup. Raises BandmateError."""
    from generation.ledger.copy import fill_ledger
    from generation.ledger.database import Database

    try:
        with tarfile.open(source, "r:") as archive:
            num_audio = await asyncio.to_thread(_read_audio, archive, config.audio_folder)
            ledger = archive.extractfile(LEDGER)
            if ledger is None:
                raise BandmateError("This is no backup of a Bandmate.")
            db = Database(config.ledger_url)
            await db.open()
            try:
                num_rows = await fill_ledger(db, (line.decode() for line in ledger))
            finally:
                await db.close()
    except (tarfile.TarError, KeyError, UnicodeDecodeError) as error:
        raise BandmateError(f"{source} is no backup of a Bandmate, or it is damaged.") from error
    except OSError as error:
        raise BandmateError(f"{source} can't be restored: {error.strerror or error}.") from error
    return Copied(num_rows, num_audio)


def _read_audio(archive: tarfile.TarFile, audio_folder: Path) -> int:
    """Put the audio where the store looks for it; only plain files with a hash for a name are ever written."""
    num_audio = 0
    for member in archive.getmembers():
        match = _AUDIO.fullmatch(member.name)
        content = archive.extractfile(member) if match and member.isfile() else None
        if match is None or content is None:
            continue
        folder = audio_folder / match[1]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / f"{match[1]}{match[2]}.{match[3]}").write_bytes(content.read())
        num_audio += 1
    return num_audio
