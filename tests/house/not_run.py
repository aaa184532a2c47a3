"""What could not run on this machine is counted and said aloud, never passed over.

A test that needs something the machine lacks (an EGL driver, the PostgreSQL programs, Node) calls
`not_run(what)`. The run's summary then prints one line for each `what`, with its count:

    NOT RUN: PostgreSQL contract suite (31)

With CI=true in the environment such a line is a failure: there everything has to run. A plain skip,
which names nothing, is a failure everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NoReturn

import pytest

PREFIX = "NOT RUN: "


def not_run(what: str) -> NoReturn:
    """Leave the test (or the fixture) here: `what`, a few words, cannot run on this machine."""
    pytest.skip(f"{PREFIX}{what}")


def reasons(reports: Iterable[object]) -> Counter[str]:
    """How often each reason was given in pytest's reports of skipped tests and modules.

    A report's `longrepr` is (path, line, reason), with "Skipped: " before the reason.
    """
    found: Counter[str] = Counter()
    for report in reports:
        place = getattr(report, "longrepr", None)
        reason = str(place[2]) if isinstance(place, tuple) else str(place)
        found[reason.removeprefix("Skipped: ")] += 1
    return found


def lines(found: Mapping[str, int]) -> list[str]:
    """One line for each declared reason, with its count, sorted."""
    return [f"{why} ({n})" for why, n in sorted(found.items()) if why.startswith(PREFIX)]


def undeclared(found: Mapping[str, int]) -> list[str]:
    """One line for each skip that did not go through `not_run`."""
    return [
        f"SKIPPED WITHOUT not_run: {why} ({n})"
        for why, n in sorted(found.items())
        if not why.startswith(PREFIX)
    ]


def is_failure(found: Mapping[str, int], environment: Mapping[str, str]) -> bool:
    """True where these skips fail the run: undeclared ones always, declared ones in CI."""
    return bool(undeclared(found)) or (bool(found) and environment.get("CI") == "true")
