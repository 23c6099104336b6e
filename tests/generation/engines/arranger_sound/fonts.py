"""Tiny soundfonts made on the spot: whole ones to play, and pieces to break."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

RATE_HZ = 22_050
LOOP = (2200, 4400)  # 44 whole periods


@dataclass
class TinyFont:
    """One preset (bank 0, program 0) of one instrument with one 16-bit sample: a 441 Hz sine that loops.

    `generators` go into the instrument's zone before the sample; `zones` are more (generators, velocity range) pairs.
    """

    generators: list[tuple[int, int]] = field(default_factory=list)
    sample_end: int | None = None
    instrument: int = 0
    sample: int = 0
    loop: tuple[int, int] = LOOP

    def to_bytes(self) -> bytes:
        wave = np.sin(2 * np.pi * 441 * np.arange(8820) / RATE_HZ) * 20_000
        pcm = wave.astype("<i2").tobytes() + bytes(92)
        end = len(wave) if self.sample_end is None else self.sample_end
        zone = b"".join(struct.pack("<Hh", *item) for item in [*self.generators, (54, 1), (53, self.sample)])
        count = len(zone) // 4
        tables = {
            "phdr": _preset("sine", 0) + _preset("EOP", 1),
            "pbag": struct.pack("<4H", 0, 0, 1, 0),
            "pmod": bytes(10),
            "pgen": struct.pack("<Hh", 41, self.instrument) + bytes(4),
            "inst": struct.pack("<20sH", b"sine", 0) + struct.pack("<20sH", b"EOI", 1),
            "ibag": struct.pack("<4H", 0, 0, count, 0),
            "imod": bytes(10),
            "igen": zone + bytes(4),
            "shdr": struct.pack("<20s5IBbHH", b"sine", 0, end, *self.loop, RATE_HZ, 69, 0, 0, 1) + bytes(46),
        }
        lists = [_list(b"sdta", _chunk(b"smpl", pcm))]
        lists.append(_list(b"pdta", b"".join(_chunk(name.encode(), data) for name, data in tables.items())))
        body = b"sfbk" + _list(b"INFO", _chunk(b"ifil", bytes(4))) + b"".join(lists)
        return b"RIFF" + struct.pack("<I", len(body)) + body


def _preset(name: str, bag: int) -> bytes:
    return struct.pack("<20s3H3I", name.encode(), 0, 0, bag, 0, 0, 0)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _list(kind: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", kind + data)
