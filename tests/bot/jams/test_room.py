"""A room from its opening to its closing post: start, card, inheritance, host, close, status, what goes wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import discord
import pytest

from bot.web.links import Links
from generation.hearing import Key
from generation.jam.frame import Frame
from generation.jam.room import Person
from generation.request import Operation
from tests.bot.discord_stage import OGG, Stage
from tests.bot.jams.den import Den, ogg


async def test_start_opens_a_thread_with_a_pinned_card(stage: Stage) -> None:
    asked = await stage.alice.slash(
        stage.channel, "jam start", tempo=92.0, key="F# minor", metre=3, bars=16, style="folk", title="Kitchen"
    )
    den = Den(stage)
    assert den.thread.name == "Kitchen" and f"<#{den.thread.id}>" in asked.response.content
    frame = den.room.frame
    assert (frame.tempo_bpm, frame.key, frame.beats_per_bar, frame.bars) == (92.0, Key(6, "minor"), 3, 16)
    card = await den.card()
    assert card.pinned and [file.filename for file in card.attachments] == ["room.png"]
    assert "92 BPM · F♯ minor · 3/4 · 16 bars · folk" in card.content
    assert f"<@{stage.alice.id}>" in card.content and Den.labels(card) == []


async def test_start_takes_the_frame_and_the_first_layer_from_a_clip(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "jam start", clip=OGG, bars=2)
    den = Den(stage)
    assert (den.room.frame.tempo_bpm, den.room.frame.bars) == (120.0, 2)
    assert [layer.name for layer in den.layers] == ["voice-message"]
    assert "voice-message" in asked.response.content and den.thread.name == "Jam of alice"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"key": "H dorian"}, "I don't know the key"),
        ({"clip": ("notes.txt", b"hello")}, "not audio"),
        ({"engine": "kazoo"}, "no such engine"),
    ],
)
async def test_start_refuses_with_the_reason(stage: Stage, options: dict[str, object], sentence: str) -> None:
    asked = await stage.alice.slash(stage.channel, "jam start", **options)
    assert sentence in asked.response.content
    assert stage.channel.threads == [] and stage.service.jams.rooms.all == []


async def test_keys_are_offered_as_one_types(stage: Stage) -> None:
    offered = await stage.alice.autocomplete(stage.channel, "jam start", "key", "f#")
    assert [choice["name"] for choice in offered] == ["F# major", "F# minor"]


async def test_a_room_opens_from_a_channel_only_and_inside_it_commands_work_only(den: Den) -> None:
    stage = den.stage
    assert "not inside a thread" in await den.say(stage.bob, "start")
    for command, options in (
        ("mix", {}),
        ("add", {"clip": ogg()}),
        ("close", {}),
        ("undo", {}),
        ("layers", {}),
        ("relay start", {}),
        ("vote start", {}),
        ("host", {"member": stage.bob}),
        ("mute", {"layer": "x"}),
    ):
        asked = await stage.alice.slash(stage.channel, f"jam {command}", **options)
        assert "This is no jam room" in asked.response.content


async def test_what_is_made_inside_inherits_the_frame(den: Den) -> None:
    stage = den.stage
    asked = await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    request = stage.service.last_job.request
    assert (request.tempo_bpm, request.key, request.beats_per_bar) == (120.0, "D minor", 4)
    assert request.duration_s == 8.0 and request.prompt == "warm piano, lo-fi"
    assert "In this room: 120 BPM" in asked.response.content
    await den.made()
    take = den.messages()[-1]
    assert "Add to the jam" in Den.labels(take)

    await stage.bob.slash(den.thread, "restyle", clip=OGG, prompt="punk", seconds=9.0)
    restyle = stage.service.last_job.request
    assert stage.service.clips[restyle.clip_ids[0]] == b"OggS fitted"
    assert restyle.duration_s == 8.0  # the whole bars nearest to 9 s

    await stage.bob.slash(stage.channel, "compose", prompt="outside")
    outside = stage.service.last_job.request
    assert (outside.tempo_bpm, outside.duration_s, outside.prompt) == (None, None, "outside")


async def test_a_backing_comes_into_a_room_whole(den: Den) -> None:
    """Its drums and the rest of it, each brought into the room by itself, would not meet again."""
    stage = den.stage
    await stage.bob.slash(stage.channel, "compose", prompt="blues")
    await den.made()
    take_id = stage.service.last_job.takes[0].take_id
    await stage.bob.slash(den.thread, "accompany", clip=OGG, backing=take_id, key="E minor")
    request = stage.service.last_job.request
    assert request.operation is Operation.ACCOMPANY and len(request.clip_ids) == 2 and request.has_backing
    assert {stage.service.clips[clip_id] for clip_id in request.clip_ids} == {b"OggS fitted"}


async def test_what_builds_on_a_take_of_the_room_is_in_its_frame_already(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    await den.made()
    await stage.alice.click(den.messages()[-1], label="Extend")
    request = stage.service.last_job.request
    assert request.operation is Operation.EXTEND and request.duration_s == 8.0
    assert request.clip_ids == ("clip-of-take1ofjob1",)


async def test_a_closed_room_is_a_thread_like_any_other(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "close")
    await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    assert stage.service.last_job.request.tempo_bpm is None
    await den.made()
    assert "Add to the jam" not in Den.labels(den.messages()[-1])


async def test_close_posts_mixdown_stems_and_credits(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    await den.say(stage.bob, "add", clip=ogg("bass"))
    assert "Only the host (alice)" in await den.say(stage.bob, "close")
    told = await den.say(stage.alice, "close")
    post = next(message for message in den.messages() if "is closed" in message.content)
    assert post.jump_url in told
    assert [file.filename for file in post.attachments] == ["mix.mp3", "stems.zip"]
    assert "alice: drums" in post.content and "bob: bass" in post.content
    assert "@everyone" not in post.content.replace("\\@everyone", "")
    card = await den.card()
    assert "Closed" in card.content and Den.labels(card) == []
    assert "closed already" in await den.say(stage.alice, "close")
    assert "room is closed" in await den.say(stage.bob, "add", clip=ogg("keys"))
    assert "mix.mp3" in [file.filename for file in (await stage.bob.slash(den.thread, "jam mix")).response.attachments]


async def test_stems_that_do_not_fit_are_said_where_they_are(den: Den) -> None:
    stage = den.stage
    stage.service.jams.stems_fit = False
    await den.say(stage.alice, "add", clip=ogg("drums"))
    await den.say(stage.alice, "close")
    post = next(message for message in den.messages() if "is closed" in message.content)
    assert [file.filename for file in post.attachments] == ["mix.mp3"]
    assert "too large" in post.content and "`/jam stems`" in post.content
    gone = await stage.bob.slash(den.thread, "jam stems")
    assert gone.response.ephemeral and gone.response.attachments[0].filename == "stems-1.zip"
    assert [message.attachments[0].filename for message in gone.followups] == ["stems-2.zip"]
    alone = await stage.bob.slash(den.thread, "jam layers", layer="drums")
    assert [file.filename for file in alone.response.attachments] == ["drums.flac"]


async def test_stems_that_do_not_fit_are_linked_where_the_page_can_be_reached(den: Den) -> None:
    stage = den.stage
    stage.client.config = replace(stage.client.config, links=Links("https://music.example.org", b"s" * 32))
    stage.service.jams.stems_fit = False
    await den.say(stage.alice, "add", clip=ogg("drums"))
    await den.say(stage.alice, "close")
    post = next(message for message in den.messages() if "is closed" in message.content)
    assert "https://music.example.org/shared/rooms/" in post.content and "&key=" in post.content


async def test_an_empty_and_a_muted_room_close_too(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    await den.say(stage.alice, "mute", layer="drums")
    await den.say(stage.alice, "close")
    post = next(message for message in den.messages() if "is closed" in message.content)
    assert [file.filename for file in post.attachments] == ["stems.zip"] and "muted" in post.content

    await stage.bob.slash(stage.channel, "jam start", title="Empty")
    empty = Den(stage)
    await empty.say(stage.bob, "close")
    assert "Nothing came of it" in empty.messages()[-1].content


async def test_the_host_hands_over_and_a_host_who_left_is_replaced(den: Den) -> None:
    stage = den.stage
    carol = stage.guild.add_member(stage.env.create_user("carol"))
    assert "Only the host (alice)" in await den.say(stage.bob, "host", member=stage.bob)
    assert f"<@{stage.bob.id}> hosts" in await den.say(stage.alice, "host", member=stage.bob)
    assert "hosts this room already" in await den.say(stage.bob, "host", member=stage.bob)
    stage.guild.remove_member(stage.bob)
    assert f"<@{carol.id}> hosts" in await den.say(carol, "host", member=carol)
    assert den.room.host_id == str(carol.id)


async def test_status_shows_the_layers_or_the_open_rooms(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    assert "`drums`" in await den.say(stage.bob, "status")
    await stage.bob.slash(stage.channel, "jam start", title="Second", tempo=80.0)
    listed = (await stage.alice.slash(stage.channel, "jam status")).response.content
    assert len(stage.channel.threads) == 2
    for thread in stage.channel.threads:
        assert f"<#{thread.id}>" in listed
    await Den(stage).say(stage.bob, "close")
    await den.say(stage.alice, "close")
    assert "No room is open" in (await stage.alice.slash(stage.channel, "jam status")).response.content


async def test_a_card_that_was_deleted_comes_again(den: Den) -> None:
    stage = den.stage
    first = await den.card()
    await first.delete()
    await den.say(stage.alice, "add", clip=ogg("drums"))
    again = await den.card()
    assert again.id != first.id and again.pinned and "1 of 12 layers" in again.content


async def test_a_deleted_thread_closes_its_room(den: Den) -> None:
    stage = den.stage
    room_id = den.room.room_id
    stage.env.backend.delete_channel(den.thread.id)
    await stage.env.settle()
    assert not (await stage.service.jams.room(room_id)).is_open
    assert "No room is open" in (await stage.alice.slash(stage.channel, "jam status")).response.content


async def test_a_thread_that_was_deleted_while_the_bot_was_away(den: Den) -> None:
    stage = den.stage
    lost = await stage.service.jams.open(
        Frame(), Person("1", "x"), front_end="discord", thread_id="12345", guild_id=str(stage.guild.id), title="Lost"
    )
    await stage.restart()
    assert not (await stage.service.jams.room(lost.room_id)).is_open
    assert den.room.is_open


async def test_missing_permissions_are_named(stage: Stage) -> None:
    denied = discord.PermissionOverwrite(create_public_threads=False)
    closed = stage.guild.create_text_channel("closed", overwrites={stage.guild.default_role: denied})
    asked = await stage.alice.slash(closed, "jam start")
    assert "For a room I need Create Public Threads" in asked.response.content


async def test_buttons_that_are_still_there_after_the_close(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "relay start")
    turn = den.messages()[-1]
    await den.say(stage.alice, "close")
    for label in ("Join", "Pass", "Play my turn"):
        late = await stage.bob.click(turn, label=label)
        assert late.ephemeral and "room is closed" in late.response.content


async def test_the_rooms_outlive_a_restart(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    card = await den.card()
    assert Den.labels(card)[:2] == ["Hear the mix", "Undo mine"]
    await stage.restart()
    heard = await stage.bob.click(await den.card(), label="Hear the mix")
    assert [file.filename for file in heard.response.attachments] == ["mix.mp3"]
    undone = await stage.alice.click(await den.card(), label="Undo mine")
    assert "Undone: `added drums`" in undone.response.content and den.layers == ()


async def test_a_card_that_is_shown_twice_at_once_is_posted_once(den: Den) -> None:
    stage = den.stage
    room_id = den.room.room_id
    await (await den.card()).delete()
    board = stage.client.jams.board
    await asyncio.gather(*(board.show(room_id) for _ in range(3)))
    assert [message.id for message in den.messages() if message.attachments] == [int(den.room.card_message_id or 0)]


async def test_a_card_is_up_to_date_after_a_restart_right_after_a_change(den: Den) -> None:
    stage = den.stage
    await den.card()
    await den.say(stage.alice, "add", clip=ogg("drums"))
    await den.say(stage.alice, "add", clip=ogg("bass"))
    await stage.restart()
    assert "2 of 12 layers" in (await den.card()).content
