"""Jam rooms with real audio: clips in, the mix, stems, a relay's song and a vote's takes out, each measured."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from generation.audio.analyse import analyse
from generation.audio.levels import measure
from generation.audio.tags import read_tags
from generation.clip import Clip
from generation.errors import RequestRefused, TakeNotFound
from generation.hearing import Key
from generation.jam import layers
from generation.jam.frame import Frame
from generation.jam.room import Person, Room
from generation.jobs import Origin
from generation.request import AudioFormat
from generation.service import Service
from tests.support.clips import encoded, little_song
from tests.support.jam_rooms import ANN, BEN
from tests.support.scripted_service import member, scripted

FRAME = Frame(112.0, Key(9, "major"), 4, 4)


@pytest.fixture
async def room(service: Service) -> Room:
    return await service.jams.open(
        FRAME, ANN, front_end="discord", thread_id="77", guild_id="guild", title="Den of Zoë"
    )


async def brought(service: Service, room: Room, song: Clip, by: Person = ANN, name: str = "song") -> tuple[str, ...]:
    """A song as an upload, added as a layer; the remarks."""
    checked = await service.check_in(encoded(song, "flac"), name=f"{name}.flac", owner=member(by.person_id))
    _, remarks = await service.jams.add_clip(room.room_id, by, checked.clip_id, name)
    return remarks


def opened(data: bytes) -> Clip:
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Clip(np.ascontiguousarray(samples.T), rate_hz)


async def test_clips_of_other_tempos_and_keys_become_one_mix(service: Service, room: Room) -> None:
    told = await brought(service, room, little_song(100, 7, num_bars=8), ANN, "first")
    assert "100 BPM" in " ".join(told) and "from G major" in " ".join(told)
    await brought(service, room, little_song(120, 0, num_bars=2, drums=False), BEN, "second")
    now = await service.jams.room(room.room_id)
    assert [(layer.name, layer.owner_id) for layer in now.layers] == [("first", "ann"), ("second", "ben")]
    assert all(max(layer.strip) == 255 for layer in now.layers)

    rendered = await service.jams.render_mix(now, AudioFormat.FLAC, None)
    mix = opened(rendered.data)
    assert rendered.filename == "den-of-zoe-mix.flac"
    assert mix.duration_s == pytest.approx(FRAME.duration_s, abs=0.001)
    heard = analyse(mix)
    assert heard.tempo_bpm == pytest.approx(112, rel=0.01) and heard.key == Key(9, "major")
    assert measure(mix).loudness_lufs == pytest.approx(-14, abs=0.5)
    assert read_tags(rendered.data).credits == ("Ann: first", "Ben: second")

    softer = await service.jams.change(room.room_id, lambda r, now: layers.set_mute(r, ANN, 1, True))
    second = opened((await service.jams.render_mix(softer, AudioFormat.FLAC, None)).data)
    assert np.abs(second.samples - mix.samples).max() > 0.05


async def test_nothing_to_hear_is_said(service: Service, room: Room) -> None:
    with pytest.raises(RequestRefused, match="nothing in this room"):
        await service.jams.render_mix(room, AudioFormat.MP3, None)
    await brought(service, room, little_song(112, 9, num_bars=4))
    muted = await service.jams.change(room.room_id, lambda r, now: layers.set_mute(r, ANN, 1, True))
    with pytest.raises(RequestRefused, match="muted"):
        await service.jams.render_mix(muted, AudioFormat.MP3, None)


async def test_a_clip_that_does_not_fit_is_refused_and_the_room_stays(service: Service, room: Room) -> None:
    slow = replace(FRAME, tempo_bpm=120.0)
    other = await service.jams.open(slow, ANN, front_end="discord", thread_id="78", guild_id=None, title="x")
    with pytest.raises(RequestRefused, match=r"85 BPM and the room at 120"):
        await brought(service, other, little_song(85, 9, num_bars=8))
    assert (await service.jams.room(other.room_id)).layers == ()
    assert [r.room_id for r in await service.jams.open_rooms("discord", "guild")] == [room.room_id]


async def test_two_people_add_at_once(service: Service, room: Room) -> None:
    songs = [little_song(112, tonic, num_bars=4) for tonic in (9, 2, 4)]
    await asyncio.gather(*(brought(service, room, song, Person(f"p{n}", f"P{n}")) for n, song in enumerate(songs)))
    now = await service.jams.room(room.room_id)
    assert sorted(layer.name for layer in now.layers) == ["song", "song 2", "song 3"]


async def test_stems_come_as_a_zip_that_fits_or_not_at_all(service: Service, room: Room) -> None:
    for number, tonic in enumerate((9, 4)):
        await brought(service, room, little_song(112, tonic, num_bars=4), BEN, f"part {number}")
    now = await service.jams.room(room.room_id)
    whole = await service.jams.stems(now, 10**8)
    assert whole is not None and whole.filename == "den-of-zoe-stems.zip" and whole.remark == ""
    with zipfile.ZipFile(io.BytesIO(whole.data)) as archive:
        assert archive.namelist() == ["01-part-0-ben.flac", "02-part-1-ben.flac", "CREDITS.txt"]
        lengths = {opened(archive.read(name)).num_frames for name in archive.namelist()[:2]}
        assert lengths == {round(FRAME.duration_s * 44_100)}
        assert "Ben: part 0, part 1" in archive.read("CREDITS.txt").decode()
    smaller = await service.jams.stems(now, len(whole.data) - 1)
    assert smaller is not None and "ogg" in smaller.remark
    assert await service.jams.stems(now, 1000) is None


async def made(service: Service, prompt: str, by: Origin, seed: int = 5) -> str:
    ticket = await service.submit(scripted(prompt, seed=seed), by, key=f"{prompt} {by.person_id}")
    return (await ticket.takes())[0].take_id


async def test_a_take_becomes_a_layer_and_both_people_are_credited(service: Service, room: Room) -> None:
    take = await service.take(await made(service, "a", member("ben")))
    now, _ = await service.jams.add_take(room.room_id, member("ann"), take, "hum", ANN)
    assert now.layers[0].take_id == take.take_id and now.people["ben"] == "Ben"
    assert {person_id for person_id, _ in now.contributions} == {"ann", "ben"}

    (withdrawn,) = await service.jams.withdraw_take(take.take_id)
    assert withdrawn.room_id == room.room_id
    assert (await service.jams.room(room.room_id)).layers == ()
    with pytest.raises(TakeNotFound):
        await service.jams.render_layer(now, now.layers[0], AudioFormat.MP3, 10**7)


async def test_a_vote_gives_nobody_away_and_a_relay_becomes_one_song(service: Service, room: Room) -> None:
    short = await service.jams.open(
        Frame(240.0, bars=1), ANN, front_end="discord", thread_id="channel", guild_id="guild", title="Relay"
    )
    take_ids = [await made(service, prompt, member("ben"), seed) for seed, prompt in ((5, "a"), (6, "b"))]
    assert [take.take_id for take in await service.jams.takes_in(short)] == take_ids[::-1]

    blind = await service.jams.render_blind(take_ids[0], "A", 10**7)
    assert blind.filename == "take-A.mp3"
    tags = read_tags(blind.data)
    assert (tags.title, tags.take_id, tags.recipe, tags.generated) == ("Take A", "", None, True)

    end = await service.jams.last_bars(short, await service.take(take_ids[0]), member("ann"))
    assert (await service.hearing(end.clip_id)).duration_s == pytest.approx(1.0, abs=0.01)
    longer = await service.jams.render_relay(short, (take_ids[0],), 10**7)
    assert opened(longer.data).duration_s == pytest.approx(1.0, abs=0.1)
    assert await service.jams.job_of_key("nobody's") is None
    status = await service.jams.job_of_key("a ben")
    assert status is not None and status.job_id == take_ids[0].partition("-")[0]
