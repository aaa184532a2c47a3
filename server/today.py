"""今日: whether the county's machine is well, item by item, each with what to do if it is not.

Everything here is cheap to ask: no record is folded and nothing is opened but the spool's counter.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version

from server import sight
from server.accounts import Person
from server.backup_note import last_backup
from server.county import County
from server.front.spool import Spool
from server.silence import SILENT_DAYS, is_silent
from shared.civil import DAY_MS, minute

BACKUP_DAYS = 7
DISK_FREE_MIN = 5 << 30
"""Bytes: about a year of a middling county's work."""
DISK_SHARE_MIN = 0.05
CLOCK_SLACK_MS = 5 * 60 * 1000
SPOOL_MAX = 100
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Line:
    """One item. `text` % `values` is its sentence; where not `is_well` it says what to do."""

    key: str
    label: str
    is_well: bool
    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    path: str = ""
    """Where the list behind it stands, '' for none."""

    @property
    def sentence(self) -> str:
        """The sentence in Chinese."""
        return self.text % self.values


@dataclass(frozen=True, slots=True)
class Today:
    """The sheet of one instant (Unix ms)."""

    on: date
    at: int
    lines: tuple[Line, ...]

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return all(line.is_well for line in self.lines)


SENTENCES = {
    "backup": ("最近备份", "%(when)s 备份到 %(file)s，共 %(n)s 个操作。"),
    "no_backup": ("最近备份", "还没有备份过，请插上U盘，运行 bianmin county backup。"),
    "old_backup": ("最近备份", "已有 %(n)s 天没有备份，请今天备份到U盘或另一台机器。"),
    "same_disk": ("最近备份", "最近的备份和数据在同一块盘上，不算数，请再备份到U盘或另一台机器。"),
    "tablets": ("平板", "在用的平板都在 %(n)s 天内联系过。"),
    "silent": ("平板", "%(n)s 台平板超过 %(days)s 天没有联系，请打电话问一问。"),
    "disk": ("磁盘", "还剩 %(free)s GB，够用。"),
    "disk_low": ("磁盘", "只剩 %(free)s GB，请清理磁盘或换一块更大的盘。"),
    "clock": ("服务器时钟", "%(when)s（北京时间），没有倒退。"),
    "clock_back": ("服务器时钟", "比最近的登录记录慢，时钟可能被改过，请校准服务器的时间。"),
    "spool": ("待拆信封", "%(n)s 封，随到随拆。"),
    "spool_full": ("待拆信封", "积压 %(n)s 封，请重新启动县级服务，仍不减少请查看日志。"),
    "no_held": ("待审记录", "没有积压。"),
    "held": ("待审记录", "%(n)s 条，等人决定，平日处理即可。"),
    "keys": ("密钥", "本期收件密钥自 %(when)s 起用，到期自动更换。"),
    "keys_old": ("密钥", "收件密钥已很久没有更换，请接上保管根密钥的介质后重启服务。"),
    "version": ("版本", "便民 %(version)s。"),
}
"""Every label and sentence, for the catalogues."""


def today_of(county: County, person: Person) -> Today:
    """Return the sheet; raise NotAllowed for those who do not look after the machine."""
    if person.role not in sight.COUNTY_ROLES:
        raise sight.NotAllowed("运行情况由县里的管理员和督查查看，请联系县中心。")
    now = county.now()
    free = shutil.disk_usage(county.home.root)
    low = free.free < min(DISK_FREE_MIN, free.total * DISK_SHARE_MIN)
    shown = {"free": round(free.free / GIB, 1)}
    key = county.keys.current_recipient(now)
    old = now > key.to_at
    lines = (
        _backup(county, now),
        *_people(county, now),
        _line("disk_low" if low else "disk", not low, shown),
        _spool(county),
        _line("keys_old" if old else "keys", not old, {"when": minute(key.from_at)[:10]}),
        _line("version", True, {"version": version("bianmin")}),
    )
    return Today(county.today(), now, lines)


def _backup(county: County, now: int) -> Line:
    last = last_backup(county.home)
    if last is None:
        return _line("no_backup", False)
    if not last.outside:
        return _line("same_disk", False)
    days = (now - last.at) // DAY_MS
    if days > BACKUP_DAYS:
        return _line("old_backup", False, {"n": days})
    return _line("backup", True, {"when": minute(last.at), "file": last.file, "n": last.operations})


def _people(county: County, now: int) -> tuple[Line, Line, Line]:
    with county.ledger.read() as tx:
        devices = tx.devices()
        newest = tx.audit_entries(limit=1)
        held = sum(len(page) for page in tx.waiting())
    silent = sum(is_silent(one, now) for one in devices)
    back = any(one.at > now + CLOCK_SLACK_MS for one in newest)
    tablets = (
        _line("silent", False, {"n": silent, "days": SILENT_DAYS}, "/devices")
        if silent
        else _line("tablets", True, {"n": SILENT_DAYS}, "/devices")
    )
    return (
        tablets,
        _line("clock_back" if back else "clock", not back, {"when": minute(now)}),
        _line("held" if held else "no_held", True, {"n": held}, "/todo?kind=held"),
    )


def _spool(county: County) -> Line:
    if not county.home.spool.exists():
        return _line("spool", True, {"n": 0})
    spool = Spool(county.home.spool, county.keys.spool)
    try:
        waiting, _ = spool.size()
    finally:
        spool.close()
    full = waiting > SPOOL_MAX
    return _line("spool_full" if full else "spool", not full, {"n": waiting})


def _line(
    key: str, is_well: bool, values: Mapping[str, object] | None = None, path: str = ""
) -> Line:
    label, text = SENTENCES[key]
    return Line(key, label, is_well, text, values or {}, path)
