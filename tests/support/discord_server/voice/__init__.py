"""Voice, as a bot sees it: who sits where, the voice gateway (version 8), the UDP way, the end-to-end encryption.

alice.join_voice(lounge)
… the bot joins and plays …
call = await discord.voice.wait_call()
await call.wait_silent()
samples = call.heard()          # what alice's client plays: float32 [2, frames] at 48 kHz
"""

from __future__ import annotations

from .call import Call
from .states import Voice

__all__ = ["Call", "Voice"]
