"""What a person enters into select menus and forms, checked as Discord's client checks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .messages import (
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    RADIO_GROUP,
    ROW,
    SELECTS,
    STRING_SELECT,
    TEXT_INPUT,
    Attachment,
)
from .options import NotPossible, Resolved

WITH_OPTIONS = (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP)


def chosen(part: dict[str, Any], values: Sequence[Any], resolved: Resolved) -> list[str]:
    """The values that a select or a file upload sends. Raises NotPossible."""
    low = 1 if part.get("min_values") is None else part["min_values"]
    high = part.get("max_values") or (len(part["options"]) if part["type"] == CHECKBOX_GROUP else 1)
    if not low <= len(values) <= high:
        raise NotPossible(f"{part['custom_id']!r} takes {low} to {high} values, not {len(values)}")
    if part["type"] not in WITH_OPTIONS:
        return [resolved.add(value) for value in values]
    return pick(part, values)


def pick(part: dict[str, Any], values: Sequence[Any]) -> list[str]:
    """Values of a field that lists its options, given by label or value. Raises NotPossible."""
    by_name = {option["label"]: option["value"] for option in part["options"]}
    by_name |= {option["value"]: option["value"] for option in part["options"]}
    unknown = [value for value in values if value not in by_name]
    if unknown:
        raise NotPossible(f"{part['custom_id']!r} does not offer {unknown}; it offers {sorted(by_name)}")
    return [by_name[value] for value in values]


def submission(form: dict[str, Any], values: dict[str, Any], resolved: Resolved) -> list[dict[str, Any]]:
    """A filled form in the shape of its components; values by label or custom id. Raises NotPossible."""
    left = dict(values)
    filled = [_fill_top(part, left, resolved) for part in form["components"]]
    if left:
        raise NotPossible(f"the form {form['title']!r} has no field {sorted(left)}")
    return filled


def _fill_top(part: dict[str, Any], left: dict[str, Any], resolved: Resolved) -> dict[str, Any]:
    if part["type"] == ROW:
        inner = part["components"][0]
        return {"type": ROW, "id": 1, "components": [_fill(inner, inner.get("label"), left, resolved)]}
    if part["type"] == LABEL:
        return {"type": LABEL, "id": 1, "component": _fill(part["component"], part["label"], left, resolved)}
    return {"type": part["type"], "id": 1}


def _fill(part: dict[str, Any], label: str | None, left: dict[str, Any], resolved: Resolved) -> dict[str, Any]:
    """One field with what was entered, or with its own default."""
    key = part["custom_id"] if part["custom_id"] in left else label
    value = left.pop(key, None) if key is not None else None
    sent: dict[str, Any] = {"type": part["type"], "id": 2, "custom_id": part["custom_id"]}
    if part["type"] == TEXT_INPUT:
        return {**sent, "value": _text(part, value)}
    if part["type"] == CHECKBOX:
        return {**sent, "value": bool(part.get("default") if value is None else value)}
    if part["type"] == RADIO_GROUP:
        return {**sent, "value": _radio(part, value)}
    if part["type"] in (*SELECTS, FILE_UPLOAD, CHECKBOX_GROUP):
        return {**sent, "values": _several(part, value, resolved)}
    raise NotPossible(f"no such field in a form: {part}")


def _text(part: dict[str, Any], value: str | None) -> str:
    text = part.get("value") or "" if value is None else value
    low, high = part.get("min_length") or 0, part.get("max_length") or 4000
    required = part.get("required") is not False
    if required and not text:
        raise NotPossible(f"the field {part['custom_id']!r} must be filled in")
    if text and not low <= len(text) <= high:
        raise NotPossible(f"the field {part['custom_id']!r} takes {low} to {high} characters, not {len(text)}")
    return text


def _radio(part: dict[str, Any], value: str | None) -> str | None:
    if value is None:
        default = next((option["value"] for option in part["options"] if option.get("default")), None)
        if default is None and part.get("required") is not False:
            raise NotPossible(f"one of {part['custom_id']!r} must be chosen")
        return default
    return pick(part, [value])[0]


def _several(part: dict[str, Any], value: Any, resolved: Resolved) -> list[str]:
    if value is None:
        defaults = [option["value"] for option in part.get("options") or [] if option.get("default")]
        if not defaults and part.get("required") is not False and part.get("min_values") != 0:
            raise NotPossible(f"{part['custom_id']!r} must be filled in")
        return defaults
    single = isinstance(value, str | Attachment) or not isinstance(value, Sequence)
    return chosen(part, [value] if single else value, resolved)
