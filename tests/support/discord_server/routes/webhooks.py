"""The interaction's token as a webhook: the original answer and follow-ups."""

from __future__ import annotations

from tests.support.discord_server import errors, payloads, posting
from tests.support.discord_server.interactions import Interaction
from tests.support.discord_server.messages import LOADING, Message
from tests.support.discord_server.rest import NO_CONTENT, Call, Reply, router

BASE = "/webhooks/{webhook_id}/{webhook_token}"
ORIGINAL, ONE = f"{BASE}/messages/@original", f"{BASE}/messages/{{message_id}}"


def _interaction(call: Call) -> Interaction:
    """The interaction whose token is in the path. Raises 10015 or 50027 as Discord does."""
    if call.interaction is None or call.params["webhook_id"] != str(call.server.application_id):
        raise errors.unknown_webhook() if call.interaction else errors.invalid_webhook_token()
    call.interaction.check_token()
    return call.interaction


def _message(call: Call) -> Message:
    """The original, or one that this token made. Raises 10008."""
    interaction = _interaction(call)
    mine = [message for message in (interaction.original, *interaction.followups) if message is not None]
    if "message_id" in call.params:
        mine = [message for message in mine if message.id == call.id("message_id")]
    else:
        mine = [message for message in mine if message is interaction.original]
    if not mine or mine[0].deleted:
        raise errors.unknown_message()
    return mine[0]


@router.add("POST", BASE, public=True)
def follow_up(call: Call) -> Reply:
    interaction = _interaction(call)
    original = interaction.original
    if original is not None and original.loading and not original.deleted:
        # As Discord does it: the first follow-up after a deferral becomes the answer, with the deferral's visibility.
        posting.edit(original, call.body, call.files)
        return _made(interaction, original)
    message = posting.create(interaction.channel, call.server.bot, call.body, call.files, interaction=interaction)
    if message not in interaction.followups:
        interaction.followups.append(message)
    return _made(interaction, message)


def _made(interaction: Interaction, message: Message) -> Reply:
    """The message, always: "wait" is always true for the webhook of an interaction (reference)."""
    interaction.changed.notify(interaction)
    return Reply(payloads.message(message))


@router.add("GET", ORIGINAL, public=True)
@router.add("GET", ONE, public=True)
def read(call: Call) -> Reply:
    return Reply(payloads.message(_message(call)))


@router.add("PATCH", ORIGINAL, public=True)
@router.add("PATCH", ONE, public=True)
def change(call: Call) -> Reply:
    message = _message(call)
    posting.edit(message, call.body, call.files)
    message.flags &= ~LOADING
    _interaction(call).changed.notify(_interaction(call))
    return Reply(payloads.message(message))


@router.add("DELETE", ORIGINAL, public=True)
@router.add("DELETE", ONE, public=True)
def delete(call: Call) -> Reply:
    posting.remove(_message(call))
    _interaction(call).changed.notify(_interaction(call))
    return NO_CONTENT
