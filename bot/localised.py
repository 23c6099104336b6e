"""Texts, views and forms in a language, within Discord's limits."""

from __future__ import annotations

from typing import Any, TypeVar

import discord

from bot import texts
from bot.languages import told

MAX_LABEL_CHARACTERS, MAX_PLACEHOLDER_CHARACTERS = 80, 150
MAX_OPTION_CHARACTERS, MAX_TITLE_CHARACTERS, MAX_FIELD_CHARACTERS = 100, 45, 45
"""Discord's limits on a button's label, a menu's placeholder, an option's label and description, a form's title and
the label of its fields."""
ShownT = TypeVar("ShownT", bound=discord.ui.View | discord.ui.Modal | None)


def fitted(text: str, language: str) -> str:
    """A text in a language, cut where it would be too long for a message."""
    return texts.cut(told(text, language).split("\n"))


def in_language(shown: ShownT, language: str) -> ShownT:
    """A view or a form with its words in a language, each within Discord's limit; None for none.

    The view itself is changed: it is made for one message.
    """
    if shown is None:
        return shown
    if isinstance(shown, discord.ui.Modal):
        shown.title = _short(shown.title, language, MAX_TITLE_CHARACTERS)
    for item in shown.walk_children():
        _translate(item.item if isinstance(item, discord.ui.DynamicItem) else item, language)
    return shown


def _translate(item: discord.ui.Item[Any], language: str) -> None:
    match item:
        case discord.ui.Button():
            item.label = None if item.label is None else _short(item.label, language, MAX_LABEL_CHARACTERS)
        case discord.ui.Label():
            item.text = _short(item.text, language, MAX_FIELD_CHARACTERS)
            if item.description:
                item.description = _short(item.description, language, MAX_OPTION_CHARACTERS)
        case discord.ui.TextInput():
            if item.placeholder:
                item.placeholder = _short(item.placeholder, language, MAX_OPTION_CHARACTERS)
        case discord.ui.Select():
            _translate_menu(item, language)


def _translate_menu(menu: discord.ui.Select[Any], language: str) -> None:
    if menu.placeholder:
        menu.placeholder = _short(menu.placeholder, language, MAX_PLACEHOLDER_CHARACTERS)
    for option in menu.options:
        option.label = _short(option.label, language, MAX_OPTION_CHARACTERS)
        if option.description:
            option.description = _short(option.description, language, MAX_OPTION_CHARACTERS)


def _short(text: str, language: str, max_characters: int) -> str:
    return texts.plain(told(text, language), max_characters)
