"""The buttons under what plays in a voice channel: Stop and Loop, for those who listen there and for moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import answers, orders, texts
from bot.views.kept import KeptButton, view_of
from bot.voice.places import require_listener
from bot.voice.session import Playing

if TYPE_CHECKING:
    from bot.client import BandmateClient

_LABELS = {"stop": "Stop", "loop": "Loop", "once": "Don't loop"}


class VoiceButton(KeptButton, template=r"bm:voice:(?P<action>stop|loop|once):(?P<play_id>[0-9a-f]{1,40})"):
    """Carries what it was under: pressed later, it does nothing to what plays then."""

    def __init__(self, action: str, play_id: str) -> None:
        self.action, self.play_id = action, play_id
        style = discord.ButtonStyle.danger if action == "stop" else discord.ButtonStyle.secondary
        super().__init__(f"bm:voice:{action}:{play_id}", _LABELS[action], style)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Check that it still plays and that the person listens, then do it."""
        session, playing = interaction.client.voice.find(interaction.guild_id, self.play_id)
        require_listener(interaction, session.channel)
        if self.action == "stop":
            await stop(interaction, in_place=True)
        else:
            await _set_looped(interaction, playing, self.action == "loop")


def voice_view(playing: Playing) -> discord.ui.View:
    """What hangs under the message while it plays."""
    other = "once" if playing.source.looped else "loop"
    return view_of([VoiceButton("stop", playing.play_id), VoiceButton(other, playing.play_id)])


def playing_text(playing: Playing, channel_id: int, person_id: int) -> str:
    """Where what plays, and who asked for it."""
    how = "in a loop" if playing.source.looped else "once"
    return f"In <#{channel_id}>: {playing.piece.title}\n{texts.small(how)} · <@{person_id}>"


async def stop(interaction: discord.Interaction[BandmateClient], *, in_place: bool = False) -> None:
    """Silence, and out of the channel; the message of what played loses its buttons by itself."""
    session = interaction.client.voice.session_in(interaction.guild_id)
    require_listener(interaction, session.channel)
    await orders.defer(interaction, private=not in_place, in_place=in_place)
    await interaction.client.voice.stop(session)
    if not in_place:
        await answers.show(interaction, "Stopped.")


async def _set_looped(interaction: discord.Interaction[BandmateClient], playing: Playing, looped: bool) -> None:
    await orders.defer(interaction, in_place=True)
    await interaction.client.voice.set_looped(playing, looped)
    await interaction.edit_original_response(view=voice_view(playing))
