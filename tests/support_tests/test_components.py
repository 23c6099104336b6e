"""Buttons, menus, forms and cards: pressed, chosen and filled in as a person does."""

from __future__ import annotations

import io

import discord as dpy
import pytest
from discord import ui

from tests.support.discord_server import Attachment, Message, NotPossible

from .conftest import Scene
from .small_bot import Choices, card


@pytest.fixture
async def offered(scene: Scene) -> Message:
    """A message of the bot's with every kind of button and menu."""
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    await channel.send("choose", view=Choices())
    return scene.channel.messages[0]


async def test_a_dynamic_button_answers_by_its_custom_id(scene: Scene, offered: Message) -> None:
    interaction = await scene.ana.press(offered, "Again")
    assert (await interaction.wait_response()).content == "again take 7"


async def test_a_button_edits_its_message(scene: Scene, offered: Message) -> None:
    done = await (await scene.ana.press(offered, custom_id="done")).wait_response(lambda message: not message.buttons)
    assert done is offered
    assert (offered.content, offered.revisions) == ("done", 1)
    with pytest.raises(NotPossible, match="no button"):
        await scene.ana.press(offered, "Again")


async def test_a_deferred_update_edits_its_message_later(scene: Scene, offered: Message) -> None:
    interaction = await scene.ana.press(offered, "Later")
    assert await interaction.wait_response(lambda message: message.content == "later") is offered
    assert interaction.answer == 6


async def test_menus(scene: Scene, offered: Message) -> None:
    style = await scene.ana.select(offered, "swing", custom_id="style")
    assert (await style.wait_response()).content == "style swing"
    who = await scene.ana.select(offered, scene.ana, custom_id="who")
    assert (await who.wait_response()).content == "chose ana"
    with pytest.raises(NotPossible, match="does not offer"):
        await scene.ana.select(offered, "polka", custom_id="style")


async def test_a_form_with_text_choice_and_file(scene: Scene, offered: Message) -> None:
    opened = await scene.ana.press(offered, "Form")
    form = await opened.wait_form()
    assert form["title"] == "New words"
    clip = Attachment("clip.wav", b"x" * 30)
    sent = await scene.ana.submit_modal(opened, {"Words": "brighter", "Format": "flac", "Clip": clip})
    assert (await sent.wait_response()).content == "brighter as flac with [30]"
    with pytest.raises(NotPossible, match="characters"):
        await scene.ana.submit_modal(opened, {"Words": "x" * 51, "Format": "mp3"})
    with pytest.raises(NotPossible, match="no field"):
        await scene.ana.submit_modal(opened, {"Words": "x", "Format": "mp3", "Tempo": "90"})
    with pytest.raises(NotPossible, match="must be filled in"):
        await scene.ana.submit_modal(opened, {"Format": "mp3"})


async def test_a_card_shows_its_file(scene: Scene) -> None:
    message = await (await scene.ana.slash(scene.channel, "show")).wait_response()
    assert message.text == "## card.ogg"
    shown = next(part for part in message.components[0]["components"] if part["type"] == 13)
    assert (shown["name"], shown["size"]) == ("card.ogg", 5)
    assert shown["file"]["attachment_id"] == str(message.attachments[0].id)
    assert (await (await scene.ana.press(message, "Again")).wait_response()).content == "again take 9"


async def test_a_card_takes_the_place_of_text_only_when_the_text_goes(scene: Scene) -> None:
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    sent = await channel.send("text")
    file = dpy.File(io.BytesIO(b"music"), "card.ogg")
    with pytest.raises(dpy.HTTPException, match="components v2"):
        await sent.edit(view=card("card.ogg"), attachments=[file])
    await sent.edit(content=None, view=card("card.ogg"), attachments=[file])
    message = scene.channel.messages[0]
    assert (message.content, message.text, len(message.attachments)) == ("", "## card.ogg", 1)
    with pytest.raises(dpy.HTTPException):
        await sent.edit(content="text again", view=None)


async def test_what_discord_does_not_take_in_a_message(scene: Scene) -> None:
    channel = scene.bot.get_partial_messageable(scene.channel.id)
    twice = ui.View()
    for _ in range(2):
        twice.add_item(ui.Button(label="x", custom_id="same"))
    with pytest.raises(dpy.HTTPException, match="cannot be duplicated") as refused:
        await channel.send("twice", view=twice)
    assert refused.value.code == 50035
    with pytest.raises(dpy.HTTPException, match=r"card\.ogg"):
        await channel.send(view=card("card.ogg"))
    assert scene.channel.messages == []


async def test_a_forged_custom_id_reaches_the_bot(scene: Scene) -> None:
    bare = await (await scene.ana.slash(scene.channel, "ping")).wait_response()
    interaction = await scene.ana.forge(bare, "form")
    assert (await interaction.wait_form())["title"] == "New words"


async def test_nobody_presses_what_they_do_not_see(scene: Scene, offered: Message) -> None:
    hidden = await (await scene.ana.press(offered, "Again")).wait_response()
    ben = scene.discord.add_user("ben", scene.guild)
    with pytest.raises(NotPossible, match="does not see"):
        await ben.press(hidden, "x")
