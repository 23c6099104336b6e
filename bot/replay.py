"""`bandmate replay` and `bandmate show`: a take made again and held against itself; what a file says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.app import open_service
from bot.logs import configure_logs
from bot.settings import Settings
from generation.audio.tags import Tags, read_tags
from generation.errors import BandmateError
from generation.request import Recipe
from generation.service import Verdict

console = Console()
SAME = (Verdict.IDENTICAL, Verdict.ROUNDING)


async def replay_take(name: str, settings: Settings) -> bool:
    """Make a take again, by its id or by a file that Bandmate wrote; prints the outcome. True when it is the same.

    Raises:
        BandmateError: no such take, or the file has no recipe.
    """
    configure_logs(settings.log.model_copy(update={"level": "WARNING"}))
    take_id = take_id_of(name)
    async with open_service(settings) as service:
        outcome = await service.replay(take_id)
    console.print(f"[bold]{take_id}[/bold]  {outcome.sentence()}", highlight=False)
    return outcome.verdict in SAME


def take_id_of(name: str) -> str:
    """The id itself, or the one in a file's tags. Raises BandmateError for a file without one."""
    path = Path(name)
    if not path.is_file():
        return name
    take_id = read_tags(path).take_id
    if not take_id:
        raise BandmateError(
            f"{path} does not say which take it is: Bandmate did not write it, or its tags were removed."
        )
    return take_id


def show_file(path: Path, as_json: bool) -> None:
    """Print what a file's tags say: the recipe whole as JSON, or in lines. Raises BandmateError."""
    tags = read_tags(path)
    if tags.recipe is None:
        raise BandmateError(f"{path} carries no recipe: Bandmate did not write it, or its tags were removed.")
    if as_json:
        print(json.dumps(tags.recipe, indent=2, ensure_ascii=False))
        return
    for name, value in facts_of(tags):
        console.print(f"[bold]{name:<12}[/bold] {value}", highlight=False, markup=True)


def facts_of(tags: Tags) -> list[tuple[str, str]]:
    """The tags and the recipe as names and values, for people; what is not known is left out.

    Raises:
        BandmateError: the recipe is not one, or of another version.
    """
    recipe = _recipe_of(tags.recipe or {})
    request = recipe.request
    facts = [
        ("title", tags.title),
        ("by", ", ".join((tags.artist, *tags.credits))),
        ("take", tags.take_id),
        ("made from", ", ".join(tags.parents)),
        ("operation", request.operation.value),
        ("prompt", request.prompt),
        ("engine", recipe.engine_revision or request.engine),
        ("model", request.model or ""),
        ("seed", str(recipe.seed)),
        ("computed", f"{recipe.precision} on {recipe.device_kind}"),
        ("clips", ", ".join(clip_id[:12] for clip_id in request.clip_ids)),
        *_details(recipe.details),
        ("libraries", ", ".join(f"{name} {version}" for name, version in recipe.versions.items())),
        ("licence", recipe.licence),
        ("generated", "yes" if tags.generated else "it does not say"),
    ]
    return [(name, _plain(value)) for name, value in facts if value]


def _recipe_of(recipe: dict[str, Any]) -> Recipe:
    try:
        return Recipe.from_json(recipe)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise BandmateError("The file's recipe can't be read: another version of Bandmate wrote it.") from error


def _details(details: dict[str, Any]) -> list[tuple[str, str]]:
    shown = ("style", "tempo_bpm", "key", "beats_per_bar", "bars")
    return [(name.replace("_", " "), str(details[name])) for name in shown if details.get(name)]


def _plain(value: str) -> str:
    """Tags may hold anything: nothing in them is markup or moves the cursor."""
    from rich.markup import escape

    return escape("".join(char for char in value if char.isprintable()))
