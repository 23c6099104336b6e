"""The checks against Discord's description: what they find, and that they say when they are off."""

from __future__ import annotations

from pathlib import Path

import discord as dpy
import pytest

from tests.support.discord_server import DiscordServer
from tests.support.discord_server.openapi import Checker

from .small_bot import SmallBot

pytestmark = pytest.mark.skipif(bool(Checker().off), reason="Discord's description is not here")
MESSAGES, CALLBACK = "/channels/{channel_id}/messages", "/interactions/{interaction_id}/{interaction_token}/callback"


def _checked(method: str, template: str, body: object, *, multipart: bool = False) -> list[str]:
    complaints = Checker()._schemas.request(method, template, body, multipart=multipart)
    return [f"{each.where}: {each.what}" for each in complaints]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"content": 5}, "content: 5 is not of type 'string', 'null'"),
        ({"contents": "x"}, ": unknown property 'contents'"),
        ({"embeds": [{"titel": "x"}]}, "embeds/0: unknown property 'titel'"),
        ({"nonce": "x" * 26}, "nonce: "),
        (
            {"components": [{"type": 1, "components": [{"type": 2}]}]},
            "components/0/components/0: 'style' is a required",
        ),
        ({"components": [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "x" * 101}]}]}, "custom_id"),
        ({"components": [{"type": 77}]}, "components/0"),
    ],
)
def test_what_is_wrong_is_named(body: object, complaint: str) -> None:
    found = _checked("POST", MESSAGES, body)
    assert found
    assert any(complaint in each for each in found), found


def test_what_is_right_passes() -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Again", "custom_id": "again:1"}]}
    assert _checked("POST", MESSAGES, {"content": "x", "nonce": "1", "enforce_nonce": True, "components": [row]}) == []
    assert _checked("POST", CALLBACK, {"type": 5, "data": {"flags": 64}}) == []
    assert _checked("POST", CALLBACK, {"type": 8, "data": {"choices": [{"name": "a", "value": "a"}]}}) == []


def test_unknown_routes_missing_bodies_and_files_where_none_go() -> None:
    assert _checked("POST", "/channels/{channel_id}/mesages", {})
    assert _checked("POST", MESSAGES, None) == [": a body is required"]
    assert _checked("POST", "/users/@me/channels", {"recipient_id": "1"}, multipart=True)


async def test_a_wrong_request_of_a_real_client_is_a_hard_finding() -> None:
    async with DiscordServer() as server:
        channel = server.add_guild().add_channel()
        bot = SmallBot()
        async with server.running(bot):
            with pytest.raises(dpy.HTTPException, match="25 or fewer"):
                await bot.get_partial_messageable(channel.id).send("x", nonce="j" * 26)
            with pytest.raises(dpy.NotFound):
                await bot.http.request(dpy.http.Route("GET", "/no/such/route"))
        routes = {finding.route for finding in server.hard_findings}
        assert "POST /channels/{channel_id}/messages" in routes
        assert "GET /no/such/route" in routes


async def test_without_the_description_the_checks_are_off_and_say_so(tmp_path: Path) -> None:
    async with DiscordServer(openapi=tmp_path / "none.json") as server:
        async with server.running(SmallBot()):
            pass
        assert server.hard_findings == []
        assert "validation is off" in server.checker.off
        assert server.checker.num_checked == 0


async def test_known_deviations_of_the_client_are_kept_apart() -> None:
    async with DiscordServer() as server:
        async with server.running(SmallBot()):
            pass
        assert {finding.what for finding in server.checker.deviations} == {"unknown property 'nsfw'"}
