"""The running county: real processes, real sockets, from an invitation to a page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import requests

from server.home import CountyHome
from server.opening import wall_clock
from sync.acknowledgement import Opened, Stored
from sync.exchange import CountyRefused, Exchange
from sync.messages import SyncRequest
from sync.page import Own
from tests.server.tablets import Tablet

READY_S = 60
BIANMIN = (sys.executable, "-c", "from sync.command import main; main()")
VILLAGE = "510322100221"


def bianmin(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*BIANMIN, *arguments], capture_output=True, text=True, check=False,
        timeout=READY_S,
    )  # fmt: skip


@dataclass
class Served:
    """A running county."""

    root: Path
    process: subprocess.Popen[bytes]
    fingerprint: str

    @property
    def url(self) -> str:
        return CountyHome.open(self.root).address()

    def county(self, *arguments: str) -> dict[str, object]:
        """Run a county command on this home and return its JSON."""
        name, *rest = arguments
        done = bianmin("county", name, "--home", str(self.root), *rest, "--json")
        assert done.returncode == 0, done.stderr
        document: dict[str, object] = json.loads(done.stdout)
        return document

    def tablet(self) -> Tablet:
        """A tablet, enrolled over HTTP."""
        tablet = Tablet(self.fingerprint, wall_clock)
        request = tablet.request(str(self.county("invite", "--site", VILLAGE)["code"]))
        tablet.enrolled(request, self.exchange().enrol(request, self.fingerprint))
        return tablet

    def exchange(self) -> Exchange:
        return Exchange(requests.Session(), self.url, monotonic=time.monotonic)

    def child(self, name: str) -> int:
        """The process id of core or front."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True,
            text=True, check=True,
        ).stdout  # fmt: skip
        (line,) = [one for one in listed.splitlines() if f"server.processes {name}" in one]
        return int(line.split()[0])


def start(root: Path, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [*BIANMIN, "county", "serve", "--home", str(root), "--port", "0",
         *arguments],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline(), "serve ended before it said where it listens"
    return process


def stop(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    code = process.wait(READY_S)
    assert process.stdout is not None
    process.stdout.close()
    return code


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("served") / ("deep" * 20) / "county"
    born = bianmin(
        "county", "init", "--home", str(root), "--county", "510322", "--sample", "--json"
    )
    assert born.returncode == 0, born.stderr
    process = start(root)
    yield Served(root, process, json.loads(born.stdout)["fingerprint"])
    assert stop(process) == 0
    assert not (root / "run" / "core.sock").exists()


def until(found: Callable[[], bool]) -> None:
    """Ask again until it holds; every question is a request that takes its time."""
    deadline = time.monotonic() + READY_S
    while not found():
        assert time.monotonic() < deadline, "it never came to hold"


def test_one_round_trip_stores_opens_and_brings_the_first_page(served: Served) -> None:
    tablet, exchange = served.tablet(), served.exchange()
    tablet.ask("低保怎么办")
    tablet.ask("医保怎么缴")
    answer = exchange.sync(SyncRequest([tablet.envelope()], b"", 1 << 20)).response
    stored, opened = tablet.acknowledgements(answer.acknowledgements)
    assert isinstance(stored, Stored)
    assert isinstance(opened, Opened)
    assert (stored.seq_from, stored.seq_to, stored.head) == (1, 3, tablet.head())
    assert (opened.seq, opened.head) == (3, tablet.head())
    assert answer.refusals == []
    assert answer.page is not None
    page = tablet.page(answer.page)
    assert page.opened == opened
    own = [one for one in page.entries if isinstance(one, Own)]
    assert [(one.seq_from, one.seq_to, one.verdict.status) for one in own][:1] == [
        (1, 1, "admitted")
    ]
    assert sum(one.seq_to - one.seq_from + 1 for one in own) == 3
    assert {one.verdict.status.value for one in own} == {"admitted"}


def test_the_same_sync_again_changes_nothing(served: Served) -> None:
    tablet, exchange = served.tablet(), served.exchange()
    tablet.ask("残疾人补贴")
    request = SyncRequest([tablet.envelope()], b"", 1 << 20)
    first, second = (exchange.sync(request).response for _ in range(2))
    assert first.acknowledgements[0] == second.acknowledgements[0]
    opened = [tablet.page(one.page or b"").opened for one in (first, second)]
    assert opened[0] == opened[1]
    assert served.county("verify")["ok"] is True


def test_who_wants_no_page_does_not_wait_for_the_core(served: Served) -> None:
    tablet, exchange = served.tablet(), served.exchange()
    tablet.ask("高龄津贴")
    answer = exchange.sync(SyncRequest([tablet.envelope()], b"", 0)).response
    assert answer.page is None
    (stored,) = tablet.acknowledgements(answer.acknowledgements)
    assert isinstance(stored, Stored)
    asking = SyncRequest([tablet.envelope(3)], b"", 1 << 20)

    def is_opened() -> bool:
        page = exchange.sync(asking).response.page
        opened = tablet.page(page).opened if page is not None else None
        return opened is not None and opened.seq == 2

    until(is_opened)


def test_five_equal_posts_at_once_enrol_one_tablet(served: Served) -> None:
    tablet = Tablet(served.fingerprint, wall_clock)
    request = tablet.request(str(served.county("invite", "--site", VILLAGE)["code"]))
    with ThreadPoolExecutor(5) as pool:
        answers = list(
            pool.map(lambda _: served.exchange().enrol(request, served.fingerprint), range(5))
        )
    assert len({(one.device, one.agent, one.short_code) for one in answers}) == 1
    other = Tablet(served.fingerprint, wall_clock)
    with pytest.raises(CountyRefused, match="注册码") as refused:
        served.exchange().enrol(other.request(request.code), served.fingerprint)
    assert refused.value.code == "wrong_code"


def test_a_suspension_beside_the_running_server_holds_what_comes_after(served: Served) -> None:
    tablet, exchange = served.tablet(), served.exchange()
    tablet.ask("先来的")
    exchange.sync(SyncRequest([tablet.envelope()], b"", 0))
    device = tablet.device_key.id.hex()
    assert served.county("suspend", device, "--as", "admin")["state"] == "suspended"
    tablet.ask("后来的")
    answer = exchange.sync(SyncRequest([tablet.envelope(3)], b"", 1 << 20)).response
    assert isinstance(tablet.acknowledgements(answer.acknowledgements)[0], Stored)
    held = bianmin("county", "held", "--home", str(served.root), "--json")
    assert device in {one["device"] for one in json.loads(held.stdout)}
    assert served.county("approve", device, "--as", "admin")["state"] == "active"


def test_while_the_core_is_down_the_front_stores_and_hands_over_later(served: Served) -> None:
    tablet, exchange = served.tablet(), served.exchange()
    tablet.ask("核心停了")
    core = served.child("core")
    os.kill(core, signal.SIGSTOP)
    try:
        answer = exchange.sync(SyncRequest([tablet.envelope()], b"", 1 << 20)).response
        (stored,) = tablet.acknowledgements(answer.acknowledgements)
        assert isinstance(stored, Stored)
        assert answer.page is None
    finally:
        os.kill(core, signal.SIGKILL)

    def opened() -> bool:
        asked = exchange.sync(SyncRequest([tablet.envelope(3)], b"", 1 << 20)).response
        return asked.page is not None and (tablet.page(asked.page).opened or NOTHING).seq == 2

    until(opened)
    assert served.child("core") != core


NOTHING = Opened(510322, 0, b"\0" * 16, 0, b"\0" * 32, 0)


def test_a_killed_front_comes_back_on_the_same_address(served: Served) -> None:
    tablet, url = served.tablet(), served.url
    tablet.ask("前台停了")
    front = served.child("front")
    os.kill(front, signal.SIGKILL)

    def answered() -> bool:
        try:
            return bool(httpx.get(f"{url}/healthz", timeout=READY_S).json()["core"] == "up")
        except httpx.TransportError:
            return False

    until(answered)
    assert served.child("front") != front
    answer = served.exchange().sync(SyncRequest([tablet.envelope()], b"", 0)).response
    assert answer.acknowledgements


def test_a_second_server_on_the_same_home_refuses(served: Served) -> None:
    done = bianmin("county", "serve", "--home", str(served.root), "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "已在运行" in done.stderr


def test_a_port_in_use_is_one_clear_sentence(served: Served, tmp_path: Path) -> None:
    root = tmp_path / "other"
    assert bianmin("county", "init", "--home", str(root), "--county", "510322").returncode == 0
    port = served.url.rpartition(":")[2]
    done = bianmin("county", "serve", "--home", str(root), "--port", port)
    assert done.returncode == 1
    assert port in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_console_is_reached_through_the_front_and_the_cores_own_paths_are_not(
    served: Served,
) -> None:
    assert httpx.get(f"{served.url}/", timeout=READY_S, follow_redirects=True).status_code == 200
    for path in ("/core/devices", "/core/envelopes", "/%63ore/devices", "//core/devices"):
        answer = httpx.get(f"{served.url}{path}", timeout=READY_S)
        assert answer.status_code in (404, 405), path
        assert tuple(answer.content[:1]) != (0x92,), path


def test_a_killed_parent_takes_its_children_along_and_the_county_starts_again(
    tmp_path: Path,
) -> None:
    root = tmp_path / "county"
    assert bianmin("county", "init", "--home", str(root), "--county", "510322").returncode == 0
    first = start(root)
    address = CountyHome.open(root).address()
    first.kill()
    first.wait(READY_S)
    assert first.stdout is not None
    assert first.stdout.read() == b"", "the children hold this pipe until they end"
    first.stdout.close()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{address}/healthz", timeout=READY_S)
    second = start(root)
    assert httpx.get(f"{CountyHome.open(root).address()}/healthz", timeout=READY_S).json()["ok"]
    second.send_signal(signal.SIGINT)
    assert stop(second) == 0
