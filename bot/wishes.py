"""A wish: what somebody wants made from what, as plain data that can wait in the ledger for a form or for a yes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any, Self

import discord

from bot import texts
from bot.intake import display_name
from generation.errors import RequestRefused
from generation.request import AudioFormat, Operation

_AUDIO_SUFFIX = re.compile(r"\.(aac|aiff?|caf|flac|m4[ab]|mk[av]|mov|mp[234]|oga|ogg|opus|wav|weba|webm|wma)")
"""Names under which audio comes when Discord gives no content type; the decoder has the last word on each."""
MAX_SOURCES = 25
"""Discord's limit on the options of a select."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something to build on: a take (`take_id`), or a file at a signed address that Discord hands out for some hours.

    `owner_id` is whose it is; None for the file of another bot. It is what `Downloads.read` wants (AttachmentLike).
    """

    filename: str = ""
    size: int = 0
    url: str = ""
    take_id: str | None = None
    owner_id: str | None = None

    @classmethod
    def of_attachment(cls, attachment: discord.Attachment, owner_id: str | None) -> Self:
        """An attached file."""
        return cls(attachment.filename, attachment.size, attachment.url, owner_id=owner_id)

    @property
    def label(self) -> str:
        """Its name for people."""
        return f"Take {self.take_id}" if self.take_id else display_name(self.filename)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted: the operation, the words (None: those of the take it is made from), the sources in order, and
    `changes` to the request that they make, by its fields' names.

    `person_id` and `person_name` are of the one who wishes; `is_private`: only they see what comes of it.
    """

    operation: Operation
    sources: tuple[Source, ...]
    person_id: str
    person_name: str
    prompt: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    is_private: bool = False

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], operation: Operation, *sources: Source, **more: Any) -> Self:
        """A wish of the one who acts; `more` are further fields."""
        name = texts.plain(interaction.user.display_name, 80)
        return cls(operation, sources, str(interaction.user.id), name, **more)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        sources = tuple(Source(**source) for source in data["sources"])
        changes = {name: _from_json(name, value) for name, value in data["changes"].items()}
        return cls(**{**data, "operation": Operation(data["operation"]), "sources": sources, "changes": changes})


def files_of(message: discord.Message) -> list[Source]:
    """The files with audio that a message carries: uploads, voice messages, videos, also inside a forward."""
    owner_id = _author_id(message)
    own = [Source.of_attachment(file, owner_id) for file in message.attachments if may_have_audio(file)]
    forwarded = [
        Source.of_attachment(file, None)
        for snapshot in message.message_snapshots
        for file in snapshot.attachments
        if may_have_audio(file)
    ]
    found = (own + forwarded)[:MAX_SOURCES]
    if not found:
        raise RequestRefused("That message has no audio: I take audio files, voice messages and videos with sound.")
    return found


def is_under_way(message: discord.Message) -> bool:
    """Whether a message of ours shows a job that is being made: what hangs there is a preview."""
    return any(custom_id.startswith("bm:job:cancel:") for custom_id in _custom_ids(message))


def take_ids_on(message: discord.Message) -> list[str]:
    """The ids of the takes that a message of ours shows, by its buttons, in their order."""
    ids = (custom_id.split(":") for custom_id in _custom_ids(message))
    return list(dict.fromkeys(parts[3] for parts in ids if parts[:2] == ["bm", "take"] and len(parts) == 4))


def may_have_audio(file: discord.Attachment) -> bool:
    """Whether it is worth a look: what Discord or the name calls audio or video."""
    kind = (file.content_type or "").partition("/")[0]
    suffix = PurePosixPath(file.filename.lower()).suffix
    return kind in ("audio", "video") or file.is_voice_message() or bool(_AUDIO_SUFFIX.fullmatch(suffix))


def _from_json(name: str, value: Any) -> Any:
    """A change to the request as it was: the format is kept as its word, tuples are lists."""
    if name == "audio_format":
        return AudioFormat(value)
    return tuple(value) if isinstance(value, list) else value


def _author_id(message: discord.Message) -> str | None:
    """Whose files these are: the author's, or of a bot's answer the one's who asked for it."""
    if not message.author.bot:
        return str(message.author.id)
    asked_by = message.interaction_metadata
    return None if asked_by is None else str(asked_by.user.id)


def _custom_ids(message: discord.Message) -> Iterator[str]:
    for row in message.components:
        for item in getattr(row, "children", []):
            yield getattr(item, "custom_id", None) or ""
