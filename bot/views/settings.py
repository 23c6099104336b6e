"""The settings as people change them: buttons, forms, and who may use which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import structlog

from bot import answers, preferences
from bot.operators import require_operator
from bot.preferences import Scope
from bot.views import settings_forms as forms
from bot.views.actions import FORM_ANSWERS
from bot.views.forms import FilledForm
from bot.views.kept import KeptButton, view_of
from bot.views.settings_text import settings_text
from generation.errors import RequestRefused
from generation.service.door import EVERY_FRONT_END, SERVICE

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = structlog.get_logger()

_BUTTONS = {
    Scope.PERSON: ("defaults", "leave", "reset"),
    Scope.CHANNEL: ("defaults", "limits", "reset"),
    Scope.GUILD: ("defaults", "limits", "daily", "access", "reset"),
    Scope.SERVICE: ("limits", "daily", "reset"),
}
_LABELS = {
    "defaults": "Defaults",
    "limits": "Limits",
    "daily": "Daily limits",
    "access": "Channels, roles, people",
    "leave": "My clips",
    "reset": "Forget these settings",
}
_NEEDED = {Scope.CHANNEL: ("manage_channels", "Manage Channels"), Scope.GUILD: ("manage_guild", "Manage Server")}


class SettingsButton(
    KeptButton,
    template=r"bm:settings:(?P<kind>defaults|limits|daily|access|leave|reset):(?P<scope>service|guild|channel|person)",
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
    if scope is Scope.SERVICE:
        require_operator(interaction)
        return
    if interaction.guild_id is None:
        raise RequestRefused("That is set in a server's channels only.")
    name, title = _NEEDED[scope]
    if not (getattr(interaction.permissions, name) or interaction.permissions.manage_guild):
        raise RequestRefused(f"To change that you need {title} here.")


def settings_view(scope: Scope) -> discord.ui.View:
    """The buttons under the settings of a scope."""
    return view_of(SettingsButton(kind, scope) for kind in _BUTTONS[scope])


async def _chosen(interaction: discord.Interaction[BandmateClient], scope: Scope) -> dict[str, Any]:
    """What was chosen in this scope itself."""
    front_end, place = _place(interaction, scope)
    return (await interaction.client.service.sharing.chosen_at(front_end, [place])).get(place, {})


async def _choose(interaction: discord.Interaction[BandmateClient], scope: Scope, changes: dict[str, Any]) -> None:
    """Keep the changes and show what holds now, in place; they count from the next order on."""
    require_right(interaction, scope)
    front_end, place = _place(interaction, scope)
    await interaction.client.service.sharing.choose(front_end, place, changes)
    if scope is Scope.SERVICE:
        log.info("limits of the service changed", by=str(interaction.user.id), **changes)
    preferences.forget_read(interaction)  # the language may be another one now
    await answers.change(interaction, await settings_text(interaction, scope), settings_view(scope))


def _place(interaction: discord.Interaction[Any], scope: Scope) -> tuple[str, tuple[str, str]]:
    """The front end and the place that a scope's choices are kept under."""
    if scope is Scope.SERVICE:
        return EVERY_FRONT_END, SERVICE
    return preferences.FRONT_END, (str(scope), preferences.places(interaction)[scope])


async def _on_form(interaction: discord.Interaction[BandmateClient], form: FilledForm) -> None:
    """A settings form that came back."""
    kind, _, scope_name = form.about.partition("-")
    if kind not in _LABELS or scope_name not in list(Scope):
        raise RequestRefused("There is no such form any more. Ask for /settings again.")
    scope = Scope(scope_name)
    if (kind, scope) not in forms.FIELDS:
        raise RequestRefused("That can't be set there.")
    require_right(interaction, scope)
    await _choose(interaction, scope, forms.changes_of(interaction.client, kind, scope, form))


FORM_ANSWERS["settings"] = _on_form
