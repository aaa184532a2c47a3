"""The county's log: one line per event on standard error. Never names, contents or keys."""

from __future__ import annotations

import logging
import sys

log = logging.getLogger("bianmin.county")


def to_standard_error(process: str) -> None:
    """Send this process's log to standard error, each line marked with the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(f"%(asctime)s {process} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")
    )
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
