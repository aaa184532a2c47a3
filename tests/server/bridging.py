"""A county with its codes filled in, and a province that keeps what it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from server import steward
from server.accounts import Person
from server.admin import accounts_of
from server.bridge import mapping
from server.bridge.files import write_batch
from server.bridge.looking import Looker
from server.bridge.making import LAST, Made, Maker
from server.bridge.tables import TABLES, row_key
from server.county import County
from server.steward import Draft
from shared.canonical import Value
from shared.fold import fold
from shared.ids import record_text
from shared.record import Record
from tests.server.core.world import ITEM, OTHER_ITEM, Mould, Tablet, township_of, villages

ITEMS = (ITEM, OTHER_ITEM)


class Cut(Exception):
    """The power went off."""


def fill_codes(county: County, **more: dict[str, str]) -> None:
    """Load a table of codes in which nothing is missing that the tests use."""
    with county.ledger.read() as tx:
        centre = county.editions(tx).centre
    shipped = mapping.proposals().codes
    codes = {name: {**some} for name, some in shipped.items()}
    codes["item_catalog"] = {one: f"0001170{n:05d}" for n, one in enumerate(ITEMS)}
    codes["item_task"] = {one: f"11510322008888888X4000117{n:06d}" for n, one in enumerate(ITEMS)}
    codes["site_org"] = {centre: "11510322008888888X"}
    codes["fixed"] |= {"no_id_no": "无"}
    codes["id_type"] |= {"999": "999"}
    for section, some in more.items():
        codes[section] = {**codes.get(section, {}), **some}
    made = mapping.Codes(0, "测试对照", codes)
    county.ledger.writing(lambda tx: mapping.publish(tx, county, made))


@dataclass
class Province:
    """Keeps for each key the row of the greatest version; told twice, it knows as much."""

    versions: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    def take(self, told: dict[str, Any]) -> None:
        """Take a file."""
        for table in TABLES:
            for row in told["tables"][table.name]:
                key, version = row["row_guid"], int(row["row_version"])
                if version < self.versions.get(key, 0):
                    continue
                self.versions[key] = version
                self.rows.pop(key, None)
                if row["cd_operation"] != "D":
                    batch = ("cd_operation", "cd_batch", "cd_time", "row_version")
                    self.rows[key] = {k: v for k, v in row.items() if k not in batch}


class Office:
    """A township's window at work, and the county's data clerk beside it."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.window = Tablet(county, township_of(villages()[0]), role="clerk")
        self.province = Province()
        self.cases: list[bytes] = []
        self.files: list[dict[str, Any]] = []
        self.cut_at = -1
        self._steps = 0

    # ---- the window

    def receive(self, name: str = "测试甲", item: str = ITEM, **data: Value) -> bytes:
        """Take a case in and bring it to the county."""
        fields: dict[str, Value] = {"item_kind": "promise", "promised_days": 5, **data}
        made = self.window.receive(name, item, statutory_days=10, **fields)
        self.cases.append(made.skeleton.record)
        self.window.sync()
        return made.skeleton.record

    def act(self, record: bytes, act: str, **data: Value) -> None:
        """Do an act at the county on the heads of now."""
        now = self.folded(record)
        draft = Draft(record, now.kind, act, data, now.heads, site=self.window.site)
        self.county.ledger.writing(lambda tx: steward.write(tx, self.county, [draft]))

    def rate(self, record: bytes, level: int) -> bytes:
        """Let the citizen rate a case."""
        made = self.county.entropy(16)
        data: dict[str, Value] = {"of": record_text(record), "level": level}
        draft = Draft(made, "rating", "rate", data, author="citizen", site=self.window.site)
        self.county.ledger.writing(lambda tx: steward.write(tx, self.county, [draft]))
        return made

    def closed(self, name: str = "测试甲", item: str = ITEM, **data: Value) -> bytes:
        """A case that went all the way."""
        record = self.receive(name, item, **data)
        self.act(record, "accept")
        self.act(record, "decide", outcome="granted")
        self.act(record, "close")
        return record

    def folded(self, record: bytes) -> Record:
        """A record as the county's ledger has it."""
        with self.county.ledger.read() as tx:
            return fold(tx.operations_of([record])[record])

    # ---- the clerk

    def export(
        self, since: date | str = LAST, *, cases_max: int = 10_000, cut_at: int = -1
    ) -> Made:  # fmt: skip
        """Export to a file that the province takes; at step `cut_at` the power goes off."""
        self._steps, self.cut_at = 0, cut_at
        maker = Maker(self.county, "system", cases_max=cases_max, step=self._step)
        made = maker.make(since)
        if made.batch is None:
            return made
        with TemporaryDirectory() as folder:
            path = Path(folder) / "batch.json"
            write_batch(self.county, made.batch, path)
            told = json.loads(path.read_bytes())
        self._step("file")
        self.files.append(told)
        self.province.take(told)
        maker.written(made.batch.batch)
        return made

    def export_all(self) -> int:
        """Export until nothing differs; return how many files that took."""
        count = 0
        while self.export().batch is not None:
            count += 1
        return count

    def _step(self, _what: str) -> None:
        self._steps += 1
        if self._steps == self.cut_at:
            raise Cut

    # ---- what the province has to know

    def due(self) -> dict[str, dict[str, str]]:
        """Every row the ledger calls for, recomputed from the records alone."""
        with self.county.ledger.read() as tx:
            looker = Looker.of(tx, self.county)
            ratings: dict[bytes, list[bytes]] = {one: [] for one in self.cases}
            for row in tx.list_records(limit=10_000):
                if row.kind == "rating":
                    of = fold(tx.operations_of([row.record])[row.record]).fields["of"]
                    for case in self.cases:
                        if record_text(case) == of:
                            ratings[case].append(row.record)
            return {
                row_key(one.record, row.suffix): {
                    "row_guid": row_key(one.record, row.suffix), "project_no": one.project_no,
                    **named(row.suffix, row.values),
                }
                for one in looker.look(ratings)
                for row in one.said.rows
            }  # fmt: skip


def id_no(number: int) -> str:
    """A made-up number of nobody (5199 is no prefecture) with its check digit."""
    body = f"51990019480101{number:03d}"
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def named(suffix: str, values: Sequence[str]) -> dict[str, str]:
    """A row's values by the names of their columns."""
    table = next(one for one in TABLES if one.letter == suffix[0])
    return dict(zip((one.name for one in table.columns[2:-4]), values, strict=True))


def answer_to(
    told: dict[str, Any], *, reject: Sequence[str] = (), numbers: bool = True, **head: Any
) -> dict[str, Any]:  # fmt: skip
    """The province's answer to a file; rows with keys in `reject` are sent back."""
    rows = [
        {
            "row_guid": row["row_guid"],
            "answer": "rejected" if row["row_guid"] in reject else "accepted",
            "reason": "申请人证件号码校验不通过" if row["row_guid"] in reject else "",
            "platform_no": f"SC-{row['project_no']}" if numbers and name == "accept" else "",
        }
        for name, lines in told["tables"].items()
        for row in lines
    ]
    return {
        "format": "bianmin-bridge-answer/1", "county": told["county"], "batch": told["batch"],
        "count": len(rows), "rows": rows, **head,
    }  # fmt: skip


@contextmanager
def laid(answer: dict[str, Any]) -> Iterator[Path]:
    """The answer as a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "answer.json"
        path.write_text(json.dumps(answer, ensure_ascii=False))
        yield path


def person(office: Office, role: str) -> Person:
    """Somebody with a log-in at the county centre."""
    with office.county.ledger.read() as tx:
        centre = office.county.editions(tx).centre
    row, _ = accounts_of(office.county).add(f"某{role}", role, centre)
    return Person(row.staff, row.name, role, centre, False, "", b"")


def keys_of(told: dict[str, Any], table: str) -> list[str]:
    return [row["row_guid"] for row in told["tables"][table]]


PERSON = {
    "id_type": "111", "id_no": id_no(1), "phone": "13800000000", "address_text": "示范村一组",
}  # fmt: skip


@contextmanager
def an_office(mould: Mould) -> Iterator[Office]:
    """An office in a county with all its codes."""
    with mould.cast() as county:
        fill_codes(county)
        yield Office(county)
