"""Small files that unpack to a lot: what a decoder must bound."""

from __future__ import annotations

import struct
from functools import cache

BLOCK_FRAMES = 65_535
"""The largest FLAC block (RFC 9639, section 9.1.1)."""


def long_silent_flac(duration_s: float = 30 * 3600.0, rate_hz: int = 44_100) -> bytes:
    """Mono 16-bit silence of any length, 14 bytes per 1.5 s: 30 hours are about 1 MB. Written by hand (RFC 9639)."""
    num_blocks = round(duration_s * rate_hz) // BLOCK_FRAMES
    total = num_blocks * BLOCK_FRAMES
    # min and max block size, min and max frame size (0: unknown), then rate:20, channels-1:3, bits-1:5, total:36, MD5
    info = struct.pack(">HH", BLOCK_FRAMES, BLOCK_FRAMES) + bytes(6)
    info += ((rate_hz << 44) | (0 << 41) | (15 << 36) | total).to_bytes(8, "big") + bytes(16)
    header = b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info
    return header + b"".join(_silent_frame(number) for number in range(num_blocks))


def _silent_frame(number: int) -> bytes:
    # sync and fixed blocks; block size in 16 bits below, rate from the stream info; mono, 16 bits a sample
    head = b"\xff\xf8\x70\x08" + _coded_number(number) + struct.pack(">H", BLOCK_FRAMES - 1)
    head += bytes([_crc(head, 0x07, 8)])
    frame = head + b"\x00\x00\x00"  # one constant subframe, of value 0
    return frame + _crc(frame, 0x8005, 16).to_bytes(2, "big")


def _coded_number(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")  # the frame's number is coded as UTF-8 codes a character


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    table, value, mask = _crc_table(polynomial, bits), 0, (1 << bits) - 1
    for byte in data:
        value = ((value << 8) & mask) ^ table[(value >> (bits - 8)) ^ byte]
    return value


@cache
def _crc_table(polynomial: int, bits: int) -> tuple[int, ...]:
    """What each byte does to the remainder."""
    table = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = (value << 1) ^ (polynomial if value >> (bits - 1) else 0)
            value &= (1 << bits) - 1
        table.append(value)
    return tuple(table)
