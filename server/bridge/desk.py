"""The bridge as staff meet it: console, /api/v1 and command line all ask here.

Who may is the permission table's word; whoever takes a file out or brings one in stands in the
audit log with the batch, its size and its recipient, never with what it says of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from server import sight
from server.accounts import Person
from server.bridge import mapping
from server.bridge.answers import Answered, rejected_rows, take_answer
from server.bridge.batch import AGAIN, REJECTED, CaseTold, batch_text, parse_batch, read_told
from server.bridge.files import batch_bytes, file_name, require_format, write_batch
from server.bridge.looking import head_of
from server.bridge.making import BATCH_CASES, LAST, Made, Maker, basis_of
from server.bridge.mapping import Codes, Line, codes_from, in_force, label_of, lines_of
from server.bridge.sheets import mapping_bytes, read_mapping
from server.bridge.tables import TABLES, place_of
from server.county import County, Editions
from server.storage import Tx
from server.storage.desk_rows import BridgeBatch
from server.storage.rows import (
    AuditEntry,
)
from shared import ids
from shared.errors import Misuse, Refused
from shared.permissions import Capability

EXPORTED, DOWNLOADED = "bridge_export", "bridge_download"
ANSWERED, MAPPED, RESENT = "bridge_answer", "bridge_mapping", "bridge_resend"
BATCHES_SHOWN = 12
REJECTIONS_SHOWN = 200
DATA_WORDS = {
    "id_no": "申请人没有证件号码", "project_no": "还没有办件编号",
    "applyer_name": "申请人姓名是空的", "material_name": "材料名称是空的",
}  # fmt: skip
"""What a record may lack itself; no code helps there."""


class UnknownBatch(Refused):
    """The county has made no batch of this number, or has not finished it."""


class NothingRejected(Refused):
    """The province has sent nothing of this case back, or it is on its way again."""


class NoFile(Misuse):
    """A form without the file it asks for."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A code without mapping, or what records lack, and how many cases wait for it."""

    section: str
    label: str
    local: str
    meaning: str
    cases: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """A case of which the province sent rows back, and has not been told anew."""

    record: bytes
    batch: int
    project_no: str
    rows: list[tuple[str, str]]
    """(table, reason)."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How the bridge stands."""

    batches: list[BridgeBatch]
    counts: dict[str, int]
    gaps: list[Gap]
    rejections: list[Rejection]
    changes: int
    """Operations of the county's stream nobody has looked at; 0: nothing is due."""
    is_recheck: bool
    """Codes or editions changed, so every case is looked at again."""
    codes: Codes
    unmapped: int
    recipient: str
    may: bool


def overview(county: County, person: Person) -> Overview:
    """Return how the bridge stands; raise NotAllowed for those whom it does not concern."""
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        may = _may(person, editions)
        codes = in_force(tx, county)
        state, head = tx.bridge_state(), head_of(tx)
        same_epoch = state is not None and state.epoch == head[0]
        changes = head[1] - state.seq if state is not None and same_epoch else head[1]
        lines = lines_of(codes, editions)
        return Overview(
            batches=tx.bridge_batches(BATCHES_SHOWN),
            counts=tx.count_bridge_cases(),
            gaps=gaps_of(tx, editions),
            rejections=open_rejections(tx, REJECTIONS_SHOWN),
            changes=changes,
            is_recheck=state is not None and state.basis != basis_of(tx, county),
            codes=codes,
            unmapped=sum(not line.code and mapping.has_to_be(line) for line in lines),
            recipient=recipient_of(codes),
            may=may,
        )


def open_rejections(tx: Tx, limit: int = REJECTIONS_SHOWN) -> list[Rejection]:
    """Return the cases with rows that the province sent back, the oldest batch first."""
    found = []
    for case in tx.bridge_cases_in("rejected", limit):
        told = read_told(case.told)
        rows = [(TABLES[place_of(one)].title, why) for one, why in rejected_rows(told)]
        found.append(Rejection(case.record, case.batch, told.project_no, rows))
    return found


def gaps_of(tx: Tx, editions: Editions) -> list[Gap]:
    """Return the codes without mapping that cases wait for, the most wanted first."""
    counts: dict[tuple[str, str], int] = {}
    for missing, cases in tx.bridge_gaps().items():
        for line in missing.split("\n"):
            section, _, local = line.partition("\t")
            counts[section, local] = counts.get((section, local), 0) + cases
    found = [_gap(section, local, n, editions) for (section, local), n in counts.items()]
    return sorted(found, key=lambda gap: (-gap.cases, gap.section, gap.local))


def recipient_of(codes: Codes) -> str:
    """Return whom files are for."""
    shipped = mapping.proposals().codes["fixed"]["recipient"]
    return codes.codes.get("fixed", {}).get("recipient", "") or shipped


# ---- handing over


def export(
    county: County, person: Person | None, since: date | str, path: Path, *,
    cases_max: int = BATCH_CASES,
) -> Made:  # fmt: skip
    """Write what differs to a file; nothing is written where nothing differs.

    `person` None: whoever holds the machine itself. Raises NotAllowed, BridgeBusy, NotWritten.
    """
    _require(county, person)
    require_format(path.name)
    maker = Maker(county, _author(person), cases_max=cases_max)
    made = maker.make(since)
    if made.batch is not None:
        write_batch(county, made.batch, path)
        maker.written(made.batch.batch)
        _note_batch(county, person, EXPORTED, made.batch)
    return made


def export_bytes(
    county: County, person: Person, since: date | str, suffix: str, *, cases_max: int
) -> tuple[Made, str, bytes]:
    """Return what differs as a file: what was made, its name and bytes; '' where nothing does."""
    with TemporaryDirectory(dir=county.home.run) as folder:
        path = Path(folder) / f"batch{require_format('x' + suffix)}"
        made = export(county, person, since, path, cases_max=cases_max)
        if made.batch is None:
            return made, "", b""
        return made, file_name(county, made.batch, suffix), path.read_bytes()


def named_batch(county: County, text: str) -> BridgeBatch:
    """Return the batch of a number as printed; raise WrongBatch, UnknownBatch."""
    with county.ledger.read() as tx:
        number = parse_batch(county.code, tx.county_head().epoch, text)
        batch = tx.bridge_batch(number)
    if batch is None or batch.closed_at is None:
        raise UnknownBatch(f"没有批次 {batch_text(county.code, number)}，请从对接页的列表中选择。")
    return batch


def again(county: County, person: Person | None, text: str, path: Path) -> BridgeBatch:
    """Write a batch once more, byte by byte; raise NotAllowed, UnknownBatch, BatchGone."""
    _require(county, person)
    batch = named_batch(county, text)
    write_batch(county, batch, path)
    _written(county, person, batch)
    return batch


def again_bytes(
    county: County, person: Person, text: str, suffix: str
) -> tuple[BridgeBatch, str, bytes]:
    """Return a batch once more; raise NotAllowed, UnknownBatch, BatchGone."""
    _require(county, person)
    batch = named_batch(county, text)
    content = batch_bytes(county, batch, require_format("x" + suffix))
    _written(county, person, batch)
    return batch, file_name(county, batch, suffix), content


def resend(county: County, person: Person, record: bytes) -> None:
    """Have the rows that the province sent back told again though nothing was corrected here.

    Raises NotAllowed, NothingRejected.
    """
    _require(county, person)

    def step(tx: Tx) -> None:
        tx.take_county_seq(0)
        case = tx.bridge_cases([record]).get(record)
        told = read_told(case.told) if case is not None else CaseTold()
        wanted = [suffix for suffix, one in told.rows.items() if one.answer == REJECTED]
        if case is None or not wanted:
            raise NothingRejected("这件没有被省平台退回的记录，或已经在再报途中，请刷新页面。")
        for suffix in wanted:
            del told.rows[suffix]
        tx.put_bridge_cases([case._replace(state=AGAIN, told=told.encode())])

    county.ledger.writing(step)
    _note(county, person, RESENT, ids.record_text(record), "")


# ---- the answer


def answer(county: County, person: Person | None, path: Path) -> Answered:
    """Take the province's answer; raise NotAllowed, WrongAnswer, Unreadable."""
    _require(county, person)
    done = take_answer(county, path, _author(person))
    detail = f"接收 {done.accepted} 行，退回 {done.rejected} 行，新编号 {done.numbers} 个"
    _note(county, person, ANSWERED, done.batch, detail)
    return done


def answer_bytes(county: County, person: Person, name: str, content: bytes) -> Answered:
    """Take the province's answer as a browser sends it."""
    with TemporaryDirectory(dir=county.home.run) as folder:
        return answer(county, person, _laid(folder, name, content))


# ---- the table of codes


def mapping_file(county: County, person: Person | None, suffix: str) -> bytes:
    """Return the county's table of codes as a file to edit; raise NotAllowed, WrongFormat."""
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        if person is not None:
            _may(person, editions)
        return mapping_bytes(county, in_force(tx, county), editions, require_format("x" + suffix))


def mapping_lines(county: County, person: Person) -> list[Line]:
    """Return the county's table of codes, line by line; raise NotAllowed."""
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        _may(person, editions)
        return list(lines_of(in_force(tx, county), editions))


def load_mapping(county: County, person: Person | None, path: Path) -> Codes:
    """Let the table in a file hold; raise NotAllowed, WrongMapping, Unreadable."""
    _require(county, person)
    return _publish(county, person, read_mapping(county, path))


def load_mapping_bytes(county: County, person: Person, name: str, content: bytes) -> Codes:
    """Let a table hold that a browser sends."""
    with TemporaryDirectory(dir=county.home.run) as folder:
        return load_mapping(county, person, _laid(folder, name, content))


def change_codes(county: County, person: Person, changed: Iterable[Line]) -> Codes:
    """Let these lines replace those of the table in force; the others stay."""
    _require(county, person)
    with county.ledger.read() as tx:
        codes, editions = in_force(tx, county), county.editions(tx)
        lines = {(line.section, line.local): line for line in lines_of(codes, editions)}
    lines |= {(line.section, line.local): line for line in changed}
    return _publish(county, person, codes_from(enumerate(lines.values(), 1), codes.title))


def _publish(county: County, person: Person | None, codes: Codes) -> Codes:
    author = _author(person)
    done = county.ledger.writing(lambda tx: mapping.publish(tx, county, codes, author))
    filled = sum(bool(code) for some in codes.codes.values() for code in some.values())
    _note(county, person, MAPPED, f"第 {done.number} 版", f"{filled} 个代码")
    return done


# ---- rights and the log


def _may(person: Person, editions: Editions) -> bool:
    """Whether the person may exchange; raise NotAllowed for those who may not even look."""
    decision = sight.over_site(person, editions, Capability.EXCHANGE, editions.centre)
    if decision.mode == "no":
        raise sight.NotAllowed(decision.reason)
    return decision.allowed


def sees_bridge(person: Person) -> bool:
    """Whether the menu shows the page."""
    return person.role in sight.COUNTY_ROLES


def _require(county: County, person: Person | None) -> None:
    if person is None:
        return
    with county.ledger.read() as tx:
        editions = county.editions(tx)
    decision = sight.over_site(person, editions, Capability.EXCHANGE, editions.centre)
    if not decision.allowed:
        raise sight.NotAllowed(decision.reason)


def _author(person: Person | None) -> str:
    return person.author if person is not None else "system"


def _written(county: County, person: Person | None, batch: BridgeBatch) -> None:
    Maker(county, _author(person)).written(batch.batch)
    _note_batch(county, person, DOWNLOADED, batch)


def _note_batch(county: County, person: Person | None, what: str, batch: BridgeBatch) -> None:
    with county.ledger.read() as tx:
        recipient = recipient_of(in_force(tx, county))
    detail = f"含个人信息，接收单位：{recipient}；{batch.cases} 件 {batch.rows} 行"
    _note(county, person, what, batch_text(county.code, batch.batch), detail)


def _note(county: County, person: Person | None, what: str, about: str, detail: str) -> None:
    now = county.now()
    entry = ids.uuid7(now, county.entropy(10))
    row = AuditEntry(entry, now, _author(person), what, about, detail)
    county.ledger.writing(lambda tx: tx.add_audit(row))


def _laid(folder: str, name: str, content: bytes) -> Path:
    if not content:
        raise NoFile("请先选择文件。")
    path = Path(folder) / ("file" + Path(name).suffix.lower()[:8])
    path.write_bytes(content)
    return path


def _gap(section: str, local: str, cases: int, editions: Editions) -> Gap:
    if section == "data":
        return Gap(section, "记录", local, DATA_WORDS.get(local, local), cases)
    label = mapping.SECTIONS[section].label if section in mapping.SECTIONS else section
    return Gap(section, label, local, label_of(section, local, editions), cases)


__all__ = ["LAST", "Overview", "export", "open_rejections", "overview"]
