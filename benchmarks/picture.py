"""Makes the README's picture and its take from a real run: a hum and a prompt, on the page, in a real browser."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from bot.web import WebConfig, serve_page
from generation.audio.encode import encode_to_fit
from generation.config import ServiceConfig
from generation.request import AudioFormat
from generation.service import Service
from tests.support.clips import hum

OUT = Path(__file__).parent / "examples"
PROMPT = "lo-fi hip hop, mellow, with piano"
TUNE = (67, 64, 69, 67, 64, 62, 60, 62, 64, 67, 69, 72, 69, 67, 64, 62)


async def main() -> None:
    """Write hum.mp3, the take made from it and the page's picture into benchmarks/examples."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        sys.exit("This needs Chromium or Chrome on the PATH.")
    OUT.mkdir(exist_ok=True)
    clip = await encode_to_fit(hum(TUNE, note_s=0.6), AudioFormat.MP3, None)
    (OUT / "hum.mp3").write_bytes(clip.data)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Service(ServiceConfig(Path(folder))) as service,
            serve_page(service, WebConfig(port=0)) as address,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            page = await browser.new_page(
                bypass_csp=True, viewport={"width": 880, "height": 860}, device_scale_factor=1.5
            )
            await page.goto(address)
            await make_take(page)
            await page.screenshot(path=OUT / "page.png")
            take_url = await page.evaluate("document.querySelector('.result audio').src")
            take = await page.request.get(take_url)
            (OUT / "take.mp3").write_bytes(await take.body())
            await browser.close()


async def make_take(page: Page) -> None:
    """What a person would do."""
    await page.set_input_files("#file", OUT / "hum.mp3")
    await expect(page.locator("#heard")).to_be_visible(timeout=30_000)
    await page.fill("#prompt", PROMPT)
    await page.fill("#duration", "20")
    await page.fill("#seed", "7")
    await page.click("#make")
    await expect(page.locator(".take .result")).to_be_visible(timeout=60_000)
    await page.wait_for_function("document.querySelector('.wave').naturalWidth > 0")
    await page.wait_for_function("document.querySelector('.result audio').duration > 1")


if __name__ == "__main__":
    asyncio.run(main())
