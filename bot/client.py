"""The Discord client: an explicit list of commands, buttons that outlive it, a delivery driven by the ledger."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import choose_engine, errors, sync
from bot.commands import COMMAND_MODULES
from bot.delivery import Delivery
from bot.intake import Downloads
from bot.jams.desk import JamDesk
from bot.languages import Translator
from bot.network import STUMBLES, may_pass
from bot.progress import ProgressBoard
from bot.views import actions
from bot.views.asking import AskButton
from bot.views.family import RetractButton
from bot.views.forget import ForgetButton
from bot.views.formats import FormatSelect
from bot.views.jam import JamTakeButton, MuteSelect, RoomButton
from bot.views.jam_relay import RelayButton
from bot.views.jam_vote import VoteButton
from bot.views.jobs import JobButton
from bot.views.kept import Kept
from bot.views.private import PostButton
from bot.views.settings import SettingsButton
from bot.views.takes import TakeButton
from bot.voice import extra as voice_extra
from bot.voice.buttons import VoiceButton
from bot.voice.desk import VoiceDesk
from generation.request import AudioFormat, Operation

if TYPE_CHECKING:
    from bot.web.links import Links
    from generation.service import Service

log = logging.getLogger(__name__)


KEPT: tuple[type[Kept[Any]], ...] = (
    *(TakeButton, JobButton, FormatSelect, AskButton, RetractButton, PostButton, ForgetButton, SettingsButton),
    *(RoomButton, MuteSelect, JamTakeButton, RelayButton, VoteButton, VoiceButton),
)
"""Every button and menu that is answered, also one that an earlier run has posted."""
FIRST_LOGIN_PAUSE_S, LONGEST_LOGIN_PAUSE_S = 1.0, 60.0
MAX_REMEMBERED = 10_000
"""How many interactions are remembered; a repeated one comes within seconds."""


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """What the Discord side needs of the settings.

    `sync_state_file` remembers which commands Discord has (JSON; made when missing). `progress_edit_interval_s` is at
    least 5: Discord counts edits. `guild_ready_timeout_s` is how long discord.py waits for more guilds after each.
    `dev_guild_id` also puts the commands into one guild, where changes show at once. `ffmpeg_path`: the ffmpeg that
    encodes for voice channels, None for the one that comes with imageio-ffmpeg. `operator_ids`: see bot.operators.
    `links`: to files that are too large for Discord; None where the page can't be reached from outside.
    """

    sync_state_file: Path
    max_upload_bytes: int = 25 * 1024**2
    progress_edit_interval_s: float = 5.0
    default_engine: str = "arranger"
    default_format: AudioFormat = AudioFormat.MP3
    dev_guild_id: int | None = None
    shutdown_grace_s: float = 20.0
    guild_ready_timeout_s: float = 2.0
    ffmpeg_path: Path | None = None
    operator_ids: tuple[int, ...] = ()
    links: Links | None = None


class Tree(app_commands.CommandTree["BandmateClient"]):
    """The commands; whatever goes wrong in one is answered by the one translator."""

    async def interaction_check(self, interaction: discord.Interaction[BandmateClient], /) -> bool:
        """Everybody may use the commands; what is logged from here on names the interaction."""
        errors.name_in_logs(interaction)
        return True

    async def on_error(
        self, interaction: discord.Interaction[BandmateClient], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer the person; an autocomplete has nobody to answer to, so its errors are logged."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.error("an autocomplete failed", exc_info=error)
        else:
            await errors.answer(interaction, error)


class BandmateClient(discord.Client):
    """Run by `async with client: await client.start(token)`, inside the service's own `async with`."""

    def __init__(self, service: Service, config: DiscordConfig) -> None:
        intents, cache = discord.Intents.none(), discord.MemberCacheFlags.none()
        intents.guilds = True
        voice_extra.prepare(intents, cache)
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=cache,
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=config.guild_ready_timeout_s,
        )
        self.service = service
        self.config = config
        self.run_id = secrets.token_hex(8)
        self.tree = Tree(self, allowed_contexts=_CONTEXTS, allowed_installs=_INSTALLS)
        self.downloads = Downloads(config.max_upload_bytes)
        self.progress = ProgressBoard(self, config.progress_edit_interval_s)
        self.delivery = Delivery(self)
        self.jams = JamDesk(self)
        self.voice = VoiceDesk(self)
        self.is_closing = False
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._num_under_way = 0
        self._all_done = asyncio.Event()
        self.delivery_task: asyncio.Task[None] | None = None

    @property
    def operations(self) -> frozenset[Operation]:
        """What the engines here can do, all together; everything, while no engine has said yet what it can."""
        engines = self.service.engines.values()
        return frozenset[Operation]().union(*(engine.operations for engine in engines)) or frozenset(Operation)

    def engines_for(self, operation: Operation) -> list[str]:
        """The engines that can do it, the default first."""
        return choose_engine.engines_for(self.service, operation, self.config.default_engine)

    def engine_for(self, operation: Operation, wanted: str | None = None) -> str:
        """The wanted engine if it can do it, else the default or the first that can."""
        return choose_engine.engine_for(self.service, operation, self.config.default_engine, wanted)

    async def login(self, token: str) -> None:
        """Log in; while Discord stumbles, again and again, ever more slowly: a bot that starts must not end by it.

        Raises discord.LoginFailure for a wrong token.
        """
        pause_s = FIRST_LOGIN_PAUSE_S
        while True:
            try:
                return await super().login(token)
            except (discord.HTTPException, *STUMBLES) as error:
                if not may_pass(error):
                    raise
                log.warning("Discord does not let me in now (%s); again in %.0f s", error, pause_s)
            await self.http.close()
            self.http.connector = discord.utils.MISSING  # closed with its session: a new one is made
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_LOGIN_PAUSE_S)

    async def setup_hook(self) -> None:
        """After the login, before the gateway: commands, buttons, delivery."""
        await self.downloads.__aenter__()
        for module in COMMAND_MODULES:
            module.add_to(self.tree, self.operations)
        self.add_dynamic_items(*KEPT)
        await self.tree.set_translator(Translator())
        await sync.sync_if_changed(self.tree, self.config.sync_state_file, self.config.dev_guild_id)
        self.delivery_task = asyncio.create_task(self.delivery.run(), name="delivery")
        self.jams.open()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Submitted forms; commands and buttons have their own ways."""
        await actions.on_form(interaction)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A deleted thread may have been a jam room."""
        await self.jams.on_thread_gone(payload.thread_id)

    async def on_voice_state_update(self, member: discord.Member, *_: discord.VoiceState) -> None:
        """Somebody came into a voice channel or left it."""
        self.voice.on_people_moved(member.guild)

    def is_first_sight(self, interaction_id: int) -> bool:
        """Whether this interaction is asked about for the first time: Discord may send one twice."""
        if interaction_id in self._seen:
            return False
        self._seen[interaction_id] = None
        while len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        return True

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Around the work on an order that was acknowledged: closing waits for it."""
        self._num_under_way += 1
        try:
            yield
        finally:
            self._num_under_way -= 1
            if self._num_under_way == 0:
                self._all_done.set()

    async def close(self) -> None:
        """Take nothing new, let orders and posts under way finish within the grace, then leave Discord.

        Closing twice is closing once.
        """
        self.is_closing = True
        if self.delivery_task is not None:
            self.delivery_task.cancel()
            await asyncio.wait([self.delivery_task])
            self.delivery_task = None
            await self._finish_orders()
            await self.delivery.close(self.config.shutdown_grace_s)
        await self.voice.close()
        await self.jams.close()
        await self.progress.close()
        await self.downloads.__aexit__()
        await super().close()

    async def _finish_orders(self) -> None:
        """Wait for the orders under way, at most the grace."""
        self._all_done.clear()
        if self._num_under_way:
            try:
                async with asyncio.timeout(self.config.shutdown_grace_s):
                    await self._all_done.wait()
            except TimeoutError:
                log.warning("%d orders were not let in any more", self._num_under_way)


_CONTEXTS = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_INSTALLS = app_commands.AppInstallationType(guild=True, user=False)
