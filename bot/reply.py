"""Where a job is answered: the part of an Origin that lets any process, also a later one, find the conversation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import discord

from bot import languages
from bot.localised import fitted, in_language

if TYPE_CHECKING:
    from bot.client import BandmateClient

MESSAGE_ID = "message_id"
"""Where an interaction's extras keep the id of the message that the deferral made."""
IS_PRIVATE = "is_private"
"""Where an interaction's extras keep whether only the one who asked sees the answer."""
JAM_ROOM_ID = "jam_room_id"
"""Where an interaction's extras keep the open jam room of its thread, for the buttons under what is made."""
TOKEN_MARGIN_S = 20
"""An interaction's token lives 15 min; one that ends within this time is taken for dead."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the ledger keeps of an interaction, as plain JSON.

    `token` edits the progress message until `token_expires_at` (Unix seconds); `message_id` is that message (None if
    Discord did not say at the deferral); `interaction_id` dates the conversation (it is a snowflake); `head` is the
    text that stays on top of the progress message; `run_id` names the process that took the order, so that a later one
    knows it is not its own. `is_private`: only the one who asked sees the answer; `as_voice`: they want to hear it as a
    voice message. `jam_room_id`: the open jam room in which it was asked for.
    """

    channel_id: int
    interaction_id: int
    token: str
    token_expires_at: float
    filesize_limit_bytes: int
    head: str
    locale: str
    run_id: str
    message_id: int | None = None
    is_private: bool = False
    as_voice: bool = False
    jam_room_id: str | None = None

    @classmethod
    def of(
        cls, interaction: discord.Interaction[BandmateClient], head: str, *, language: str, as_voice: bool = False
    ) -> Self:
        """The reply of an interaction that was just deferred, in the language of whoever will read it."""
        return cls(
            channel_id=interaction.channel_id or 0,
            interaction_id=interaction.id,
            token=interaction.token,
            token_expires_at=interaction.expires_at.timestamp(),
            filesize_limit_bytes=interaction.filesize_limit,
            head=head,
            locale=language,
            run_id=interaction.client.run_id,
            message_id=interaction.extras.get(MESSAGE_ID),
            is_private=bool(interaction.extras.get(IS_PRIVATE)),
            as_voice=as_voice,
            jam_room_id=interaction.extras.get(JAM_ROOM_ID),
        )

    @property
    def token_lives(self) -> bool:
        """Whether the token can still be used."""
        return self.token_lives_for(0)

    def token_lives_for(self, seconds: float) -> bool:
        """Whether the token can still be used so many seconds from now."""
        return discord.utils.utcnow().timestamp() + seconds < self.token_expires_at - TOKEN_MARGIN_S

    def text(self, *lines: str) -> str:
        """The progress message's text: the head and these lines under it."""
        return fitted("\n".join([self.head, *lines]), self.language)

    def view(self, view: discord.ui.View) -> discord.ui.View:
        """What hangs under a message, in the same language."""
        return in_language(view, self.language)

    @property
    def language(self) -> str:
        """The language of the one who asked."""
        return languages.language_of(self.locale)

    def webhook(self, client: BandmateClient) -> discord.Webhook:
        """The way to answer with the token, from any process."""
        return discord.Webhook.partial(client.application_id or 0, self.token, client=client)

    async def edit(self, client: BandmateClient, **changes: Any) -> discord.Message:
        """Edit the progress message by the token. Raises discord.HTTPException."""
        # "@original" is Discord's name for an interaction's first answer.
        message_id: Any = self.message_id or "@original"
        return await self.webhook(client).edit_message(message_id, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the ledger."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`; what a later version added is left out."""
        known = {name: data[name] for name in cls.__slots__ if name in data}
        return cls(**known)
