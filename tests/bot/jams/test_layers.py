"""Layers on Discord: add, layers, gain, mute, solo, undo, mix; from commands, the card's buttons and under takes."""

from __future__ import annotations

from typing import Any

import pytest

from generation.jam.layers import MAX_LAYERS
from tests.bot.jams.den import Den, ogg


async def test_a_clip_becomes_a_layer_and_the_card_shows_it(den: Den) -> None:
    told = await den.say(den.stage.bob, "add", clip=ogg("slow hum"), name="My hum")
    assert "`My hum`" in told and f"<@{den.stage.bob.id}>" in told
    assert "12.4 s, 120 BPM, D minor" in told and "Stretched from 120 BPM" in told
    card = await den.card()
    assert "1 of 12 layers" in card.content
    assert den.labels(card) == ["Hear the mix", "Undo mine", "Mute or unmute a layer"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"clip": ogg(), "take": "take1ofjob1"}, "one of the two"),
        ({"clip": ("notes.txt", b"hello")}, "not audio"),
        ({"clip": ogg("fast drums")}, "more than 30 % spoils it"),
        ({"take": "nobody's"}, "no such take"),
    ],
)
async def test_what_cannot_be_added_is_refused_with_the_reason(
    den: Den, options: dict[str, object], sentence: str
) -> None:
    assert sentence in await den.say(den.stage.bob, "add", **options)
    assert den.layers == ()


async def test_with_neither_clip_nor_take_a_form_asks_for_a_file(den: Den) -> None:
    form = await den.stage.bob.slash(den.thread, "jam add", name="My hum")
    assert form.modal is not None and "My hum" in str(form.modal)
    sent = await den.stage.bob.submit_modal(form, {"file": ogg("hum"), "name": "Bob's hum"})
    assert "`Bob's hum`" in sent.response.content and "Stretched from 120 BPM" in sent.response.content
    assert [layer.owner_id for layer in den.layers] == [str(den.stage.bob.id)]
    form = await den.stage.alice.slash(den.thread, "jam add")
    sent = await den.stage.alice.submit_modal(form, {"file": ogg("drums")})
    assert [layer.name for layer in den.layers] == ["Bob's hum", "drums"]


async def test_a_form_with_what_is_no_audio_and_after_the_close(den: Den) -> None:
    stage = den.stage
    form = await stage.bob.slash(den.thread, "jam add")
    sent = await stage.bob.submit_modal(form, {"file": ("notes.txt", b"hello")})
    assert "not audio" in sent.response.content and den.layers == ()
    form = await stage.bob.slash(den.thread, "jam add")
    await den.say(stage.alice, "close")
    late = await stage.bob.submit_modal(form, {"file": ogg("hum")})
    assert late.ephemeral and "room is closed" in late.response.content


def labels_of(answer: Any) -> list[str]:
    return [button["label"] for row in answer.response.components for button in row["components"]]


async def test_one_of_several_takes_becomes_a_layer(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(den.thread, "vary", clip=ogg("slow idea"), takes=2)
    await den.made()
    picked = await stage.alice.click(den.messages()[-1], label="Take 2")
    assert "Add to the jam" in labels_of(picked)
    added = await stage.alice.click(picked.response, label="Add to the jam")
    assert "Added layer" in added.response.content and den.layers[0].take_id == "take2ofjob1"
    await stage.bob.slash(stage.channel, "vary", clip=ogg("slow idea"), takes=2)
    picked = await stage.alice.click(await stage.made(), label="Take 2")
    assert "Add to the jam" not in labels_of(picked)


async def test_a_take_of_the_room_becomes_a_layer_by_its_button_or_its_id(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    await den.made()
    pressed = await stage.alice.click(den.messages()[-1], label="Add to the jam")
    assert "warm piano" in pressed.response.content
    layer = den.layers[0]
    assert (layer.owner_id, layer.take_id) == (str(stage.alice.id), "take1ofjob1")
    assert {person for person, _ in den.room.contributions} == {str(stage.alice.id), str(stage.bob.id)}

    twice = await stage.bob.click(den.messages()[-2], label="Add to the jam")
    assert "already" in twice.response.content and len(den.layers) == 1

    offered = await stage.alice.autocomplete(den.thread, "jam add", "take", "piano")
    assert [choice["value"] for choice in offered] == ["take1ofjob1"]


async def test_a_take_from_elsewhere_is_added_by_its_id(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(stage.channel, "compose", prompt="drums")
    await stage.made()
    assert "`loud`" in await den.say(stage.alice, "add", take="`take1ofjob1`", name="loud")


async def test_a_full_room_says_so(den: Den) -> None:
    for number in range(MAX_LAYERS):
        await den.say(den.stage.alice, "add", clip=ogg(f"n{number}"))
    assert "12 layers already" in await den.say(den.stage.bob, "add", clip=ogg("more"))


async def test_gain_mute_and_solo_change_the_mix(den: Den) -> None:
    stage = den.stage
    for name in ("drums", "bass", "keys"):
        await den.say(stage.alice, "add", clip=ogg(name))
    assert "-6 dB" in await den.say(stage.alice, "gain", layer="drums", db=-6.0)
    assert "muted" in await den.say(stage.alice, "mute", layer="2")
    mix = await stage.bob.slash(den.thread, "jam mix", format="flac")
    assert [file.filename for file in mix.response.attachments] == ["mix.flac"]
    assert "solo" in await den.say(stage.alice, "solo", layer="keys")
    await stage.bob.slash(den.thread, "jam mix")
    assert stage.service.jams.mixes == [("drums", "keys"), ("keys",)]
    listed = await den.say(stage.bob, "layers")
    assert "silent under a solo" in listed and "-6 dB" in listed and "muted" in listed
    await den.say(stage.alice, "mute", layer="bass", on=False)
    await den.say(stage.alice, "solo", layer="keys", on=False)
    assert len(den.room.audible_layers) == 3


async def test_the_wrong_person_the_wrong_name_and_nothing_to_hear(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    assert "drums is alice's" in await den.say(stage.bob, "mute", layer="drums")
    assert "no such layer in this room: there are drums" in await den.say(stage.alice, "gain", layer="flute", db=1.0)
    assert "is muted already" in (
        await den.say(stage.alice, "mute", layer="drums") and await den.say(stage.alice, "mute", layer="drums")
    )
    assert "All layers are muted" in await den.say(stage.bob, "mix")
    offered = await stage.bob.autocomplete(den.thread, "jam mute", "layer", "dr")
    assert [choice["value"] for choice in offered] == ["drums"]


async def test_undo_by_command_and_by_the_cards_button(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    await den.say(stage.bob, "add", clip=ogg("bass"))
    pressed = await stage.bob.click(await den.card(), label="Undo mine")
    assert "Undone: `added bass`" in pressed.response.content
    assert "nothing to undo" in await den.say(stage.bob, "undo")
    assert "Only the host" in await den.say(stage.bob, "undo", anyones=True)
    assert "`added drums`" in await den.say(stage.alice, "undo", anyones=True)
    assert den.layers == () and den.labels(await den.card()) == []


async def test_the_cards_menu_mutes_and_lets_be_heard(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "add", clip=ogg("drums"))
    muted = await stage.alice.select(await den.card(), ["1"])
    assert "`drums` is muted" in muted.response.content and den.layers[0].is_muted
    await stage.restart()
    heard = await stage.alice.select(await den.card(), ["1"])
    assert "heard again" in heard.response.content and not den.layers[0].is_muted
    refused = await stage.bob.select(await den.card(), ["1"])
    assert "alice" in refused.response.content and not den.layers[0].is_muted


async def test_a_takes_button_after_the_room_closed(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    await den.made()
    take = den.messages()[-1]
    await den.say(stage.alice, "close")
    late = await stage.bob.click(take, label="Add to the jam")
    assert "room is closed" in late.response.content and late.ephemeral


async def test_the_menu_of_a_message_adds_it(den: Den) -> None:
    stage = den.stage
    message = await stage.bob.send(den.thread, "listen", attachments=[ogg("hum")])
    added = await stage.alice.context_menu(den.thread, "Add to the jam", message)
    assert "`hum`" in added.response.content and den.layers[0].owner_id == str(stage.alice.id)
    silent = await stage.alice.context_menu(
        den.thread, "Add to the jam", await stage.bob.send(den.thread, "words only")
    )
    assert "has no audio" in silent.response.content
    elsewhere = await stage.bob.send(stage.channel, "here", attachments=[ogg("hum")])
    assert (
        "no jam room" in (await stage.alice.context_menu(stage.channel, "Add to the jam", elsewhere)).response.content
    )


async def test_the_menu_asks_which_of_several_files(den: Den) -> None:
    stage = den.stage
    message = await stage.bob.send(den.thread, "two", attachments=[ogg("hum"), ogg("drums")])
    form = await stage.bob.context_menu(den.thread, "Add to the jam", message)
    await stage.bob.submit_modal(form, {"file": ["1"]})
    assert [layer.name for layer in den.layers] == ["drums"]


async def test_whose_owner_says_nobody_stays_out(den: Den) -> None:
    stage = den.stage
    stage.service.sharing.chosen["person", str(stage.bob.id)] = {"leave": "nobody"}
    message = await stage.bob.send(den.thread, "mine", attachments=[ogg("hum")])
    refused = await stage.alice.context_menu(den.thread, "Add to the jam", message)
    assert "lets nobody else build on it" in refused.response.content
    stage.service.sharing.chosen["person", str(stage.bob.id)] = {"leave": "asked"}
    asked = await stage.alice.context_menu(den.thread, "Add to the jam", message)
    assert "asked first" in asked.response.content and den.layers == ()
    assert "`hum`" in (await stage.bob.context_menu(den.thread, "Add to the jam", message)).response.content


async def test_a_take_that_is_taken_back_leaves_the_room(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    await den.made()
    await stage.alice.click(den.messages()[-1], label="Add to the jam")
    asked = await stage.bob.slash(den.thread, "take retract", take="take1ofjob1")
    await stage.bob.click(asked.response, label="Take it back")
    assert den.layers == () and "0 of 12 layers" in (await den.card()).content
