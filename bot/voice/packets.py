"""From a file to the Opus packets of 20 ms that Discord's voice server takes; ffmpeg encodes, in a process of its own.

So no libopus has to be found on the machine, and nothing is computed while it plays: discord.py's player thread takes
one packet after the other out of a list, encrypts it and sends it.
"""

from __future__ import annotations

import asyncio
import io
import math
from dataclasses import dataclass
from pathlib import Path

from discord.oggparse import OggStream

from generation.audio.encode import encode
from generation.clip import Clip
from generation.errors import EncodingFailed
from generation.request import AudioFormat

BITRATE_KBPS = 128
"""discord.py's own choice for music; listeners with a worse line get it all the same, as of every other bot."""
HEADER_PACKETS = 2
"""An Ogg/Opus stream begins with its head and its tags (RFC 7845, 3)."""
ENCODER_DELAY = 312 / 960
"""By so many packets the sound comes later than it went in: 6.5 ms, the pre-skip that libopus states at 48 kHz."""


@dataclass(frozen=True, slots=True)
class Packets:
    """Opus packets, 20 ms of stereo each. `per_pass` is None for music that is played once; else the packets repeat
    (after the last comes the first), and one pass of the music has so many of them, not a whole number."""

    packets: tuple[bytes, ...]
    per_pass: float | None = None

    def ends_pass(self, position: int) -> bool:
        """Whether a pass of the music ends before the packet at this position (0 is the first): what is heard then has
        nothing of the next pass, and lacks less than one packet of this one."""
        if self.per_pass is None:
            return position >= len(self.packets)
        heard = position - ENCODER_DELAY
        return position > 0 and math.ceil(heard / self.per_pass) * self.per_pass < heard + 1


async def packets_of(wav: bytes, *, looped: bool, ffmpeg: Path | None = None) -> Packets:
    """The packets of a WAV file, once or without end. Raises EncodingFailed."""
    clip = await asyncio.to_thread(_clip_of, wav)
    if not looped:
        return Packets(await _encoded(clip, ffmpeg))
    from generation.audio.endless import LEAD_PACKETS, endless

    stretch = await asyncio.to_thread(endless, clip)
    packets = await _encoded(stretch.clip, ffmpeg)
    return Packets(packets[LEAD_PACKETS : LEAD_PACKETS + stretch.num_packets], stretch.packets_per_pass)


def _clip_of(wav: bytes) -> Clip:
    import soundfile  # not needed by a bot that plays nowhere

    samples, rate_hz = soundfile.read(io.BytesIO(wav), dtype="float32", always_2d=True)
    return Clip(samples.T.copy(), rate_hz).to_stereo()


async def _encoded(clip: Clip, ffmpeg: Path | None) -> tuple[bytes, ...]:
    """A clip's packets. ffmpeg's libopus makes them 20 ms long unless told otherwise."""
    try:
        ogg = await encode(clip, AudioFormat.OGG, bitrate_kbps=BITRATE_KBPS, ffmpeg=ffmpeg)
    except EncodingFailed as error:
        raise EncodingFailed(
            "It could not be encoded as Opus here: the command bandmate doctor tells my operator why."
        ) from error
    return await asyncio.to_thread(_music_in, ogg)


def _music_in(ogg: bytes) -> tuple[bytes, ...]:
    return tuple(OggStream(io.BytesIO(ogg)).iter_packets())[HEADER_PACKETS:]
