"""What every test of the house may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from tests.house import not_run as absent

# One profile for every machine: a slow core is no failed property, and a failure replays anywhere.
settings.register_profile(
    "house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture(scope="session")
def not_run() -> Callable[[str], NoReturn]:
    """`not_run(what)`: leave a test that cannot run on this machine; it is counted and named."""
    return absent.not_run


def _skipped(config: pytest.Config) -> list[object]:
    """Reports of the skipped tests; empty on a worker, whose reports the main process collects."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return list(reporter.stats.get("skipped", [])) if reporter else []


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that left something out where everything has to run."""
    if exitstatus == pytest.ExitCode.OK and absent.is_failure(
        absent.reasons(_skipped(session.config)), os.environ
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run, one line each."""
    found = absent.reasons(_skipped(terminalreporter.config))
    for line in absent.lines(found) + absent.undeclared(found):
        terminalreporter.write_line(line, yellow=True)
