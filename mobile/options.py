"""What the agent's commands share: options, the PIN, opening and locking the tablet, output."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import msgspec
import requests

from mobile.keyring import Unlocked
from mobile.tablet import Locked, Machine, NotFrozen, Tablet
from shared.errors import Misuse
from sync.exchange import Exchange

F = TypeVar("F", bound=Callable[..., Any])
PIN_VARIABLE = "BIANMIN_PIN"
DATA_BYTES_MAX = 4 << 20


class Access(NamedTuple):
    """Whose tablet, as whom, with which PIN."""

    home: Path
    agent: str | None
    pin: str | None
    as_json: bool

    def locked(self) -> Locked:
        """Return the home without its keys."""
        return Locked(self.home, Machine.real())

    @contextlib.contextmanager
    def unlocked(self) -> Iterator[Tablet]:
        """Unlock for one command; at its end what is pending is frozen, or a notice says why."""
        if self.pin is None:
            raise Misuse(f"请给出 PIN：--pin PIN、--pin -（标准输入）或环境变量 {PIN_VARIABLE}。")
        tablet = self.locked().unlock(self.pin, self.agent)
        try:
            yield tablet
        except BaseException:
            with contextlib.suppress(NotFrozen):
                tablet.lock()
            raise
        try:
            tablet.lock()
        except NotFrozen as error:  # the command is done and its result is shown
            click.echo(str(error), err=True)

    def show(self, document: object, lines: Iterable[str]) -> None:
        """Print the document, or the lines for a person."""
        if self.as_json:
            click.echo(msgspec.json.encode(document).decode())
            return
        for line in lines:
            click.echo(line)


def access(command: F) -> F:
    """Add --home, --as, --pin and --json; the command gets them as one `Access`."""

    def gathered(
        home: Path, agent: str | None, pin: str | None, as_json: bool, **rest: object
    ) -> object:
        return command(Access(home, agent, read_pin(pin), as_json), **rest)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__dict__.update(command.__dict__)
    decorated: Any = gathered
    for option in (
        click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 文档。"),
        click.option("--pin", help=f"PIN；- 表示从标准输入读；也可用环境变量 {PIN_VARIABLE}。"),
        click.option("--as", "agent", help="以哪位用户的名义；不给则为上次的用户。"),
        click.option(
            "--home", required=True, type=click.Path(path_type=Path, file_okay=False),
            help="本机数据目录。",
        ),
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def read_pin(given: str | None) -> str | None:
    """Return the PIN of the option, of standard input for `-`, or of the environment."""
    if given == "-":
        return sys.stdin.readline().rstrip("\r\n")
    return given if given is not None else os.environ.get(PIN_VARIABLE)


def read_data(text: str | None, file: Path | None) -> dict[str, object]:
    """Return the object of --data or --file; {} for neither. Raises Misuse."""
    if text is not None and file is not None:
        raise Misuse("--data 与 --file 只能给一个。")
    if file is not None:
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise Misuse(f"读不到文件「{file.name[:60]}」，请检查路径。") from error
    else:
        raw = (text or "{}").encode("utf-8", "surrogateescape")
    if len(raw) > DATA_BYTES_MAX:
        raise Misuse("内容过大，请改用附件。")
    try:
        return msgspec.json.decode(raw.removeprefix(codecs.BOM_UTF8), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Misuse('内容应是一个 JSON 对象，例如 {"question": "…"}，请检查引号。') from error


def unlock_other(locked: Locked, name: str) -> Unlocked:
    """Unlock an agent who is there, to add another: the PIN comes from the environment."""
    pin = os.environ.get(PIN_VARIABLE)
    if pin is None:
        raise Misuse(f"请把「{name[:40]}」的 PIN 放入环境变量 {PIN_VARIABLE}。")
    return locked.keyring.unlock(locked.slot(name), pin, locked.machine.clock.now_ms())


def exchange_to(url: str) -> Exchange:
    """Return the way to a county's address."""
    return Exchange(requests.Session(), url, monotonic=time.monotonic)
