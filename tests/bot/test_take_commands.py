"""/take tree, credits, replay, retract, /loop and /blend: what each does, for whom, and what each refuses."""

from __future__ import annotations

import discord
import pytest

from generation.request import AudioFormat, Operation
from tests.bot.discord_stage import OGG, Stage


@pytest.fixture
async def take(stage: Stage) -> discord.Message:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    return await stage.made()


async def test_the_tree_is_posted_as_a_picture(stage: Stage, take: discord.Message) -> None:
    await stage.bob.click(take, label="Extend")
    await stage.made()
    shown = await stage.bob.slash(stage.channel, "take tree", take="take1ofjob1")
    assert not shown.ephemeral and shown.response.attachments[0].filename == "family-of-take1ofjob1.png"
    assert "2 takes" in shown.response.content and "alice" in shown.response.content and "bob" in shown.response.content
    (family,) = stage.service.sharing.drawn
    assert family.member("take1ofjob2").parents == ("take1ofjob1",)  # type: ignore[union-attr]


async def test_the_trees_button_shows_it_to_the_one_who_pressed(stage: Stage, take: discord.Message) -> None:
    pressed = await stage.bob.click(take, label="Tree")
    assert pressed.ephemeral and len(pressed.response.attachments) == 1 and "1 take" in pressed.response.content


async def test_what_is_hidden_from_somebody_is_an_empty_place_in_their_tree(
    stage: Stage, take: discord.Message
) -> None:
    hidden = discord.PermissionOverwrite(view_channel=False)
    band = stage.guild.create_text_channel("band", overwrites={stage.bob: hidden})
    await stage.alice.slash(band, "take show", take="take1ofjob1")
    await stage.alice.click(band.history()[-1], label="Extend")
    stage.service.finish("job2")
    await stage.env.settle()
    shown = await stage.bob.slash(stage.channel, "take tree", take="take1ofjob1")
    seen = stage.service.sharing.drawn[-1].member("take1ofjob2")
    assert seen is not None and seen.operation is None and seen.person_name == ""
    assert "2 takes" in shown.response.content
    credits_of = await stage.bob.slash(stage.channel, "take credits", take="take1ofjob2")
    assert "There is no such take here" in credits_of.response.content


async def test_credits_name_everybody_in_the_lineage(stage: Stage, take: discord.Message) -> None:
    await stage.bob.click(take, label="Extend")
    await stage.made()
    shown = await stage.bob.slash(stage.channel, "take credits", take="take1ofjob2")
    lines = shown.response.content.splitlines()
    assert shown.ephemeral
    assert f"<@{stage.alice.id}>: compose" in lines[1] and f"<@{stage.bob.id}>: extend" in lines[2]
    assert "MIT" in lines[-1]


async def test_replay_says_whether_it_is_the_same(stage: Stage, take: discord.Message) -> None:
    shown = await stage.bob.slash(stage.channel, "take replay", take="take1ofjob1")
    assert shown.ephemeral and "Identical" in shown.response.content


@pytest.mark.parametrize("command", ["show", "tree", "credits", "replay", "retract"])
async def test_a_take_that_is_not_there(stage: Stage, command: str) -> None:
    shown = await stage.alice.slash(stage.channel, f"take {command}", take="nothing")
    assert shown.ephemeral and "There is no such take here" in shown.response.content


async def test_own_newest_takes_are_offered(stage: Stage, take: discord.Message) -> None:
    choices = await stage.alice.autocomplete(stage.channel, "take tree", "take", "blu")
    assert choices == [{"name": "compose slow blues · take1ofjob1", "value": "take1ofjob1"}]
    assert await stage.bob.autocomplete(stage.channel, "take tree", "take", "") == []


async def test_retract_asks_first_and_then_blocks_children(stage: Stage, take: discord.Message) -> None:
    asked = await stage.alice.slash(stage.channel, "take retract", take="take1ofjob1")
    assert asked.ephemeral and "can't be undone" in asked.response.content
    assert stage.service.sharing.retracted == set()
    await stage.alice.click(asked.response, label="Take it back")
    assert stage.service.sharing.retracted == {"take1ofjob1"} and asked.response.components == []
    for label in ("Extend", "Again"):
        pressed = await stage.bob.click(take, label=label)
        assert "taken back by its owner" in pressed.response.content
    for command in ("show", "replay"):
        shown = await stage.alice.slash(stage.channel, f"take {command}", take="take1ofjob1")
        assert "taken back by its owner" in shown.response.content
    again = await stage.alice.slash(stage.channel, "take retract", take="take1ofjob1")
    assert "taken back already" in again.response.content
    assert len(stage.service.jobs) == 1
    await stage.bob.slash(stage.channel, "take tree", take="take1ofjob1")
    assert stage.service.sharing.drawn[-1].members[0].is_retracted


async def test_only_the_owner_and_moderators_retract(stage: Stage, take: discord.Message) -> None:
    refused = await stage.bob.slash(stage.channel, "take retract", take="take1ofjob1")
    assert "Only the one who asked for it and moderators" in refused.response.content
    role = stage.guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
    moderator = stage.guild.add_member(stage.env.create_user("mod"), roles=[role])
    asked = await moderator.slash(stage.channel, "take retract", take="take1ofjob1")
    await moderator.click(asked.response, label="Take it back")
    assert stage.service.sharing.retracted == {"take1ofjob1"}


async def test_loop_a_clip_and_a_take(stage: Stage, take: discord.Message) -> None:
    await stage.bob.slash(stage.channel, "loop", clip=OGG, bars=8)
    request = stage.service.last_job.request
    assert (request.operation, request.bars, request.engine) == (Operation.LOOP, 8, "studio")
    await stage.bob.slash(stage.channel, "loop", clip=OGG, bars=4, tempo=90.0)  # where no beat is heard
    assert (stage.service.last_job.request.bars, stage.service.last_job.request.tempo_bpm) == (4, 90.0)
    await stage.bob.slash(stage.channel, "loop", take="take1ofjob1")
    request = stage.service.last_job.request
    assert (request.bars, request.parent_take_ids) == (None, ("take1ofjob1",))


async def test_blend_a_clip_and_a_take(stage: Stage, take: discord.Message) -> None:
    await stage.bob.slash(stage.channel, "blend", clip1=OGG, take2="take1ofjob1", balance=0.3)
    request = stage.service.last_job.request
    assert request.operation is Operation.BLEND and request.weights == (0.7, 0.3)
    assert request.clip_ids == ("clip1", "clip-of-take1ofjob1") and request.parent_take_ids == ("take1ofjob1",)
    assert (await stage.made()).attachments[0].filename.startswith("blend")
    await stage.bob.slash(stage.channel, "blend", clip1=OGG, clip2=OGG, tempo=100.0, key="none")
    assert (stage.service.last_job.request.tempo_bpm, stage.service.last_job.request.key) == (100.0, "none")


async def test_accompany_a_clip_with_a_take(stage: Stage, take: discord.Message) -> None:
    await stage.bob.slash(stage.channel, "accompany", clip=OGG, backing="take1ofjob1")
    request = stage.service.last_job.request
    assert (request.operation, request.engine) == (Operation.ACCOMPANY, "arranger")
    assert request.clip_ids == ("clip1", "clip-of-take1ofjob1") and request.parent_take_ids == ("take1ofjob1",)
    assert (await stage.made()).attachments[0].filename.startswith("accompany")
    await stage.bob.slash(stage.channel, "accompany", clip=OGG, backing="take1ofjob1", key="D minor", format="flac")
    request = stage.service.last_job.request
    assert request.clip_ids[1:] == ("clip-of-take1ofjob1", "drums", "rest")  # what has no key is not transposed
    assert (request.key, request.audio_format) == ("D minor", AudioFormat.FLAC)


async def test_accompany_wants_words_or_a_take(stage: Stage, take: discord.Message) -> None:
    asked = await stage.bob.slash(stage.channel, "accompany", clip=OGG)
    assert asked.ephemeral and "name a take of yours as the backing" in asked.response.content
    asked = await stage.bob.slash(stage.channel, "accompany", clip=OGG, backing="nothing")
    assert "There is no such take here" in asked.response.content
    assert len(stage.service.jobs) == 1


async def test_the_takes_for_a_backing_are_one_s_own(stage: Stage, take: discord.Message) -> None:
    shown = await stage.alice.autocomplete(stage.channel, "accompany", "backing", "blues")
    assert [choice["value"] for choice in shown] == ["take1ofjob1"]


async def test_loop_and_blend_want_a_clip_or_a_take(stage: Stage, take: discord.Message) -> None:
    for options in ({}, {"clip": OGG, "take": "take1ofjob1"}):
        asked = await stage.bob.slash(stage.channel, "loop", **options)
        assert asked.ephemeral and "either a clip or a take" in asked.response.content
    asked = await stage.bob.slash(stage.channel, "blend", clip1=OGG)
    assert asked.ephemeral and "either a clip or a take" in asked.response.content
    asked = await stage.bob.slash(stage.channel, "loop", take="nothing")
    assert "There is no such take here" in asked.response.content
    assert len(stage.service.jobs) == 1
