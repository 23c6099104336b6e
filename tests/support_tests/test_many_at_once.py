"""500 interactions at once: the server answers each, once."""

from __future__ import annotations

import asyncio

from tests.support.discord_server.clock import HANG_S

from .conftest import Scene

NUM_INTERACTIONS = 500


async def test_500_commands_from_50_people(scene: Scene) -> None:
    scene.discord.acknowledge_within_s = HANG_S  # client and server share a core: no haste is meant here
    people = [scene.discord.add_user(f"person{number}", scene.guild) for number in range(50)]
    sent = [await people[number % 50].slash(scene.channel, "ping") for number in range(NUM_INTERACTIONS)]
    await asyncio.gather(*(interaction.wait_response(timeout=60) for interaction in sent))
    assert len(scene.discord.acknowledge_times_s) == NUM_INTERACTIONS
    assert len(scene.channel.messages) == NUM_INTERACTIONS
