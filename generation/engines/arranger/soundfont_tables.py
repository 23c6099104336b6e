"""The tables of a SoundFont file: finds the RIFF chunks, checks their sizes, reads them as arrays.

Layout and field names follow the SoundFont Technical Specification 2.04 (Creative/E-mu, 2006), sections 4 to 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from generation.errors import BandmateError

Table = NDArray[Any]

MAX_TABLE_BYTES = 64 * 2**20
"""Largest table that is read; the tables of the largest fonts in use (1 GB of samples) take about 10 MB."""
MAX_CHUNKS = 64

_BAG = np.dtype([("gen", "<u2"), ("mod", "<u2")])
_MODULATOR = np.dtype(
    [("source", "<u2"), ("target", "<u2"), ("amount", "<i2"), ("amount_source", "<u2"), ("transform", "<u2")]
)
_GENERATOR = np.dtype([("operator", "<u2"), ("amount", "<i2")])
_PRESET = np.dtype(
    {
        "names": ["name", "program", "bank", "bag", "library", "genre", "morphology"],
        "formats": ["S20", "<u2", "<u2", "<u2", "<u4", "<u4", "<u4"],
    }
)
_INSTRUMENT = np.dtype([("name", "S20"), ("bag", "<u2")])
_SAMPLE = np.dtype(
    {
        "names": [
            "name",
            "start",
            "end",
            "loop_start",
            "loop_end",
            "rate",
            "root_key",
            "correction_cents",
            "link",
            "type",
        ],
        "formats": ["S20", "<u4", "<u4", "<u4", "<u4", "<u4", "u1", "i1", "<u2", "<u2"],
    }
)
_DTYPES = {
    "phdr": _PRESET,
    "pbag": _BAG,
    "pmod": _MODULATOR,
    "pgen": _GENERATOR,
    "inst": _INSTRUMENT,
    "ibag": _BAG,
    "imod": _MODULATOR,
    "igen": _GENERATOR,
    "shdr": _SAMPLE,
}


class BrokenFont(BandmateError):
    """The file is no SoundFont or is damaged; the sentence names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class FontTables:
    """The nine tables of the `pdta` list (terminal records included) and where the samples lie in the file.

    `samples_offset` and `samples_bytes` are bytes; `tables` is keyed by the chunk's name ("phdr", "pbag", ...).
    """

    path: Path
    samples_offset: int
    samples_bytes: int
    tables: dict[str, Table]


def read_tables(path: Path) -> FontTables:
    """Reads all but the samples.

    Raises:
        BrokenFont: not a SoundFont, cut off, or tables that contradict each other.
    """
    try:
        with path.open("rb") as file:
            return _read_open_file(path, file)
    except OSError as error:
        raise BrokenFont(f"The soundfont {path.name} can't be read: {error.strerror or error}.") from error


def _read_open_file(path: Path, file: BinaryIO) -> FontTables:
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise BrokenFont(f"{path.name} is not a soundfont: give an .sf2 or .sf3 file.")
    found: dict[str, tuple[int, int]] = {}
    for name, start, length in _chunks(path, file, 12, size):
        if name == "LIST":
            found.update({inner: (at, long) for inner, at, long in _chunks(path, file, start + 4, start + length)})
    missing = [name for name in ("smpl", *_DTYPES) if name not in found]
    if missing:
        raise BrokenFont(f"The soundfont {path.name} is damaged: its part {missing[0]!r} is missing.")
    tables = {name: _table(path, file, name, *found[name]) for name in _DTYPES}
    _check_references(path, tables)
    return FontTables(path, *found["smpl"], tables)


def _chunks(path: Path, file: BinaryIO, start: int, end: int) -> list[tuple[str, int, int]]:
    """(name, offset of the content, its length) of the chunks between two offsets; each must lie inside."""
    out: list[tuple[str, int, int]] = []
    while start + 8 <= end:
        file.seek(start)
        head = file.read(8)
        if len(head) < 8:
            raise BrokenFont(f"The soundfont {path.name} is cut off.")
        length = struct.unpack("<I", head[4:])[0]
        if start + 8 + length > end:
            raise BrokenFont(f"The soundfont {path.name} is cut off or damaged: a part is longer than the file.")
        if len(out) == MAX_CHUNKS:
            raise BrokenFont(f"The soundfont {path.name} is damaged: it has more than {MAX_CHUNKS} parts.")
        out.append((head[:4].decode("latin-1"), start + 8, length))
        start += 8 + length + (length & 1)
    return out


def _table(path: Path, file: BinaryIO, name: str, start: int, length: int) -> Table:
    dtype = _DTYPES[name]
    if length > MAX_TABLE_BYTES or length % dtype.itemsize or length < dtype.itemsize:
        raise BrokenFont(f"The soundfont {path.name} is damaged: its table {name!r} has a wrong size.")
    file.seek(start)
    return np.frombuffer(file.read(length), dtype=dtype)


def _check_references(path: Path, tables: dict[str, Table]) -> None:
    """Every table's indices must rise and stay inside the table they point into."""
    pairs = [("phdr", "bag", "pbag"), ("pbag", "gen", "pgen"), ("pbag", "mod", "pmod")]
    pairs += [("inst", "bag", "ibag"), ("ibag", "gen", "igen"), ("ibag", "mod", "imod")]
    for source, field, target in pairs:
        index = tables[source][field].astype(np.int64)
        if (np.diff(index) < 0).any() or index[-1] >= len(tables[target]):
            raise BrokenFont(f"The soundfont {path.name} is damaged: {source!r} points outside {target!r}.")
