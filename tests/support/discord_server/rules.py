"""Discord's rules for a message: lengths, counts, sizes, what excludes what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import components, errors
from .messages import COMPONENTS_V2, VOICE_MESSAGE, Message, StoredFile

if TYPE_CHECKING:
    from .rest import Upload

MAX_CONTENT, MAX_ATTACHMENTS, MAX_EMBEDS, MAX_EMBED_TOTAL, MAX_NONCE = 2000, 10, 10, 6000, 25

# Longest texts of an embed (reference "Embed Limits").
EMBED_LIMITS = {"title": 256, "description": 4096}


def check_message(
    body: dict[str, Any],
    uploads: Sequence[Upload],
    filesize_limit: int,
    *,
    kept: Sequence[StoredFile] = (),
    old: Message | None = None,
) -> None:
    """Raise the ApiError that Discord would answer this body with; `old` and `kept` are of an edit."""
    if any(len(upload.data) > filesize_limit for upload in uploads):
        raise errors.too_large()
    flags = body.get("flags") or 0
    _check_texts(body)
    _check_files(body, uploads, len(kept))
    if flags & VOICE_MESSAGE:
        _check_voice(body, uploads)
    v2 = bool(flags & COMPONENTS_V2)
    components.check(body.get("components") or [], v2=v2)
    if v2 and (_after("content", body, old) or _after("embeds", body, old)):
        raise errors.invalid_form(
            "content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "cannot be used with components v2"
        )
    if not _has_substance(body, uploads, kept, old):
        raise errors.empty_message()


def _has_substance(
    body: dict[str, Any], uploads: Sequence[Upload], kept: Sequence[StoredFile], old: Message | None
) -> bool:
    content = _after("content", body, old)
    shown = _after("embeds", body, old) or _after("components", body, old)
    return bool((content and content.strip()) or shown or uploads or kept or body.get("sticker_ids"))


def _after(name: str, body: dict[str, Any], old: Message | None) -> Any:
    """A field as it will be: from the body, else as it was before the edit."""
    return body[name] if name in body else getattr(old, name, None)


def _check_texts(body: dict[str, Any]) -> None:
    if len(body.get("content") or "") > MAX_CONTENT:
        message = f"Must be {MAX_CONTENT} or fewer in length."
        raise errors.invalid_form("content", "BASE_TYPE_MAX_LENGTH", message)
    if len(str(body.get("nonce") or "")) > MAX_NONCE:
        raise errors.invalid_form("nonce", "NONCE_TYPE_TOO_LONG", f"Must be {MAX_NONCE} or fewer in length.")
    embeds = body.get("embeds") or []
    if len(embeds) > MAX_EMBEDS:
        raise errors.invalid_form("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_EMBEDS} or fewer in length.")
    if sum(_check_embed(number, embed) for number, embed in enumerate(embeds)) > MAX_EMBED_TOTAL:
        raise errors.invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_embed(number: int, embed: dict[str, Any]) -> int:
    """Raise where a text of the embed is too long; how many characters count."""
    texts = [(name, embed.get(name) or "", limit) for name, limit in EMBED_LIMITS.items()]
    fields = embed.get("fields") or []
    for place, entry in enumerate(fields):
        texts += [(f"fields.{place}.name", entry["name"], 256), (f"fields.{place}.value", entry["value"], 1024)]
    texts.append(("footer.text", (embed.get("footer") or {}).get("text") or "", 2048))
    texts.append(("author.name", (embed.get("author") or {}).get("name") or "", 256))
    for path, text, limit in texts:
        if len(text) > limit:
            where = f"embeds.{number}.{path}"
            raise errors.invalid_form(where, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")
    if len(fields) > 25:
        raise errors.invalid_form(f"embeds.{number}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    return sum(len(text) for _, text, _ in texts)


def _check_files(body: dict[str, Any], uploads: Sequence[Upload], num_kept: int) -> None:
    if len(uploads) + num_kept > MAX_ATTACHMENTS:
        raise errors.invalid_form("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    fields = [upload.field for upload in uploads]
    expected = [f"files[{number}]" for number in range(len(uploads))]
    if sorted(fields) != sorted(expected):
        raise errors.invalid_form("files", "INVALID_FILES", f"expected {expected}, got {fields}")
    for entry in body.get("attachments") or []:
        if int(entry["id"]) < MAX_ATTACHMENTS and f"files[{entry['id']}]" not in fields:
            raise errors.invalid_form("attachments", "ATTACHMENT_NOT_FOUND", f"no file for attachment {entry['id']}")


def _check_voice(body: dict[str, Any], uploads: Sequence[Upload]) -> None:
    """A voice message is one sound file with its waveform and duration, and nothing else (reference)."""
    entries = body.get("attachments") or []
    whole = len(uploads) == 1 and len(entries) == 1 and entries[0].get("waveform") and entries[0].get("duration_secs")
    if not whole:
        raise errors.ApiError(400, 50161, "Voice messages must have a single audio attachment.")
    if body.get("content") or body.get("embeds") or body.get("components"):
        raise errors.ApiError(400, 50160, "Voice messages do not support additional content.")
