"""Ten members, one room: who they are, what they bring, the bot among them, and waiting for what it answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.client import BandmateClient, DiscordConfig
from generation.engines import EngineOptions
from generation.jam.room import Room
from generation.service import Service, ServiceConfig
from tests.support.clips import encoded, little_song
from tests.support.discord_server import (
    Attachment,
    Channel,
    DiscordServer,
    Guild,
    Interaction,
    Message,
    StoredFile,
    User,
)

TEMPO_BPM, BARS, KEY = 132.0, 4, "A minor"
BAR_S = 4 * 60 / TEMPO_BPM
LONG_S = 150.0
"""A machine with other work may need so long for an answer; nothing ever waits for its end."""

UNDER_WAY = {"Cancel", "Yes, go ahead"}
"""Whoever sees one of these buttons waits for more."""

NAMES = ("Ada", "Ben", "Chidi", "Dee", "Eva", "Ferran", "Grace", "小林", "Ines 🎷", "Józef")
ADA, BEN, CHIDI, DEE, EVA, FERRAN, GRACE, KOBAYASHI, INES, JOZEF = NAMES
FIRST_ID = 200_000_000_000_000_000
"""Their ids are the same every evening, and so are their colours on the pictures."""


@dataclass(frozen=True)
class Posted:
    """A file that the bot has posted, where it stands, how many of the room's bars it should have, and its bytes."""

    message: Message
    file: StoredFile
    bars: float
    data: bytes


@dataclass
class Evening:
    """The place, the people, the bot while it runs; and what is remembered of the evening, by names."""

    discord: DiscordServer
    folder: Path
    guild: Guild
    channel: Channel
    people: dict[str, User]
    radio: User
    takes: dict[str, Message] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Message] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    service: Service = field(init=False)

    @property
    def thread(self) -> Channel:
        """The room's thread."""
        return self.channel.threads[-1]

    @asynccontextmanager
    async def running_bot(self) -> AsyncIterator[None]:
        """The service and the client; another call starts new ones over the same ledger."""
        config = DiscordConfig(self.folder / "synced.json", guild_ready_timeout_s=0.02)
        engines = {"arranger": EngineOptions(), "studio": EngineOptions()}
        settings = ServiceConfig(
            self.folder / "data", engines=engines, threads_per_worker=1, stop_grace_s=0.5, poll_interval_s=0.2
        )
        async with Service(settings) as self.service:
            client = BandmateClient(self.service, config)
            async with client, self.discord.running(client, timeout=LONG_S):
                yield

    async def room(self) -> Room:
        """The room as the ledger has it."""
        found = await self.service.jams.of_thread("discord", str(self.thread.id))
        if found is None:
            raise LookupError("the ledger has no such room")
        return found

    async def answer(self, name: str, asked: Interaction) -> str:
        """What an interaction was answered with in the end, also remembered under a name."""
        message = await asked.wait_response(lambda message: bool(message.content or message.attachments), LONG_S)
        words: str = message.content
        self.shown[name], self.told[name] = message, words
        return words

    async def take(self, name: str, asked: Interaction, bars: float = BARS) -> Message:
        """The message with the take that an interaction has led to, also remembered under a name."""
        told = await asked.wait_response(lambda message: not UNDER_WAY & set(message.labels), LONG_S)
        assert "Here it is" in told.content, f"{name}: {told.content}"
        message = self.message_in(told.content)
        self.takes[name], self.told[name] = message, told.content
        await self.keep(message, bars)
        return message

    def message_in(self, words: str) -> Message:
        """The message of the room that the last link in these words leads to."""
        return self.thread.by_id[int(re.findall(r"https://\S+/(\d+)", words)[-1])]

    async def keep(self, message: Message, bars: float) -> None:
        """Download the music in a message, to be measured in the end."""
        for file in message.attachments:
            if is_music(file):
                self.posted.append(Posted(message, file, bars, await self.discord.download(file)))

    def data_of(self, name: str) -> bytes:
        """The bytes of the music in a message with one take."""
        return next(posted.data for posted in self.posted if posted.message is self.takes[name])

    def take_ids(self, name: str) -> list[str]:
        """The takes in a message, by its buttons, in their order."""
        pressed = [button["custom_id"].split(":") for button in self.takes[name].buttons]
        return list(dict.fromkeys(parts[3] for parts in pressed if parts[:2] == ["bm", "take"]))

    def take_id(self, name: str) -> str:
        """The one take in a message."""
        (take_id,) = self.take_ids(name)
        return take_id

    def __getitem__(self, name: str) -> User:
        return self.people[name]


@asynccontextmanager
async def gathered(folder: Path) -> AsyncIterator[Evening]:
    """Everybody is there; the bot does not run yet."""
    async with DiscordServer(seed=1, acknowledge_within_s=LONG_S) as discord:
        guild = discord.add_guild("Jam server")
        guild.add_member(discord.bot, guild.add_role("band", "pin_messages"))
        people = {name: User(discord, FIRST_ID + number, name) for number, name in enumerate(NAMES)}
        for person in people.values():
            discord.users[person.id] = person
            guild.add_member(person)
        radio = discord.add_user("radio", guild, bot=True)
        yield Evening(discord, folder, guild, guild.add_channel("jam"), people, radio)


def is_music(file: StoredFile) -> bool:
    """Whether a file is to be listened to."""
    return file.filename.rpartition(".")[2] in ("mp3", "ogg", "flac", "wav")


async def song(name: str, tempo_bpm: float = TEMPO_BPM, tonic: int = 9, bars: int = BARS) -> Attachment:
    """A minor-key song of known tempo and key, as an upload."""
    data = await asyncio.to_thread(encoded, little_song(tempo_bpm, tonic, "minor", bars), "flac")
    return Attachment(f"{name}.flac", data, "audio/flac")


async def video() -> Attachment:
    """A video with sound."""
    data = await asyncio.to_thread(encoded, little_song(TEMPO_BPM, 9, "minor", BARS), "mp4")
    return Attachment("band.mp4", data, "video/mp4")
