"""What is let in: how much of a person at once, how many bytes in all, and that long clips hold up nobody."""

from __future__ import annotations

import asyncio
import gc
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generation.clip import Clip
from generation.errors import ClipRefused, TooBusy
from generation.hearing import Hearing
from generation.service import Incoming, Service
from generation.service.in_hand import InHand
from tests.support.scripted_service import eventually, member, scripted_config

LONG_CLIP_S = 2.0


def tone_bytes(hz: float, duration_s: float) -> bytes:
    """A WAV file of one tone."""
    times_s = np.arange(round(duration_s * 16_000)) / 16_000
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * hz * times_s), 16_000, format="WAV")
    return file.getvalue()


class Ear:
    """Stands in for an analysis process: hears when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()

    async def hear(self, audio_hash: str) -> Hearing:
        self.asked.append(audio_hash)
        await self.may_answer.wait()
        return Hearing(1.0)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    config = scripted_config(tmp_path, max_clips_per_person=3, max_held_bytes=2**20, long_clip_s=LONG_CLIP_S)
    async with Service(config) as running:
        yield running


async def test_a_person_may_have_so_many_clips_in_hand_and_others_theirs(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear()
    monkeypatch.setattr(service._reception._ears, "_short", ear)
    tasks = [
        asyncio.create_task(service.check_in(tone_bytes(200 + 50 * n, 0.5), name=f"{n}.wav", owner=member("ann")))
        for n in range(3)
    ]
    await eventually(lambda: len(ear.asked) == 1)
    with pytest.raises(TooBusy, match="You have 3 clips on their way in already"):
        await service.check_in(tone_bytes(900, 0.5), name="4.wav", owner=member("ann"))
    tasks.append(asyncio.create_task(service.check_in(tone_bytes(900, 0.5), name="b.wav", owner=member("ben"))))
    await eventually(lambda: service._reception._ears._short_line.num_waiting == 3)
    ear.may_answer.set()
    check_ins = await asyncio.gather(*tasks)
    assert len({item.clip_id for item in check_ins}) == 4
    assert ear.asked.index(check_ins[3].clip_id) <= 2, "ben did not wait for all of ann's"
    await service.check_in(tone_bytes(950, 0.5), name="5.wav", owner=member("ann"))


async def test_a_long_clip_does_not_hold_up_a_short_one(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear()
    monkeypatch.setattr(service._reception._ears, "_long", ear)
    long = asyncio.create_task(service.check_in(tone_bytes(300, 3.0), name="long.wav", owner=member("ann")))
    await eventually(lambda: len(ear.asked) == 1)
    for person in ("ann", "ben"):
        short = await service.check_in(tone_bytes(440, 1.0), name="short.wav", owner=member(person))
        assert short.hearing.duration_s == pytest.approx(1.0, abs=0.05)
    assert not long.done()
    ear.may_answer.set()
    await long


async def test_the_process_for_long_clips_runs_while_they_come(service: Service) -> None:
    ears = service._reception._ears
    ears._long_idle_s = 0.2
    assert ears._long._child is None
    for hz in (300, 330):
        await service.check_in(tone_bytes(hz, 2.5), name="long.wav", owner=member())
    await eventually(lambda: ears._long._child is None)
    again = await service.check_in(tone_bytes(350, 2.5), name="long.wav", owner=member())
    assert again.hearing.duration_s == pytest.approx(2.5, abs=0.05)


async def test_bytes_are_held_from_the_fetching_to_the_decoding_only(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear, in_hand = Ear(), service._reception._in_hand
    monkeypatch.setattr(service._reception._ears, "_short", ear)
    data, may_come = tone_bytes(440, 1.0), asyncio.Event()

    async def fetch() -> bytes:
        await may_come.wait()
        return data

    task = asyncio.create_task(service.check_in(Incoming(len(data), fetch), name="a.wav", owner=member()))
    await eventually(lambda: in_hand.num_bytes == len(data))
    may_come.set()
    await eventually(lambda: len(ear.asked) == 1)
    assert in_hand.num_bytes == 0, "while it is listened to, the file is let go"
    ear.may_answer.set()
    await task


async def test_what_cannot_be_fetched_or_decoded_leaves_nothing_in_hand(service: Service) -> None:
    async def gone() -> bytes:
        raise ClipRefused("a.wav is gone.")

    for upload in (Incoming(1000, gone), b"no audio at all"):
        for _ in range(4):  # more often than may be in hand at once
            with pytest.raises(ClipRefused):
                await service.check_in(upload, name="a.wav", owner=member())
    in_hand = service._reception._in_hand
    assert in_hand.num_bytes == 0 and not in_hand._num_clips


async def test_a_full_house_is_told_and_room_is_waited_for() -> None:
    in_hand = InHand(max_clips_per_person=9, max_bytes=100, room_wait_s=0.05)
    async with in_hand.room_for(60), in_hand.room_for(40):
        with pytest.raises(TooBusy, match="The house is full: too many files are coming in at once"):
            async with in_hand.room_for(1):
                pass
    assert in_hand.num_bytes == 0
    async with in_hand.room_for(500):  # alone, whatever fits the limit of one upload comes in
        pass

    patient = InHand(max_clips_per_person=9, max_bytes=100, room_wait_s=30.0)
    first = patient.room_for(80)
    await first.__aenter__()
    waiting = asyncio.create_task(_hold(patient, 50))
    await asyncio.sleep(0)
    assert patient.num_bytes == 80
    await first.__aexit__(None, None, None)
    assert await asyncio.wait_for(waiting, 60) == 50


async def _hold(in_hand: InHand, num_bytes: int) -> int:
    async with in_hand.room_for(num_bytes):
        return in_hand.num_bytes


async def test_samples_are_let_go_before_the_clip_waits_to_be_heard(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear, data = Ear(), tone_bytes(500, 1.0)
    monkeypatch.setattr(service._reception._ears, "_short", ear)

    async def fetch() -> bytes:
        return data

    def num_clips() -> int:
        return sum(isinstance(item, Clip) for item in gc.get_objects())

    gc.collect()
    before = num_clips()
    task = asyncio.create_task(service.check_in(Incoming(len(data), fetch), name="a.wav", owner=member()))
    await eventually(lambda: len(ear.asked) == 1)
    await eventually(lambda: num_clips() <= before)  # the thread that decoded it may hold it a moment longer
    ear.may_answer.set()
    await task
