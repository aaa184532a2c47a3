"""What the commands print as JSON, and one line each for a person."""

from __future__ import annotations

from mobile.attachments import Attached
from mobile.desk import Recorded, Sealed, Shown
from mobile.lists import ListRow, asked_sentence
from mobile.projection import asked_of
from mobile.status import Status
from mobile.synchronise import Synced
from shared import kinds, lifecycle
from shared.canonical import Value
from shared.clock import Quality
from shared.deadlines import DueDate
from shared.dunning import ANSWER, ASKING
from shared.fold import Entry
from shared.ids import record_text
from shared.reasons import sentence
from shared.record import Candidate, Conflict

Document = dict[str, object]

_SAID = ("reason", "answer_by_on", "supervision_answer")
DELIVERY_WORDS = {"saved": "已存本机", "delivered": "已送达县级", "merged": "县级已入账"}


def recorded(done: Recorded | Sealed) -> Document:
    """A new record; of a sealed complaint the query code alone."""
    if isinstance(done, Sealed):
        return {"query_code": done.query_code}
    return {
        "record": record_text(done.record),
        "operation": done.operation.hex(),
        "slip_number": done.slip_number,
        "query_code": done.query_code,
        "state": done.state,
    }


def acted(done: Recorded) -> Document:
    """An act on a record."""
    return {
        "record": record_text(done.record),
        "operation": done.operation.hex(),
        "state": done.state,
    }


def listed(row: ListRow) -> Document:
    """A record in a list."""
    return {
        "record": record_text(row.record),
        "kind": row.kind,
        "state": row.state,
        "delivery": row.delivery,
        "title": row.title,
        "updated_at": row.updated_at,
        "conflicts": row.conflicts,
        "slip_number": row.slip or None,
        "asked": _asked_in_list(row),
    }


def listed_line(row: ListRow) -> str:
    """A record in a list, for a person."""
    label = kinds.kind_of(row.kind).label if row.kind in kinds.KINDS else row.kind
    conflict = "  有冲突" if row.conflicts else ""
    asked = f"  {asked_sentence(row)}" if row.asked else ""
    return (
        f"{record_text(row.record)}  {label}  {row.state or ''}  "
        f"{DELIVERY_WORDS[row.delivery]}  {row.title}{conflict}{asked}"
    )


def due(found: DueDate | None) -> Document:
    """When a case is due, and whether a year without notice was counted through (暂定)."""
    return {
        "due_on": found.on.isoformat() if found is not None else None,
        "due_provisional": found is not None and found.provisional,
    }


def shown(found: Shown) -> Document:
    """A folded record: `fields` flat, conflicts, history, and what has no effect and why."""
    record = found.record
    by_id = {entry.operation.id: entry for entry in found.held.entries}
    return {
        "record": record_text(record.id),
        "kind": record.kind,
        "state": record.state,
        "delivery": found.held.delivery,
        "numbers": [{"kind": kind, "number": number} for kind, number in found.numbers],
        "fields": {name: _plain(value) for name, value in record.fields.items()},
        "conflicts": [_conflict(conflict) for conflict in record.conflicts],
        "history": [
            {
                "operation": effect.operation.hex(),
                "act": effect.act,
                "label": lifecycle.act_label(record.kind, effect.act),
                "state_before": effect.state_before,
                "state_after": effect.state_after,
                "effective_at": effect.effective_at,
                **_said(by_id[effect.operation]),
                **_authorship(by_id[effect.operation]),
            }
            for effect in record.history
        ],
        "without_effect": [
            {
                "operation": item.operation.hex(),
                "status": item.status.value,
                "reason": item.reason,
                "sentence": sentence(item.reason),
                **_authorship(by_id[item.operation]),
            }
            for item in record.without_effect
        ],
        "downgrades": [
            {"field": item.register, "operation": item.operation.hex()}
            for item in record.downgrades
        ],
        "asked": _asked(found),
        "purged": list(record.purged),
        "heads": [head.hex() for head in record.heads],
    }


def attached(one: Attached) -> Document:
    """An attachment of a record."""
    paper = one.paper
    return {
        "record": record_text(one.record),
        "file_name": paper.file_name if paper else None,
        "media_type": paper.media_type if paper else None,
        "bytes": paper.size if paper else None,
        "here": one.is_here,
    }


def attached_line(one: Attached) -> str:
    """An attachment of a record, for a person."""
    paper = one.paper
    if paper is None:
        return f"附件 {record_text(one.record)}  内容已清除或无法打开"
    return (
        f"附件 {record_text(one.record)}  {paper.file_name}  {paper.size} 字节  "
        f"{'已在本机' if one.is_here else '可联网取回'}"
    )


def status(now: Status) -> Document:
    """Four figures."""
    return {
        "pending": now.pending,
        "held": now.held,
        "refused": now.refused,
        "last_delivered_at": now.last_delivered_at,
    }


def synced(done: Synced) -> Document:
    """What an exchange did."""
    return {
        "pushed": done.pushed,
        "pulled": done.pulled,
        "pending": done.pending,
        "bytes_up": done.bytes_up,
        "bytes_down": done.bytes_down,
        "round_trips": done.round_trips,
        "attachments_left": done.attachments_left,
        "notices": list(done.notices),
    }


def _asked_in_list(row: ListRow) -> Document | None:
    if not row.asked:
        return None
    return {
        "act": row.asked,
        "label": lifecycle.act_label(row.kind, row.asked),
        "by_on": row.asked_by_on or None,
        "reason": row.asked_for,
    }


def _asked(found: Shown) -> Document | None:
    """What the county asks after the record, as long as an answer is owed."""
    asked = asked_of(found.record, found.held.entries)
    if asked is None:
        return None
    by_on = asked.by_on.isoformat() if asked.by_on else None
    return {"act": asked.act, "label": asked.label, "by_on": by_on, "reason": asked.reason}


def _said(entry: Entry) -> Document:
    """What asking and answering say: it belongs to the act and to no field."""
    if entry.operation.skeleton.act not in (*ASKING, ANSWER):
        return {}
    data = entry.operation.data
    return {name: data[name] for name in _SAID if data.get(name)}


def _conflict(conflict: Conflict) -> Document:
    return {
        "field": conflict.register,
        "values": [_candidate(value) for value in conflict.values],
        "shown": _plain(conflict.shown.value),
    }


def _candidate(value: Candidate) -> Document:
    return {
        "value": _plain(value.value),
        "operation": value.operation.hex(),
        "agent": value.author.partition(":")[2] or value.author,
        "site": value.site,
        "at": value.effective_at,
        "clock_quality": Quality(value.quality).word,
        "evidence": value.evidence,
    }


def _authorship(entry: Entry) -> Document:
    skeleton, verdict = entry.operation.skeleton, entry.verdict
    return {
        "author": skeleton.author,
        "site": skeleton.site,
        "clock_quality": Quality(skeleton.quality).word,
        "verdict": None if verdict is None else verdict.status.value,
    }


def _plain(value: Value) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
