"""What the event loop does beside a piece of work: how a test tells "never blocked" on a machine that is busy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Beside(Generic[T]):
    """The result of a piece of work, how often the loop came round meanwhile, and the longest stretch for which its
    thread worked without a pause, in processor seconds: what other threads and processes do does not count."""

    result: T
    rounds: int
    longest_s: float


async def beside(work: Awaitable[T]) -> Beside[T]:
    """Await `work`, and count the rounds that the loop makes until it is done: one in 5 ms where nothing is in the way.

    A loop that waits for a child process makes no rounds, one that works itself has a long stretch.
    """
    job = asyncio.ensure_future(work)
    rounds, longest_s = 0, 0.0
    while not job.done():
        before_s = time.thread_time()
        await asyncio.sleep(0.005)
        rounds, longest_s = rounds + 1, max(longest_s, time.thread_time() - before_s)
    return Beside(await job, rounds, longest_s)
