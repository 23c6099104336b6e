"""/about and /help: what is running here, and what can be asked for (made from the commands themselves)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import answers, errors, texts
from bot.languages import name_in, told
from bot.reply import IS_PRIVATE
from bot.voice import extra
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient


@app_commands.command(description="What Bandmate is, which engines play here, how to invite it")
async def about(interaction: discord.Interaction[BandmateClient]) -> None:
    """Version, engines with their licences, the invite link."""
    client = interaction.client
    lines = [f"**Bandmate {version('bandmate')}** makes music from a clip and a few words. All of it is AI-generated."]
    for name, engine in sorted(client.service.engines.items()):
        can = ", ".join(sorted(operation.value for operation in engine.operations))
        lines.append(
            f"- **{name}**: {can}; up to {texts.duration(engine.max_duration_s)}; takes under {engine.licence}"
        )
    wanted = errors.INVITE_PERMISSIONS | extra.invite_permissions()
    scopes = ("bot", "applications.commands")
    invite = discord.utils.oauth_url(client.application_id or 0, permissions=wanted, scopes=scopes)
    lines.append(f"[Invite it](<{invite}>)")
    await answers.respond(interaction, texts.cut(lines))


@app_commands.command(name="help", description="What you can ask for")
async def help_(interaction: discord.Interaction[BandmateClient]) -> None:
    """Every command with its options."""
    language, tree = await answers.language_for(interaction, private=True), interaction.client.tree
    lines = [line for command in tree.walk_commands() for line in _help_lines(command, language)]
    menus = tree.get_commands(type=discord.AppCommandType.message)
    named = ", ".join(f"*{told(menu.name, language)}*" for menu in menus)
    lines.append(told(f"In the menu of a message (Apps): {named}", language))
    first, *more = texts.pages(lines)
    interaction.extras[IS_PRIVATE] = True
    await answers.respond(interaction, first)
    for page in more:
        await answers.add(interaction, page)


def _help_lines(command: app_commands.Command[Any, ..., Any] | app_commands.Group, language: str) -> Iterator[str]:
    """One line a command: its name, what must and what may be given, what it does."""
    if isinstance(command, app_commands.Group):
        return
    needed = [f"`{name_in(option.display_name, language)}`" for option in command.parameters if option.required]
    optional = [name_in(option.display_name, language) for option in command.parameters if not option.required]
    name = " ".join(name_in(word, language) for word in command.qualified_name.split(" "))
    yield f"{' '.join([f'**/{name}**', *needed])}: {told(command.description, language)}"
    if optional:
        yield f"-# also: {', '.join(optional)}"


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add both commands."""
    tree.add_command(about)
    tree.add_command(help_)
