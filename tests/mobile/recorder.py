"""Records without end and prints each acknowledged operation: something to kill."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mobile.desk import Recorded
from mobile.tablet import Locked, Machine
from mobile.timekeeping import SystemClock
from tests.mobile.kit import FAST, PIN


def main(folder: Path) -> None:
    """Unlock the home and record until killed."""
    machine = Machine(SystemClock(), os.urandom, kdf=FAST, floor=FAST)
    tablet = Locked(folder, machine).unlock(PIN)
    number = 0
    while True:
        number += 1
        done = tablet.desk.record("consultation", {"question": f"第 {number} 问"})
        assert isinstance(done, Recorded)
        line = f"{done.operation.hex()} {done.slip_number}\n".encode()
        os.write(1, line)
        if number % 7 == 0:
            tablet.freezer.freeze()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
