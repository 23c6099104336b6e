"""Guilds, channels, threads, and what the bot may do in them."""

from __future__ import annotations

import asyncio
import io

import discord as dpy
import pytest

from .conftest import Scene


def _text_channel(scene: Scene) -> dpy.TextChannel:
    channel = scene.bot.get_channel(scene.channel.id)
    assert isinstance(channel, dpy.TextChannel)
    return channel


async def test_a_command_opens_a_thread_from_its_answer(scene: Scene) -> None:
    scene.channel.allow(scene.discord.bot, "pin_messages")
    interaction = await scene.ana.slash(scene.channel, "jam start", tempo=90)
    response = await interaction.wait_response()
    while not scene.guild.threads or not scene.guild.threads[0].messages:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    [thread] = scene.guild.threads
    assert (thread.name, thread.id, thread.parent) == ("jam at 90", response.id, scene.channel)
    status = await thread.wait_for_message(lambda message: message.pinned_at is not None)
    assert status.content == "status"


async def test_archived_and_locked_threads(scene: Scene) -> None:
    made = await _text_channel(scene).create_thread(name="room", type=dpy.ChannelType.public_thread)
    sent = await made.send("one")
    [thread] = scene.guild.threads
    thread.archive()
    with pytest.raises(dpy.HTTPException) as archived:
        await sent.edit(content="two")
    assert archived.value.code == 50083
    await made.send("sending opens it again")
    assert not thread.archived
    thread.archive(locked=True)
    with pytest.raises(dpy.HTTPException) as locked:
        await made.send("three")
    assert locked.value.code == 50083
    scene.guild.members[scene.discord.bot.id].role_ids = [scene.guild.add_role("mod", "manage_threads").id]
    await made.edit(archived=False, locked=False, name="room again")
    assert (thread.name, thread.archived, thread.locked) == ("room again", False, False)
    assert [each.id for each in await scene.bot.get_guild(scene.guild.id).active_threads()] == [thread.id]


@pytest.mark.parametrize(
    ("denied", "code"), [("view_channel", 50001), ("send_messages", 50013), ("attach_files", 50013)]
)
async def test_missing_permissions(scene: Scene, denied: str, code: int) -> None:
    scene.channel.deny(scene.discord.bot, denied)
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    with pytest.raises(dpy.Forbidden) as refused:
        await channel.send("take", file=dpy.File(io.BytesIO(b"x"), "x.ogg"))
    assert refused.value.code == code
    scene.channel.allow(scene.discord.bot, denied)
    await channel.send("take", file=dpy.File(io.BytesIO(b"x"), "x.ogg"))
    assert len(scene.channel.messages) == 1


async def test_the_bot_knows_its_permissions(scene: Scene) -> None:
    scene.channel.deny(scene.guild.everyone, "attach_files")
    await scene.ana.slash(scene.channel, "hold")
    interaction = await scene.bot.held.get()
    assert not interaction.app_permissions.attach_files
    assert interaction.app_permissions.send_messages
    assert interaction.filesize_limit == scene.guild.filesize_limit
    seen = _text_channel(scene)
    assert not seen.permissions_for(seen.guild.me).attach_files


async def test_deleted_channel_and_kicked_bot(scene: Scene) -> None:
    other = scene.guild.add_channel("other")
    scene.channel.delete()
    with pytest.raises(dpy.NotFound) as gone:
        await scene.bot.get_partial_messageable(scene.channel.id).send("x")
    assert gone.value.code == 10003
    left = scene.bot.wait_for("guild_remove", timeout=60)
    scene.guild.kick(scene.discord.bot)
    assert (await left).id == scene.guild.id
    with pytest.raises(dpy.Forbidden) as kicked:
        await scene.bot.get_partial_messageable(other.id).send("x")
    assert kicked.value.code == 50001


async def test_reading_guild_members_and_roles(scene: Scene) -> None:
    role = scene.guild.add_role("dj", "manage_messages")
    scene.guild.add_member(scene.ana, role)
    guild = await scene.bot.fetch_guild(scene.guild.id)
    member = await guild.fetch_member(scene.ana.id)
    assert (guild.name, [each.name for each in member.roles]) == ("Jam", ["@everyone", "dj"])
    assert {each.name for each in await guild.fetch_channels()} == {"general"}
    with pytest.raises(dpy.NotFound) as missing:
        await guild.fetch_member(1)
    assert missing.value.code == 10007
    assert (await scene.bot.application_info()).id == scene.discord.application_id
