"""The page: over HTTP as a program would ask it, and in a real browser as a person does; the real service behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.web import WebConfig, serve_page
from generation.audio.decode import decode
from generation.config import ServiceConfig
from generation.engines import EngineOptions
from generation.service import Service
from tests.support.browser import empty_page, needs_browser
from tests.support.clips import little_song, wav_bytes

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one service for all: it takes seconds to start


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    engines = {"arranger": EngineOptions(), "studio": EngineOptions()}
    folder = tmp_path_factory.mktemp("data")
    async with (
        Service(ServiceConfig(folder, engines=engines, threads_per_worker=1, max_jobs_per_person=50)) as service,
        serve_page(service, WebConfig(port=0, max_upload_bytes=2 * 2**20)) as address,
    ):
        yield address


@pytest_asyncio.fixture(loop_scope="module")
async def http(address: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=address) as session:
        yield session


def song_wav(num_bars: int = 4) -> bytes:
    return wav_bytes(little_song(tempo_bpm=120, num_bars=num_bars))


async def post_clip(http: aiohttp.ClientSession, data: bytes, name: str = "hum.wav") -> tuple[int, dict[str, Any]]:
    form = aiohttp.FormData()
    form.add_field("clip", data, filename=name, content_type="audio/wav")
    async with http.post("/api/clips", data=form) as response:
        return response.status, await response.json()


async def follow(http: aiohttp.ClientSession, job_id: str) -> list[dict[str, Any]]:
    async with http.get(f"/api/jobs/{job_id}/events") as response:
        assert response.status == 200
        return [json.loads(line[6:]) async for line in response.content if line.startswith(b"data: ")]


async def submit(http: aiohttp.ClientSession, **wish: Any) -> tuple[int, dict[str, Any]]:
    async with http.post("/api/jobs", json=wish) as response:
        return response.status, await response.json()


async def test_a_clip_and_a_prompt_become_a_take(http: aiohttp.ClientSession) -> None:
    status, clip = await post_clip(http, song_wav())
    assert status == 200, clip
    assert clip["heard"]["tempo_bpm"] == pytest.approx(120, rel=0.04)
    status, job = await submit(
        http, operation="restyle", prompt="lo-fi hip hop", clip_ids=[clip["clip_id"]], duration_s=5, seed=1
    )
    assert status == 201, job
    events = await follow(http, job["job_id"])
    assert events[-1]["state"] in ("made", "delivered")
    (take,) = events[-1]["takes"]
    for extension in ("mp3", "flac"):
        async with http.get(f"/takes/{take['take_id']}.{extension}") as response:
            decoded = await decode(await response.read())
        assert decoded.used_s == pytest.approx(take["duration_s"], abs=0.1)
    async with http.get(f"/takes/{take['take_id']}.mp3", headers={"Range": "bytes=100-199"}) as response:
        assert response.status == 206
        assert len(await response.read()) == 100
        assert response.headers["Content-Range"].startswith("bytes 100-199/")
    async with http.get(f"/takes/{take['take_id']}/waveform.png") as response:
        assert (await response.read()).startswith(b"\x89PNG")
    async with http.post(f"/api/takes/{take['take_id']}/clip") as response:
        again = await response.json()
    status, _ = await submit(http, operation="vary", clip_ids=[again["clip_id"]], parent_take_ids=[take["take_id"]])
    assert status == 201


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"prompt": "x" * 5000}, "500"),
        ({"prompt": ""}, "few words"),
        ({"prompt": "rock", "duration_s": 4000}, "300"),
        ({"prompt": "rock", "engine": "nothing"}, "nothing"),
        ({"operation": "restyle", "prompt": "rock"}, "clip"),
        ({"operation": "sing", "prompt": "rock"}, "sing"),
        ({"prompt": "rock", "duration_s": "long"}, "must be a number"),
        ({"prompt": "rock", "colour": "blue"}, "fields"),
        ({"operation": "restyle", "prompt": "rock", "clip_ids": ["../../etc/passwd"]}, "clip"),
    ],
)
async def test_a_wrong_wish_gets_one_sentence(http: aiohttp.ClientSession, wish: dict[str, Any], words: str) -> None:
    status, answer = await submit(http, **wish)
    assert 400 <= status < 500
    assert words in answer["error"]


async def test_a_wrong_clip_gets_one_sentence_and_the_next_works(http: aiohttp.ClientSession) -> None:
    status, answer = await post_clip(http, b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", "song.mp3")
    assert status == 422 and "playlist" in answer["error"]
    status, answer = await post_clip(http, bytes(3 * 2**20))
    assert status == 413 and "2 MiB" in answer["error"]
    status, _ = await post_clip(http, song_wav(1))
    assert status == 200


async def test_unknown_things_are_not_found(http: aiohttp.ClientSession) -> None:
    for path in ("/takes/none.mp3", "/api/jobs/none/events", "/takes/none/waveform.png", "/nowhere"):
        async with http.get(path) as response:
            assert response.status == 404, path
            assert "error" in await response.json()


async def test_other_sites_may_not_ask(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/engines", headers={"Host": "evil.example"}) as response:
        assert response.status == 403
    async with http.post("/api/jobs", json={"prompt": "rock"}, headers={"Origin": "https://evil.example"}) as response:
        assert response.status == 403


async def test_a_cancelled_job_says_so(http: aiohttp.ClientSession) -> None:
    _, job = await submit(http, prompt="a long ambient film score", duration_s=300)
    following = asyncio.create_task(follow(http, job["job_id"]))
    async with http.post(f"/api/jobs/{job['job_id']}/cancel") as response:
        assert (await response.json()) == {"cancelled": True}
    assert (await following)[-1]["state"] == "cancelled"


@needs_browser
async def test_a_person_makes_a_take_in_a_browser_and_hears_it(address: str, tmp_path: Path) -> None:
    clip = tmp_path / "hum.wav"
    clip.write_bytes(song_wav())
    async with empty_page() as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        await page.goto(address)
        await make_a_take(page, clip)
        length_s = await page.evaluate(
            "async () => { const a = document.querySelector('.result audio'); await a.play();"
            " await new Promise(heard => a.ontimeupdate = () => a.currentTime > 0.2 && heard()); return a.duration; }"
        )
        assert length_s == pytest.approx(5.0, abs=0.6)
        assert faults == []


@needs_browser
async def test_a_person_lays_the_clip_aside_and_is_told_when_nobody_answers(address: str, tmp_path: Path) -> None:
    clip = tmp_path / "hum.wav"
    clip.write_bytes(song_wav())
    async with empty_page() as page:
        await page.add_init_script("delete Crypto.prototype.randomUUID")  # as on another machine, without https
        await page.goto(address)
        await page.set_input_files("#file", clip)
        await expect(page.locator("#heard")).to_contain_text("BPM", timeout=30_000)
        await page.select_option("#engine", "studio")
        await page.select_option("#operation", "loop")
        await expect(page.locator("#duration")).to_be_disabled()
        await page.select_option("#engine", "arranger")
        await expect(page.locator("#duration")).to_be_enabled()
        await page.get_by_role("button", name="Go on without this clip").click()
        await expect(page.locator("#drop-text")).to_contain_text("Drop a clip here")
        await expect(page.locator("#heard")).to_be_hidden()
        await expect(page.locator("#operation")).to_have_value("compose")
        await page.fill("#prompt", "calm jazz")
        await page.fill("#duration", "1")
        await page.click("#make")
        await expect(page.locator(".take .result")).to_be_visible(timeout=60_000)
        await page.route("**/api/jobs", lambda route: route.abort())
        await page.click("#make")
        await expect(page.locator("#said")).to_have_text("Bandmate does not answer: is it still running?")


async def make_a_take(page: Page, clip: Path) -> None:
    await page.set_input_files("#file", clip)
    await expect(page.locator("#heard")).to_contain_text("BPM", timeout=30_000)
    await expect(page.locator("#operation")).to_have_value("restyle")
    await page.fill("#prompt", "lo-fi hip hop, mellow")
    await page.fill("#duration", "5")
    await page.click("#make")
    await expect(page.locator(".take .result")).to_be_visible(timeout=60_000)
    await expect(page.get_by_role("button", name="Again")).to_be_visible()
