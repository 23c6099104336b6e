"""Clips are fitted in a process of its own: the loop goes on, refusals come through, a dead process is replaced."""

from __future__ import annotations

import os
import signal
import time

import pytest

from generation.audio.analyse import analyse
from generation.errors import ClipRefused, RequestRefused
from generation.hearing import Hearing
from generation.jam.frame import Frame
from generation.service import fitting
from generation.service.fitting import Fitter
from tests.support.clips import little_song
from tests.support.loop_steps import beside


async def test_the_loop_goes_on_while_a_clip_is_fitted() -> None:
    song = little_song(100, num_bars=8)
    hearing, fitter = analyse(song), Fitter()
    fitted = await beside(fitter.fit(song, hearing, Frame(112.0, bars=8)))
    assert fitted.result.clip.duration_s == pytest.approx(8 * 4 * 60 / 112, abs=1e-4)
    begun_s = time.thread_time()
    fitting._fit(song, hearing, Frame(112.0, bars=8), None)
    assert fitted.longest_s < (time.thread_time() - begun_s) / 2  # the loop's thread did not do it
    assert fitted.rounds > 20
    with pytest.raises(RequestRefused, match="30 %"):
        await fitter.fit(song, hearing, Frame(140.0))
    await fitter.close()


async def test_a_process_that_dies_or_hangs_is_told_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    song, fitter = little_song(120, num_bars=2), Fitter()
    hearing = Hearing(song.duration_s)
    await fitter.fit(song, hearing, Frame(120.0, bars=1))
    assert fitter._pool is not None
    os.kill(next(iter(fitter._pool._processes)), signal.SIGKILL)
    with pytest.raises(ClipRefused, match="failed"):
        await fitter.fit(song, hearing, Frame(120.0, bars=1))
    monkeypatch.setattr(fitting, "TIME_LIMIT_S", 0.01)
    with pytest.raises(ClipRefused, match="too long"):
        await fitter.fit(song, hearing, Frame(120.0, bars=1))
    monkeypatch.setattr(fitting, "TIME_LIMIT_S", 60.0)
    assert (await fitter.fit(song, hearing, Frame(120.0, bars=1))).clip.duration_s == pytest.approx(2.0)
    await fitter.close()
