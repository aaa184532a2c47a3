"""Two people at the county's real processes: nobody is taken for somebody else."""

from __future__ import annotations

from pathlib import Path

import requests

from benchmarks.county import served
from tests.journeys.test_reconciling import newcomer


def test_the_front_keeps_no_cookie_of_anybody(tmp_path: Path) -> None:
    """What one browser was given must never travel with the request of another."""
    with served(tmp_path) as county:
        password = newcomer(county.folder / "county")

        def log_in() -> requests.Session:
            browser = requests.Session()
            form = {"name": "方芳", "password": password, "next": "/"}
            sent = browser.post(f"{county.url}/login", data=form, allow_redirects=False)
            assert sent.status_code == 303
            return browser

        def asks(browser: requests.Session) -> int:
            return browser.get(f"{county.url}/staff", allow_redirects=False).status_code

        first = log_in()
        assert asks(first) == 200
        stranger = requests.Session()
        assert asks(stranger) == 303
        assert "/login" in stranger.get(f"{county.url}/staff").url
        second = log_in()
        assert (asks(first), asks(second)) == (200, 200)  # another log-in ends nobody's
