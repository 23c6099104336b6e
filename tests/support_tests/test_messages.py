"""Messages over REST: nonce, limits, files, edits, pins, lists, voice messages, who may read what."""

from __future__ import annotations

import base64
import io

import discord as dpy
import pytest

from tests.support.discord_server import Attachment, DiscordServer

from .conftest import Scene
from .small_bot import SmallBot


def _file(name: str = "take.ogg", data: bytes = b"music") -> dpy.File:
    return dpy.File(io.BytesIO(data), name)


async def test_the_same_nonce_gives_the_same_message(scene: Scene) -> None:
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    first = await channel.send("take", nonce="job-1", file=_file())
    again = await channel.send("take", nonce="job-1", file=_file())
    other = await channel.send("take", nonce="job-2")
    assert first.id == again.id != other.id
    assert len(scene.channel.messages) == 2
    assert (first.nonce, (await channel.fetch_message(first.id)).nonce) == ("job-1", None)
    scene.discord.clock.advance(3600)
    assert (await channel.send("take", nonce="job-1")).id != first.id


async def test_lengths_and_sizes(scene: Scene) -> None:
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    await channel.send("x" * 2000)
    with pytest.raises(dpy.HTTPException, match="2000 or fewer"):
        await channel.send("x" * 2001)
    with pytest.raises(dpy.HTTPException) as empty:
        await channel.send(" ")
    assert empty.value.code == 50006
    scene.guild.filesize_limit = 1000
    await channel.send(file=_file(data=b"x" * 1000))
    with pytest.raises(dpy.HTTPException) as large:
        await channel.send(file=_file(data=b"x" * 1001))
    assert (large.value.status, large.value.code) == (413, 40005)
    await channel.send(files=[_file(f"{number}.ogg") for number in range(10)])
    assert len(scene.channel.messages[-1].attachments) == 10


async def test_a_request_above_25_mebibytes_is_too_large(scene: Scene) -> None:
    scene.guild.filesize_limit = 100 * 1024 * 1024
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    with pytest.raises(dpy.HTTPException) as large:
        await channel.send(file=_file(data=bytes(25 * 1024 * 1024)))
    assert (large.value.status, large.value.code) == (413, 40005)


async def test_edits_keep_replace_and_add_files(scene: Scene) -> None:
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    sent = await channel.send("one", files=[_file("a.ogg"), _file("b.ogg")])
    message = scene.channel.messages[0]
    await sent.edit(content="two")
    assert [each.filename for each in message.attachments] == ["a.ogg", "b.ogg"]
    await sent.edit(attachments=[sent.attachments[1], _file("c.ogg", b"new")])
    assert [each.filename for each in message.attachments] == ["b.ogg", "c.ogg"]
    assert await scene.discord.download(message.attachments[1]) == b"new"
    await sent.edit(attachments=[])
    assert message.attachments == []
    assert (message.content, message.revisions) == ("two", 3)


async def test_names_of_files_are_made_harmless(scene: Scene) -> None:
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    sent = await channel.send(file=_file("größe <1>/my take.ogg"))
    assert (sent.attachments[0].filename, sent.attachments[0].title) == ("gre_1my_take.ogg", "größe <1>/my take")


async def test_read_list_pin_and_delete(scene: Scene) -> None:
    channel = scene.bot.get_channel(scene.channel.id)
    assert isinstance(channel, dpy.TextChannel)
    sent = [await channel.send(str(number)) for number in range(4)]
    assert [each.content async for each in channel.history(limit=2)] == ["3", "2"]
    assert [each.content async for each in channel.history(after=sent[1])] == ["2", "3"]
    assert [each.content async for each in channel.history(before=sent[1])] == ["0"]
    with pytest.raises(dpy.Forbidden):
        await sent[2].pin()
    scene.channel.allow(scene.discord.bot, "pin_messages")
    await sent[2].pin()
    assert [each.content async for each in channel.pins()] == ["2"]
    await sent[2].unpin()
    assert [each async for each in channel.pins()] == []
    await sent[0].add_reaction("🎵")
    assert scene.channel.messages[0].reactions == {"🎵": [scene.discord.bot.id]}
    await sent[0].delete()
    with pytest.raises(dpy.NotFound) as gone:
        await channel.fetch_message(sent[0].id)
    assert gone.value.code == 10008
    reply = await sent[1].reply("an answer")
    assert reply.reference is not None
    assert reply.reference.message_id == sent[1].id


async def test_a_voice_message_goes_through_create_message_only(scene: Scene) -> None:
    body = {
        "flags": 1 << 13,
        "attachments": [
            {
                "id": "0",
                "filename": "voice-message.ogg",
                "duration_secs": 1.5,
                "waveform": base64.b64encode(b"123").decode(),
            }
        ],
    }
    form = [
        {"name": "payload_json", "value": dpy.utils._to_json(body)},
        {"name": "files[0]", "value": b"OggS", "filename": "voice-message.ogg", "content_type": "audio/ogg"},
    ]
    route = dpy.http.Route("POST", "/channels/{channel_id}/messages", channel_id=scene.channel.id)
    sent = await scene.bot.http.request(route, form=form)
    [message] = scene.channel.messages
    assert (message.attachments[0].duration_s, message.attachments[0].waveform) == (1.5, "MTIz")
    partial = scene.bot.get_partial_messageable(scene.channel.id).get_partial_message(int(sent["id"]))
    with pytest.raises(dpy.HTTPException, match="cannot be edited"):
        await partial.edit(content="more")


async def test_without_the_content_intent_other_peoples_messages_come_empty(scene: Scene) -> None:
    posted = await scene.ana.post(scene.channel, "secret", Attachment("a.wav", b"x"))
    channel = scene.bot.get_channel(scene.channel.id)
    assert isinstance(channel, dpy.TextChannel)
    fetched = await channel.fetch_message(posted.id)
    assert (fetched.content, fetched.attachments) == ("", [])
    assert scene.bot.messages == []


async def test_with_the_intents_messages_come_whole() -> None:
    content = dpy.Intents(guilds=True, guild_messages=True, message_content=True)
    async with DiscordServer(privileged_intents=content.value & 1 << 15) as server:
        guild = server.add_guild()
        channel, ana = guild.add_channel(), server.add_user("ana", guild)
        bot = SmallBot(intents=content)
        async with server.running(bot):
            received = bot.wait_for("message", timeout=60)
            await ana.post(channel, "open", Attachment("a.wav", b"x"))
            message = await received
    assert (message.content, message.attachments[0].filename) == ("open", "a.wav")


async def test_direct_messages_open_and_closed(scene: Scene) -> None:
    user = await scene.bot.fetch_user(scene.ana.id)
    await user.send("hello")
    assert [each.content for each in scene.ana.dm.messages] == ["hello"]
    scene.ana.dms_open = False
    with pytest.raises(dpy.Forbidden) as closed:
        await user.send("hello?")
    assert closed.value.code == 50007
