"""The device's side of the wire: one round trip syncs, over `requests`.

Only an answer with our content type, our magic and (for what matters) the county's signature is an
answer. A hotel portal's "200 OK" is not the county, and nothing is cleared because of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import requests

from shared.errors import BianminError
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.messages import SyncRequest, SyncResponse

BACKOFF_BASE_MS = 2_000
BACKOFF_CAP_MS = 15 * 60 * 1000


class Unreachable(BianminError):
    """No connection, a cut one, or no answer in time. Try again later (`delay_ms`)."""


class NotTheCounty(BianminError):
    """Something answered that is not the county: a portal's page, a proxy, another server."""


class CountyRefused(BianminError):
    """The county answered with a refusal; `code` is its word for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the code beside the sentence."""
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Exchanged(NamedTuple):
    """An answer and what it cost: bytes with HTTP headers, TLS and TCP apart."""

    response: SyncResponse
    bytes_up: int
    bytes_down: int


def delay_ms(attempt: int, random: float) -> int:
    """Return how long to wait before try `attempt` (from 1): full jitter, 2 s doubling to 15 min.

    `random` is from [0, 1). The tablets of a county come back at different moments.
    """
    ceiling = min(BACKOFF_CAP_MS, BACKOFF_BASE_MS << min(max(attempt - 1, 0), 20))
    return int(random * ceiling)


class Exchange:
    """One county's address and the keep-alive session to it."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        *,
        monotonic: Callable[[], float],
        connect_s: float = 10,
        read_s: float = 20,
        whole_s: float = 120,
    ) -> None:
        """`whole_s` bounds a whole answer, however slowly it drips."""

    def sync(self, request: SyncRequest) -> Exchanged:
        """Send envelopes, get acknowledgements and the first page; raise the three errors."""
        raise NotImplementedError

    def enrol(self, request: EnrolRequest, fingerprint: str) -> EnrolResponse:
        """Ask to be enrolled; the answer is verified down to the root's fingerprint."""
        raise NotImplementedError

    def card(self, fingerprint: str) -> bytes:
        """Return the county's signed card (verified: `card.open_card`)."""
        raise NotImplementedError

    def put_part(self, part: bytes) -> None:
        """Upload one signed part of an attachment (`attachment.sign_parts`)."""
        raise NotImplementedError

    def get(self, name: str, have: bytes = b"") -> bytes:
        """Return the ciphertext of an attachment, going on after `have`; checked by its name."""
        raise NotImplementedError
