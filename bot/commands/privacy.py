"""/privacy and /forget-me: what is kept of a person, and having all of it forgotten."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, preferences, texts
from bot.views.forget import forget_view
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient

WARNING = (
    "This deletes every clip you gave me, every take you asked for and all you have set, on every server, for good."
    " What waits or is being made for you stops. Where others built on a take of yours, their takes stay; yours leaves"
    " an empty place in their family tree. Messages in channels stay: press Delete under them first, or delete them"
    " yourself."
)


@app_commands.command(description="What I keep of you, how long, and who can see it")
async def privacy(interaction: discord.Interaction[BandmateClient]) -> None:
    """What is kept, in numbers, to the person alone."""
    await answers.think(interaction)
    service = interaction.client.service
    known = await service.privacy.known(preferences.FRONT_END, str(interaction.user.id))
    lines = [
        "**What I keep of you**",
        f"- {_counted(known.num_clips, 'clip')} and {_counted(known.num_takes, 'take')}"
        + ("" if known.since is None else f", the first from <t:{known.since:.0f}:D>"),
        "- with each: your user id and name, the server, the channel and the words you typed",
        f"- {'what you have set' if known.num_choices else 'nothing that you have set'}",
        "",
        "I see a message only when you choose me in its menu or attach a file to a command. Clips are decoded, measured"
        " and kept to make takes of them; the file you uploaded is never kept or handed on. Nothing leaves this machine"
        " but what I post in Discord, and nobody trains a model with it.",
        _how_long(service.privacy.keep_audio_days),
        "For a day I count the seconds of music made for you under a digest of your id, also after `/forget-me`: daily"
        " limits rest on it. So does the pause between two orders, for an hour.",
        "Others may build on your takes unless you say otherwise in your settings. `/forget-me` deletes all of it.",
    ]
    await answers.show(interaction, texts.cut(lines))


@app_commands.command(name="forget-me", description="Delete your clips, takes and settings, everywhere and for good")
async def forget_me(interaction: discord.Interaction[BandmateClient]) -> None:
    """Say what it does and ask once more; the button does it."""
    await answers.respond(interaction, WARNING, view=forget_view())


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _how_long(keep_audio_days: float) -> str:
    if not keep_audio_days:
        return "Audio is kept until you delete it."
    return (
        f"Audio that nothing newer was made from is removed after {keep_audio_days:g} days, or sooner when the disk is"
        " full; how a take was made is kept until you delete it."
    )


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add both commands."""
    tree.add_command(privacy)
    tree.add_command(forget_me)
