"""How long the event loop works at a stretch: what a test of "never blocked" can tell on a busy machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def with_longest_step(work: Awaitable[T]) -> tuple[T, float]:
    """The result of `work`, and the longest stretch for which this thread worked without a pause, in processor seconds.

    Processor time of this thread alone: what other threads and other processes do, however long, does not count.
    """
    job = asyncio.ensure_future(work)
    longest_s = 0.0
    while not job.done():
        before_s = time.thread_time()
        await asyncio.sleep(0.005)
        longest_s = max(longest_s, time.thread_time() - before_s)
    return await job, longest_s
