"""Commands over the wire: sync, slash commands, completion, context menus; and what a person can't do."""

from __future__ import annotations

import discord as dpy
import pytest

from tests.support.discord_server import Attachment, DiscordServer, NotPossible

from .conftest import Scene
from .small_bot import SmallBot

CLIP = Attachment("hum.ogg", bytes(range(256)) * 40, "audio/ogg", voice=True, duration_s=2.5)


async def test_clip_and_prompt_in_file_out(scene: Scene) -> None:
    scene.discord.cdn.answers.clear()
    interaction = await scene.ana.slash(scene.channel, "restyle", prompt="lo-fi", clip=CLIP, seconds=12)
    await interaction.wait_acknowledged()
    scene.discord.cdn.answers.set()
    message = await scene.channel.wait_for_message(lambda message: bool(message.attachments))
    assert await scene.discord.download(message.attachments[0]) == CLIP.data[::-1]
    assert message.attachments[0].description == "a take"
    response = await interaction.wait_response()
    assert response.content == "heard 10240 bytes for lo-fi, 12 s"
    assert (await interaction.wait_followup()).content == "working"
    [sent] = scene.discord.requests_to("POST", "/channels/{channel_id}/messages")
    assert sent.files[0].size == 10240
    assert sent.json["enforce_nonce"] is True


async def test_commands_are_synced_once_over_two_starts(discord_server: DiscordServer) -> None:
    discord_server.add_guild()
    for _ in range(2):
        async with discord_server.running(SmallBot()):
            pass
    assert discord_server.commands.writes == 1
    assert {each["name"] for each in discord_server.commands.listed()} >= {"restyle", "jam", "Remix this"}


async def test_the_whole_life_of_one_command(scene: Scene) -> None:
    """Create, read, edit and delete one by one, in a guild as well."""
    http, application = scene.bot.http, scene.bot.application_id
    body = {"name": "extra", "description": "One more", "type": 1}
    made = await http.upsert_global_command(application, body)
    changed = await http.edit_global_command(application, made["id"], {"description": "Changed"})
    assert (changed["id"], changed["description"]) == (made["id"], "Changed")
    assert (await http.get_global_command(application, made["id"]))["description"] == "Changed"
    await http.delete_global_command(application, made["id"])
    with pytest.raises(dpy.NotFound) as missing:
        await http.get_global_command(application, made["id"])
    assert missing.value.code == 10063
    in_guild = await http.bulk_upsert_guild_commands(application, scene.guild.id, [body])
    assert in_guild[0]["guild_id"] == str(scene.guild.id)
    assert len(await http.get_guild_commands(application, scene.guild.id)) == 1
    with pytest.raises(NotPossible, match="no command 'extra'"):
        await scene.ana.slash(scene.ana.dm, "extra")


async def test_completion_and_choices(scene: Scene) -> None:
    choices = await scene.ana.autocomplete(scene.channel, "engine", "name", "mus")
    assert choices == [{"name": "musicgen", "value": "musicgen"}]
    interaction = await scene.ana.slash(scene.channel, "engine", name="arranger", kind="Bass", who=scene.ana)
    assert (await interaction.wait_response()).content == "arranger b ana"


async def test_context_menu_reads_a_message_of_somebody_else(scene: Scene) -> None:
    ben = scene.discord.add_user("ben", scene.guild)
    posted = await ben.post(scene.channel, "listen", CLIP)
    interaction = await scene.ana.context_menu(posted, "Remix this")
    response = await interaction.wait_response()
    assert response.content == "remix [10240] of ben"
    assert response.ephemeral
    assert response not in scene.channel.messages


async def test_the_menu_of_a_user_and_who_is_pinged(scene: Scene) -> None:
    ben = scene.discord.add_user("ben", scene.guild)
    interaction = await scene.ana.context_menu(ben, "Wave at", scene.channel)
    assert (await interaction.wait_response()).pings == {str(ben.id)}
    sent = await scene.bot.get_partial_messageable(scene.channel.id).send(f"{ben.mention} @here")
    assert scene.channel.by_id[sent.id].pings == set()


@pytest.mark.parametrize(
    ("command", "options", "complaint"),
    [
        ("restyel", {}, "no command 'restyel'"),
        ("restyle", {"prompt": "lo-fi"}, "can't be sent without"),
        ("restyle", {"clip": CLIP, "prompt": "lo-fi", "second": 3}, "has no option"),
        ("restyle", {"clip": CLIP, "prompt": 5}, "takes .*str"),
        ("restyle", {"clip": "hum.ogg", "prompt": "lo-fi"}, "takes a Attachment"),
        ("restyle", {"clip": CLIP, "prompt": "x" * 201}, "out of range"),
        ("restyle", {"clip": CLIP, "prompt": "lo-fi", "seconds": 0.5}, "out of range"),
        ("engine", {"name": "a", "kind": "x"}, "offers"),
        ("jam", {}, "needs a subcommand"),
        ("jam stop", {}, "has no subcommand"),
        ("ping", {"hidden": 1}, "takes .*bool"),
    ],
)
async def test_what_discord_does_not_let_a_person_send(
    scene: Scene, command: str, options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(NotPossible, match=complaint):
        await scene.ana.slash(scene.channel, command, options)
    assert scene.discord.interactions == []


async def test_guild_only_commands_are_not_offered_in_direct_messages(scene: Scene) -> None:
    with pytest.raises(NotPossible, match="not offered in direct messages"):
        await scene.ana.slash(scene.ana.dm, "jam start", tempo=90)
    interaction = await scene.ana.slash(scene.ana.dm, "ping")
    assert (await interaction.wait_response()).channel is scene.ana.dm
