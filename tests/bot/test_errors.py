"""Each kind of error and its sentence; what was not foreseen has none."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands

from bot import errors
from generation.errors import ClipRefused, EngineUnavailable
from generation.install import install_extra


class Answer:
    """What discord.py's exceptions read of an HTTP answer."""

    reason = "as told"

    def __init__(self, status: int) -> None:
        self.status = status


def http_error(kind: type[discord.HTTPException], status: int, code: int) -> discord.HTTPException:
    return kind(Answer(status), {"code": code, "message": "as told"})  # type: ignore[arg-type]


def invoked(error: Exception) -> app_commands.CommandInvokeError:
    command: Any = app_commands.Command(name="x", description="x", callback=_nothing)
    return app_commands.CommandInvokeError(command, error)


async def _nothing(interaction: discord.Interaction) -> None: ...


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (ClipRefused("hum.mp3 has no sound."), "hum.mp3 has no sound."),
        (invoked(EngineUnavailable("Install it: pip install 'bandmate[musicgen]'")), "pip install 'bandmate"),
        (EngineUnavailable(f"It needs torch: {install_extra('musicgen')}"), ": python3 -m pip install 'bandmate"),
        (http_error(discord.Forbidden, 403, 50013), "Attach Files"),
        (http_error(discord.Forbidden, 403, 50001), "View Channel"),
        (http_error(discord.Forbidden, 403, 50007), "direct message"),
        (http_error(discord.HTTPException, 413, 40005), "too large"),
        (app_commands.CommandNotFound("restyle", []), "Reload Discord"),
        (app_commands.NoPrivateMessage(), "server's channels only"),
        (app_commands.MissingPermissions(["manage_messages"]), "Manage Messages"),
        (app_commands.BotMissingPermissions(["attach_files"]), "Attach Files"),
        (app_commands.CommandOnCooldown(app_commands.Cooldown(1, 10), 7.2), "7 s"),
        (app_commands.CheckFailure(), "can't use that here"),
    ],
)
def test_sentences(error: Exception, part: str) -> None:
    sentence = errors.sentence_for(error)
    assert sentence is not None and part in sentence.replace("\\", "")


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), invoked(KeyError("x")), http_error(discord.HTTPException, 400, 50035)]
)
def test_the_unforeseen_has_no_sentence(error: Exception) -> None:
    assert errors.sentence_for(error) is None


def test_missing_permissions_by_the_names_of_the_settings() -> None:
    granted = discord.Permissions(view_channel=True, send_messages=True, read_message_history=True)
    assert errors.missing_permissions(granted, in_thread=False) == ["Attach Files"]
    assert errors.missing_permissions(granted, in_thread=True) == ["Send Messages in Threads", "Attach Files"]
