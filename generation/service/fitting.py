"""Fits clips into rooms in a process of its own: the stretcher holds the interpreter for seconds while it works."""

from __future__ import annotations

import asyncio
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING

from generation.clip import Clip
from generation.errors import ClipRefused
from generation.hearing import Hearing
from generation.jam.frame import Frame

if TYPE_CHECKING:
    from generation.jam.fit import Fitted, Grid

TIME_LIMIT_S = 90.0
"""Five minutes of audio take some 20 s on a slow machine."""


class Fitter:
    """One process, started with the first clip, replaced when it hangs or dies."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def fit(self, clip: Clip, hearing: Hearing, frame: Frame, known: Grid | None = None) -> Fitted:
        """See generation.jam.fit.fit. Raises RequestRefused; ClipRefused when it fails or takes too long."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare)
        work = asyncio.get_running_loop().run_in_executor(self._pool, _fit, clip, hearing, frame, known)
        try:
            async with asyncio.timeout(TIME_LIMIT_S):
                return await work
        except TimeoutError:
            self._end()
            raise ClipRefused("Bringing that clip into the room took too long: try a shorter part of it.") from None
        except BrokenProcessPool:
            self._pool = None
            raise ClipRefused("Bringing that clip into the room failed: try another one, or save it again.") from None

    async def close(self) -> None:
        """End the process."""
        self._end()

    def _end(self) -> None:
        """Kill it: what it works on is of no use any more."""
        pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())  # there is no public way to kill one that hangs
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()


def _prepare() -> None:
    """Ctrl+C is for the service, which then ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _fit(clip: Clip, hearing: Hearing, frame: Frame, known: Grid | None) -> Fitted:
    from generation.jam.fit import fit

    return fit(clip, hearing, frame, known)
