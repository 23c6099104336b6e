"""The page plays what is there so far: over HTTP, and in a real browser; it goes when the job ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from bot.web import WebConfig, serve_page
from generation.audio.decode import decode
from generation.service import Service
from tests.bot.web.test_page import follow
from tests.support.browser import empty_page, needs_browser
from tests.support.scripted_service import let_go, scripted_config

LONG_MS = 60_000


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    config = scripted_config(tmp_path, engine={"raw": True}, preview_interval_s=0.5)
    async with Service(config) as service, serve_page(service, WebConfig(port=0)) as address:
        yield address


async def submit(http: aiohttp.ClientSession, prompt: str) -> str:
    async with http.post("/api/jobs", data=json.dumps({"prompt": prompt, "engine": "scripted"})) as response:
        return str((await response.json())["job_id"])


async def events(http: aiohttp.ClientSession, job_id: str) -> AsyncIterator[dict[str, Any]]:
    async with http.get(f"/api/jobs/{job_id}/events") as response:
        async for line in response.content:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


async def test_the_newest_is_played_in_parts_and_nothing_is_left_at_the_end(address: str, tmp_path: Path) -> None:
    async with aiohttp.ClientSession(base_url=address) as http:
        job_id = await submit(http, "held preview")
        async for event in events(http, job_id):
            source = f"/api/jobs/{job_id}/previews/{event['preview_hash']}.mp3"
            async with http.get(source) as response, http.get(source, headers={"Range": "bytes=10-19"}) as part:
                whole, ten = await response.read(), await part.read()
            if (response.status, part.status) == (200, 206):
                break  # else there is none yet, or a newer one has come meanwhile
        assert response.content_type == "audio/mpeg" and ten == whole[10:20]
        assert 'inline; filename="preview-' in response.headers["Content-Disposition"]
        assert 0.1 < (await decode(whole)).used_s < 1.1
        async with http.get(f"/api/jobs/{job_id}/previews/{'0' * 64}.mp3") as response:
            assert response.status == 404 and "preview is gone" in (await response.json())["error"]
        let_go(tmp_path)
        last = (await follow(http, job_id))[-1]
        assert last["takes"] and last["preview_hash"] is None
        async with http.get(source) as response:
            assert response.status == 404


@needs_browser
async def test_a_person_hears_it_while_it_is_made(address: str, tmp_path: Path) -> None:
    async with empty_page() as page:
        await page.goto(address)
        await page.select_option("#engine", "scripted")
        await page.fill("#prompt", "held preview")
        await page.click("#make")
        await expect(page.locator(".take .preview")).to_be_visible(timeout=LONG_MS)
        heard_s = await page.evaluate(
            "async () => { const a = document.querySelector('.preview audio');"
            " a.src = a.src.replace(/[0-9a-f]{64}/, '0'.repeat(64));"  # it was replaced as play was pressed ...
            " a.play().catch(() => {});"  # ... and the newest is played
            " await new Promise(heard => a.ontimeupdate = () => a.currentTime > 0 && heard()); return a.duration; }"
        )
        assert 0.1 < heard_s < 1.2
        let_go(tmp_path)
        await expect(page.locator(".take .result")).to_be_visible(timeout=LONG_MS)
        await expect(page.locator(".take .preview")).to_be_hidden()
        assert await page.evaluate("document.querySelector('.preview audio').hasAttribute('src')") is False
