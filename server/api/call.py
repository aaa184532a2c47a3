"""What an endpoint of /api/v1 is made of: the parsed request, its parameters, a row of the table.

An area of the console declares its own `ENDPOINTS` with these; `server.api.table` adds them up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import msgspec

from server.accounts import Accounts, Person
from server.desk import Desk
from shared.errors import Misuse

_S = TypeVar("_S")

FLAG_WORDS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}
TEXT: Mapping[str, object] = {"type": "string"}
FLAG: Mapping[str, object] = {"type": "boolean"}
DAY: Mapping[str, object] = {"type": "string", "format": "date"}
RECORD: Mapping[str, object] = {"type": "string", "format": "uuid"}


class WrongParameter(Misuse):
    """A query parameter that is missing or malformed."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, parsed: who asks, from where, with what."""

    desk: Desk
    accounts: Accounts
    address: str
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: Any = None
    who: Person | None = None

    @property
    def person(self) -> Person:
        """Who is logged in; only endpoints without `is_public` are called with one."""
        assert self.who is not None
        return self.who

    def body_as(self, kind: type[_S]) -> _S:
        """Return the body, which the endpoint declared to be of this type."""
        assert isinstance(self.body, kind)
        return self.body

    def flag(self, name: str) -> bool:
        """Return a parameter that is `true` or `false` (or `1`, `0`); false if it is not there."""
        word = self.query.get(name, "false")
        if word not in FLAG_WORDS:
            raise WrongParameter(f"参数 {name} 只能是 true 或 false。")
        return FLAG_WORDS[word]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter, what it means and what it may be (JSON Schema)."""

    name: str
    meaning: str
    required: bool = False
    schema: Mapping[str, object] = field(default_factory=lambda: TEXT)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the interface."""

    method: str
    path: str
    summary: str
    answer: Any
    handle: Callable[[Call], object]
    body: type[msgspec.Struct] | None = None
    parameters: tuple[Parameter, ...] = field(default=())
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A list with the id after which the next one begins, for the Link header."""

    items: Sequence[object]
    next_before: str | None


def date_of(query: Mapping[str, str], name: str) -> date:
    """Return a date parameter; raise WrongParameter."""
    try:
        return date.fromisoformat(query.get(name, ""))
    except ValueError as error:
        raise WrongParameter(f"参数 {name} 应为日期，例如 2026-10-31。") from error


def words_of(text: str | None) -> list[str] | None:
    """Return the words of a list parameter; None where it is not given."""
    return [word for word in text.split(",") if word] if text else None


def integer_of(text: str | None, default: int, most: int) -> int:
    """Return the parameter `limit`; raise WrongParameter."""
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise WrongParameter(f"参数 limit 应为 1 到 {most} 的整数。")
    return int(text)
