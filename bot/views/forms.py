"""Forms. A submitted form is read from the interaction alone, so it outlives a restart of the bot like a button."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from generation.request import MAX_PROMPT_CHARACTERS, Take

if TYPE_CHECKING:
    from bot.client import BandmateClient

_FORM_ID = re.compile(r"bm:form:restyle:(?P<id>[\w-]{1,60}):\d{1,20}")
_WORDS_FIELD = "words"
FORM_LIFETIME_S = 900
"""How long discord.py remembers that a form is open; a later answer is read all the same."""


def words_form(interaction: discord.Interaction[BandmateClient], take: Take) -> discord.ui.Modal:
    """The form that asks for a restyle's words, filled with the take's own.

    Its id carries the interaction's too: discord.py keeps one form an id, and two people may have it open.
    """
    form_id = f"bm:form:restyle:{take.take_id}:{interaction.id}"
    form = discord.ui.Modal(title="Restyle this take", custom_id=form_id, timeout=FORM_LIFETIME_S)
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_WORDS_FIELD,
        style=discord.TextStyle.paragraph,
        placeholder="lo-fi hip hop, mellow, no drums",
        default=take.recipe.request.prompt,
        max_length=MAX_PROMPT_CHARACTERS,
    )
    form.add_item(discord.ui.Label(text="What should it sound like?", component=field))
    return form


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form of ours that came back: the take it is about and the words."""

    take_id: str
    words: str


def filled_form(interaction: discord.Interaction[Any]) -> FilledForm | None:
    """What was filled in, or None when the interaction is not a form of ours."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    data: Mapping[str, Any] = interaction.data or {}
    match = _FORM_ID.fullmatch(str(data.get("custom_id", "")))
    if match is None:
        return None
    values = dict(_field_values(data.get("components", [])))
    return FilledForm(match["id"], values.get(_WORDS_FIELD, ""))


def _field_values(components: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The text fields of a form and what was typed, in rows (the older layout) as under labels."""
    for component in components:
        if isinstance(component.get("value"), str):
            yield str(component.get("custom_id")), component["value"]
        yield from _field_values(component.get("components", []))
        if isinstance(component.get("component"), dict):
            yield from _field_values([component["component"]])
