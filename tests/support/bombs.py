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


def bombs() -> dict[str, bytes]:
    """Files that are small, or say little, and ask for much time or memory; by what they do."""
    absurd_wav = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack(
        "<IHHIIHH", 16, 1, 65_535, 2**31 - 1, 2**31 - 1, 65_535, 8
    )
    long_wav = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 16_000, 2, 16)
    big_picture = b"ID3\x04\0\0" + _syncsafe(20 * 2**20) + b"APIC" + _syncsafe(20 * 2**20 - 10) + bytes(2)
    return {
        "30 h of silence in 1 MB of FLAC": long_silent_flac(),
        "24 MiB of zeros behind ID3": b"ID3\x04\0\0\0\0\0\0" + bytes(24 * 2**20),
        "WAV of 65,535 channels at 2 GHz": absurd_wav + b"data\xff\xff\xff\x7f" + bytes(2**20),
        "WAV that says 4 GiB and has 20 MiB": long_wav + b"data\xff\xff\xff\xff" + b"\x01\x00" * (10 * 2**20),
        "MP3 behind a tag of 20 MiB": big_picture + bytes(20 * 2**20 - 20) + b"\xff\xfb\x90\x00" + bytes(4_096),
        "700,000 empty Ogg pages": _empty_ogg_pages(700_000),
        "3 million empty ADTS frames": b"\xff\xf1\x50\x80\x00\xff\xfc" * (3 * 2**20),
        "2 million tiny chunks in a WAV": b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\x00\x00\x00\x00" * (2 * 2**20),
        "2 million tiny chunks in an AIFF": b"FORM\x7f\xff\xff\xffAIFF" + b"ANNO\x00\x00\x00\x00" * (2 * 2**20),
        "2 million tiny chunks in a CAF": b"caff\x00\x01\x00\x00" + b"free" * (6 * 2**20),
        "8 million void elements in a Matroska": b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01"
        + b"\xff" * 7
        + b"\xec\x80" * (8 * 2**20),
        "2 million free boxes in an MP4": b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + b"\0\0\0\x08free" * (2 * 2**20),
        "2 million empty FLAC metadata blocks": b"fLaC" + b"\x01\0\0\0" * (2 * 2**20),
        "2 million ID3 tags": b"ID3\x04\0\0\0\0\0\0" * (2 * 2**20),
        "6 million MP3 headers of nothing": b"\xff\xfb\x90\x00" * (6 * 2**20),
        "a grain of sound in every 40,000 empty ADTS frames": (_grain() * 8 + b"\xff\xf1\x50\x80\x00\xff\xfc" * 40_000)
        * 75,
        "12 million empty lines in a FLAC's comment": _flac_with_lines(12 * 2**20),
        "MP4 of boxes within boxes": b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + _nested_boxes(20_000),
        "1,000 streams in one Ogg": b"".join(
            _ogg_page(serial, 2, b"\x01vorbis" + bytes(23)) for serial in range(1_000)
        ),
    }


def _grain() -> bytes:
    """1,024 samples of mono silence in an ADTS frame of 13 bytes (ISO 14496-3, 1.A.2 and 4.4.2)."""
    return b"\xff\xf1\x50\x40\x01\xbf\xfc" + b"\x00\xc8\x00\x80\x23\x80"


def _flac_with_lines(num_lines: int) -> bytes:
    """Silence behind one comment of line ends alone (RFC 9639, section 8.6): printed, each is a line of its own."""
    text = b"X=" + b"\n" * num_lines
    comment = struct.pack("<III", 0, 1, len(text)) + text
    flac, end = long_silent_flac(30.0), 4 + 4 + 34  # the mark, and a header and the stream's info
    info = flac[:4] + b"\x00" + flac[5:end]  # not the last block any more
    return info + b"\x84" + len(comment).to_bytes(3, "big") + comment + flac[end:]


def _syncsafe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))  # ID3v2.4, section 6.2


def _ogg_page(serial: int, flags: int, payload: bytes) -> bytes:
    """A page (RFC 3533, section 6) of at most 254 bytes, with a checksum of 0, as a careless writer leaves it."""
    sizes = bytes([1, len(payload)]) if payload else b"\0"
    return b"OggS\0" + bytes([flags]) + bytes(8) + struct.pack("<III", serial, 0, 0) + sizes + payload


def _empty_ogg_pages(count: int) -> bytes:
    return _ogg_page(1, 2, b"\x01vorbis" + bytes(23)) + _ogg_page(1, 0, b"") * count


def _nested_boxes(depth: int) -> bytes:
    """Boxes of type moov, each in the one before (ISO/IEC 14496-12, section 4.2)."""
    return b"".join(struct.pack(">I4s", 8 * (depth - level), b"moov") for level in range(depth))
