"""The options that the music commands share: their words, their ranges, and the request that they make."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import app_commands

from bot import texts
from bot.orders import AWAITED_CLIP
from bot.preferences import FRONT_END, Preferences
from generation.family import Member
from generation.hearing import PITCH_NAMES
from generation.request import MAX_SEED, MAX_TAKES, AudioFormat, Operation, Request, Sampling

if TYPE_CHECKING:
    from bot.client import BandmateClient

Seconds = app_commands.Range[float, 1.0, 300.0]
Seed = app_commands.Range[int, 0, MAX_SEED]
TakeCount = app_commands.Range[int, 1, MAX_TAKES]
Creativity = app_commands.Range[float, 0.05, 2.0]
Adherence = app_commands.Range[float, 1.0, 10.0]
LoopBars = app_commands.Range[int, 1, 64]
BlendBalance = app_commands.Range[float, 0.0, 1.0]
Strength = app_commands.Range[float, 0.0, 1.0]
Tempo = app_commands.Range[float, 30.0, 300.0]

DESCRIPTIONS = {
    "prompt": "What it should sound like, in a few words: style, mood, instruments, tempo",
    "clip": "An audio file or a voice message",
    "backing": "A take as the band: its id, or one of your newest; it follows the clip's beats and key",
    "seconds": "How long it should be, 1 to 300 s",
    "engine": "What makes it",
    "seed": "The same seed and the same request make the same take",
    "format": "The file's format; mp3 unless said otherwise",
    "takes": "How many takes, 1 to 4",
    "creativity": "0.05 (plain) to 2 (wild); 1 unless said otherwise",
    "adherence": "How closely the words are followed, 1 to 10; 3 unless said otherwise",
    "key": "Such as D minor or F# major; that of the clip unless said otherwise",
    "tempo": "Beats a minute, 30 to 300; that of the words or the clip unless said otherwise",
    "private": "Only you see it, until you post it",
    "strength": "How far it goes from the clip, 0 to 1; 0.5 unless said otherwise",
}
_OF_ANY_LENGTH = frozenset({Operation.COMPOSE, Operation.EXTEND})
"""The operations whose length no clip gives: for them the usual length of the settings holds."""
MAX_CHOICES = 25
"""Discord's limit on the choices of an autocomplete."""

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a music command as they were given; None is "as you find fit"."""

    seconds: float | None = None
    engine: str | None = None
    seed: int | None = None
    format: AudioFormat | None = None
    takes: int = 1
    creativity: float | None = None
    adherence: float | None = None
    strength: float | None = None
    private: bool = False
    key: str | None = None
    tempo: float | None = None

    def request(
        self,
        interaction: discord.Interaction[BandmateClient],
        settings: Preferences,
        operation: Operation,
        prompt: str | None,
        clip: discord.Attachment | None,
    ) -> Request:
        """The request they make, with a stand-in for a clip that is still to be let in; the place's settings say what
        was not said. Raises RequestRefused."""
        client = interaction.client
        seconds = self.seconds or (settings.seconds if operation in _OF_ANY_LENGTH else None)
        settings.check_limits(seconds, self.takes)
        given = {"seed": self.seed, "strength": self.strength, "key": self.key, "tempo_bpm": self.tempo}
        sampling: dict[str, Any] = {"temperature": self.creativity, "guidance_scale": self.adherence}
        return Request(
            operation,
            prompt=(prompt or "").strip(),
            clip_ids=(AWAITED_CLIP,) if clip else (),
            engine=self.engine or client.engine_for(operation, settings.engine),
            duration_s=seconds,
            sampling=Sampling(**_said(sampling)),
            num_takes=self.takes,
            audio_format=self.format or settings.audio_format or client.config.default_format,
            **_said(given),
        )


def describe(operation: Operation) -> Callable[[CommandT], CommandT]:
    """Give a music command's options their descriptions, and `engine` its choices."""

    def decorate(callback: CommandT) -> CommandT:
        names = inspect.signature(callback).parameters
        told = {name: text for name, text in DESCRIPTIONS.items() if name in names}
        completed = {"engine": engine_choices(operation), "prompt": _prompt_choices(operation), "key": key_choices}
        completed["backing"] = take_choices
        completing = app_commands.autocomplete(**{name: completed[name] for name in completed if name in names})
        return app_commands.describe(**told)(completing(callback))

    return decorate


def _prompt_choices(operation: Operation) -> Any:
    """What is typed, going on with the styles that an engine here knows; anything else can be sent as well."""

    async def choices(interaction: discord.Interaction[BandmateClient], current: str) -> list[app_commands.Choice[str]]:
        said, comma, last = current.rpartition(",")
        engines = interaction.client.service.engines
        known = [style for name in interaction.client.engines_for(operation) for style in engines[name].styles]
        fitting = [style for style in dict.fromkeys(known) if last.strip().lower() in style.lower()]
        shown = [f"{said}{comma} {style}".strip() for style in fitting]
        return [app_commands.Choice(name=text[:100], value=text[:100]) for text in shown][:MAX_CHOICES]

    return choices


async def key_choices(interaction: discord.Interaction[BandmateClient], current: str) -> list[app_commands.Choice[str]]:
    """The 24 keys, in plain letters."""
    tonics = [name.replace("♯", "#").replace("♭", "b") for name in PITCH_NAMES]
    keys = [f"{tonic} {mode}" for mode in ("major", "minor") for tonic in tonics]
    fitting = [key for key in keys if key.lower().startswith(current.strip().lower())]
    return [app_commands.Choice(name=key, value=key) for key in fitting][:MAX_CHOICES]


async def take_choices(
    interaction: discord.Interaction[BandmateClient], current: str
) -> list[app_commands.Choice[str]]:
    """One's own newest takes here, by what was done and with which words."""
    guild_id = None if interaction.guild_id is None else str(interaction.guild_id)
    newest = await interaction.client.service.sharing.newest_of(FRONT_END, str(interaction.user.id), guild_id)
    named = [(_take_name(member), member.take_id) for member in newest]
    typed = current.lower().strip()
    found = [(name, take_id) for name, take_id in named if typed in name.lower() or typed in take_id]
    return [app_commands.Choice(name=name, value=take_id) for name, take_id in found][:MAX_CHOICES]


def _take_name(member: Member) -> str:
    operation = member.operation.value if member.operation else "take"
    return texts.plain(f"{operation} {member.prompt}".strip(), 70) + f" · {member.take_id}"


def engine_choices(operation: Operation) -> Any:
    """The engines here that can do it."""

    async def choices(interaction: discord.Interaction[BandmateClient], current: str) -> list[app_commands.Choice[str]]:
        able = interaction.client.engines_for(operation)
        return [app_commands.Choice(name=name, value=name) for name in able if current.lower() in name][:MAX_CHOICES]

    return choices


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
