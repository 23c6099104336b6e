"""A real browser, for tests of the page as a person sees it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",  # there is none for root, as in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium or Chrome on the PATH")


@asynccontextmanager
async def empty_page() -> AsyncIterator[Page]:
    """A page of a browser that is closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield await browser.new_page()
        finally:
            await browser.close()
