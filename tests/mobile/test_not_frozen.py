"""A disk that gets full between the commit and the sealing: what is saved is said to be saved."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mobile import database
from mobile.cli import agent
from mobile.tablet import Locked, Machine, NotFrozen
from tests.mobile.county import County, Serving
from tests.mobile.kit import PIN, enrolled

NOTICE = (
    "记录已存本机；待送数据暂时封不了（存储读写出错），重启设备后同步即可；仍不行请联系县里。\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Serving(County()) as serving:
        done = run(tmp_path / "home", "enrol", "--server", serving.url, "--code", "C",
                   "--name", "测试员甲")  # fmt: skip
    assert done.exit_code == 0, done.output
    return tmp_path / "home"


def run(home: Path, command: str, *arguments: str) -> Result:
    given = [command, "--home", str(home), "--json", "--pin", PIN, *arguments]
    return CliRunner().invoke(agent, given, catch_exceptions=False)


def no_outbox(home: Path) -> None:
    """Nothing can be written there: the folder is gone."""
    shutil.rmtree(home / "outbox")


def test_the_command_shows_its_result_and_a_notice(home: Path) -> None:
    no_outbox(home)
    done = run(home, "record", "consultation", "--data", '{"question":"问"}')
    assert (done.exit_code, done.stderr) == (0, NOTICE)
    made = json.loads(done.stdout)["record"]
    done = run(home, "act", made, "answer", "--data", '{"answer":"答"}')
    assert (done.exit_code, done.stderr) == (0, NOTICE)
    assert json.loads(done.stdout)["record"] == made
    (home / "outbox").mkdir()
    done = run(home, "list")
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == 1
    assert sum(one.work for one in Locked(home, Machine.real()).outbox.all()) == 2


def test_a_command_that_failed_says_its_own_error_alone(home: Path) -> None:
    run(home, "record", "consultation", "--data", '{"question":"问"}')
    no_outbox(home)
    with pytest.raises(BaseException, match="本机没有记录") as caught:
        run(home, "show", "01a20a9d-027c-7cd0-bfea-941eff3b89ab")
    assert not isinstance(caught.value, NotFrozen)


def test_a_damaged_summary_is_no_unsaved_record(home: Path) -> None:
    (home / "summary.json").write_bytes(b"{")
    done = run(home, "record", "consultation", "--data", '{"question":"问"}')
    assert done.exit_code == 0
    assert done.stderr.startswith("记录已存本机；")


@pytest.fixture
def small_files() -> Iterator[Callable[[], None]]:
    """Call it, and no file grows over 4 KB in this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_named_and_the_store_is_closed(
    tmp_path: Path, small_files: Callable[[], None]
) -> None:
    locked = enrolled(tmp_path / "home")
    tablet = locked.unlock(PIN)
    for number in range(60):
        tablet.desk.record("consultation", {"question": hashlib.sha512(b"%d" % number).hexdigest()})
    small_files()
    with pytest.raises(NotFrozen, match=r"封不了（存储空间已满），清理空间后同步即可。$"):
        tablet.lock()
    with pytest.raises(database.Error):
        tablet.status()
    assert locked.outbox.all() == []
