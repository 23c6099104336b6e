"""What is wrong with a style file, in a sentence for who wrote it: which field, what it is, what it needs."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

MAX_TOLD = 4
"""One mistake often brings others along; who has mended four reads on."""
_TABLES = {"parts": "part", "grooves": "groove", "fills": "fill"}
"""How files call what models call otherwise."""
_KINDS = {
    "a valid tuple": "a list in square brackets",
    "a valid dictionary": "a table",
    "a valid string": "text in quotes",
}


def mistakes(error: Exception, models: Sequence[type[BaseModel]]) -> str:
    """What an error in reading says, without a full stop. `models` have the names that there are."""
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"it is not TOML: {error}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if isinstance(error, OSError):
        return f"it can't be read: {error.strerror}"
    if not isinstance(error, ValidationError):
        return str(error)
    known = sorted({field.alias or name for model in models for name, field in model.model_fields.items()})
    told = list(dict.fromkeys(_told(item, known) for item in error.errors()))
    more = f"; and {len(told) - MAX_TOLD} more" if len(told) > MAX_TOLD else ""
    return "; ".join(told[:MAX_TOLD]) + more


def _told(item: ErrorDetails, known: Sequence[str]) -> str:
    place = _place(item["loc"])
    if item["type"] == "missing":
        return f"{place} is missing"
    if item["type"] == "extra_forbidden":
        near = get_close_matches(str(item["loc"][-1]), known, 1)
        return f"{place} is not known" + (f" (did you mean {near[0]}?)" if near else "")
    wanted = item["msg"].removeprefix("Value error, ")
    if item["type"] == "value_error":
        return f"{place}: {wanted}" if place and not wanted.startswith(("part ", "groove ")) else wanted
    for kind, plain in _KINDS.items():
        wanted = wanted.replace(kind, plain)
    return f"{place} is {item['input']!r}; it {wanted.removeprefix('Input ')}"


def _place(loc: Sequence[int | str]) -> str:
    """ "part 2, register" of ("parts", 1, "register")."""
    words: list[str] = []
    for step in loc:
        if isinstance(step, int) and words and words[-1] in _TABLES.values():
            words[-1] += f" {step + 1}"
        elif isinstance(step, int):
            words.append(f"value {step + 1}")
        else:
            words.append(_TABLES.get(step, step))
    return ", ".join(words)
