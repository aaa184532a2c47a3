"""What the commands share: options, output as one JSON document or as readable lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from server.county import County
from server.opening import close_county, open_county
from shared.errors import Misuse

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(path_type=Path, dir_okay=False)


def home(command: F) -> F:
    """Add `--home DIR`."""
    return click.option(
        "--home",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="县级数据目录。",
    )(command)


def as_json(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 文档。")(command)


def as_staff(command: F) -> F:
    """Add `--as STAFF`."""
    return click.option("--as", "staff", required=True, help="以哪位工作人员的名义（姓名）。")(
        command
    )


def reason(command: F) -> F:
    """Add `--reason TEXT`."""
    return click.option("--reason", required=True, callback=_said, help="理由，记入操作。")(command)


def _said(_ctx: click.Context, _option: click.Parameter, text: str) -> str:
    if not text.strip():
        raise Misuse("理由不能空着，请在 --reason 后写明，它会记入操作。")
    return text


@contextmanager
def county_at(root: Path) -> Iterator[County]:
    """Open the county of a command and close it again."""
    county = open_county(root)
    try:
        yield county
    finally:
        close_county(county)


def show(document: object, as_json: bool, lines: Iterable[str]) -> None:
    """Print the document, or the lines for a person."""
    if as_json:
        click.echo(msgspec.json.encode(document).decode())
        return
    for line in lines:
        click.echo(line)


def a_date(text: str, option: str) -> date:
    """Return the date of YYYY-MM-DD; raise Misuse."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"{option} 的“{text[:20]}”不是日期，请写成 2026-10-31 的样子。") from error


def a_value(text: str) -> object:
    """Return the value of a JSON text; raise Misuse."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Misuse("--value 应为 JSON，文字要加引号，例如 --value '\"13800000000\"'。") from error


def pairs_of(document: Mapping[str, object]) -> list[str]:
    """Return one line per entry."""
    return [f"{key}：{value}" for key, value in document.items()]
