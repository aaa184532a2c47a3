"""Every page of the console by the rules of axe: nothing serious, in light, dark and narrow."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NoReturn

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from starlette.routing import Route

from benchmarks.county import Served, served
from server.console.app import console_app
from server.opening import close_county, open_county
from tests.journeys.browser import chromium, log_in
from tests.journeys.test_reconciling import STAFF, feed, newcomer

GRAVE = frozenset({"serious", "critical"})
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
WAYS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 390))


def test_no_page_has_a_serious_fault(tmp_path: Path, not_run: Callable[[str], NoReturn]) -> None:
    with served(tmp_path) as county:
        feed(county)
        password = newcomer(county.folder / "county")
        with chromium(not_run) as page:
            faults = faults_of(page, f"{county.url}/login")
            log_in(page, county.url, STAFF, password)
            paths = pages(county) + details(page, county)
            for scheme, width in WAYS:
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                for path in paths:
                    faults += faults_of(page, county.url + path)
    assert faults == []


def pages(county: Served) -> list[str]:
    """Every address of the console that needs nothing more: a new page is looked at too."""
    opened = open_county(county.folder / "county")
    try:
        routes = console_app(opened).routes
    finally:
        close_county(opened)
    found = [
        one.path
        for one in routes
        if isinstance(one, Route) and "GET" in (one.methods or ()) and "{" not in one.path
    ]
    assert len(found) > 10
    return [path for path in found if not path.startswith("/api")]


def details(page: Page, county: Served) -> list[str]:
    """One of each page that is about one thing."""
    found: list[str] = []
    for path, link in (
        ("/records", r"/records/[0-9a-f-]{36}"), ("/devices", r"/devices/[0-9a-f]{16}"),
        ("/todo?kind=state", r"/todo\?kind=[^\"]+"), ("/todo?kind=pair", r"/todo\?kind=[^\"]+"),
        ("/report", r"/report/list[^\"]+"), ("/staff", r"/staff/[A-Z0-9]+"),
        ("/complaints", r"/complaints/[0-9a-f-]{36}"), ("/watch", r"/watch/list[^\"]*"),
        ("/months", r"/months/[0-9]{4}-[0-9]{2}"), ("/editions", r"/editions/[^\"]+"),
    ):  # fmt: skip
        page.goto(county.url + path)
        found += re.findall(f'href="({link})"', page.content())[:1]
    return [one.replace("&amp;", "&") for one in found]


def faults_of(page: Page, url: str) -> list[str]:
    """What axe calls serious on a page, in one line each."""
    answer = page.request.get(url)
    if answer.status == 422 or "text/html" not in answer.headers.get("content-type", ""):
        return []  # it has to be told more, or it is a file to keep
    assert answer.ok, f"{url}: {answer.status}"
    page.goto(url)
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{url.partition('/')[2]}: {one['id']}: {node['html'][:120]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
