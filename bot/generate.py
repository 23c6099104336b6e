"""`bandmate generate`: one take from a terminal, with a progress bar, through the same service as everywhere."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.app import open_service
from bot.choose_engine import engine_for
from bot.logs import configure_logs
from bot.settings import Settings
from generation.errors import BandmateError, RequestRefused
from generation.jobs import TERMINAL
from generation.request import DRAW_SEED, AudioFormat, Operation, Request, Take
from generation.service import CheckIn, JobState, Origin, Service, Ticket

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed."""

    prompt: str
    clips: tuple[Path, ...]
    operation: Operation
    seconds: float | None
    engine: str | None
    model: str | None
    seed: int | None
    out: Path | None
    bars: int | None = None
    backing: str | None = None
    tempo_bpm: float | None = None
    key: str | None = None


async def generate_take(typed: Typed, settings: Settings) -> None:
    """Make the take and write it; prints what was heard, the progress and the file's name."""
    configure_logs(settings.log.model_copy(update={"level": "WARNING"}))  # a person reads this: no running commentary
    audio_format = audio_format_of(typed.out) if typed.out else settings.takes.audio_format
    await asyncio.to_thread(require_writable, typed.out or Path("take"))
    asked = request_of(typed, settings, audio_format)  # what can't be asked for is told before anything is begun
    clips = [(path, await asyncio.to_thread(read_clip, path, settings.clips.max_bytes)) for path in typed.clips]
    async with open_service(settings) as service:
        checked = [await check_in(service, path, data) for path, data in clips]
        if typed.backing is not None:
            checked += await backing_of(service, typed.backing, checked[0], typed.key)
        engine = typed.engine or engine_for(service, typed.operation, settings.takes.engine)
        request = asked.changed(clip_ids=tuple(clip.clip_id for clip in checked), engine=engine)
        ticket = await service.submit(request, origin(), key=f"cli:{secrets.token_hex(16)}")
        take = await made(service, ticket)
        rendered = await service.render(take.take_id, audio_format)
        path = typed.out or Path(rendered.filename)
        await asyncio.to_thread(write_whole, path, rendered.data)
        await service.mark_delivered(ticket.job_id, str(path))
    tell(take.remarks)
    console.print(
        f"[bold]{path}[/bold]  {take.duration_s:.1f} s, seed {take.recipe.seed}, licence {take.recipe.licence}"
    )


def origin() -> Origin:
    """Who asks: this process, which waits for the take itself."""
    return Origin(front_end=TERMINAL, person_id=TERMINAL, person_name="this terminal", reply={"pid": os.getpid()})


def request_of(typed: Typed, settings: Settings, audio_format: AudioFormat) -> Request:
    """What was typed as a request, with stand-ins for the clips. Raises RequestRefused."""
    if typed.backing is not None and (typed.operation is not Operation.ACCOMPANY or len(typed.clips) != 1):
        raise RequestRefused("A backing goes under one clip: --clip FILE --backing TAKE, with --operation accompany.")
    if typed.seconds is not None and (typed.backing or typed.operation in (Operation.LOOP, Operation.BLEND)):
        raise RequestRefused("Loops, blends and a take as the backing are as long as their clips: leave --seconds out.")
    return Request(
        operation=typed.operation,
        prompt=typed.prompt,
        clip_ids=tuple(str(path) for path in typed.clips),
        engine=typed.engine or settings.takes.engine,
        model=typed.model,
        duration_s=typed.seconds,
        seed=DRAW_SEED if typed.seed is None else typed.seed,
        audio_format=audio_format,
        bars=typed.bars,
        tempo_bpm=typed.tempo_bpm,
        key=typed.key,
        parent_take_ids=(typed.backing,) if typed.backing else (),
    )


async def check_in(service: Service, path: Path, data: bytes) -> CheckIn:
    """Let a clip in; prints what was heard. Raises ClipRefused."""
    checked = await service.check_in(data, name=path.name, owner=origin())
    console.print(f"{path.name}: {checked.hearing.sentence()}", highlight=False)
    tell(checked.remarks)
    return checked


async def backing_of(service: Service, take_id: str, clip: CheckIn, key: str | None) -> list[CheckIn]:
    """A take as the backing of a clip, and its parts where it has to be moved to another key. Raises TakeNotFound."""
    take = await service.take(take_id)
    whole = await service.clip_of_take(take_id, owner=origin())
    return [whole, *await service.backings.parts_of(take, whole, owner=origin(), under=clip.hearing, key=key)]


async def made(service: Service, ticket: Ticket) -> Take:
    """Follow the job to its take; Ctrl-C cancels it. Raises EngineFailed with the sentence."""
    try:
        await show_progress(ticket)
    except asyncio.CancelledError:
        await service.cancel(ticket.job_id)
        raise
    (take,) = await ticket.takes()
    return take


def read_clip(path: Path, max_bytes: int) -> bytes:
    """The file's bytes. Raises BandmateError when it can't be read or is larger than `max_bytes`."""
    try:
        if (size := path.stat().st_size) > max_bytes:
            raise BandmateError(f"{path} has {size / 2**20:.1f} MiB; at most {max_bytes / 2**20:.0f} MiB are taken.")
        return path.read_bytes()
    except OSError as error:
        raise BandmateError(f"{path} can't be read: {error.strerror}.") from error


async def show_progress(ticket: Ticket) -> None:
    """A live bar until the job ends."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("waiting", total=1.0)
        async for status in ticket.updates():
            waiting = status.state is JobState.QUEUED
            word = f"place {status.place}" if waiting else status.stage or "making"
            bar.update(task, completed=status.fraction, description=word)


def require_writable(path: Path) -> None:
    """Raises BandmateError where no file can be written under this name: sooner than after all the work."""
    if path.is_dir():
        raise BandmateError(f"{path} is a folder: name a file in it.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise BandmateError(f"{path} can't be written: {error.strerror}.") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all. Raises BandmateError when the disk won't have it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BandmateError(f"{path} can't be written: {error.strerror}.") from error


def tell(remarks: Sequence[str]) -> None:
    """Print sentences for the user, dimmed."""
    for remark in remarks:
        console.print(f"  {remark}", style="dim", highlight=False)


def audio_format_of(path: Path) -> AudioFormat:
    """The format that a file's ending names. Raises BandmateError for another ending."""
    try:
        return AudioFormat(path.suffix.lower().lstrip("."))
    except ValueError:
        endings = ", ".join(f".{known}" for known in AudioFormat)
        raise BandmateError(f"--out must end in {endings}, not {path.suffix or 'nothing'!r}.") from None
