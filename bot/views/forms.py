"""Forms. A submitted form is read from the interaction alone, so it outlives a restart of the bot like a button."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import discord

from bot.wishes import Source
from generation.errors import RequestRefused
from generation.request import MAX_PROMPT_CHARACTERS, MAX_TAKES, Take

if TYPE_CHECKING:
    from bot.client import BandmateClient

_FORM_ID = re.compile(r"bm:form:(?P<kind>[a-z]{1,16}):(?P<id>[\w-]{1,60}):\d{1,20}")
WORDS, STRENGTH, COUNT, BARS, FILE, OPERATION = "words", "strength", "count", "bars", "file", "operation"
FORM_LIFETIME_S = 900
"""How long discord.py remembers that a form is open; a later answer is read all the same."""
STRENGTHS = {"0.15": "A touch", "0.35": "A little", "0.5": "Clearly", "0.7": "A lot", "0.9": "Hardly to be recognised"}
BAR_CHOICES = {"": "As many as fit", **{str(bars): f"{bars} bars" for bars in (2, 4, 8, 16, 32)}}
Field = discord.ui.Label[Any]


def new_form(interaction: discord.Interaction[Any], kind: str, about: str, title: str) -> discord.ui.Modal:
    """An empty form of a kind about something with an id.

    Its id carries the interaction's too: discord.py keeps one form an id, and two people may have it open.
    """
    return discord.ui.Modal(
        title=title[:45], custom_id=f"bm:form:{kind}:{about}:{interaction.id}", timeout=FORM_LIFETIME_S
    )


def text_field(
    name: str, label: str, *, default: str = "", hint: str = "", required: bool = True, max_length: int = 100
) -> Field:
    """One line of text, or several where more than 100 characters may be typed."""
    style = discord.TextStyle.paragraph if max_length > 100 else discord.TextStyle.short
    component: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=name,
        style=style,
        placeholder=hint or None,
        default=default or None,
        max_length=max_length,
        required=required,
    )
    return discord.ui.Label(text=label, component=component)


def choice_field(
    name: str, label: str, choices: Mapping[str, str], default: str | None = None, description: str | None = None
) -> Field:
    """One of several choices: value -> what is shown. The value "" stands for none of them."""
    options = [
        discord.SelectOption(label=shown[:100], value=value or "-", default=value == default)
        for value, shown in choices.items()
    ]
    component: discord.ui.Select[Any] = discord.ui.Select(custom_id=name, options=options[:25])
    return discord.ui.Label(text=label, component=component, description=description)


def file_field(name: str, label: str, description: str | None = None) -> Field:
    """One file to upload."""
    component: discord.ui.FileUpload[Any] = discord.ui.FileUpload(custom_id=name, min_values=1, max_values=1)
    return discord.ui.Label(text=label, component=component, description=description)


def words_form(interaction: discord.Interaction[BandmateClient], take: Take) -> discord.ui.Modal:
    """The form that asks for a restyle's words, filled with the take's own."""
    form = new_form(interaction, "restyle", take.take_id, "Restyle this take")
    return form.add_item(words_field(take.recipe.request.prompt))


def vary_form(interaction: discord.Interaction[BandmateClient], take: Take) -> discord.ui.Modal:
    """The form that asks how far variations may go, and how many there shall be."""
    form = new_form(interaction, "vary", take.take_id, "Vary this take")
    form.add_item(choice_field(STRENGTH, "How far may it go from the take?", STRENGTHS, "0.5"))
    counts = {str(count): f"{count} takes" if count > 1 else "One take" for count in range(1, MAX_TAKES + 1)}
    form.add_item(choice_field(COUNT, "How many?", counts, "1"))
    return form.add_item(words_field(take.recipe.request.prompt, required=False))


def loop_form(interaction: discord.Interaction[BandmateClient], take: Take) -> discord.ui.Modal:
    """The form that asks how many bars shall repeat."""
    form = new_form(interaction, "loop", take.take_id, "Loop this take")
    return form.add_item(choice_field(BARS, "How many bars?", BAR_CHOICES, ""))


def words_field(default: str, *, required: bool = True) -> Field:
    """The field that asks for a prompt."""
    return text_field(
        WORDS,
        "What should it sound like?",
        default=default,
        hint="lo-fi hip hop, mellow, no drums",
        required=required,
        max_length=MAX_PROMPT_CHARACTERS,
    )


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form of ours that came back: its kind, the id of what it is about, and what was filled in, by field."""

    kind: str
    about: str
    values: Mapping[str, tuple[str, ...]]
    uploads: Mapping[str, Source] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What was typed or chosen in a field; empty when nothing was."""
        value = (self.values.get(name) or ("",))[0].strip()
        return "" if value == "-" else value

    def file(self, name: str) -> Source:
        """The file that was uploaded in a field. Raises RequestRefused where none came with it."""
        for file_id in self.values.get(name, ()):
            if file_id in self.uploads:
                return self.uploads[file_id]
        raise RequestRefused("No file came with this form. Send it again with one.")


def filled_form(interaction: discord.Interaction[Any]) -> FilledForm | None:
    """What was filled in, or None when the interaction is not a form of ours."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    data: Mapping[str, Any] = interaction.data or {}
    match = _FORM_ID.fullmatch(str(data.get("custom_id", "")))
    if match is None:
        return None
    values = dict(_field_values(data.get("components", [])))
    return FilledForm(match["kind"], match["id"], values, _uploads(data, str(interaction.user.id)))


def _uploads(data: Mapping[str, Any], owner_id: str) -> dict[str, Source]:
    """The files that came with a form, by their ids."""
    files: Mapping[str, Mapping[str, Any]] = data.get("resolved", {}).get("attachments", {})
    return {
        file_id: Source(str(file["filename"]), int(file["size"]), str(file["url"]), owner_id=owner_id)
        for file_id, file in files.items()
    }


def _field_values(components: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The fields of a form and what was typed or chosen, in rows (the older layout) as under labels."""
    for component in components:
        name = str(component.get("custom_id"))
        if isinstance(component.get("value"), str):
            yield name, (component["value"],)
        if isinstance(component.get("values"), list):
            yield name, tuple(str(value) for value in component["values"])
        yield from _field_values(component.get("components", []))
        if isinstance(component.get("component"), dict):
            yield from _field_values([component["component"]])
