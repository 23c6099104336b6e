"""The first answer to an interaction, and the rules of time that it is under."""

from __future__ import annotations

from typing import Any

from tests.support.discord_server import components, errors, payloads, posting
from tests.support.discord_server.interactions import (
    AUTOCOMPLETE,
    CHOICES,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    REPLY,
    UPDATE,
    Interaction,
)
from tests.support.discord_server.messages import EPHEMERAL, LOADING, Message
from tests.support.discord_server.rest import NO_CONTENT, Call, Reply, router

# Which answers each kind of interaction takes (reference "Interaction Callback Type").
ALLOWED = {
    2: {REPLY, DEFER, MODAL},
    COMPONENT: {REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    MODAL_SUBMIT: {REPLY, DEFER, DEFER_UPDATE, UPDATE},
}


@router.add("POST", "/interactions/{interaction_id}/{interaction_token}/callback", public=True)
def callback(call: Call) -> Reply:
    interaction = call.interaction
    if interaction is None or str(interaction.id) != call.params["interaction_id"]:
        raise errors.unknown_interaction()
    interaction.check_callback()
    answer, data = call.body.get("type"), call.body.get("data") or {}
    needs_message = answer in (DEFER_UPDATE, UPDATE) and interaction.message is None
    if answer not in ALLOWED[interaction.kind] or needs_message:
        raise errors.invalid_form("type", "INTERACTION_CALLBACK_TYPE_INVALID", f"{answer} does not answer this")
    _answer(interaction, answer, data, call)
    interaction.acknowledge(answer)
    interaction.changed.notify(interaction)
    if call.query.get("with_response") not in ("1", "true"):
        return NO_CONTENT
    return Reply(_with_response(interaction, answer))


def _answer(interaction: Interaction, answer: int, data: dict[str, Any], call: Call) -> None:
    if answer == REPLY:
        interaction.original = posting.create(
            interaction.channel, call.server.bot, data, call.files, interaction=interaction
        )
    elif answer == DEFER:
        interaction.original = _thinking(interaction, (data.get("flags") or 0) & EPHEMERAL)
    elif answer in (DEFER_UPDATE, UPDATE):
        interaction.original = interaction.message
        if answer == UPDATE and interaction.message is not None:
            posting.edit(interaction.message, data, call.files)
    elif answer == CHOICES:
        interaction.choices = _choices(data)
    else:
        components.check_form(data)
        interaction.form = data


def _choices(data: dict[str, Any]) -> list[dict[str, Any]]:
    choices: list[dict[str, Any]] = data.get("choices") or []
    if len(choices) > 25 or any(not 1 <= len(choice["name"]) <= 100 for choice in choices):
        raise errors.invalid_form("data.choices", "BASE_TYPE_BAD_LENGTH", "25 choices, names of 1 to 100 characters")
    return choices


def _thinking(interaction: Interaction, flags: int) -> Message:
    """The "… is thinking" message."""
    server = interaction.server
    message = Message(server.ids.next(), interaction.channel, server.bot, interaction=interaction)
    message.timestamp, message.flags = server.clock.iso(), LOADING | flags
    posting.publish(message)
    return message


def _with_response(interaction: Interaction, answer: int) -> dict[str, Any]:
    """The callback's answer where with_response asks for one."""
    body: dict[str, Any] = {"id": str(interaction.id), "type": interaction.kind}
    if interaction.original is None:
        return {"interaction": body}
    body["response_message_id"] = str(interaction.original.id)
    body["response_message_loading"] = interaction.original.loading
    body["response_message_ephemeral"] = interaction.original.ephemeral
    if answer in (DEFER, DEFER_UPDATE):
        return {"interaction": body}
    return {"interaction": body, "resource": {"type": answer, "message": payloads.message(interaction.original)}}
