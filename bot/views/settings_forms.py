"""The forms of the settings, and the checked values out of them. A field left on its first choice inherits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import discord

from bot.languages import languages
from bot.preferences import Scope
from bot.views.forms import Field, FilledForm, choice_field, new_form, text_field
from generation.errors import RequestRefused
from generation.limits import RANGES, is_daily, stricter
from generation.request import MAX_TAKES, AudioFormat

if TYPE_CHECKING:
    from bot.client import BandmateClient

DEFAULTS = ("engine", "audio_format", "seconds", "voice_message", "language")
ACCESS = ("channel_ids", "role_ids", "blocked_ids")
DAILY = tuple(name for name in RANGES if is_daily(name))
_LIMITS = ("max_seconds", "max_takes", "max_jobs_per_person")
FIELDS: dict[tuple[str, Scope], tuple[str, ...]] = {
    **{("defaults", scope): DEFAULTS for scope in (Scope.PERSON, Scope.CHANNEL, Scope.GUILD)},
    ("leave", Scope.PERSON): ("leave",),
    ("limits", Scope.CHANNEL): _LIMITS,
    ("limits", Scope.GUILD): (*_LIMITS, "max_jobs_per_guild", "cooldown_s"),
    ("limits", Scope.SERVICE): ("max_jobs", "max_jobs_per_person", "max_jobs_per_guild", "cooldown_s"),
    **{("daily", scope): DAILY for scope in (Scope.GUILD, Scope.SERVICE)},
    ("access", Scope.GUILD): ACCESS,
}
"""What each kind of form sets, by the scopes that have it."""
ALL_NAMES = (*DEFAULTS, "max_seconds", "max_takes", *RANGES, *ACCESS, "leave")
INHERIT = "As inherited"
MAX_LISTED = 25
"""Discord's limit on the choices of a select."""
_TITLES = {
    "defaults": "Defaults",
    "limits": "Limits",
    "daily": "Daily limits",
    "access": "Who may ask, and where",
    "leave": "My clips",
}
_NUMBERS: dict[str, tuple[str, float, float]] = {
    "seconds": ("The length", 1, 300),
    "max_seconds": ("The longest take", 1, 300),
    "max_takes": ("The number of takes", 1, MAX_TAKES),
    "max_jobs": ("Orders of all together", *RANGES["max_jobs"]),
    "max_jobs_per_person": ("Orders of one person", *RANGES["max_jobs_per_person"]),
    "max_jobs_per_guild": ("Orders of one server", *RANGES["max_jobs_per_guild"]),
    "cooldown_s": ("Seconds between a person's orders", *RANGES["cooldown_s"]),
    "daily_music_min_per_person": ("Music minutes a day per person", *RANGES["daily_music_min_per_person"]),
    "daily_music_min_per_guild": ("Music minutes a day per server", *RANGES["daily_music_min_per_guild"]),
    "daily_device_s_per_person": ("Device seconds a day per person", *RANGES["daily_device_s_per_person"]),
    "daily_device_s_per_guild": ("Device seconds a day per server", *RANGES["daily_device_s_per_guild"]),
}
_FRACTIONS = frozenset({"seconds", "max_seconds", "cooldown_s", *DAILY})


def form_of(
    interaction: discord.Interaction[BandmateClient], kind: str, scope: Scope, chosen: Mapping[str, Any]
) -> discord.ui.Modal:
    """A form of a kind for a scope, filled with what is chosen there."""
    form = new_form(interaction, "settings", f"{kind}-{scope}", _TITLES[kind])
    for name in FIELDS[kind, scope]:
        form.add_item(_field(interaction.client, name, chosen.get(name)))
    return form


def _field(client: BandmateClient, name: str, value: Any) -> Field:
    shown = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    match name:
        case "engine":
            return choice_field(name, "Engine", {"": INHERIT, **{item: item for item in _engines(client)}}, shown)
        case "audio_format":
            return choice_field(name, "Format", {"": INHERIT, **{item: item for item in AudioFormat}}, shown)
        case "voice_message":
            choices = {"": INHERIT, "false": "Files", "true": "Voice messages (no other format, no download name)"}
            return choice_field(name, "Takes come as", choices, shown)
        case "language":
            return choice_field(name, "Language", {"": INHERIT, **languages()}, shown)
        case "leave":
            choices = {"anyone": "Anyone", "asked": "Those whom I say yes to, each time", "nobody": "Nobody but me"}
            return choice_field(name, "Who may build on my clips and takes?", choices, shown or "anyone")
        case "channel_ids" | "role_ids" | "blocked_ids":
            return _list_field(name, value or ())
    title, low, high = _NUMBERS[name]
    number = f"{value:g}" if isinstance(value, int | float) else ""
    label = f"{title}, {low:.0f} to {high:.0f}"
    return text_field(name, label, default=number, hint=INHERIT, required=False, max_length=8)


def _list_field(name: str, ids: tuple[str, ...]) -> Field:
    """A select of channels, roles or people, with those that are listed now."""
    more: dict[str, Any] = {"custom_id": name, "min_values": 0, "max_values": MAX_LISTED, "required": False}
    component: discord.ui.Item[Any]
    if name == "channel_ids":
        kinds = [discord.ChannelType.text, discord.ChannelType.forum, discord.ChannelType.voice]
        listed = [discord.SelectDefaultValue(id=int(item), type=discord.SelectDefaultValueType.channel) for item in ids]
        component = discord.ui.ChannelSelect(channel_types=kinds, default_values=listed, **more)
        return discord.ui.Label(text="Channels where I play", description="None: everywhere", component=component)
    if name == "role_ids":
        listed = [discord.SelectDefaultValue(id=int(item), type=discord.SelectDefaultValueType.role) for item in ids]
        component = discord.ui.RoleSelect(default_values=listed, **more)
        return discord.ui.Label(text="Roles that may ask me", description="None: everybody", component=component)
    listed = [discord.SelectDefaultValue(id=int(item), type=discord.SelectDefaultValueType.user) for item in ids]
    component = discord.ui.UserSelect(default_values=listed, **more)
    return discord.ui.Label(text="Block list", description="They can't ask me for anything here", component=component)


def changes_of(client: BandmateClient, kind: str, scope: Scope, form: FilledForm) -> dict[str, Any]:
    """What a form changes; None takes a choice back. Raises RequestRefused for values that it does not offer, and for
    limits that are looser than the operator's."""
    changes = {name: _value(client, name, form) for name in FIELDS[kind, scope]}
    if scope is not Scope.SERVICE:
        for name in changes.keys() & RANGES.keys():
            _require_within(name, changes[name], client.service.door.limits[name])
    return changes


def _require_within(name: str, value: float | None, operators: float) -> None:
    if value is None or stricter(name, operators, value) == value:
        return
    bound = "at least" if name == "cooldown_s" else "at most"
    raise RequestRefused(f"{_NUMBERS[name][0]}: {bound} {operators:.10g}, as the operator of this bot has set it.")


def _value(client: BandmateClient, name: str, form: FilledForm) -> Any:
    if name in ACCESS:
        ids = list(form.values.get(name, ()))[:MAX_LISTED]
        return [item for item in ids if item.isdecimal()] or None
    text = form.text(name)
    if not text:
        return None
    if name in _NUMBERS:
        return _number(name, text)
    choices: dict[str, list[str]] = {
        "engine": _engines(client),
        "audio_format": [str(item) for item in AudioFormat],
        "voice_message": ["true", "false"],
        "language": list(languages()),
        "leave": ["anyone", "asked", "nobody"],
    }
    if text not in choices[name]:
        raise RequestRefused("That is not one of the choices.")
    return text == "true" if name == "voice_message" else str(text)


def _number(name: str, text: str) -> float | int:
    title, low, high = _NUMBERS[name]
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = float("nan")
    if not low <= number <= high:  # also refuses NaN
        raise RequestRefused(f"{title} must be a number from {low:.0f} to {high:.0f}.")
    return number if name in _FRACTIONS else round(number)


def _engines(client: BandmateClient) -> list[str]:
    return sorted(client.service.engines)
