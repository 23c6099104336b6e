"""Commands are uploaded when they have changed, not at every start."""

from __future__ import annotations

import json
from dataclasses import replace

from generation.request import Operation
from tests.bot.discord_stage import Stage
from tests.support.fake_service import ENGINE


def uploads(stage: Stage) -> int:
    """How often the commands were uploaded."""
    return sum(entry.method == "PUT" and entry.path.endswith("/commands") for entry in stage.env.http_requests)


async def test_uploaded_once_over_many_starts(stage: Stage) -> None:
    assert uploads(stage) == 1
    await stage.restart()
    await stage.restart()
    assert uploads(stage) == 1


async def test_uploaded_again_when_a_command_comes_or_goes(stage: Stage) -> None:
    stage.service.engines = {"arranger": replace(ENGINE, operations=frozenset({Operation.COMPOSE}))}
    await stage.restart()
    assert uploads(stage) == 2


async def test_a_state_file_that_is_broken_or_of_another_bot_counts_for_nothing(stage: Stage) -> None:
    stage.config.sync_state_file.write_text("{not json")
    await stage.restart()
    assert uploads(stage) == 2
    state = json.loads(stage.config.sync_state_file.read_text())
    stage.config.sync_state_file.write_text(json.dumps({"999:global": next(iter(state.values()))}))
    await stage.restart()
    assert uploads(stage) == 3


async def test_a_refused_upload_is_tried_at_the_next_start(stage: Stage) -> None:
    stage.config.sync_state_file.unlink()
    stage.env.inject_error("PUT", "/applications/*/commands", status=500)
    await stage.restart()
    assert not stage.config.sync_state_file.exists()
    await stage.restart()
    assert stage.config.sync_state_file.exists()


def test_intents_are_guilds_and_where_people_talk_and_nobody_is_mentioned(stage: Stage) -> None:
    assert {name for name, on in stage.client.intents if on} == {"guilds", "voice_states"}
    assert stage.client.allowed_mentions is not None
    assert stage.client.allowed_mentions.to_dict() == {"parse": []}
