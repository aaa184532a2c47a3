"""Templates: one environment per language, with the filters that pages share."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from server.console.language import LANGUAGES, TAGS, translations
from shared import lifecycle
from shared.civil import DAY_MS, InstantOutOfRange, minute
from shared.kind_table.common import ASSURANCES
from shared.kinds import KINDS

EVIDENCE = {
    **dict(ASSURANCES),
    "read": "读卡核验",
    "seen": "查看原件",
    "photo": "查看照片",
    "stated": "口述",
}
QUALITY = {
    "good": "时间准确",
    "corrected": "时间已校正",
    "bounded": "时间仅知范围",
    "unknown": "时间不可靠",
}
STANDING = {
    "held": "待审",
    "refused": "不予采纳",
    "unjudged": "尚未裁定",
    "waiting": "待补齐",
    "not_allowed": "当时状态不允许",
    "unknown": "更新版本的内容",
}
DEVICE_STATES = {
    "waiting": "待批准",
    "active": "在用",
    "suspended": "已暂停",
    "lost": "已挂失",
    "revoked": "已注销",
    "cut": "已截断",
}
TONES = {
    "已公布": "good", "已签": "good", "待签": "warn", "未月结": "warn",
    "已答复": "good", "已办结": "good", "已送达": "good", "已回访": "good", "在用": "good",
    "同一件": "good", "已评": "good", "已确认": "good", "已到": "good",
    "待补正": "warn", "待补材料": "warn", "差异": "warn", "退回": "warn", "特别程序": "warn",
    "待批准": "warn", "已暂停": "warn", "待领取": "warn", "待核实": "warn",
    "不予受理": "bad", "退件": "bad", "作废": "bad", "已注销": "bad", "已截断": "bad",
    "已挂失": "bad", "爽约": "bad",
}  # fmt: skip


@cache
def environment(language: str) -> Environment:
    """Return the templates in a language."""
    found = Environment(
        loader=PackageLoader("server.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = translations(language)
    install = getattr(found, "install_gettext_translations")  # noqa: B009 - added by the extension
    install(catalogue, newstyle=True)

    def say(text: str | None) -> str:
        return catalogue.gettext(text) if text else ""

    found.globals.update(languages=LANGUAGES, tag=TAGS[language], lang=language)
    found.filters.update(
        say=say,
        static=static,
        when=when,
        ago=lambda at, now: ago(at, now, say),
        kind=lambda name: say(KINDS[name].label) if name in KINDS else name,
        act=lambda name, kind: say(lifecycle.act_label(kind, name)),
        evidence=lambda word: say(EVIDENCE.get(word, word)),
        quality=lambda word: say(QUALITY.get(word, word)),
        standing=lambda word: say(STANDING.get(word, word)),
        device_state=lambda word: say(DEVICE_STATES.get(word, word)),
        tone=lambda state: TONES.get(state or "", "plain"),
        day=day,
    )
    return found


@cache
def static(name: str) -> str:
    """Return the address of a static file, which changes with it: no browser keeps an older one."""
    content = files("server.console").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def render(language: str, template: str, **values: Any) -> str:
    """Return a page in a language."""
    return environment(language).get_template(template).render(**values)


def when(at: int | None) -> str:
    """Return an instant (Unix ms) as Beijing time to the minute; `—` for none."""
    if at is None:
        return "—"
    try:
        return minute(at)
    except InstantOutOfRange:  # a clock no calendar holds: shown as a number
        return str(at)


def day(number: int | None) -> str:
    """Return a projection's date 20261031 as 2026-10-31; `—` for none."""
    if not number:
        return "—"
    return f"{number // 10_000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"


def ago(at: int | None, now: int, say: Any) -> str:
    """Return how long ago an instant was, in the words of a list."""
    if at is None:
        return str(say("从未联系"))
    days = (now - at) // DAY_MS
    hours = (now - at) // (60 * 60 * 1000)
    minutes = max((now - at) // 60_000, 0)
    if days >= 1:
        return str(say("%(n)s 天前") % {"n": days})
    if hours >= 1:
        return str(say("%(n)s 小时前") % {"n": hours})
    if minutes >= 1:
        return str(say("%(n)s 分钟前") % {"n": minutes})
    return str(say("刚刚"))
