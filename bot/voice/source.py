"""What discord.py's player thread reads: one packet every 20 ms, once through or again and again."""

from __future__ import annotations

import discord

from bot.voice.packets import Packets

MAX_PACKETS = 3 * 3600 * 50
"""After three hours even a loop comes to its end: whoever listens can ask for it again."""


class PacketSource(discord.AudioSource):
    """`looped` and `packets` may be changed while it is read: a change counts from the next packet on.

    Repeating packets go on where the others were: both have the same music at the same place. A loop that is switched
    off ends with its pass.
    """

    def __init__(self, packets: Packets) -> None:
        self.packets = packets
        self.looped = packets.per_pass is not None
        self._position = 0

    def read(self) -> bytes:
        """The next packet; empty at the end."""
        packets, position = self.packets, self._position
        goes_on = self.looped and packets.per_pass is not None and position < MAX_PACKETS
        if packets.ends_pass(position) and not goes_on:
            return b""
        self._position += 1
        return packets.packets[position % len(packets.packets)]

    def is_opus(self) -> bool:
        """The packets are encoded already."""
        return True
