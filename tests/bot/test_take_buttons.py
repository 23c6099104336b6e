"""The buttons under a take: what each does, for whom, after a restart, on what is gone."""

from __future__ import annotations

import discord
import pytest

from bot.files import MAX_REQUEST_BYTES
from generation.request import AudioFormat, Operation
from tests.bot.discord_stage import OGG, Stage


@pytest.fixture
async def take(stage: Stage) -> discord.Message:
    await stage.alice.slash(stage.channel, "restyle", clip=OGG, prompt="lo-fi", seed=7)
    return await stage.made()


async def test_again_is_the_same_recipe_with_a_new_seed(stage: Stage, take: discord.Message) -> None:
    pressed = await stage.bob.click(take, label="Again")
    first, second = (job.request for job in stage.service.jobs.values())
    assert second.changed(seed=7) == first and second.seed != 7
    assert stage.service.last_job.origin.person_id == str(stage.bob.id)
    assert "Restyle" in pressed.response.content and "Next in line" in pressed.response.content
    assert len(stage.takes()) == 1
    await stage.made()
    assert len(stage.takes()) == 2


async def test_extending_a_take(stage: Stage, take: discord.Message) -> None:
    await stage.bob.click(take, label="Extend")
    request = stage.service.last_job.request
    assert request.operation is Operation.EXTEND and request.prompt == "lo-fi"
    assert request.clip_ids == ("clip-of-take1ofjob1",) and request.parent_take_ids == ("take1ofjob1",)


async def test_vary_asks_how_far_and_how_many(stage: Stage, take: discord.Message) -> None:
    pressed = await stage.bob.click(take, label="Vary")
    await stage.bob.submit_modal(pressed, {"strength": ["0.9"], "count": ["3"], "words": "more brass"})
    request = stage.service.last_job.request
    assert request.operation is Operation.VARY and request.prompt == "more brass"
    assert (request.strength, request.num_takes) == (0.9, 3)
    assert request.parent_take_ids == ("take1ofjob1",)
    message = await stage.made()
    assert stage.labels(message)[:3] == ["Take 1", "Take 2", "Take 3"]


@pytest.mark.parametrize(("chosen", "bars"), [("8", 8), ("-", None)])
async def test_loop_asks_for_bars(stage: Stage, take: discord.Message, chosen: str, bars: int | None) -> None:
    pressed = await stage.bob.click(take, label="Loop")
    await stage.bob.submit_modal(pressed, {"bars": [chosen]})
    request = stage.service.last_job.request
    assert (request.operation, request.bars, request.engine) == (Operation.LOOP, bars, "studio")
    assert request.parent_take_ids == ("take1ofjob1",)


async def test_restyle_asks_for_words(stage: Stage, take: discord.Message) -> None:
    pressed = await stage.bob.click(take, label="Restyle")
    assert pressed.modal is not None and "lo-fi" in str(pressed.modal)
    answered = await stage.bob.submit_modal(pressed, {"words": "punk rock"})
    request = stage.service.last_job.request
    assert request.operation is Operation.RESTYLE and request.prompt == "punk rock"
    assert request.parent_take_ids == ("take1ofjob1",)
    assert "punk rock" in answered.response.content


async def test_two_people_may_have_the_form_open(stage: Stage, take: discord.Message) -> None:
    forms = [await person.click(take, label="Restyle") for person in (stage.alice, stage.bob)]
    for person, form, words in zip((stage.alice, stage.bob), forms, ("punk", "waltz"), strict=True):
        await person.submit_modal(form, {"words": words})
    assert [job.request.prompt for job in stage.service.jobs.values()] == ["lo-fi", "punk", "waltz"]


async def test_a_form_that_was_open_over_a_restart_is_answered(stage: Stage, take: discord.Message) -> None:
    pressed = await stage.bob.click(take, label="Restyle")
    await stage.restart()
    await stage.bob.submit_modal(pressed, {"words": "punk rock"})
    assert stage.service.last_job.request.prompt == "punk rock"


async def test_format_gives_another_file_to_the_one_who_asked(stage: Stage, take: discord.Message) -> None:
    pressed = await stage.bob.click(take, label="Format")
    assert pressed.ephemeral
    chosen = await stage.bob.select(pressed.response, ["flac"])
    assert chosen.ephemeral and chosen.response.attachments[0].filename.endswith(".flac")
    stem = await stage.bob.select(pressed.response, ["stem:drums"])
    assert stem.response.attachments[0].filename == "drums-take1ofjob1.flac"
    asked_limits = {(fmt, max_bytes) for _, fmt, max_bytes, _ in stage.service.render_calls[1:]}
    assert asked_limits == {(AudioFormat.FLAC, MAX_REQUEST_BYTES)}  # less than the server's 25 MiB for a file


async def test_only_the_owner_and_moderators_delete(stage: Stage, take: discord.Message) -> None:
    refused = await stage.bob.click(take, label="Delete")
    assert refused.ephemeral and "Only the one who asked for it and moderators" in refused.response.content
    assert take.id in {message.id for message in stage.messages()}
    await stage.alice.click(take, label="Delete")
    assert take.id not in {message.id for message in stage.messages()}


async def test_a_moderator_deletes(stage: Stage, take: discord.Message) -> None:
    role = stage.guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
    moderator = stage.guild.add_member(stage.env.create_user("mod"), roles=[role])
    await moderator.click(take, label="Delete")
    assert take.id not in {message.id for message in stage.messages()}


async def test_buttons_live_on_in_a_new_process(stage: Stage, take: discord.Message) -> None:
    await stage.restart()
    pressed = await stage.bob.click(take, label="Again")
    assert "Next in line" in pressed.response.content
    await stage.made()
    assert len(stage.takes()) == 2


@pytest.mark.parametrize("label", ["Again", "Vary", "Extend", "Restyle", "Loop", "Format", "Tree", "Delete"])
async def test_the_take_is_gone_from_the_ledger(stage: Stage, take: discord.Message, label: str) -> None:
    stage.service.jobs.clear()
    pressed = await stage.alice.click(take, label=label)
    assert pressed.ephemeral and "There is no such take here" in pressed.response.content


async def test_a_forged_id_reaches_nothing_of_another_server(stage: Stage, take: discord.Message) -> None:
    elsewhere = stage.env.create_guild("Another server")
    channel = elsewhere.create_text_channel("general")
    mallory = elsewhere.add_member(stage.env.create_user("mallory"))
    shown = await mallory.slash(channel, "take show", take="take1ofjob1")
    assert shown.ephemeral and "There is no such take here" in shown.response.content
    assert shown.response.attachments == []


async def test_a_take_of_a_hidden_channel_stays_hidden(stage: Stage) -> None:
    hidden = discord.PermissionOverwrite(view_channel=False)
    channel = stage.guild.create_text_channel("band", overwrites={stage.bob: hidden})
    await stage.alice.slash(channel, "compose", prompt="secret song")
    stage.service.finish("job1")
    await stage.env.settle()
    peeked = await stage.bob.slash(stage.channel, "take show", take="take1ofjob1")
    assert "There is no such take here" in peeked.response.content
    owner = await stage.alice.slash(stage.channel, "take show", take="take1ofjob1")
    assert owner.response.attachments[0].filename == "compose-take1ofjob1.mp3"


async def test_take_show_posts_it_again_with_its_buttons(stage: Stage, take: discord.Message) -> None:
    shown = await stage.bob.slash(stage.channel, "take show", take=" `take1ofjob1` ")
    assert "seed 7" in shown.response.content and len(shown.response.attachments) == 2
    await stage.bob.click(shown.response, label="Extend")
    assert stage.service.last_job.request.parent_take_ids == ("take1ofjob1",)
