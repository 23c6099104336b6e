"""What a room's commands, buttons, menus and forms refuse, each with its sentence, and change nothing by it."""

from __future__ import annotations

import discord
import pytest

from bot.views.forms import FilledForm
from generation.errors import RequestRefused
from tests.bot.jams.den import Den, ogg


def plain(text: str) -> str:
    """As Discord shows it."""
    return text.replace("\\", "")


async def test_a_bot_does_not_host(den: Den) -> None:
    robot = den.stage.guild.add_member(den.stage.env.create_user("robot", bot=True))
    assert "A bot can't host a room" in await den.say(den.stage.alice, "host", member=robot)
    assert den.room.host_id == str(den.stage.alice.id)


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("relay play", {"prompt": "x"}, "There is no relay in this room"),
        ("relay join", {}, "There is no relay in this room"),
        ("relay pass", {}, "There is no relay in this room"),
        ("relay leave", {}, "There is no relay in this room"),
        ("relay end", {}, "There is no relay in this room"),
        ("vote end", {}, "There is no vote in this room"),
        ("gain", {"layer": "drums", "db": 1.0}, "there are none yet"),
        ("solo", {"layer": "drums"}, "there are none yet"),
        ("mute", {"layer": "drums"}, "there are none yet"),
        ("layers", {"layer": "drums"}, "there are none yet"),
        ("undo", {}, "You have nothing to undo here"),
        ("undo", {"anyones": True}, "Only the host (alice) and moderators undo"),
        ("add", {"take": "nothing"}, "no such take"),
    ],
)
async def test_what_is_not_there(den: Den, command: str, options: dict[str, object], sentence: str) -> None:
    before = den.room
    assert sentence in await den.say(den.stage.bob, command, **options)
    assert den.room.changed(version=0, people={}) == before.changed(version=0, people={})


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("add", {"clip": ogg("keys")}),
        ("add", {}),
        ("gain", {"layer": "drums", "db": 1.0}),
        ("mute", {"layer": "drums"}),
        ("solo", {"layer": "drums"}),
        ("undo", {}),
        ("relay start", {}),
        ("relay play", {}),
        ("relay join", {}),
        ("relay pass", {}),
        ("relay leave", {}),
        ("relay end", {}),
        ("vote start", {}),
        ("vote end", {}),
    ],
)
async def test_a_closed_room_takes_nothing(den: Den, command: str, options: dict[str, object]) -> None:
    await den.say(den.stage.alice, "add", clip=ogg("drums"))
    await den.say(den.stage.alice, "close")
    assert "room is closed" in await den.say(den.stage.alice, command, **options)
    assert [layer.name for layer in den.layers] == ["drums"] and den.room.relay is None and den.room.vote is None


async def test_the_cards_buttons_after_the_close(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    card = await den.card()
    await den.say(stage.alice, "add", clip=ogg("bass"))  # shown at once; the close is shown some seconds later
    await den.say(stage.alice, "close")
    for label in ("Hear the mix", "Undo mine"):
        late = await stage.alice.click(card, label=label)
        assert late.ephemeral and "room is closed" in plain(late.response.content)
    late = await stage.alice.select(card, ["1"])
    assert "room is closed" in plain(late.response.content) and not den.layers[0].is_muted


async def test_a_layer_that_somebody_else_has_changed_since_is_not_undone(den: Den) -> None:
    stage = den.stage
    await den.say(stage.bob, "add", clip=ogg("drums"))
    await den.say(stage.alice, "mute", layer="drums")
    assert "changed since by somebody else" in await den.say(stage.bob, "undo")
    assert den.layers[0].is_muted
    pressed = await stage.bob.click(await den.card(), label="Undo mine")
    assert "changed since by somebody else" in plain(pressed.response.content)
    assert "drums is bob's" in await den.say(
        stage.guild.add_member(stage.env.create_user("carol")), "solo", layer="drums"
    )


async def test_a_turn_is_passed_by_its_own_person_and_the_host_alone(den: Den) -> None:
    stage = den.stage
    carol = stage.guild.add_member(stage.env.create_user("carol"))
    await den.say(stage.bob, "relay start")
    assert "bob still has time" in await den.say(carol, "relay pass")
    assert "You are not in this relay" in await den.say(carol, "relay leave")
    turn = [message for message in den.messages() if "Pass" in den.labels(message)][-1]
    for label, sentence in (("Pass", "bob still has time"), ("Leave", "not in this relay")):
        pressed = await carol.click(turn, label=label)
        assert pressed.ephemeral or sentence in plain(pressed.response.content)
        assert sentence in plain(pressed.response.content)
    assert den.room.relay is not None and den.room.relay.person_id == str(stage.bob.id)


async def test_a_votes_buttons_after_the_close(den: Den) -> None:
    stage = den.stage
    for words in ("one", "two"):
        await stage.bob.slash(den.thread, "compose", prompt=words)
        await den.made()
    await den.say(stage.alice, "vote start")
    ballot = [message for message in den.messages() if "End the vote" in den.labels(message)][-1]
    await den.say(stage.alice, "close")
    for label in ("B", "End the vote"):
        late = await stage.alice.click(ballot, label=label)
        assert "room is closed" in plain(late.response.content)
    assert den.room.parent_take_id is None and den.room.outcomes == ()


async def test_a_takes_button_when_the_take_is_gone_or_its_owner_wants_to_be_asked(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    await den.made()
    take = den.messages()[-1]
    for leave, sentence in (("asked", "wants to be asked first"), ("nobody", "lets nobody else build on it")):
        stage.service.sharing.chosen["person", str(stage.bob.id)] = {"leave": leave}
        refused = await stage.alice.click(take, label="Add to the jam")
        assert sentence in plain(refused.response.content)
    stage.service.jobs.clear()
    gone = await stage.alice.click(take, label="Add to the jam")
    assert gone.ephemeral and "There is no such take here" in gone.response.content
    assert den.layers == ()


@pytest.mark.parametrize("menu", ["Add to the jam", "Remix this", "Extend this"])
async def test_our_own_message_without_audio_offers_nothing(den: Den, menu: str) -> None:
    refused = await den.stage.bob.context_menu(den.thread, menu, await den.card())
    assert refused.ephemeral and "has no audio" in plain(refused.response.content)


async def test_a_menus_form_that_somebody_else_opened(den: Den) -> None:
    stage = den.stage
    message = await stage.bob.send(den.thread, "two", attachments=[ogg("hum"), ogg("drums")])
    await stage.bob.context_menu(den.thread, "Add to the jam", message)
    (wish,) = stage.service.sharing.waiting.values()
    opened = await stage.alice.context_menu(den.thread, "Add to the jam", message)
    stage.service.sharing.waiting = dict.fromkeys(stage.service.sharing.waiting, wish)
    answered = await stage.alice.submit_modal(opened, {"file": ["0"]})
    assert "somebody else's" in plain(answered.response.content) and den.layers == ()


async def test_somebody_on_the_block_list_opens_no_form(den: Den) -> None:
    stage = den.stage
    stage.service.sharing.chosen["guild", str(stage.guild.id)] = {"blocked_ids": [str(stage.bob.id)]}
    for options in ({}, {"clip": ogg("drums")}):
        assert "block list" in await den.say(stage.bob, "add", **options)
    assert den.layers == ()


def test_a_form_without_its_file() -> None:
    with pytest.raises(RequestRefused, match="No file came with this form"):
        FilledForm("jamupload", "room", {"file": ("1",)}).file("file")


async def test_who_may_not_be_asked_because_they_have_left(den: Den) -> None:
    stage = den.stage
    stage.service.sharing.chosen["person", str(stage.bob.id)] = {"leave": "asked"}
    message: discord.Message = await stage.bob.send(den.thread, "mine", attachments=[ogg("hum")])
    stage.guild.remove_member(stage.bob)
    refused = await stage.alice.context_menu(den.thread, "Extend this", message)
    assert refused.ephemeral and "has left the server" in refused.response.content and stage.service.jobs == {}
