"""The menu: every page a person may open, in the order of a working day, in groups with a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from server.accounts import Person
from server.bridge.desk import sees_bridge
from server.sight import sees_complaints
from server.staff_desk import sees_staff

Shown = Callable[[Person], bool]


class Entry(NamedTuple):
    """A link of the menu; `icon` is one of `pieces.html`."""

    path: str
    icon: str
    label: str
    shown: Shown = lambda _: True


class Group(NamedTuple):
    """Links under one heading; '' for the first, which has none."""

    label: str
    entries: tuple[Entry, ...]


MENU: tuple[Group, ...] = (
    Group("", (Entry("/", "home", "首页"), Entry("/todo", "conflicts", "待处理"))),
    Group(
        "查看",
        (
            Entry("/records", "records", "记录"),
            Entry("/complaints", "complaints", "投诉台", sees_complaints),
            Entry("/watch", "held", "电子监察"),
            Entry("/report", "report", "报表"),
            Entry("/months", "months", "月结"),
        ),
    ),
    Group(
        "管理",
        (
            Entry("/editions", "editions", "目录与日历"),
            Entry("/devices", "devices", "设备"),
            Entry("/staff", "staff", "工作人员", sees_staff),
            Entry("/bridge", "pairs", "省平台对接", sees_bridge),
            Entry("/audit", "audit", "操作日志"),
        ),
    ),
)


def menu_of(person: Person) -> list[Group]:
    """Return the menu with what concerns this person."""
    groups = [
        group._replace(entries=tuple(one for one in group.entries if one.shown(person)))
        for group in MENU
    ]
    return [group for group in groups if group.entries]


def labels() -> set[str]:
    """Return every word of the menu, for the catalogues."""
    return {group.label for group in MENU if group.label} | {
        entry.label for group in MENU for entry in group.entries
    }
