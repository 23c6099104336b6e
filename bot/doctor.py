"""`bandmate doctor`: what is there and what is missing, each with the line that mends it."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.machine import device_fault, ffmpeg_fault
from bot.settings import Settings, find_devices
from generation.engines import ENGINES, EngineOptions, create_engine
from generation.engines.base import Described, Warns
from generation.errors import BandmateError
from generation.install import install_extra, pip_install
from generation.worker import offline

MIN_FREE_BYTES = 2 * 2**30
"""Room for some 200 takes with their stems; under it the doctor warns."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report. `mend` is the line to run or the thing to do; a fault stops Bandmate,
    anything else that is missing only leaves something out."""

    name: str
    sentence: str
    is_there: bool = True
    is_fault: bool = False
    mend: str = ""


async def examine(settings: Settings, *, load: bool = False) -> list[Finding]:
    """Look at everything; nothing is changed, and nothing but Discord is asked over the network.

    `load`: load the engines' models too (which may fetch them), and tell their precision, device and speed.
    """
    findings = await asyncio.to_thread(examine_machine, settings, load=load)
    return [*findings, *(await examine_token(settings))]


def examine_machine(settings: Settings, *, load: bool = False) -> list[Finding]:
    """All that this machine can tell by itself."""
    devices = find_devices(settings.workers)
    return [
        Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        examine_ffmpeg(settings.clips.ffmpeg_path),
        examine_sandbox(),
        examine_data_folder(settings.data_dir),
        *(examine_engine(name, options, devices[-1], load=load) for name, options in settings.engines.items()),
        examine_voice(settings.clips.ffmpeg_path),
        examine_devices(devices),
        examine_worker_network(settings.workers.network),
    ]


def examine_ffmpeg(chosen: Path | None = None) -> Finding:
    """Whether there is an ffmpeg that starts, and which: the one that the settings name, or the carried one."""
    from generation.audio.ffmpeg import ffmpeg_path

    if fault := ffmpeg_fault(chosen):
        return Finding("ffmpeg", fault, False, True, "correct or remove clips.ffmpeg_path")
    mend = pip_install("--force-reinstall", "imageio-ffmpeg")
    try:
        path = ffmpeg_path(chosen)
        shown = subprocess.run(  # noqa: S603 - our own ffmpeg with a fixed argument
            [path, "-version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        return Finding("ffmpeg", shown.split(" Copyright")[0].removeprefix("ffmpeg version "))
    except (OSError, BandmateError, subprocess.SubprocessError) as error:
        return Finding("ffmpeg", f"does not start: {error}", False, True, mend)


def examine_devices(devices: Sequence[str]) -> Finding:
    """Whether the devices that workers are started on are here."""
    if fault := device_fault(devices):
        return Finding("devices", fault, False, True, "correct workers.devices")
    return Finding("devices", ", ".join(devices))


def examine_voice(chosen: Path | None = None) -> Finding:
    """Whether the bot can play in voice channels: the extra's packages, and an ffmpeg that writes Opus."""
    from bot.voice.extra import missing_packages
    from generation.audio.ffmpeg import ffmpeg_path

    if missing := missing_packages():
        sentence = f"needs {', '.join(missing)} to play in voice channels"
        return Finding("voice", sentence, False, mend=install_extra("voice"))
    try:
        listed = subprocess.run(  # noqa: S603 - our own ffmpeg with fixed arguments
            [ffmpeg_path(chosen), "-hide_banner", "-encoders"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (BandmateError, OSError, subprocess.SubprocessError) as error:
        return Finding("voice", f"needs an ffmpeg that starts: {error}", False)
    if "libopus" not in listed:
        mend = "correct or remove clips.ffmpeg_path"
        return Finding("voice", "needs an ffmpeg that writes Opus (libopus)", False, mend=mend)
    return Finding("voice", "ready: Opus by ffmpeg, encrypted end to end (DAVE)")


def examine_worker_network(is_allowed: bool) -> Finding:
    """Whether the processes that make takes can reach anybody, and whether that is as the settings want it."""
    if is_allowed:
        return Finding("workers' network", "open, for fetching weights; workers.network = false closes it")
    if offline.works_here():
        return Finding("workers' network", "closed: the kernel refuses workers every network socket")
    return Finding("workers' network", "meant to be closed, but this system can't do that", False, mend="use Linux")


def examine_sandbox() -> Finding:
    """Whether uploads are decoded inside bubblewrap, besides the limits that always hold."""
    from generation.audio.sandbox import bubblewrap, isolation_report

    return Finding("sandbox", isolation_report(), bubblewrap() is not None)  # which says what would mend it


def examine_data_folder(folder: Path) -> Finding:
    """Whether the data folder can be written to and has room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        mend = "set BANDMATE_DATA_DIR to a folder that you may write to"
        return Finding("data folder", f"{folder} can't be written: {error.strerror}", False, True, mend)
    free_bytes = shutil.disk_usage(folder).free
    room = f"{folder}, {free_bytes / 2**30:.0f} GiB free"
    return Finding(
        "data folder", room, free_bytes >= MIN_FREE_BYTES, mend="" if free_bytes >= MIN_FREE_BYTES else "make room"
    )


def examine_engine(name: str, options: dict[str, Any], device: str, *, load: bool) -> Finding:
    """Whether an engine can be used here: its packages, its settings, its licence, and with `load` its model."""
    entry = ENGINES.get(name)
    if entry is None:
        return Finding(name, "no engine has this name", False, True, f"choose from {', '.join(ENGINES)}")
    if missing := entry.missing():
        return Finding(name, f"needs {', '.join(missing)}", False, mend=entry.install)
    try:
        engine = create_engine(name, device, EngineOptions(options))
        if load and isinstance(engine, Described):
            engine.load()
            return Finding(name, engine.describe())
        if isinstance(engine, Warns) and engine.warnings:
            return Finding(name, "ready without what can't be used. " + " ".join(engine.warnings), False)
    except BandmateError as error:
        return Finding(name, str(error), False)
    return Finding(name, "ready")


async def examine_token(settings: Settings) -> list[Finding]:
    """Whether Discord takes the token, and how many guilds the bot is in."""
    if settings.discord_token is None:
        return [Finding("token", "none: serve opens the page on this machine", False, mend="export DISCORD_TOKEN=…")]
    import discord

    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await client.login(settings.discord_token.get_secret_value())
            num_guilds = len([guild async for guild in client.fetch_guilds(with_counts=False)])
            return [Finding("token", f"{client.user}, in {num_guilds} guilds")]
        except discord.LoginFailure:
            mend = "copy it again from the developer portal: Bot, Reset Token"
            return [Finding("token", "Discord refuses it", False, True, mend)]
        except (discord.HTTPException, OSError) as error:
            return [Finding("token", f"Discord can't be reached: {error}", False, True, "check the network")]


def show(findings: list[Finding]) -> None:
    """Print the report. A line that mends is never broken: it is there to be copied."""
    console, width = Console(highlight=False), max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "[green]✓[/]" if finding.is_there else "[red]✗[/]" if finding.is_fault else "[yellow]–[/]"
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(width=1)
        row.add_column(width=width)
        row.add_column(overflow="fold")
        row.add_row(mark, finding.name, escape(finding.sentence))
        console.print(row)
        if finding.mend:
            console.print(f"{'':{width + 5}}[bold]{escape(finding.mend)}[/]", soft_wrap=True)
