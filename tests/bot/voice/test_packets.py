"""Packets and what is read of them: where a pass ends, and how a loop is switched on and off."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bot.voice import source as sources
from bot.voice.packets import Packets, packets_of
from bot.voice.source import PacketSource
from generation.errors import EncodingFailed
from tests.bot.voice.lounge import FIRST
from tests.support.clips import wav_bytes
from tests.support.discord_server.voice.ogg import decoded
from tests.support.listening import likeness

LETTERS = tuple(bytes([65 + number]) for number in range(7))


def read(source: PacketSource, count: int = 1_000) -> str:
    """What comes out, up to the end or `count` packets."""
    return b"".join(itertools.islice(iter(source.read, b""), count)).decode()


def test_once_is_once() -> None:
    source = PacketSource(Packets(LETTERS))
    assert source.is_opus() and read(source) == "ABCDEFG" and source.read() == b""


@pytest.mark.parametrize(("read_before", "heard"), [(0, "ABC"), (2, "ABC"), (4, "ABCDEFG"), (9, "ABCDEFGABC")])
def test_a_loop_that_is_switched_off_ends_with_its_pass(read_before: int, heard: str) -> None:
    source = PacketSource(Packets(LETTERS, 3.5))  # passes end within D, after G, within D, …
    before = read(source, read_before)
    source.looped = False
    assert before + read(source) == heard


def test_a_loop_that_is_switched_on_goes_on_in_the_same_place() -> None:
    source = PacketSource(Packets(LETTERS))
    before = read(source, 3)
    source.packets = Packets(tuple(letter.lower() for letter in LETTERS), 3.5)
    source.looped = True
    assert before + read(source, 9) == "ABCdefgabcde"


def test_no_loop_is_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_PACKETS", 12)
    assert read(PacketSource(Packets(LETTERS, 3.5))) == "ABCDEFGABCDEFG"


async def test_the_packets_of_a_file() -> None:
    packets = (await packets_of(wav_bytes(FIRST), looped=False)).packets
    assert len(packets) == 63  # 1.234 s, and the encoder's delay
    assert all(packet[0] & 4 for packet in packets)  # stereo, as Discord wants it (RFC 6716, 3.1)
    assert likeness(decoded(packets), FIRST) > 0.98


async def test_an_ffmpeg_that_cannot_encode(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(EncodingFailed, match="could not be encoded as Opus here"):
        await packets_of(wav_bytes(FIRST), looped=False, ffmpeg=broken)
