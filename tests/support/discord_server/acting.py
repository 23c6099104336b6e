"""What a person does in Discord's client, as interaction events and messages."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import forms, payloads, permissions, posting
from .commands import MESSAGE_MENU, SLASH, USER_MENU
from .interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Interaction
from .messages import SELECTS, VOICE_MESSAGE, Attachment, Message, label_of, walk
from .options import NotPossible, Resolved, descend, fill

if TYPE_CHECKING:
    from .people import User
    from .places import Channel

__all__ = ["NotPossible"]


def slash(who: User, channel: Channel, command: str, options: dict[str, Any]) -> Interaction:
    name, *path = command.split()
    found = _find(channel, name, SLASH)
    known, chain = descend(found, path)
    resolved = Resolved(who.server, channel, who)
    filled = fill(known, options, resolved, command)
    data = _command_data(found, resolved, _nest(chain, filled))
    return start(who, channel, COMMAND, data)


def autocomplete(
    who: User, channel: Channel, command: str, option: str, typed: Any, others: dict[str, Any]
) -> Interaction:
    name, *path = command.split()
    found = _find(channel, name, SLASH)
    known, chain = descend(found, path)
    offered = next((each for each in known if each["name"] == option), None)
    if offered is None or not offered.get("autocomplete"):
        raise NotPossible(f"/{command} does not complete {option!r}")
    resolved = Resolved(who.server, channel, who)
    filled = fill([{**each, "required": False} for each in known], others, resolved, command)
    filled.append({"name": option, "type": offered["type"], "value": typed, "focused": True})
    return start(who, channel, AUTOCOMPLETE, _command_data(found, resolved, _nest(chain, filled)))


def context_menu(who: User, target: Message | User, name: str, channel: Channel | None) -> Interaction:
    on_message = isinstance(target, Message)
    place = target.channel if isinstance(target, Message) else channel
    if place is None:
        raise NotPossible("a user's menu opens in a channel")
    found = _find(place, name, MESSAGE_MENU if on_message else USER_MENU)
    resolved = Resolved(who.server, place, who)
    return start(who, place, COMMAND, {**_command_data(found, resolved, []), "target_id": resolved.add(target)})


def press(who: User, message: Message, label: str | None, custom_id: str | None) -> Interaction:
    _must_see(who, message)
    for button in message.buttons:
        if (label is not None and label_of(button) == label) or (custom_id and button.get("custom_id") == custom_id):
            if button.get("disabled"):
                raise NotPossible(f"the button {label or custom_id!r} is disabled")
            return component(who, message, {"custom_id": button["custom_id"], "component_type": 2, "id": button["id"]})
    raise NotPossible(f"no button {label or custom_id!r}; there are {message.labels} on {message!r}")


def select(who: User, message: Message, values: Sequence[Any], custom_id: str | None) -> Interaction:
    _must_see(who, message)
    menus = [part for part in walk(message.components) if part["type"] in SELECTS]
    menus = [menu for menu in menus if custom_id in (None, menu["custom_id"])]
    if len(menus) != 1 or menus[0].get("disabled"):
        raise NotPossible(f"which of the menus {[menu['custom_id'] for menu in menus]} is to be used?")
    menu, resolved = menus[0], Resolved(who.server, message.channel, who)
    sent = {"custom_id": menu["custom_id"], "component_type": menu["type"], "id": menu["id"]}
    sent["values"] = forms.chosen(menu, values, resolved)
    return component(who, message, {**sent, "resolved": resolved.body} if resolved.body else sent)


def component(who: User, message: Message, data: dict[str, Any]) -> Interaction:
    """A component interaction as it is given, whether the message has such a component or not."""
    return start(who, message.channel, COMPONENT, data, message=message)


def submit_modal(who: User, opened: Interaction, values: dict[str, Any]) -> Interaction:
    if opened.form is None:
        raise NotPossible(f"no form was opened: {opened!r}")
    resolved = Resolved(who.server, opened.channel, who)
    filled = forms.submission(opened.form, values, resolved)
    data: dict[str, Any] = {"custom_id": opened.form["custom_id"], "components": filled}
    if resolved.body:
        data["resolved"] = resolved.body
    return start(who, opened.channel, MODAL_SUBMIT, data, message=opened.message, opened_by=opened)


def post(who: User, channel: Channel, content: str, files: Sequence[Attachment], flags: int) -> Message:
    server = who.server
    message = Message(server.ids.next(), channel, who, content, timestamp=server.clock.iso(), flags=flags)
    message.attachments = [server.upload(channel, file) for file in files]
    if any(file.voice for file in files):
        message.flags |= VOICE_MESSAGE
    posting.publish(message)
    return message


def waveform(upload: Attachment) -> str:
    """Some waveform for a voice message: at most 256 bytes, base64 (reference "Voice Messages")."""
    step = max(1, len(upload.data) // 256)
    return base64.b64encode(upload.data[::step][:256]).decode()


def start(
    who: User,
    channel: Channel,
    kind: int,
    data: dict[str, Any],
    *,
    message: Message | None = None,
    opened_by: Interaction | None = None,
) -> Interaction:
    """Send an interaction to the bot (twice where a fault says so)."""
    server = who.server
    if channel.guild is not None and who.id not in channel.guild.members:
        raise NotPossible(f"{who.name} is not a member of {channel.guild.name}")
    new_id = server.ids.next()
    token = f"{random.Random(f'{server.seed} {len(server.interactions)}').getrandbits(160):040x}"
    interaction = Interaction(server, new_id, token, kind, who, channel, data, message, opened_by)
    server.interactions.append(interaction)
    server.interactions_by_token[token] = interaction
    interaction.sent_s = server.clock.waited_s()
    body = _event(interaction)
    server.gateway.dispatch("INTERACTION_CREATE", body)
    if server.faults.chance("duplicated interaction", server.faults.duplicate_rate):
        server.gateway.dispatch("INTERACTION_CREATE", body)
    if server.faults.chance("dropped gateway", server.faults.gateway_drop_rate):
        server.gateway.drop()
    return interaction


def _event(interaction: Interaction) -> dict[str, Any]:
    """INTERACTION_CREATE (reference "Interaction Object")."""
    who, channel, server = interaction.user, interaction.channel, interaction.server
    body: dict[str, Any] = {
        "id": str(interaction.id),
        "application_id": str(server.application_id),
        "type": interaction.kind,
        "data": interaction.data,
        "token": interaction.token,
        "version": 1,
        "channel": payloads.partial_channel(channel, who),
        "channel_id": str(channel.id),
        "app_permissions": str(permissions.allowed(server.bot, channel)),
        "locale": who.locale,
        "entitlements": [],
        "authorizing_integration_owners": interaction.owners(),
        "context": 0 if channel.guild else 1,
        "attachment_size_limit": channel.filesize_limit,
    }
    if interaction.message is not None:
        body["message"] = payloads.message(interaction.message)
    if channel.guild is None:
        return {**body, "user": payloads.user(who)}
    member = payloads.member(channel.guild.members[who.id])
    member["permissions"] = str(permissions.allowed(who, channel))
    guild = channel.guild
    return {
        **body,
        "member": member,
        "guild_id": str(guild.id),
        "guild": guild.settings(),
        "guild_locale": guild.locale,
    }


def _find(channel: Channel, name: str, kind: int) -> dict[str, Any]:
    """The command that a person sees here. Raises NotPossible."""
    commands, guild = channel.server.commands, channel.guild
    found = commands.find(name, kind, guild.id if guild else None)
    if found is None:
        names = sorted(each["name"] for scope in (0, guild.id if guild else 0) for each in commands.listed(scope))
        raise NotPossible(f"the bot has no command {name!r}; it has synced {names}")
    contexts = found["contexts"]
    here = 0 if guild else 1
    if (contexts is not None and here not in contexts) or (guild is None and not found["dm_permission"]):
        raise NotPossible(f"{name!r} is not offered in {'a guild' if guild else 'direct messages'}")
    return found


def _must_see(who: User, message: Message) -> None:
    owner = message.interaction.user if message.interaction else None
    if message.deleted or (message.ephemeral and owner is not who):
        raise NotPossible(f"{who.name} does not see {message!r}")


def _nest(chain: list[dict[str, Any]], filled: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Options inside their chain of subcommands."""
    for inner in reversed(chain):
        filled = [{"name": inner["name"], "type": inner["type"], "options": filled}]
    return filled


def _command_data(command: dict[str, Any], resolved: Resolved, options: list[dict[str, Any]]) -> dict[str, Any]:
    data = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    # Filled in by reference: what the options or the target refer to may still be added.
    return {**data, "resolved": resolved.body}
