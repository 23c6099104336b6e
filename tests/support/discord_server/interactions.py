"""Interactions: what a person did, how long the bot may take, what it answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import errors
from .clock import HANG_S, Watch

if TYPE_CHECKING:
    from .messages import Message
    from .people import User
    from .places import Channel
    from .server import DiscordServer

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5

# Callback types (reference "Interaction Callback Type").
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9

# "You must send an initial response within 3 seconds … tokens are valid for 15 minutes" (reference).
ACKNOWLEDGE_WITHIN_S, TOKEN_LIFE_S = 3.0, 15 * 60.0


@dataclass(eq=False)
class Interaction:
    """One interaction, from the event to everything that its token was used for."""

    server: DiscordServer
    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    data: dict[str, Any]
    message: Message | None = None  # the message whose component was used
    opened_by: Interaction | None = None  # of a form: what the form answered
    sent_s: float = 0.0  # by the clock's `waited_s`
    acknowledged_after_s: float | None = None
    answer: int | None = None  # callback type
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    form: dict[str, Any] | None = None
    choices: list[dict[str, Any]] | None = None
    expired: bool = False
    changed: Watch[Interaction] = field(default_factory=Watch)

    def __repr__(self) -> str:
        return f"<Interaction {self.id} kind={self.kind} by {self.user.name} answer={self.answer} {self.original!r}>"

    def expire(self) -> None:
        """From now on the token is worth nothing."""
        self.expired = True

    def owners(self) -> dict[str, str]:
        guild = self.channel.guild
        return {"0": str(guild.id) if guild else "0"}

    def age_s(self) -> float:
        """Seconds since the event went out."""
        return self.server.clock.waited_s() - self.sent_s

    def check_callback(self) -> None:
        """Raise 40060 where it is acknowledged already, 10062 where it is too late."""
        if self.acknowledged_after_s is not None:
            raise errors.already_acknowledged()
        if self.expired or self.age_s() > self.server.acknowledge_within_s:
            raise errors.unknown_interaction()

    def check_token(self) -> None:
        """Raise what the use of the token as a webhook gets: 10015 before an acknowledgement, 50027 when it is old."""
        if self.expired or self.age_s() > self.server.token_life_s:
            raise errors.invalid_webhook_token()
        if self.acknowledged_after_s is None:
            raise errors.unknown_webhook()

    def acknowledge(self, answer: int) -> None:
        self.acknowledged_after_s, self.answer = self.age_s(), answer

    async def wait(self, passes: Callable[[Interaction], bool], timeout: float, what: str) -> Interaction:  # noqa: ASYNC109
        """This interaction once it passes. Raises TimeoutError that says what was waited for and what there is."""
        if passes(self):
            return self
        try:
            return await self.changed.first(passes, timeout)
        except TimeoutError:
            raise TimeoutError(f"no {what} within {timeout} s: {self!r}") from None

    async def wait_acknowledged(self, timeout: float = HANG_S) -> float:  # noqa: ASYNC109
        """Seconds from the event to the bot's acknowledgement. Raises TimeoutError."""
        await self.wait(lambda it: it.acknowledged_after_s is not None, timeout, "acknowledgement")
        return self.acknowledged_after_s or 0.0

    async def wait_response(
        self,
        passes: Callable[[Message], bool] = lambda message: True,
        timeout: float = HANG_S,  # noqa: ASYNC109
    ) -> Message:
        """The message that answers it, once it is more than "… is thinking" and passes. Raises TimeoutError."""

        def answered(it: Interaction) -> bool:
            return it.original is not None and not it.original.loading and passes(it.original)

        await self.wait(answered, timeout, "response")
        if self.original is None:
            raise TimeoutError("the response was deleted")
        return self.original

    async def wait_followup(
        self,
        passes: Callable[[Message], bool] = lambda message: True,
        timeout: float = HANG_S,  # noqa: ASYNC109
    ) -> Message:
        """The first follow-up that passes. Raises TimeoutError."""
        await self.wait(lambda it: any(passes(each) for each in it.followups), timeout, "follow-up")
        return next(each for each in self.followups if passes(each))

    async def wait_form(self, timeout: float = HANG_S) -> dict[str, Any]:  # noqa: ASYNC109
        """The form (modal) that the bot opened: title, custom_id, components. Raises TimeoutError."""
        await self.wait(lambda it: it.form is not None, timeout, "form")
        return self.form or {}

    async def wait_choices(self, timeout: float = HANG_S) -> list[dict[str, Any]]:  # noqa: ASYNC109
        """The choices of an autocomplete. Raises TimeoutError."""
        await self.wait(lambda it: it.choices is not None, timeout, "choices")
        return self.choices or []
