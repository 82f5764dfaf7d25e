"""A real browser, where there is one: Chromium of the system or of playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A Chromium that runs; the tests that need it are skipped without."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        found = next(filter(None, map(shutil.which, _NAMES)), None)
        program = found or (str(own) if own.is_file() else None)
        if program is None:
            pytest.skip("there is no Chromium: apt-get install chromium")
        # Its own sandbox needs rights that a container may not give.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
