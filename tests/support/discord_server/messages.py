"""Messages, their files and their components, as the server keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interactions import Interaction
    from .people import User
    from .places import Channel

# Message flags (reference "Message Flags").
EPHEMERAL, LOADING, VOICE_MESSAGE, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 13, 1 << 15

# Component types (reference "Component Types").
ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, ROLE_SELECT = 1, 2, 3, 4, 5, 6
MENTIONABLE_SELECT, CHANNEL_SELECT, SECTION, TEXT, THUMBNAIL, GALLERY = 7, 8, 9, 10, 11, 12
FILE, SEPARATOR, CONTAINER, LABEL, FILE_UPLOAD = 13, 14, 17, 18, 19
RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 21, 22, 23
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)


@dataclass(frozen=True)
class Attachment:
    """A file that a person uploads. voice=True: recorded in Discord, with a waveform and a duration.

    name: as Discord reports it; Discord makes names harmless, but a bot had better not rely on it.
    """

    name: str
    data: bytes
    content_type: str | None = None
    voice: bool = False
    duration_s: float = 1.0
    description: str | None = None
    reported_size: int | None = None  # what Discord says, where a test wants it to differ from the truth


@dataclass
class StoredFile:
    """A file in the CDN: where it hangs, what it says about itself; its bytes are in the CDN by id."""

    id: int
    channel_id: int
    filename: str
    size: int
    sha256: str
    content_type: str | None = None
    description: str | None = None
    title: str | None = None  # the name it was sent with, where Discord changed it
    duration_s: float | None = None
    waveform: str | None = None
    ephemeral: bool = False

    @property
    def is_audio(self) -> bool:
        return (self.content_type or "").startswith("audio/")


@dataclass(eq=False)
class Message:
    """One message as it is now; `revisions` counts its edits."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[StoredFile] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    reference: dict[str, Any] | None = None
    interaction: Interaction | None = None
    timestamp: str = ""
    edited_timestamp: str | None = None
    revisions: int = 0
    pinned_at: str | None = None
    deleted: bool = False
    pings: set[str] = field(default_factory=set)  # ids of whom it pinged, and "everyone"
    reactions: dict[str, list[int]] = field(default_factory=dict)

    def __repr__(self) -> str:
        names = [file.filename for file in self.attachments]
        return f"<Message {self.id} by {self.author.name}: {self.text[:80]!r} files={names} flags={self.flags}>"

    @property
    def ephemeral(self) -> bool:
        """True where only the person of its interaction sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """True while it reads "… is thinking"."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """All that can be read in it: content, embeds, text components."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title") or "", embed.get("description") or ""]
            parts += [f"{entry['name']}: {entry['value']}" for entry in embed.get("fields", ())]
            parts.append((embed.get("footer") or {}).get("text") or "")
        parts += [part["content"] for part in walk(self.components) if part["type"] == TEXT]
        return "\n".join(part for part in parts if part)

    @property
    def spoken(self) -> str:
        """What can ping somebody: content and text components."""
        return "\n".join([self.content, *(part["content"] for part in walk(self.components) if part["type"] == TEXT)])

    @property
    def buttons(self) -> list[dict[str, Any]]:
        return [part for part in walk(self.components) if part["type"] == BUTTON]

    @property
    def labels(self) -> list[str]:
        """The labels of the buttons that can be pressed, in order."""
        return [label_of(button) for button in self.buttons if not button.get("disabled")]

    def delete(self) -> None:
        """Delete it as a moderator would."""
        self.channel.server.remove_message(self)


def label_of(button: dict[str, Any]) -> str:
    """What a person reads on a button: its label, else its emoji."""
    return button.get("label") or (button.get("emoji") or {}).get("name") or ""


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All components in the order in which they are seen, containers before what they hold."""
    for part in components:
        yield part
        yield from walk(part.get("components") or [])
        for key in ("component", "accessory"):
            if part.get(key):
                yield from walk([part[key]])
