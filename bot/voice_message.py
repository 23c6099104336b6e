"""A take as a native voice message: Discord draws its waveform and plays it where it stands."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord
from discord.http import Route

if TYPE_CHECKING:
    from bot.client import BandmateClient

IS_VOICE_MESSAGE = 1 << 13
"""Message flag; such a message holds one OGG/Opus file and nothing else, and can't be edited (Discord, "Voice
Messages")."""
FILENAME = "voice-message.ogg"


@dataclass(frozen=True, slots=True)
class Voice:
    """The file (OGG/Opus), its length, and its outline: at most 256 bytes, each 0..255."""

    data: bytes
    duration_s: float
    waveform: bytes


async def send_voice_message(
    client: BandmateClient, channel_id: int, voice: Voice, *, nonce: str, reply_to: discord.Message
) -> int:
    """Post it as an answer to a message, once for a nonce; returns its id. discord.py's File has no such fields.

    Raises discord.HTTPException: among others where the bot lacks Send Voice Messages.
    """
    attachment = {
        "id": 0,
        "filename": FILENAME,
        "duration_secs": round(voice.duration_s, 2),
        "waveform": base64.b64encode(voice.waveform).decode(),
    }
    payload = {
        "flags": IS_VOICE_MESSAGE,
        "attachments": [attachment],
        "nonce": nonce,
        "enforce_nonce": True,
        "allowed_mentions": {"parse": []},
        "message_reference": {"message_id": str(reply_to.id), "fail_if_not_exists": False},
    }
    file = discord.File(io.BytesIO(voice.data), FILENAME)
    form: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps(payload), "content_type": "application/json"},
        {"name": "files[0]", "value": file.fp, "filename": FILENAME, "content_type": "audio/ogg"},
    ]
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
    posted = await client.http.request(route, files=[file], form=form)
    return int(posted["id"])
