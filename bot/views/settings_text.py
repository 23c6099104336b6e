"""The settings as people read them: one line each, with where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot import preferences, texts
from bot.languages import languages
from bot.preferences import Preferences, Scope
from bot.views import settings_forms as forms
from generation.limits import OF_A_PLACE, RANGES, is_daily, stricter

if TYPE_CHECKING:
    from bot.client import BandmateClient

_TITLES = {
    Scope.SERVICE: "The whole service",
    Scope.GUILD: "The server's",
    Scope.CHANNEL: "This channel's settings",
    Scope.PERSON: "Your settings",
}
_FROM = {Scope.PERSON: "set by you", Scope.CHANNEL: "set for this channel", Scope.GUILD: "set for this server"}
_BUILT_IN, _BY_OPERATOR = "built in", "set by the operator"
_LEAVE_TEXTS = {"anyone": "anyone", "asked": "those whom you say yes to", "nobody": "nobody but you"}
_LIMIT_TITLES = {
    "max_jobs": "Orders of all at a time",
    "max_jobs_per_person": "Orders of one person at a time",
    "max_jobs_per_guild": "Orders of one server at a time",
    "cooldown_s": "Between two orders of one person",
    "daily_music_min_per_person": "Music a day for one person",
    "daily_music_min_per_guild": "Music a day for one server",
    "daily_device_s_per_person": "Device time a day for one person",
    "daily_device_s_per_guild": "Device time a day for one server",
}


async def settings_text(interaction: discord.Interaction[BandmateClient], scope: Scope) -> str:
    """What holds here for the person and where each value comes from; what is set further in is told apart."""
    client = interaction.client
    if scope is Scope.SERVICE:
        lines = [_limit_line(client, Preferences(), name) for name in RANGES]
        note = "These hold everywhere. Servers can set stricter ones for themselves; 0 is no limit."
        return _whole(scope, lines, note)
    wanted = preferences.places(interaction)
    rows = await client.service.sharing.chosen_at(
        preferences.FRONT_END, [(str(place), place_id) for place, place_id in wanted.items()]
    )
    order = list(Scope)
    seen = [place for place in order[: order.index(scope) + 1] if place in wanted]
    found = preferences.inherited({place: rows.get((str(place), wanted[place]), {}) for place in seen})
    note = "Inherited: server, then channel, then you; what an order says itself wins over all."
    return _whole(scope, [*_lines(client, found, scope), *_limit_lines(client, found, scope)], note)


def _whole(scope: Scope, lines: Sequence[str], note: str) -> str:
    return texts.cut([f"**{_TITLES[scope]}**", *(f"- {line}" for line in lines), texts.small(note)])


def _lines(client: BandmateClient, found: Preferences, scope: Scope) -> list[str]:
    """One line a setting that this scope knows, without the limits that the service keeps."""
    usual = client.config
    seconds = texts.duration(found.seconds) if found.seconds else "as it fits"
    shown = {
        "engine": ("Engine", found.engine or usual.default_engine),
        "audio_format": ("Format", str(found.audio_format or usual.default_format)),
        "seconds": ("Length of new music", seconds),
        "voice_message": ("Takes come as", "voice messages" if found.voice_message else "files"),
        "language": ("Language", languages().get(found.language or "", "that of your Discord")),
        "max_seconds": ("Longest take", texts.duration(found.max_seconds) if found.max_seconds else "what engines can"),
        "max_takes": ("Takes at once", str(found.max_takes or 4)),
        "channel_ids": ("Channels", " ".join(f"<#{item}>" for item in found.channel_ids) or "all"),
        "role_ids": ("Roles that may ask", " ".join(f"<@&{item}>" for item in found.role_ids) or "all"),
        "blocked_ids": ("Blocked", " ".join(f"<@{item}>" for item in found.blocked_ids) or "nobody"),
        "leave": ("Who may build on your clips", _LEAVE_TEXTS[found.leave]),
    }
    names = [*forms.DEFAULTS, *(("leave",) if scope is Scope.PERSON else ("max_seconds", "max_takes"))]
    names += forms.ACCESS if scope is Scope.GUILD else ()
    sources = {name: _FROM[found.sources[name]] if name in found.sources else _BUILT_IN for name in names}
    return [f"**{shown[name][0]}**: {shown[name][1]} · *{sources[name]}*" for name in names]


def _limit_lines(client: BandmateClient, found: Preferences, scope: Scope) -> list[str]:
    """The limits that hold here; a person, and a channel that can't set them, is told only of those that are on."""
    names = [name for name in RANGES if name in OF_A_PLACE]
    if scope is not Scope.GUILD:
        names = [name for name in names if name == "max_jobs_per_person" or _value(client, found, name)]
    return [_limit_line(client, found, name) for name in names]


def _limit_line(client: BandmateClient, found: Preferences, name: str) -> str:
    """The stricter of what the service and the place say, and which of them it was."""
    value, said = _value(client, found, name), getattr(found, name, None)
    is_of_place = said is not None and value == said and name in found.sources
    by_service = _BY_OPERATOR if name in client.service.door.chosen else _BUILT_IN
    source = _FROM[found.sources[name]] if is_of_place else by_service
    return f"**{_LIMIT_TITLES[name]}**: {_shown(name, value)} · *{source}*"


def _value(client: BandmateClient, found: Preferences, name: str) -> float:
    return stricter(name, client.service.door.limits[name], getattr(found, name, None)) or 0.0


def _shown(name: str, value: float) -> str:
    if not is_daily(name) and name != "cooldown_s":
        return f"{value:.0f}"
    if not value:
        return "no limit"
    return texts.duration(value * 60 if name.startswith("daily_music_min") else value)
