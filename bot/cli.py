"""The command line. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from generation.errors import BandmateError
from generation.request import Operation

EXIT_REFUSED = 2
"""Something the person can mend: a setting, a token, a clip, a request."""
EXIT_INTERRUPTED = 130
T = TypeVar("T")

app = typer.Typer(
    help="A bandmate for a Discord server: a clip and a few words in, finished music out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A TOML file with settings; see config/default.toml.")
]


def main() -> None:
    """The entry point; an error that was written for people becomes one line and exit code 2."""
    try:
        app()
    except BandmateError as error:
        print(f"bandmate: {error}", file=sys.stderr)
        sys.exit(EXIT_REFUSED)


@app.command()
def serve(config: ConfigFile = None) -> None:
    """Run the bot; without a token, a page on this machine that does the same."""
    from bot.app import serve as run_service
    from bot.settings import Settings

    _run(run_service(Settings.load(config)))


@app.command()
def generate(
    prompt: Annotated[str, typer.Argument(help="What it should be like: style, mood, tempo, key, instruments.")] = "",
    clip: Annotated[list[Path] | None, typer.Option(help="An audio file to build on (twice for blend).")] = None,
    backing: Annotated[
        str | None, typer.Option(help="A take's id: the band for accompany, on the clip's own beats.")
    ] = None,
    operation: Annotated[
        Operation | None, typer.Option(help="What to make of it; restyle with a clip, compose without.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length in seconds, 1 to 300.")] = None,
    engine: Annotated[str | None, typer.Option(help="Which engine plays; `bandmate doctor` lists them.")] = None,
    model: Annotated[str | None, typer.Option(help="A checkpoint of the engine, by name or folder.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same take.")] = None,
    bars: Annotated[int | None, typer.Option(help="How many bars a loop has, 1 to 64.")] = None,
    tempo: Annotated[float | None, typer.Option(help="Beats a minute, 30 to 300, in place of what is heard.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Such as D minor, in place of what is heard; for blend also none.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; the ending says the format.")] = None,
    config: ConfigFile = None,
) -> None:
    """Make one take from a terminal."""
    from bot.generate import Typed, generate_take
    from bot.settings import Settings

    clips = tuple(clip or ())
    usual = Operation.ACCOMPANY if backing else Operation.RESTYLE if clips else Operation.COMPOSE
    typed = Typed(prompt, clips, operation or usual, seconds, engine, model, seed, out, bars, backing, tempo, key)
    _run(generate_take(typed, Settings.load(config)))


@app.command()
def replay(
    take: Annotated[str, typer.Argument(help="The id of a take, or a file that Bandmate wrote.")],
    config: ConfigFile = None,
) -> None:
    """Make a take again by its recipe and say whether it is the same, or what has changed."""
    from bot.replay import replay_take
    from bot.settings import Settings

    if not _run(replay_take(take, Settings.load(config))):
        raise typer.Exit(1)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="An audio file that Bandmate wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="The whole recipe as JSON.")] = False,
) -> None:
    """Say what a file's tags tell: how it was made, from what, under which licence."""
    from bot.replay import show_file

    show_file(file, as_json)


@app.command()
def doctor(
    load: Annotated[
        bool, typer.Option("--load", help="Load the engines' models too: precision, device and speed.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Say what is there and what is missing, each with the line that mends it."""
    from bot.doctor import examine, show
    from bot.settings import Settings

    findings = _run(examine(Settings.load(config), load=load))
    show(findings)
    if any(finding.is_fault for finding in findings):
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it: one file with the ledger and all audio.")],
    config: ConfigFile = None,
) -> None:
    """Write everything into one file, also while Bandmate runs."""
    from bot.settings import Settings
    from generation.backup import write_backup

    done = _run(write_backup(Settings.load(config).service_config(), file))
    print(f"{file}: {done.num_rows} rows, {done.num_audio_files} audio files, {file.stat().st_size / 2**20:.1f} MiB")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `bandmate backup` has written.")],
    config: ConfigFile = None,
) -> None:
    """Fill an empty data folder and database from a backup."""
    from bot.settings import Settings
    from generation.backup import restore_backup

    settings = Settings.load(config)
    done = _run(restore_backup(settings.service_config(), file))
    print(f"{settings.data_dir}: {done.num_rows} rows, {done.num_audio_files} audio files")


@app.command("version")
def show_version() -> None:
    """Print the version."""
    from importlib.metadata import version

    print(f"bandmate {version('bandmate')}")


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end; Ctrl-C ends it in order, with one word and the exit code of shells."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        print("bandmate: stopped", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None


if __name__ == "__main__":
    main()
