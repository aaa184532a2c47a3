"""A batch as a file: .json with one array for each table, or .xlsx with one sheet for each.

The same batch gives the same bytes, whenever and however often: every time and number in the file
is the batch's own. What is written aside on the way lies in the county's own folder, never in a
common one, for it holds personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import msgspec
import xlsxwriter

from server import files
from server.bridge.batch import batch_text, read_piece
from server.bridge.making import pieces_of
from server.bridge.saying import stamp
from server.bridge.tables import TABLES, place_of, row_key
from server.county import County
from server.report_files import XLSX
from server.storage import Tx
from server.storage.desk_rows import BridgeBatch
from shared.errors import Misuse, Refused

FORMAT = "bianmin-bridge/1"
JSON = "application/json"
MEDIA_TYPES = {".json": JSON, ".xlsx": XLSX}
NOTICE = "本文件含个人信息，仅供报送省政务服务平台使用；用后请删除，不得另作他用。"
_SHEET_WIDTH = 18


class WrongFormat(Misuse):
    """A file name that says neither .xlsx nor .json."""


class BatchGone(Refused):
    """What a batch said was erased, in whole or in part, so the same bytes cannot be made."""


def require_format(name: str) -> str:
    """Return the ending of a file name, .json or .xlsx; raise WrongFormat."""
    suffix = Path(name).suffix.lower()
    if suffix not in MEDIA_TYPES:
        raise WrongFormat("文件名请以 .xlsx 或 .json 结尾。")
    return suffix


def file_name(county: County, batch: BridgeBatch, suffix: str) -> str:
    """Return how a batch's file is called."""
    return f"bridge-{batch_text(county.code, batch.batch)}{suffix}"


def write_batch(county: County, batch: BridgeBatch, path: Path) -> None:
    """Write the file whole or not at all; raise WrongFormat, BatchGone, NotWritten."""
    suffix = require_format(path.name)
    make: Callable[[Tx, County, BridgeBatch, BinaryIO], None]
    make = _json if suffix == ".json" else _xlsx
    aside = path.with_name(path.name + ".part")
    try:
        aside.touch(files.PRIVATE_FILE)
        with aside.open("wb") as file, county.ledger.read() as tx:
            require_whole(tx, batch)
            make(tx, county, batch, file)
            file.flush()
            files.sync(file.fileno())
        aside.replace(path)
        files.sync_folder(path.resolve().parent)
    except (OSError, Refused) as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise files.NotWritten(f"写不进 {path}（{error.strerror}），请检查后重试。") from error
        raise


def batch_bytes(county: County, batch: BridgeBatch, suffix: str) -> bytes:
    """Return the file's bytes; raise BatchGone, NotWritten."""
    with TemporaryDirectory(dir=county.home.run) as folder:
        path = Path(folder) / ("batch" + suffix)
        write_batch(county, batch, path)
        return path.read_bytes()


def require_whole(tx: Tx, batch: BridgeBatch) -> None:
    """Raise BatchGone unless every piece of a batch is there."""
    if tx.count_bridge_pieces(batch.batch) != batch.cases:
        raise BatchGone(
            "这一批的内容已按规定清除（超过保留期，或有群众的个人信息已清除），不能原样重发；"
            "请用 --since 日期 重新导出。"
        )


def _lines(tx: Tx, county: County, batch: BridgeBatch, place: int) -> Iterator[list[str]]:
    """Yield the rows of one table, every field in order."""
    fixed = [batch_text(county.code, batch.batch), stamp(batch.made_at), str(batch.batch)]
    for stored in pieces_of(tx, batch.batch):
        piece = read_piece(stored.content)
        for row in piece.rows:
            if place_of(row.suffix) == place:
                keys = [row_key(stored.record, row.suffix), piece.project_no]
                yield [*keys, *row.values, row.operation, *fixed]


def _json(tx: Tx, county: County, batch: BridgeBatch, file: BinaryIO) -> None:
    head = {
        "format": FORMAT, "county": str(county.code),
        "batch": batch_text(county.code, batch.batch), "row_version": batch.batch,
        "made_at": stamp(batch.made_at), "notice": NOTICE, "cases": batch.cases,
        "rows": batch.rows,
    }  # fmt: skip
    file.write(msgspec.json.encode(head)[:-1] + b',"tables":{')
    for place, table in enumerate(TABLES):
        names = [column.name for column in table.columns]
        file.write((b"," if place else b"") + msgspec.json.encode(table.name) + b":[")
        for number, line in enumerate(_lines(tx, county, batch, place)):
            row = msgspec.json.encode(dict(zip(names, line, strict=True)))
            file.write((b",\n" if number else b"\n") + row)
        file.write(b"]")
    file.write(b"}}\n")


def _xlsx(tx: Tx, county: County, batch: BridgeBatch, file: BinaryIO) -> None:
    with TemporaryDirectory(dir=county.home.run) as folder:
        book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "tmpdir": folder, "strings_to_numbers": False}
        )
        made = datetime.fromtimestamp(batch.made_at // 1000, UTC).replace(tzinfo=None)
        book.set_properties({"created": made})
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        note = book.add_worksheet("说明")
        note.set_column(0, 0, 16)
        note.set_column(1, 1, 80)
        told = (
            ("批次号", batch_text(county.code, batch.batch)), ("县", str(county.code)),
            ("生成时间", stamp(batch.made_at)), ("办件", str(batch.cases)),
            ("行数", str(batch.rows)), ("注意", NOTICE), ("格式", FORMAT),
        )  # fmt: skip
        for number, (label, value) in enumerate(told):
            note.write_string(number, 0, label, bold)
            note.write_string(number, 1, value)
        for place, table in enumerate(TABLES):
            sheet = book.add_worksheet(f"{table.title} {table.name}")
            sheet.freeze_panes(2, 0)
            sheet.set_column(0, len(table.columns) - 1, _SHEET_WIDTH, text)
            for number, column in enumerate(table.columns):
                sheet.write_string(0, number, column.name, bold)
            for number, column in enumerate(table.columns):
                sheet.write_string(1, number, column.label)
            for row, line in enumerate(_lines(tx, county, batch, place), 2):
                for number, value in enumerate(line):
                    if value:
                        sheet.write_string(row, number, value, text)
        book.close()
