"""Components of a message: Discord's rules for them, and what Discord makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import errors
from .messages import (
    BUTTON,
    CONTAINER,
    FILE,
    GALLERY,
    LABEL,
    ROW,
    SECTION,
    SELECTS,
    SEPARATOR,
    STRING_SELECT,
    TEXT,
    TEXT_INPUT,
    THUMBNAIL,
    walk,
)

if TYPE_CHECKING:
    from .messages import Message

MAX_ROWS, MAX_COMPONENTS, MAX_TEXT, MAX_CUSTOM_ID, MAX_IN_ROW, LINK, PREMIUM = 5, 40, 4000, 100, 5, 5, 6
V2_ONLY = (SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER)


def check(tree: list[dict[str, Any]], *, v2: bool) -> None:
    """Raise ApiError 50035 for components that Discord would not take in a message."""
    everything = list(walk(tree))
    if v2:
        _require(len(everything) <= MAX_COMPONENTS, "BASE_TYPE_MAX_LENGTH", f"at most {MAX_COMPONENTS} components")
        texts = sum(len(part["content"]) for part in everything if part["type"] == TEXT)
        _require(texts <= MAX_TEXT, "COMPONENT_TEXT_DISPLAY_TOO_LONG", f"at most {MAX_TEXT} characters of text")
    else:
        _require(len(tree) <= MAX_ROWS, "BASE_TYPE_BAD_LENGTH", f"at most {MAX_ROWS} rows")
        _require(all(part["type"] == ROW for part in tree), "UNION_TYPE_CHOICES", "only rows without the v2 flag")
        _require(not any(part["type"] in V2_ONLY for part in everything), "UNION_TYPE_CHOICES", "needs the v2 flag")
    for part in everything:
        _check_one(part)
    check_custom_ids(everything)


def check_form(form: dict[str, Any]) -> None:
    """Raise ApiError 50035 for a form (modal) that Discord would not open."""
    _require(1 <= len(form.get("components") or []) <= MAX_ROWS, "BASE_TYPE_BAD_LENGTH", "1 to 5 top-level components")
    _require(1 <= len(form.get("title") or "") <= 45, "BASE_TYPE_BAD_LENGTH", "title has 1 to 45 characters")
    _require(1 <= len(form.get("custom_id") or "") <= MAX_CUSTOM_ID, "BASE_TYPE_BAD_LENGTH", "custom_id is too long")
    everything = list(walk(form["components"]))
    for part in everything:
        if part["type"] == LABEL:
            _require(1 <= len(part["label"]) <= 45, "BASE_TYPE_BAD_LENGTH", "a label has 1 to 45 characters")
        if part["type"] == TEXT_INPUT:
            _require(len(part.get("placeholder") or "") <= 100, "BASE_TYPE_BAD_LENGTH", "a placeholder has at most 100")
    check_custom_ids(everything)


def check_custom_ids(everything: list[dict[str, Any]]) -> None:
    """Custom ids have 1 to 100 characters and none comes twice."""
    ids = [part["custom_id"] for part in everything if part.get("custom_id") is not None]
    _require(all(1 <= len(each) <= MAX_CUSTOM_ID for each in ids), "BASE_TYPE_BAD_LENGTH", "custom_id: 1 to 100")
    _require(len(ids) == len(set(ids)), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")


def _check_one(part: dict[str, Any]) -> None:
    if part["type"] == ROW:
        inside = [each["type"] for each in part["components"]]
        _require(1 <= len(inside) <= MAX_IN_ROW, "BASE_TYPE_BAD_LENGTH", "a row has 1 to 5 components")
        alone = not any(kind in SELECTS for kind in inside) or len(inside) == 1
        _require(alone, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "a select fills its row")
    elif part["type"] == BUTTON:
        _require(len(part.get("label") or "") <= 80, "BASE_TYPE_MAX_LENGTH", "a label has at most 80 characters")
        _require(bool(part.get("label") or part.get("emoji") or part["style"] == PREMIUM), "BUTTON_EMPTY", "no label")
        key = {LINK: "url", PREMIUM: "sku_id"}.get(part["style"], "custom_id")
        _require(bool(part.get(key)), "BASE_TYPE_REQUIRED", f"this style needs {key}")
    elif part["type"] == STRING_SELECT:
        options = part.get("options") or []
        _require(1 <= len(options) <= 25, "BASE_TYPE_BAD_LENGTH", "a select has 1 to 25 options")
        values = [option["value"] for option in options]
        _require(len(values) == len(set(values)), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "values come once")
        _require(all(len(option["label"]) <= 100 for option in options), "BASE_TYPE_BAD_LENGTH", "label too long")


def _require(holds: bool, code: str, message: str) -> None:
    if not holds:
        raise errors.invalid_form("components", code, message)


def resolve(tree: list[dict[str, Any]], message: Message) -> list[dict[str, Any]]:
    """The components as Discord returns them: numbered, with defaults, attachment:// replaced by files.

    Raises ApiError 50035 for an attachment:// that no file of the message answers.
    """
    media = _media_of(message)
    numbers = iter(range(1, 10_000))

    def finish(part: dict[str, Any]) -> dict[str, Any]:
        done = {key: value for key, value in part.items() if value is not None}
        done["id"] = part.get("id") or next(numbers)
        if "components" in done:
            done["components"] = [finish(each) for each in part["components"]]
        if "accessory" in done:
            done["accessory"] = finish(part["accessory"])
        return done | _defaults(done) | _with_media(done, media)

    return [finish(part) for part in tree]


def _defaults(part: dict[str, Any]) -> dict[str, Any]:
    """What Discord fills in by the component's type."""
    if part["type"] in SELECTS:
        limits = {"min_values": part.get("min_values", 1), "max_values": part.get("max_values", 1)}
        return {**limits, "disabled": part.get("disabled", False)}
    if part["type"] == SEPARATOR:
        return {"divider": part.get("divider", True), "spacing": part.get("spacing", 1)}
    if part["type"] == CONTAINER:
        return {"spoiler": part.get("spoiler", False), "accent_color": part.get("accent_color")}
    return {}


def _with_media(part: dict[str, Any], media: Callable[[str], tuple[dict[str, Any], str, int]]) -> dict[str, Any]:
    if part["type"] == FILE:
        shown, name, size = media(part["file"]["url"])
        return {"file": shown, "name": name, "size": size, "spoiler": part.get("spoiler", False)}
    if part["type"] == THUMBNAIL:
        shown = media(part["media"]["url"])[0]
        return {"media": shown, "spoiler": part.get("spoiler", False), "description": part.get("description")}
    if part["type"] == GALLERY:
        plain = {"spoiler": False, "description": None}
        items = [{**plain, **item, "media": media(item["media"]["url"])[0]} for item in part["items"]]
        return {"items": items}
    return {}


def _media_of(message: Message) -> Callable[[str], tuple[dict[str, Any], str, int]]:
    """A function from a media URL to (what Discord shows for it, file name, size in bytes)."""
    files = {file.filename: file for file in message.attachments}

    def media(url: str) -> tuple[dict[str, Any], str, int]:
        if not url.startswith("attachment://"):
            return {"id": str(message.channel.server.ids.next()), "url": url, "proxy_url": url}, url, 0
        file = files.get(url.removeprefix("attachment://"))
        if file is None:
            raise errors.invalid_form("components", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", url)
        signed = message.channel.server.cdn.url(file)
        shown = {"id": str(message.channel.server.ids.next()), "url": signed, "proxy_url": signed}
        kind = {"content_type": file.content_type} if file.content_type else {}
        return {**shown, **kind, "attachment_id": str(file.id)}, file.filename, file.size

    return media


def resolve_embeds(message: Message) -> None:
    """Replace attachment:// in embeds' images by the URLs of the message's files; an unknown one shows nothing."""
    files = {f"attachment://{file.filename}": file for file in message.attachments}
    for embed in message.embeds:
        for key in ("image", "thumbnail"):
            file = files.get((embed.get(key) or {}).get("url", ""))
            if file is not None:
                url = message.channel.server.cdn.url(file)
                embed[key] = {"url": url, "proxy_url": url}
