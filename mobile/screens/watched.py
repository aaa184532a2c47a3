"""The way to the county, watched. Imported on the line's thread alone, for it loads `requests`."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from sync.exchange import Exchange, Exchanged
from sync.messages import SyncRequest


class WatchedExchange(Exchange):
    """An exchange that tells after each round trip how many there were."""

    def __init__(self, url: str, said: Callable[[int], None]) -> None:
        super().__init__(requests.Session(), url, monotonic=time.monotonic)
        self._said = said
        self._trips = 0

    def sync(self, request: SyncRequest) -> Exchanged:
        """Exchange once, as `Exchange` does."""
        answer = super().sync(request)
        self._trips += 1
        self._said(self._trips)
        return answer
