"""Opus packets as an Ogg file in memory, which libsndfile decodes (RFC 3533, RFC 7845)."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import numpy as np

RATE_HZ = 48_000
PACKET_FRAMES = 960
PRE_SKIP = 312
_POLYNOMIAL = 0x04C11DB7


def ogg_of(packets: Sequence[bytes]) -> bytes:
    """A stereo stream, one packet a page."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, PRE_SKIP, RATE_HZ, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0)
    pages = [_page(head, 0, 0, 2), _page(tags, 1, 0, 0)]
    for number, packet in enumerate(packets, start=1):
        is_last = 4 if number == len(packets) else 0
        pages.append(_page(packet, number + 1, number * PACKET_FRAMES, is_last))
    return b"".join(pages)


def decoded(packets: Sequence[bytes]) -> np.ndarray:
    """float32 [2, frames] at 48 kHz."""
    import soundfile

    samples, _ = soundfile.read(io.BytesIO(ogg_of(packets)), dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)


def _page(packet: bytes, number: int, granule: int, flags: int) -> bytes:
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    header = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 1, number, 0) + bytes([len(lacing)]) + lacing
    page = header + packet
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _table() -> list[int]:
    table = []
    for byte in range(256):
        rest = byte << 24
        for _ in range(8):
            rest = (rest << 1) ^ (_POLYNOMIAL if rest & 0x8000_0000 else 0)
        table.append(rest & 0xFFFF_FFFF)
    return table


_TABLE = _table()


def _checksum(page: bytes) -> int:
    """CRC-32 of a page whose checksum is zero (RFC 3533, 6)."""
    rest = 0
    for byte in page:
        rest = (rest << 8 & 0xFFFF_FFFF) ^ _TABLE[(rest >> 24) ^ byte]
    return rest
