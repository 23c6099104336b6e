"""A bot that uses every part of discord.py that the product uses; also run as a process of its own.

python -m tests.support.discord_server.redirect URL -- tests.support_tests.small_bot TOKEN
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from typing import Any

import discord
from discord import app_commands, ui


class AgainButton(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<take>\d+)"):
    """A button that outlives its process: all it knows is in its custom id."""

    def __init__(self, take: int) -> None:
        super().__init__(ui.Button(label="Again", custom_id=f"again:{take}"))
        self.take = take

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> AgainButton:
        return cls(int(match["take"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"again take {self.take}", ephemeral=True)


class WordsForm(ui.Modal, title="New words"):
    """Text, a choice and a file, as labels hold them."""

    words = ui.Label(text="Words", component=ui.TextInput(max_length=50))
    kind = ui.Label(
        text="Format", component=ui.Select(options=[discord.SelectOption(label=each) for each in ("mp3", "flac")])
    )
    clip = ui.Label(text="Clip", component=ui.FileUpload(required=False))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        files = [await file.read() for file in self.clip.component.values]
        said = f"{self.words.component.value} as {self.kind.component.values[0]} with {[len(each) for each in files]}"
        await interaction.response.send_message(said)


class Choices(ui.View):
    """A plain button, one that opens a form, one that edits its message, two menus."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(AgainButton(7))

    @ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        await interaction.response.send_modal(WordsForm())

    @ui.button(label="Done", custom_id="done")
    async def done(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        await interaction.response.edit_message(content="done", view=None)

    @ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later")

    @ui.select(custom_id="style", options=[discord.SelectOption(label=each) for each in ("lo-fi", "swing")])
    async def style(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
        await interaction.response.send_message(f"style {select.values[0]}")

    @ui.select(cls=ui.UserSelect, custom_id="who")
    async def who(self, interaction: discord.Interaction, select: ui.UserSelect[Any]) -> None:
        await interaction.response.send_message(f"chose {select.values[0].name}")


def card(name: str) -> ui.LayoutView:
    """A card of components v2 that shows a file."""
    view = ui.LayoutView(timeout=None)
    container: ui.Container[Any] = ui.Container(accent_colour=0x336699)
    container.add_item(ui.TextDisplay(f"## {name}"))
    container.add_item(ui.File(f"attachment://{name}"))
    container.add_item(ui.ActionRow(AgainButton(9)))
    view.add_item(container)
    return view


class SmallBot(discord.Client):
    """Guilds intent only, commands synced where there are none."""

    def __init__(self, **settings: Any) -> None:
        intents = settings.pop("intents", discord.Intents(guilds=True))
        settings.setdefault("allowed_mentions", discord.AllowedMentions.none())
        super().__init__(intents=intents, guild_ready_timeout=0.02, **settings)
        self.tree = app_commands.CommandTree(self)
        self.errors: list[BaseException] = []
        self.messages: list[discord.Message] = []
        self.held: asyncio.Queue[discord.Interaction] = asyncio.Queue()
        self.num_resumed = 0
        for command in COMMANDS:
            self.tree.add_command(command)
        self.tree.error(self.on_tree_error)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(AgainButton)
        self.add_view(Choices())
        if not await self.tree.fetch_commands():
            await self.tree.sync()

    async def on_tree_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        self.errors.append(getattr(error, "original", error))

    async def on_message(self, message: discord.Message) -> None:
        self.messages.append(message)

    async def on_resumed(self) -> None:
        self.num_resumed += 1


@app_commands.command(description="Clip and words in, file out")
async def restyle(
    interaction: discord.Interaction,
    clip: discord.Attachment,
    prompt: app_commands.Range[str, 1, 200],
    seconds: app_commands.Range[float, 1, 60] = 20.0,
) -> None:
    await interaction.response.defer()
    data = await clip.read()
    await interaction.edit_original_response(content=f"heard {len(data)} bytes for {prompt}, {seconds:g} s")
    await interaction.followup.send("working")
    file = discord.File(io.BytesIO(data[::-1]), "take.ogg", description="a take")
    await interaction.channel.send("take", file=file, view=Choices(), nonce=str(interaction.id)[-20:])


@app_commands.command(description="Answer at once")
async def ping(interaction: discord.Interaction, slow_s: float = 0.0, hidden: bool = False) -> None:
    await asyncio.sleep(slow_s)
    await interaction.response.send_message("pong", ephemeral=hidden)


@app_commands.command(description="Defer, and leave the rest to the test")
async def hold(interaction: discord.Interaction, hidden: bool = False) -> None:
    await interaction.response.defer(ephemeral=hidden)
    await interaction.client.held.put(interaction)


@app_commands.command(description="A card of components v2")
async def show(interaction: discord.Interaction) -> None:
    file = discord.File(io.BytesIO(b"music"), "card.ogg")
    await interaction.response.send_message(view=card("card.ogg"), file=file)


@app_commands.command(description="With completion and choices")
@app_commands.choices(kind=[app_commands.Choice(name="Drums", value="d"), app_commands.Choice(name="Bass", value="b")])
async def engine(interaction: discord.Interaction, name: str, kind: str = "d", who: discord.User | None = None) -> None:
    await interaction.response.send_message(f"{name} {kind} {who and who.name}")


@engine.autocomplete("name")
async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    names = [name for name in ("arranger", "musicgen") if name.startswith(current)]
    return [app_commands.Choice(name=name, value=name) for name in names]


jam = app_commands.Group(name="jam", description="Rooms", guild_only=True)


@jam.command(description="Open a room")
async def start(interaction: discord.Interaction, tempo: app_commands.Range[int, 40, 240]) -> None:
    await interaction.response.send_message("a room")
    message = await interaction.original_response()
    thread = await message.channel.create_thread(name=f"jam at {tempo}", message=message)
    status = await thread.send("status")
    await status.pin()


@app_commands.context_menu(name="Wave at")
async def wave(interaction: discord.Interaction, user: discord.Member) -> None:
    only = discord.AllowedMentions(everyone=False, roles=False, users=[user])
    await interaction.response.send_message(f"hello {user.mention} @everyone", allowed_mentions=only)


@app_commands.context_menu(name="Remix this")
async def remix(interaction: discord.Interaction, message: discord.Message) -> None:
    sizes = [len(await file.read()) for file in message.attachments]
    await interaction.response.send_message(f"remix {sizes} of {message.author.name}", ephemeral=True)


COMMANDS: tuple[Any, ...] = (restyle, ping, hold, show, engine, jam, wave, remix)
"""Every kind of command there is."""


if __name__ == "__main__":
    SmallBot().run(sys.argv[1], log_handler=None)
