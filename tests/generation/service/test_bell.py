"""A bell wakes all who listen, is waited for with a limit, and never keeps a task that was told to end."""

from __future__ import annotations

import asyncio

from generation.service.bell import Bell


async def test_a_ring_is_heard_and_silence_is_not() -> None:
    bell = Bell()
    ring = bell.listen()
    bell.ring()
    assert await bell.heard(ring, limit_s=60)
    assert not await bell.heard(bell.listen(), limit_s=0.001)


async def test_a_cancel_that_comes_with_the_ring_is_not_lost() -> None:
    """A service that stopped just then never ended: its loop over the bell went on."""
    bell, begun = Bell(), asyncio.Event()

    async def loop() -> None:
        while True:
            ring = bell.listen()
            begun.set()
            await bell.heard(ring, limit_s=60)

    for num_turns in range(4):  # of the event loop, between the ring and the cancel
        begun.clear()
        task = asyncio.create_task(loop())
        await begun.wait()
        for _ in range(3):
            await asyncio.sleep(0)
        bell.ring()
        for _ in range(num_turns):
            await asyncio.sleep(0)
        task.cancel()
        ended, _ = await asyncio.wait([task], timeout=60)
        assert ended and task.cancelled()
