"""What guild, channel and person have set, inherited in this order; who may ask for something here at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot import texts
from generation.errors import RequestRefused
from generation.limits import OF_A_PLACE
from generation.request import AudioFormat
from generation.sharing import Leave

if TYPE_CHECKING:
    from bot.client import BandmateClient

FRONT_END = "discord"
_KEPT = "preferences"
"""Where an interaction's extras keep what was read."""


class Scope(StrEnum):
    """Where something is set; each inherits from the one before it. The whole service has limits only, which are kept
    apart (generation.service.door)."""

    SERVICE = "service"
    GUILD = "guild"
    CHANNEL = "channel"
    PERSON = "person"


_PERSONS_OWN = frozenset({"engine", "audio_format", "seconds", "voice_message", "language", "leave"})
"""What a person may set: limits are the channel's and the server's, which the person's settings can't lift."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What holds for one person in one place; None: nothing was set. `sources` says where each value comes from.

    engine, audio_format, seconds (1..300), voice_message, language ("de"): used where an order does not say.
    max_seconds, max_takes and what generation.limits calls OF_A_PLACE: limits of the place. channel_ids, role_ids:
    where and by whom the bot may be used (empty: everywhere, by everybody); blocked_ids: people who may not;
    blocked_words: what prompts may not have (see blocked_words.py). leave: who may build on the person's clips.
    posts_language: the language that the channel or the server has chosen, in which all there are spoken to.
    """

    engine: str | None = None
    audio_format: AudioFormat | None = None
    seconds: float | None = None
    voice_message: bool = False
    language: str | None = None
    max_seconds: float | None = None
    max_takes: int | None = None
    max_jobs_per_person: int | None = None
    max_jobs_per_guild: int | None = None
    cooldown_s: float | None = None
    daily_music_min_per_person: float | None = None
    daily_music_min_per_guild: float | None = None
    daily_device_s_per_person: float | None = None
    daily_device_s_per_guild: float | None = None
    channel_ids: tuple[str, ...] = ()
    role_ids: tuple[str, ...] = ()
    blocked_ids: tuple[str, ...] = ()
    blocked_words: tuple[str, ...] = ()
    leave: Leave = Leave.ANYONE
    posts_language: str | None = None
    sources: Mapping[str, Scope] = field(default_factory=dict)

    @property
    def place_limits(self) -> dict[str, float]:
        """The limits that the service keeps to here, by name; those that were set."""
        said = {name: getattr(self, name) for name in sorted(OF_A_PLACE)}
        return {name: float(value) for name, value in said.items() if value is not None}

    def check_limits(self, seconds: float | None, num_takes: int) -> None:
        """Raises RequestRefused when more is asked for than this place allows."""
        if self.max_seconds is not None and seconds is not None and seconds > self.max_seconds:
            raise RequestRefused(f"Here a take may be at most {texts.duration(self.max_seconds)} long.")
        if self.max_takes is not None and num_takes > self.max_takes:
            raise RequestRefused(f"Here you can ask for at most {self.max_takes} at once.")


def inherited(chosen: Mapping[Scope, Mapping[str, Any]]) -> Preferences:
    """What holds, out of what was chosen in each scope. Values that are no longer known are left out."""
    values: dict[str, Any] = {}
    sources: dict[str, Scope] = {}
    for scope in Scope:
        for name, value in chosen.get(scope, {}).items():
            is_allowed = name in _PERSONS_OWN if scope is Scope.PERSON else name != "leave"
            if is_allowed and name in Preferences.__slots__ and name not in ("sources", "posts_language"):
                values[name], sources[name] = _typed(name, value), scope
                if name == "language" and scope is not Scope.PERSON:
                    values["posts_language"] = value
    return Preferences(**values, sources=sources)


def _typed(name: str, value: Any) -> Any:
    if name == "audio_format":
        return AudioFormat(value)
    if name == "leave":
        return Leave(value)
    return tuple(value) if isinstance(value, list) else value


def places(interaction: discord.Interaction[Any]) -> dict[Scope, str]:
    """The ids that stand for this interaction's guild, channel (a thread counts for its channel) and person."""
    found = {Scope.PERSON: str(interaction.user.id)}
    if interaction.guild_id is not None:
        found[Scope.GUILD] = str(interaction.guild_id)
        channel = interaction.channel
        channel_id = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id
        found[Scope.CHANNEL] = str(channel_id)
    return found


async def here(interaction: discord.Interaction[BandmateClient], person_id: str | None = None) -> Preferences:
    """What holds for this interaction, for who acts or for somebody else (`person_id`); read once.

    It is in memory: nobody waits for the ledger, least of all an answer that Discord wants within 3 s.
    """
    person_id = person_id or str(interaction.user.id)
    key = _KEPT if person_id == str(interaction.user.id) else f"{_KEPT} of {person_id}"
    kept = interaction.extras.get(key)
    if isinstance(kept, Preferences):
        return kept
    wanted = places(interaction) | {Scope.PERSON: person_id}
    rows = await interaction.client.service.sharing.chosen_at(FRONT_END, [(str(s), i) for s, i in wanted.items()])
    found = inherited({scope: rows.get((str(scope), place_id), {}) for scope, place_id in wanted.items()})
    interaction.extras[key] = found
    return found


def forget_read(interaction: discord.Interaction[Any]) -> None:
    """Read anew what holds here when it is asked for next: it was changed."""
    interaction.extras.pop(_KEPT, None)


async def leave_of(client: BandmateClient, person_id: str) -> Leave:
    """Who may build on a person's clips."""
    place = (str(Scope.PERSON), person_id)
    rows = await client.service.sharing.chosen_at(FRONT_END, [place])
    return Leave(rows.get(place, {}).get("leave", Leave.ANYONE))


async def posts_language_at(client: BandmateClient, where: Mapping[Scope, str]) -> str | None:
    """The language that a channel or its server has chosen; None where neither has."""
    rows = await client.service.sharing.chosen_at(FRONT_END, [(str(scope), place) for scope, place in where.items()])
    return inherited({scope: rows.get((str(scope), place), {}) for scope, place in where.items()}).posts_language


async def require_allowed(interaction: discord.Interaction[BandmateClient]) -> Preferences:
    """What holds here, for somebody who may ask for something here. Raises RequestRefused with the reason.

    Who may manage the server may ask everywhere: otherwise a wrong setting could lock everybody out.
    """
    found = await here(interaction)
    if str(interaction.user.id) in found.blocked_ids:
        raise RequestRefused("You are on this server's block list for me; its moderators can take you off.")
    if interaction.guild_id is None or interaction.permissions.manage_guild:
        return found
    if found.channel_ids and places(interaction)[Scope.CHANNEL] not in found.channel_ids:
        raise RequestRefused(f"On this server I play in {' '.join(f'<#{i}>' for i in found.channel_ids)} only.")
    roles = {str(role.id) for role in getattr(interaction.user, "roles", ())}
    if found.role_ids and not roles & set(found.role_ids):
        raise RequestRefused("On this server only some roles may ask me for music; its moderators know which.")
    return found
