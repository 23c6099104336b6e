"""Commands are uploaded when they have changed, not at every start: Discord limits uploads and spreads them slowly."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot import languages
from bot.network import STUMBLES, insisting

log = logging.getLogger(__name__)


async def sync_if_changed(tree: app_commands.CommandTree[Any], state_file: Path, dev_guild_id: int | None) -> None:
    """Upload the commands, global or to the development guild, unless Discord has these very ones from us.

    Discord's refusal is logged: the commands that it has go on working.
    """
    guild = discord.Object(dev_guild_id) if dev_guild_id else None
    if guild is not None:
        tree.copy_global_to(guild=guild)
    scope = f"{tree.client.application_id}:{dev_guild_id or 'global'}"
    digest = payload_digest(tree, guild)
    synced = read_state(state_file)
    if synced.get(scope) == digest:
        return
    try:
        await insisting(lambda: tree.sync(guild=guild))
    except (discord.HTTPException, app_commands.CommandSyncFailure, *STUMBLES) as error:
        log.error("Discord did not take the commands: %s", error)
        return
    write_state(state_file, {**synced, scope: digest})
    log.info("commands uploaded (%s)", scope)


def payload_digest(tree: app_commands.CommandTree[Any], guild: discord.Object | None) -> str:
    """The SHA-256 of what would be uploaded, translations included; the order of the commands does not matter."""
    payload = sorted(
        (command.to_dict(tree) for command in tree.get_commands(guild=guild)), key=lambda c: str(c["name"])
    )
    translated = {code: sorted(catalogue.texts.items()) for code, catalogue in languages.catalogues().items()}
    return hashlib.sha256(json.dumps([payload, translated], sort_keys=True, default=str).encode()).hexdigest()


def read_state(state_file: Path) -> dict[str, str]:
    """What was uploaded before, by application and guild; empty when the file is missing or not ours."""
    try:
        state = json.loads(state_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        log.warning("%s is not readable; the commands are uploaded again", state_file)
        return {}
    return state if isinstance(state, dict) else {}


def write_state(state_file: Path, state: dict[str, str]) -> None:
    """Write the state to a temporary name and move it, so that a crash leaves the old one."""
    state_file.parent.mkdir(parents=True, exist_ok=True)
    temporary = state_file.with_suffix(".tmp")
    temporary.write_text(json.dumps(state, indent=1), encoding="utf-8")
    temporary.replace(state_file)
