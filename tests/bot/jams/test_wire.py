"""A room over sockets, with the real service and the real arranger: what is posted is decoded and measured."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generation.audio import click
from generation.audio.analyse import analyse
from generation.audio.check.limits import CheckLimits
from generation.clip import Clip
from generation.hearing import Key
from generation.jam.room import Room
from generation.request import AudioFormat
from tests.bot.wire.stage import WireStage, open_wire_stage, scripted
from tests.support.clips import encoded, little_song
from tests.support.discord_server import Attachment, Channel, Interaction, Message, User

MP3_STEP_FACTOR = 1.05
"""What is posted is an MP3: its steps are not quite the take's."""
BAR_S = 4 * 60 / 112
START = {"tempo": 112.0, "key": "A major", "bars": 4, "title": "Kitchen"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WireStage]:
    async with open_wire_stage(tmp_path, engine="scripted", **scripted(tmp_path)) as opened:
        yield opened


async def opened_room(stage: WireStage, who: User, **options: object) -> Channel:
    """The thread of a new room; its card is there and pinned."""
    role = stage.guild.add_role("band", "pin_messages")
    stage.guild.add_member(stage.discord.bot, role)
    asked = await who.slash(stage.channel, "jam start", **{**START, **options})
    await asked.wait_response(lambda message: "opened a room" in message.content)
    thread = stage.channel.threads[-1]
    await thread.wait_for_message(lambda message: message.pinned_at is not None)
    return thread


async def room_of(stage: WireStage, thread: Channel) -> Room:
    room = await stage.service.jams.of_thread("discord", str(thread.id))
    assert room is not None
    return room


def song(tempo_bpm: float, tonic: int, name: str, num_bars: int = 8) -> Attachment:
    return Attachment(f"{name}.flac", encoded(little_song(tempo_bpm, tonic, num_bars=num_bars), "flac"), "audio/flac")


async def answered(asked: Interaction) -> str:
    """What an interaction was answered with in the end."""
    message = await asked.wait_response(lambda message: bool(message.content) and not message.loading, timeout=60)
    return str(message.content)


def opened(data: bytes) -> Clip:
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Clip(np.ascontiguousarray(samples.T), rate_hz)


def has_files(message: Message) -> bool:
    return "is closed" in message.content and bool(message.attachments)


async def test_an_evening_in_a_room_with_a_restart_in_the_middle(tmp_path: Path) -> None:
    async with open_wire_stage(tmp_path, engine="arranger") as stage:
        async with stage.running_bot():
            thread = await opened_room(stage, stage.alice)
            first = await stage.alice.slash(thread, "jam add", clip=song(100, 7, "first"))
            second = await stage.bob.slash(thread, "jam add", clip=song(120, 9, "second", num_bars=2))
            told = [await answered(asked) for asked in (first, second)]
            assert "Stretched from 100 BPM to the room's 112" in told[0] and "from G major" in told[0]
            assert "repeated" in told[1]
            await stage.bob.slash(thread, "compose", prompt="soft piano, no drums", format="flac", seed=3)
            take = await thread.wait_for_message(lambda message: len(message.attachments) == 2, timeout=90)
            made = opened(await stage.discord.download(take.attachments[0]))
            assert made.duration_s == pytest.approx(4 * BAR_S, abs=0.05)

        async with stage.running_bot():
            pressed = await stage.alice.press(take, "Add to the jam")
            assert "soft piano" in await answered(pressed)
            await stage.alice.slash(thread, "jam gain", layer="second", db=-3.0)
            card = await thread.wait_for_message(lambda message: "3 of 12 layers" in message.content)
            assert card.pinned_at is not None and card.attachments[0].filename == "room.png"
            assert (await stage.discord.download(card.attachments[0])).startswith(b"\x89PNG")
            await stage.alice.slash(thread, "jam close")
            post = await thread.wait_for_message(has_files, timeout=60)
            await _check_closing_post(stage, post)
            async with asyncio.timeout(60):  # written down once it is posted
                while (closed := await room_of(stage, thread)).closing_message_id is None:  # noqa: ASYNC110  no event tells of it
                    await asyncio.sleep(0.05)
            assert not closed.is_open and closed.closing_message_id == str(post.id)


async def _check_closing_post(stage: WireStage, post: Message) -> None:
    mix_file, stems_file = post.attachments
    assert (mix_file.filename, stems_file.filename) == ("kitchen-mix.mp3", "kitchen-stems.zip")
    mix = opened(await stage.discord.download(mix_file))
    assert mix.duration_s == pytest.approx(4 * BAR_S, abs=0.1)
    heard = analyse(mix)
    beat_s = BAR_S / 4
    assert heard.tempo_bpm in (
        pytest.approx(112, rel=0.015),
        pytest.approx(56, rel=0.015),
    )  # an ear may count in halves
    assert max(abs(time_s - beat_s * round(time_s / beat_s)) for time_s in heard.beats_s) < 0.06
    with zipfile.ZipFile(io.BytesIO(await stage.discord.download(stems_file))) as archive:
        stems = [name for name in archive.namelist() if name.endswith(".flac")]
        layers = {name.split("-")[1]: opened(archive.read(name)) for name in stems}
        assert set(layers) == {"first", "second", "soft"}
        assert {layer.num_frames for layer in layers.values()} == {round(4 * BAR_S * 44_100)}
        for brought in (analyse(layers["first"]), analyse(layers["second"])):  # from other tempos, and one from G
            assert brought.tempo_bpm == pytest.approx(112, rel=0.015) and brought.key == Key(9, "major")
        credit = archive.read("CREDITS.txt").decode()
    for text in (credit, post.content):
        assert "Alice: first, soft piano" in text and "Bob: second, soft piano" in text


async def test_two_people_add_at_once(stage: WireStage) -> None:
    async with stage.running_bot():
        thread = await opened_room(stage, stage.alice)
        asked = [
            await who.slash(thread, "jam add", clip=song(112, tonic, "part", num_bars=4))
            for who, tonic in ((stage.alice, 9), (stage.bob, 2))
        ]
        for each in asked:
            assert "Added layer" in await answered(each)
        room = await room_of(stage, thread)
        assert {layer.name for layer in room.layers} == {"part", "part 2"}
        card = await thread.wait_for_message(lambda message: "2 of 12 layers" in message.content)
        assert card.revisions >= 1


async def test_without_the_right_to_pin_the_room_says_so_and_works(stage: WireStage) -> None:
    async with stage.running_bot():
        asked = await stage.alice.slash(stage.channel, "jam start", **START)
        told = await asked.wait_response(lambda message: "opened a room" in message.content)
        assert "Pin Messages" in told.content
        thread = stage.channel.threads[-1]
        assert (await room_of(stage, thread)).card_message_id == str(thread.messages[0].id)


async def test_closed_doors(stage: WireStage) -> None:
    async with stage.running_bot():
        stage.channel.deny(stage.discord.bot, "create_public_threads")
        refused = await answered(await stage.alice.slash(stage.channel, "jam start", **START))
        assert "Create Public Threads" in refused
        stage.channel.allow(stage.discord.bot, "create_public_threads")
        thread = await opened_room(stage, stage.alice)
        stage.channel.deny(stage.discord.bot, "attach_files", "send_messages_in_threads")
        added = await answered(await stage.bob.slash(thread, "jam add", clip=song(112, 9, "part", num_bars=4)))
        assert "Added layer" in added
        trouble = await answered(await stage.bob.slash(thread, "jam status"))
        assert "Attach Files" in trouble and "`part`" in trouble
        stage.channel.allow(stage.discord.bot, "attach_files", "send_messages_in_threads")
        shown = await answered(await stage.bob.slash(thread, "jam status"))
        assert "Attach Files" not in shown


async def test_a_deleted_thread_closes_its_room_and_a_three_hour_clip_is_cut(stage: WireStage) -> None:
    async with stage.running_bot():
        thread = await opened_room(stage, stage.alice)
        long_clip = Clip(np.tile(little_song(112, 9, num_bars=4, rate_hz=8000).samples, (1, 40)), 8000)
        long = Attachment("long.mp3", encoded(long_clip, "mp3"), "audio/mpeg")
        added = await answered(await stage.bob.slash(thread, "jam add", clip=long))
        assert "Its first 4 bars are used" in added
        room = await room_of(stage, thread)
        thread.delete()
        async with asyncio.timeout(60):
            while (await stage.service.jams.room(room.room_id)).is_open:  # noqa: ASYNC110  the gateway tells the bot
                await asyncio.sleep(0.05)
        listed = await answered(await stage.alice.slash(stage.channel, "jam status"))
        assert "No room is open" in listed


@pytest.mark.parametrize("seed", [11, 12])
async def test_a_relay_and_a_vote_whose_files_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("generation.request.secrets.randbelow", lambda _: seed)
    async with open_wire_stage(tmp_path, engine="arranger") as stage, stage.running_bot():
        thread = await opened_room(stage, stage.alice, bars=2)
        await answered(await stage.alice.slash(thread, "jam relay start", minutes=30.0))
        turn = await thread.wait_for_message(lambda message: "Play my turn" in message.labels)
        await answered(await stage.bob.press(turn, "Join"))
        form = await stage.alice.press(turn, "Play my turn")
        await form.wait_form()
        await stage.alice.submit_modal(form, {"words": "slow rock, drums and bass"})
        second = await thread.wait_for_message(
            lambda message: "goes on from the last bars" in message.content, timeout=90
        )
        assert f"<@{stage.bob.id}>" in second.content and str(stage.bob.id) in second.pings
        await stage.bob.slash(thread, "jam relay play", prompt="more drums")
        song = await thread.wait_for_message(lambda message: "2 turns" in message.content, timeout=120)
        await _check_relay(stage, song)

        takes = [take.take_id for take in await stage.service.jams.takes_in(await room_of(stage, thread))]
        assert len(takes) == 2
        await answered(await stage.alice.slash(thread, "jam vote start", minutes=30.0))
        vote = await thread.wait_for_message(lambda message: "End the vote" in message.labels)
        lengths = [opened(await stage.discord.download(file)).duration_s for file in vote.attachments]
        assert sorted(lengths) == pytest.approx([2 * BAR_S, 4 * BAR_S], abs=0.15)
        assert await answered(await stage.bob.press(vote, "B")) == "Your vote: B. You can change it until the end."
        await stage.alice.press(vote, "End the vote")
        result = await thread.wait_for_message(lambda message: "wins" in message.content)
        room = await room_of(stage, thread)
        assert "A 0, B 1" in result.content and room.parent_take_id in takes and room.parent_take_id in result.content


async def _check_relay(stage: WireStage, song: Message) -> None:
    """Two turns of two bars: the song is the first take, and the second from where it goes on, with no join heard."""
    assert "2 turns" in song.content
    clip = opened(await stage.discord.download(song.attachments[0]))
    assert clip.duration_s == pytest.approx(4 * BAR_S, abs=0.15)
    last, first = await stage.service.jams.takes_in(await room_of(stage, stage.channel.threads[-1]))
    parts = [opened((await stage.service.render(take.take_id, AudioFormat.FLAC)).data) for take in (first, last)]
    assert alike(clip.cut(0.2, 2 * BAR_S - 0.2), parts[0].cut(0.2, 2 * BAR_S - 0.2)) > 0.95
    assert alike(clip.cut(2 * BAR_S + 0.2, 4 * BAR_S - 0.2), parts[1].cut(2 * BAR_S + 0.2, 4 * BAR_S - 0.2)) > 0.95
    limits, details = CheckLimits(), last.recipe.details["join"]
    join = details["kept_s"], details["join_s"]
    usual = click.around(clip, *join)
    assert not click.at(clip, *join).exceeds(usual, limits.join_step_factor * MP3_STEP_FACTOR, limits.join_jump_db)


def alike(one: Clip, other: Clip) -> float:
    """How much the levels of two clips, 20 ms by 20 ms, go together (-1..1)."""
    levels = []
    for clip in (one, other):
        step = round(0.02 * clip.sample_rate_hz)
        mono = clip.to_mono().samples[0]
        levels.append(np.sqrt(np.square(mono[: len(mono) // step * step]).reshape(-1, step).mean(axis=1)))
    length = min(map(len, levels))
    return float(np.corrcoef(levels[0][:length], levels[1][:length])[0, 1])
