"""Telling a store that was restored from a copy: a marker inside it and one beside it.

At each opening a new marker goes first into the store, then into the file, then is confirmed in the
store; a power cut between these leaves a pair that still fits. A file that fits neither the
confirmed nor the announced marker means that the store is not the one opened last: it starts new
streams before its first act, or two operations would claim one sequence number. A copy of the whole
folder is not seen here; the county sees it by the chain.
"""

from __future__ import annotations

from pathlib import Path

from mobile import files, tables
from mobile.database import Store
from mobile.streams import Entropy

MARKER_BYTES = 16
_CONFIRMED = "instance"
_ANNOUNCED = "instance announced"


def renew(store: Store, path: Path, entropy: Entropy) -> bool:
    """Exchange the markers; return whether the store was restored since it was opened last."""
    marker = entropy(MARKER_BYTES)
    with store.write():
        restored = _is_restored(store, path)
        tables.keep_meta(store, _ANNOUNCED, marker)
    with store.write():
        files.write(path, marker)
        tables.keep_meta(store, _CONFIRMED, marker)
    return restored


def _is_restored(store: Store, path: Path) -> bool:
    confirmed, announced = tables.meta(store, _CONFIRMED), tables.meta(store, _ANNOUNCED)
    if not path.exists():
        return confirmed is not None
    with files.disk_errors():
        return path.read_bytes() not in {confirmed, announced}
