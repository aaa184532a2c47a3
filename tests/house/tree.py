"""The files of the repository, as the house rules see them."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = ("shared", "sync", "mobile", "server")
GROUNDS = (*ROOMS, "tests", "benchmarks")


class Module(NamedTuple):
    """One Python file: its path from the root ("shared/errors.py"), text and syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top-level folder."""
        return self.path.partition("/")[0]


def parse(path: str, text: str) -> Module:
    """A module from its text; SyntaxError if it is none."""
    return Module(path, text, ast.parse(text, path))


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the product, its tests and its benchmarks."""
    paths = sorted(path for ground in GROUNDS for path in (ROOT / ground).rglob("*.py"))
    return tuple(
        parse(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths
    )


def product() -> tuple[Module, ...]:
    """The files of the four rooms."""
    return tuple(module for module in modules() if module.room in ROOMS)


def tracked_texts() -> Iterator[tuple[str, str]]:
    """(path, text) of every file that git tracks and that is text."""
    for path in _tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT).as_posix(), content.decode("utf-8", errors="replace")


def _tracked() -> list[Path]:
    """What git lists; in an unpacked archive, or without git, the files of the known folders."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listing = subprocess.run(
            [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        folders = [ROOT / name for name in (*GROUNDS, "docs", "requirements", ".ci")]
        paths = [*ROOT.glob("*"), *(path for folder in folders for path in folder.rglob("*"))]
    return [path for path in paths if path.is_file() and path.suffix != ".pyc"]
