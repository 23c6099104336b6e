"""A room of takes that the arranger really made: its stems, as `/jam stems` sends them, are what its mix is made of."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from generation.clip import Clip
from generation.config import ServiceConfig
from generation.hearing import Key
from generation.jam import layers
from generation.jam.frame import Frame
from generation.jam.room import Room
from generation.request import AudioFormat, Operation, Request
from generation.service import Service
from tests.support.jam_rooms import ANN
from tests.support.scripted_service import member

FRAME = Frame(100.0, Key(9, "minor"), 4, 4)
PROMPTS = ("lo-fi hip hop, mellow", "calm piano, no drums")
GAINS_DB = (-3.0, 2.0)


def opened(data: bytes) -> Clip:
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Clip(np.ascontiguousarray(samples.T), rate_hz)


def at_gain(layer_id: int, gain_db: float) -> Callable[[Room, float], Room]:
    return lambda room, now: layers.set_gain(room, ANN, layer_id, gain_db)


async def test_the_stems_of_a_room_sum_to_its_mix(tmp_path: Path) -> None:
    async with Service(ServiceConfig(tmp_path, threads_per_worker=1)) as service:
        room = await service.jams.open(FRAME, ANN, front_end="discord", thread_id="7", guild_id="g", title="Den")
        for number, prompt in enumerate(PROMPTS):
            wish = Request(
                Operation.COMPOSE, prompt, seed=number, duration_s=FRAME.duration_s, tempo_bpm=100.0, key="A minor"
            )
            ticket = await service.submit(wish, member(), key=prompt)
            (take,) = await ticket.takes()
            room, _ = await service.jams.add_take(room.room_id, member(), take, f"part {number}", ANN)
        for layer_id, gain_db in enumerate(GAINS_DB, start=1):
            room = await service.jams.change(room.room_id, at_gain(layer_id, gain_db))
        (file,) = await service.jams.stem_parts(room, 10 * 2**20)
        mix = opened((await service.jams.render_mix(room, AudioFormat.FLAC, None)).data)
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        stems = [opened(archive.read(name)) for name in sorted(archive.namelist()) if name.endswith(".flac")]
    assert [stem.num_frames for stem in stems] == [mix.num_frames] * len(PROMPTS)
    parts = [10 ** (gain_db / 20) * stem.samples for stem, gain_db in zip(stems, GAINS_DB, strict=True)]
    whole = sum(parts[1:], start=parts[0])
    level = float((whole * mix.samples).sum() / (whole * whole).sum())  # one gain: the mix has its own loudness
    rest = mix.samples - level * whole
    assert 20 * np.log10(np.sqrt((rest**2).mean() / (mix.samples**2).mean())) < -25  # but for its limiter
    for part in parts:  # and none of them can be left out
        without = mix.samples - level * (whole - part)
        assert (without**2).mean() > 4 * (rest**2).mean()
