"""Files are there whole or not at all."""

from __future__ import annotations

import errno
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mobile import files
from mobile.files import NotSaved


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow over 4 KB in this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"one")
    files.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")
    with pytest.raises(NotSaved, match="未保存：存储空间已满"):
        files.write(path, bytes(8192))
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_missing_folder_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotSaved, match="ENOENT"):
        files.write(tmp_path / "none" / "file", b"x")


def test_removing_what_is_gone_is_fine(tmp_path: Path) -> None:
    files.remove(tmp_path / "file")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "存储空间已满"),
        (errno.EDQUOT, "存储空间已满"),
        (errno.EIO, "EIO"),
        (0, "EIO"),
    ],
)
def test_each_error_of_the_disk_has_its_sentence(code: int, words: str) -> None:
    error = files.of_os_error(OSError(code, "x"))
    assert str(error).startswith("未保存：")
    assert words in str(error)


def test_writers_of_one_file_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([number]) * 3000 for number in range(8)]

    def write_often(content: bytes) -> None:
        for _ in range(20):
            files.write(path, content)

    with ThreadPoolExecutor(len(contents)) as pool:
        list(pool.map(write_often, contents))
    assert path.read_bytes() in contents
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_writer_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.with_name(path.name + files.TEMPORARY).write_bytes(b"half of something longer")
    files.write(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
