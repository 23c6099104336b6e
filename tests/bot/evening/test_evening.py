"""A scripted evening over sockets: ten members, one room, the real client, service and arranger, a restart midway.

What everybody was told, every file (downloaded, decoded, measured), the room, the tree and the credits are as they
should be, and nothing that was sent departs from Discord's own description of its API.
"""

from __future__ import annotations

import asyncio
import io
import re
import zipfile

import pytest
from PIL import Image

from generation.audio.analyse import analyse
from generation.audio.tags import read_tags
from generation.hearing import Key
from tests.bot.evening.band import (
    ADA,
    BAR_S,
    BARS,
    BEN,
    CHIDI,
    DEE,
    EVA,
    FERRAN,
    GRACE,
    KOBAYASHI,
    NAMES,
    TEMPO_BPM,
    is_music,
)
from tests.bot.evening.measures import measured, opened
from tests.bot.evening.play import Aftermath, play_the_evening
from tests.support.discord_server.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT

pytestmark = pytest.mark.timeout(1200)
"""On a machine with much other work; alone it takes about a minute."""


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    return asyncio.run(play_the_evening(tmp_path_factory.mktemp("evening")))


def test_everybody_was_answered(after: Aftermath) -> None:
    asked = after.evening.discord.interactions
    kinds = [each.kind for each in asked]
    assert kinds.count(COMMAND) >= 40 and kinds.count(COMPONENT) >= 25 and kinds.count(MODAL_SUBMIT) >= 9
    assert kinds.count(AUTOCOMPLETE) >= 3
    assert {each.user.name for each in asked} == set(NAMES)
    assert [each for each in asked if each.acknowledged_after_s is None] == []
    assert not any("something went wrong" in message.text for message in after.evening.thread.by_id.values())


def test_nothing_departs_from_discords_description(after: Aftermath) -> None:
    assert len(after.evening.discord.requests) > 150
    assert after.evening.discord.hard_findings == []


def test_every_file_is_as_long_as_fast_and_as_loud_as_it_should_be(after: Aftermath) -> None:
    evening = after.evening
    there = {file.id for message in evening.thread.messages for file in message.attachments if is_music(file)}
    by_the_bot = {
        file.id
        for message in evening.thread.messages
        if message.author is evening.discord.bot
        for file in message.attachments
        if is_music(file)
    }
    assert by_the_bot <= {posted.file.id for posted in evening.posted} and by_the_bot < there
    assert len(evening.posted) >= 30
    wrong = []
    for posted in evening.posted:
        found = measured(opened(posted.data), BAR_S)
        is_right = (
            found.duration_s == pytest.approx(posted.bars * BAR_S, abs=0.08)
            and found.loudness_lufs == pytest.approx(-14, abs=1)
            and found.tempo_bpm == pytest.approx(TEMPO_BPM, rel=0.012)
            and found.repeats > 0.06
            and found.silence < 0.1
        )
        if not is_right:
            wrong.append((posted.file.filename, posted.bars * BAR_S, found))
    assert wrong == []


def test_what_came_in_was_brought_to_the_room(after: Aftermath) -> None:
    told = after.evening.told
    assert "Stretched from 120 BPM to the room's 132" in told["upload"] and "from E♭ major" in told["upload"]
    assert "`Eva's beat`" in told["upload by form"] and "from G major" in told["upload by form"]
    assert "`voice-message`" in told["voice message"] and "Stretched" not in told["voice message"]
    assert "`chorus`" in told["one of several"] and "rock" in told["second of two"]
    assert "In this room: 132 BPM · A minor" in told["funk"]


def test_what_nobody_may_do_was_refused(after: Aftermath) -> None:
    told = after.evening.told
    for name, sentence in {
        "not yours": "keys is Ben's",
        "not yours to delete": "Only the one who asked for it and moderators",
        "not for you": "Only the host",
        "not your turn": "Ben's turn",
        "not your vote": "Only Eva, the host and moderators can end this vote",
        "not yours to answer": "Only the owner of the clip can answer",
        "again without a yes": "wants to be asked first",
        "into the jam without a yes": "wants to be asked first",
        "not yours to take back": "Only the one who asked for it and moderators",
        "built on what is gone": "taken back by its owner",
        "no host": "Only the host",
        "not yours to close": "Only the host",
        "too late": "room is closed",
        "closed already": "closed already",
    }.items():
        assert sentence in told[name].replace("\\", ""), name


def test_the_room_is_as_they_left_it(after: Aftermath) -> None:
    evening, room = after.evening, after.room
    ids = {name: str(evening[name].id) for name in NAMES}
    assert not room.is_open and room.host_id == ids[EVA]
    assert (room.frame.tempo_bpm, room.frame.key, room.frame.bars) == (TEMPO_BPM, Key(9, "minor"), BARS)
    layers = {layer.name: (layer.owner_id, layer.gain_db, layer.is_muted) for layer in room.layers}
    funk = next(name for name in layers if name.startswith("funk"))
    assert layers == {
        "keys": (ids[BEN], -4.5, False),
        "Eva's beat": (ids[EVA], 0.0, False),
        "voice-message": (ids[GRACE], 0.0, True),
        "chorus": (ids[BEN], 0.0, False),
        "rock": (ids[ADA], 0.0, False),
        funk: (ids[ADA], 0.0, False),
    }
    assert room.relay is None and room.vote is None and room.parent_take_id == after.takes["second turn"].take_id
    (outcome,) = room.outcomes
    winner = outcome.take_ids[outcome.winner or 0]
    assert winner == after.takes["restyled"].take_id and sorted(outcome.counts) == [0, 2, 3]
    assert room.closing_message_id == str(evening.shown["closing post"].id)


def test_the_vote_was_blind_until_its_end(after: Aftermath) -> None:
    evening = after.evening
    before, ballot = evening.told["before the end"], evening.told["ballot"]
    assert "wins" not in before and not re.search(r"\bA \d, B \d", before)
    for name in ("house", "restyled", "blend"):
        assert after.takes[name].take_id not in ballot
    assert not any(str(evening[name].id) in ballot for name in NAMES)
    for file in evening.shown["ballot"].attachments:
        tags = read_tags(next(posted.data for posted in evening.posted if posted.file is file))
        assert file.filename.startswith("take-") and tags.credits == () and tags.take_id == "" and tags.recipe is None
    assert f"<@{evening[FERRAN].id}>" in evening.told["result"]
    assert after.takes["restyled"].take_id in evening.told["result"]


def test_the_closing_post_has_mix_stems_and_credits(after: Aftermath) -> None:
    evening, post = after.evening, after.evening.shown["closing post"]
    assert [file.filename for file in post.attachments] == ["friday-night-mix.mp3", "friday-night-stems.zip"]
    mix, stems = after.closing_files
    assert analyse(opened(mix)).key == Key(9, "minor")
    with zipfile.ZipFile(io.BytesIO(stems)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".flac")]
        assert len(names) == 6
        assert {opened(archive.read(name)).num_frames for name in names} == {round(BARS * BAR_S * 44_100)}
        credit = archive.read("CREDITS.txt").decode()
    lines = {
        f"{BEN}: keys, chorus, funk, drums and bass, turn 1 of the relay",
        f"{EVA}: Eva's beat",
        f"{GRACE}: voice-message",
        f"{FERRAN}: rock",
        f"{ADA}: rock, funk, drums and bass",
        f"{CHIDI}: turn 2 of the relay",
    }
    for text in (credit, evening.told["closing post"].replace("\\", "")):
        assert {line for line in text.splitlines() if line.partition(":")[0] in NAMES} == lines
    assert read_tags(mix).credits == tuple(line for line in credit.splitlines() if line in lines)


def test_the_tree_says_who_made_what_from_what(after: Aftermath) -> None:
    takes, family = after.takes, after.family
    parents = {
        "funk": (),
        "loop": ("funk",),
        "blend": ("disco", "funk"),
        "again": (),
        "gone on": ("funk",),
        "varied": ("funk",),
        "restyled": ("funk",),
        "looped": ("funk",),
        "first turn": ("restyled",),
        "second turn": ("first turn",),
        "with a yes": ("house",),
    }
    for name, expected in parents.items():
        assert takes[name].parents == tuple(takes[each].take_id for each in expected), name
    related = set(parents) - {"again", "with a yes"} | {"disco"}
    assert {member.take_id for member in family.members} == {takes[name].take_id for name in related}
    gone = [member.take_id for member in family.members if member.is_retracted]
    assert gone == [takes["varied"].take_id]
    people = {takes[name].take_id: who for name, who in (("blend", KOBAYASHI), ("restyled", FERRAN), ("disco", EVA))}
    assert {member.take_id: member.person_name for member in family.members if member.take_id in people} == people


def test_credits_and_tags_name_everybody(after: Aftermath) -> None:
    evening = after.evening
    shown = evening.told["credits"]
    order = [shown.index(f"<@{evening[name].id}>") for name in (BEN, FERRAN)]
    assert order == sorted(order) and shown.count("extend") == 2 and f"<@{evening[CHIDI].id}>" in shown
    for posted in evening.posted:
        tags = read_tags(posted.data)
        assert tags.generated, posted.file.filename
        if tags.take_id:
            assert tags.credits[-1].endswith(f"(take {tags.take_id})")
    made = {name: read_tags(evening.data_of(name)) for name in ("funk", "with a yes", "blend")}
    assert made["with a yes"].credits[0].startswith(f"{DEE}: compose")
    assert made["with a yes"].credits[1].startswith(f"{FERRAN}: extend")
    assert sorted(line.partition(":")[0] for line in made["blend"].credits) == sorted((BEN, EVA, KOBAYASHI))


def test_what_was_taken_back_is_gone(after: Aftermath) -> None:
    assert [name for name, is_there in after.has_audio.items() if not is_there] == ["varied"]


def test_the_rest_was_told_as_it_is(after: Aftermath) -> None:
    evening = after.evening
    told, shown = evening.told, evening.shown
    assert shown["private"].ephemeral and not evening.takes["private"].ephemeral
    assert evening.takes["again"].deleted and "Undone: `added Strings`" in told["host's undo"]
    assert "keys: -20 dB" in told["undo"] and "Undone: `chorus: muted`" in told["undone by the card"]
    assert "would like to **extend**" in told["question"] and "got a no" in told["with a no"]
    assert (
        "Identical" in told["replay"] and "closed" not in told["status"] and f"<@{evening[EVA].id}>" in told["status"]
    )
    assert [file.filename.rpartition(".")[2] for file in evening.takes["ogg by default"].attachments] == ["ogg", "png"]
    assert told["the relay's song"] == (
        f"The relay is over: 2 turns by {', '.join(f'<@{evening[name].id}>' for name in (BEN, CHIDI, GRACE))}."
    )


def test_the_pictures_are_there(after: Aftermath) -> None:
    for name, least_px in (("tree", 700), ("tree by the button", 700), ("room", 1000), ("card", 1000)):
        picture = Image.open(io.BytesIO(after.pictures[name]))
        assert picture.format == "PNG" and picture.width >= least_px
