"""Debian's Chromium, driven through Playwright: a person at the county's console."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from playwright.sync_api import Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
"""The last three keep it from looking up hosts of its maker, which a county's network refuses."""


@contextmanager
def chromium(not_run: Callable[[str], NoReturn]) -> Iterator[Page]:
    """Give a page of a fresh browser; what its console calls an error fails at the end."""
    program = shutil.which("chromium")
    if program is None:
        not_run("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            page = browser.new_context(locale="zh-CN").new_page()
            said: list[str] = []
            page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            yield page
            assert said == []
        finally:
            browser.close()


def log_in(page: Page, url: str, name: str, password: str) -> None:
    """Log in at the console."""
    page.goto(f"{url}/login")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{url}/")
