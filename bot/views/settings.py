"""The settings as people see and change them: a text that says where each comes from, buttons, and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import answers, preferences, texts
from bot.languages import languages
from bot.preferences import Preferences, Scope
from bot.views import settings_forms as forms
from bot.views.actions import FORM_ANSWERS
from bot.views.forms import FilledForm
from bot.views.kept import KeptButton, view_of
from generation.errors import RequestRefused

if TYPE_CHECKING:
    from bot.client import BandmateClient

_BUTTONS = {
    Scope.PERSON: ("defaults", "leave", "reset"),
    Scope.CHANNEL: ("defaults", "limits", "reset"),
    Scope.GUILD: ("defaults", "limits", "access", "reset"),
}
_LABELS = {
    "defaults": "Defaults",
    "limits": "Limits",
    "access": "Channels, roles, people",
    "leave": "My clips",
    "reset": "Forget these settings",
}
_NEEDED = {Scope.CHANNEL: ("manage_channels", "Manage Channels"), Scope.GUILD: ("manage_guild", "Manage Server")}
_FROM = {Scope.PERSON: "set by you", Scope.CHANNEL: "set for this channel", Scope.GUILD: "set for this server"}
_LEAVE_TEXTS = {"anyone": "anyone", "asked": "those whom you say yes to", "nobody": "nobody but you"}


class SettingsButton(
    KeptButton,
    template=r"bm:settings:(?P<kind>defaults|limits|access|leave|reset):(?P<scope>guild|channel|person)",
):
    """A button that opens a form, or takes all choices of a scope back."""

    def __init__(self, kind: str, scope: str) -> None:
        self.kind, self.scope = kind, Scope(scope)
        style = discord.ButtonStyle.danger if kind == "reset" else discord.ButtonStyle.secondary
        super().__init__(f"bm:settings:{kind}:{scope}", _LABELS[kind], style)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Check the right, show the form or reset."""
        require_right(interaction, self.scope)
        if self.kind == "reset":
            await _choose(interaction, self.scope, dict.fromkeys(forms.ALL_NAMES))
            return
        chosen = await _chosen(interaction, self.scope)
        await answers.ask(interaction, forms.form_of(interaction, self.kind, self.scope, chosen))


def require_right(interaction: discord.Interaction[Any], scope: Scope) -> None:
    """Raises RequestRefused where the person may not change what is set there."""
    if scope is Scope.PERSON:
        return
    if interaction.guild_id is None:
        raise RequestRefused("That is set in a server's channels only.")
    name, title = _NEEDED[scope]
    if not (getattr(interaction.permissions, name) or interaction.permissions.manage_guild):
        raise RequestRefused(f"To change that you need {title} here.")


def settings_view(scope: Scope) -> discord.ui.View:
    """The buttons under the settings of a scope."""
    return view_of(SettingsButton(kind, scope) for kind in _BUTTONS[scope])


async def settings_text(interaction: discord.Interaction[BandmateClient], scope: Scope) -> str:
    """What holds here for the person and where each value comes from; what is set further in is told apart."""
    wanted = preferences.places(interaction)
    rows = await interaction.client.service.sharing.chosen_at(
        preferences.FRONT_END, [(str(place), place_id) for place, place_id in wanted.items()]
    )
    order = list(Scope)
    seen = [place for place in order[: order.index(scope) + 1] if place in wanted]
    found = preferences.inherited({place: rows.get((str(place), wanted[place]), {}) for place in seen})
    title = {Scope.PERSON: "Your settings", Scope.CHANNEL: "This channel's settings", Scope.GUILD: "The server's"}
    lines = [f"**{title[scope]}**", *(f"- {line}" for line in _lines(interaction.client, found, scope))]
    lines.append(texts.small("Inherited: server, then channel, then you; what an order says itself wins over all."))
    return texts.cut(lines)


def _lines(client: BandmateClient, found: Preferences, scope: Scope) -> list[str]:
    """One line a setting that this scope knows."""
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
        "max_jobs_per_person": ("Orders of one person at a time", str(found.max_jobs_per_person or "the usual")),
        "channel_ids": ("Channels", " ".join(f"<#{item}>" for item in found.channel_ids) or "all"),
        "role_ids": ("Roles that may ask", " ".join(f"<@&{item}>" for item in found.role_ids) or "all"),
        "blocked_ids": ("Blocked", " ".join(f"<@{item}>" for item in found.blocked_ids) or "nobody"),
        "leave": ("Who may build on your clips", _LEAVE_TEXTS[found.leave]),
    }
    names = [*forms.DEFAULTS, *(("leave",) if scope is Scope.PERSON else forms.LIMITS)]
    names += forms.ACCESS if scope is Scope.GUILD else ()
    sources = {name: _FROM[found.sources[name]] if name in found.sources else "built in" for name in names}
    return [f"**{shown[name][0]}**: {shown[name][1]} · *{sources[name]}*" for name in names]


async def _chosen(interaction: discord.Interaction[BandmateClient], scope: Scope) -> dict[str, Any]:
    """What was chosen in this scope itself."""
    place = _place(interaction, scope)
    return (await interaction.client.service.sharing.chosen_at(preferences.FRONT_END, [place])).get(place, {})


async def _choose(interaction: discord.Interaction[BandmateClient], scope: Scope, changes: dict[str, Any]) -> None:
    """Keep the changes and show what holds now, in place."""
    require_right(interaction, scope)
    await interaction.client.service.sharing.choose(preferences.FRONT_END, _place(interaction, scope), changes)
    preferences.forget_read(interaction)  # the language may be another one now
    await answers.change(interaction, await settings_text(interaction, scope), settings_view(scope))


def _place(interaction: discord.Interaction[Any], scope: Scope) -> tuple[str, str]:
    return str(scope), preferences.places(interaction)[scope]


async def _on_form(interaction: discord.Interaction[BandmateClient], form: FilledForm) -> None:
    """A settings form that came back."""
    kind, _, scope_name = form.about.partition("-")
    if kind not in forms.FIELDS or scope_name not in list(Scope):
        raise RequestRefused("There is no such form any more. Ask for /settings again.")
    scope = Scope(scope_name)
    if kind not in _BUTTONS[scope]:
        raise RequestRefused("That can't be set there.")
    require_right(interaction, scope)
    await _choose(interaction, scope, forms.changes_of(interaction.client, kind, form))


FORM_ANSWERS["settings"] = _on_form
