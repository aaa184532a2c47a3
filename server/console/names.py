"""Names for ids on pages: sites, items, agents, staff, devices. Read once per page."""

from __future__ import annotations

from functools import cached_property

from server.api import messages
from server.console.render import QUALITY, when
from server.console.web import Visit
from server.veil import MASKED
from shared import ids
from shared.canonical import Value
from shared.clock import Quality
from shared.fields import FieldType
from shared.kinds import KINDS
from shared.record import STATE
from shared.sites import SiteEdition, UnknownSite

_YES_NO = {True: "是", False: "否"}


class Names:
    """Looks up what a page prints instead of an id."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._county = visit.site.county
        with self._county.ledger.read() as tx:
            self._editions = self._county.editions(tx)
            self._agents = {f"agent:{row.agent}": row.name for row in tx.agents()}
            self._staff = {f"staff:{row.staff}": row.name for row in tx.staff_list()}
            self._devices = {row.device.hex(): row.short_code for row in tx.devices()}

    @property
    def sites(self) -> SiteEdition:
        """The sites in force."""
        return self._editions.sites

    def quality(self, quality: int) -> str:
        """Return how far a clock may be believed, in words."""
        return self._visit.say(QUALITY[Quality(quality).word])

    @staticmethod
    def record_id(record: bytes) -> str:
        """Return a record's id as in addresses."""
        return ids.record_text(record)

    def site(self, site: str) -> str:
        """Return the name on the site's door; the id for a site nobody knows."""
        try:
            return self.sites.by_id(site).title if site else "—"
        except UnknownSite:
            return site

    def item(self, code: str) -> str:
        """Return the name of a catalogue item; the code for one that no edition holds."""
        return self._items.get(code, code)

    @cached_property
    def _items(self) -> dict[str, str]:
        return {item.code: item.name for item in self._editions.catalogue.items}

    def person(self, author: str) -> str:
        """Return who an author text names."""
        if author in self._agents:
            return self._agents[author] or author.partition(":")[2]
        if author in self._staff:
            return self._staff[author]
        said = {"system": "系统", "citizen": "群众", "": "—"}.get(author)
        return self._visit.say(said) if said else author.partition(":")[2] or author

    def device(self, device: str) -> str:
        """Return the short code of a device; 县级 for the county itself."""
        if device == "county":
            return self._visit.say("县级")
        return self._devices.get(device, device[:8])

    def field(self, kind: str, name: str) -> str:
        """Return the label of a field."""
        if name == STATE:
            return self._visit.say("状态")
        declared = KINDS[kind].fields.get(name) if kind in KINDS else None
        return (
            self._visit.say(declared.label) if declared else self._visit.say(OTHER.get(name, name))
        )

    def value(self, kind: str, name: str, value: object) -> str:
        """Return a field's value as a person reads it."""
        if value is None or (not value and not isinstance(value, int)):
            return "—"
        declared = KINDS[kind].fields.get(name) if kind in KINDS else None
        if isinstance(value, bool):
            return self._visit.say(_YES_NO[value])
        if isinstance(value, list):
            return "、".join(self.value(kind, name, one) for one in value)
        if isinstance(value, dict):
            parts = (f"{key}：{self.value(kind, key, one)}" for key, one in value.items())
            return "，".join(parts)
        if declared is None:
            return str(value)
        if declared.choices and isinstance(value, str):
            return self._visit.say(declared.choice_label(value))
        return self._typed(declared.type, value)

    def sides(self, conflict: messages.Conflict, value: object) -> list[tuple[str, str]]:
        """Return one side of a conflict as (label, value) lines; a plain value has no label."""
        if not isinstance(value, dict):
            return [("", self.value(conflict.kind, conflict.field, value))]
        return [
            (self.field(conflict.kind, name), self.value(conflict.kind, name, one))
            for name, one in value.items()
            if one not in (None, "")
        ]

    def masked(self, kind: str, register: str, value: Value) -> str:
        """Return a register's value in one line, masked as on lists."""
        shown = MASKED.register(kind, register, value)
        if not isinstance(shown, dict):
            return self.value(kind, register, shown)
        parts = (
            self.value(kind, name, one) for name, one in shown.items() if one not in (None, "")
        )
        return "，".join(parts)

    def _typed(self, kind: FieldType, value: object) -> str:
        if kind is FieldType.SITE:
            return self.site(str(value))
        if kind is FieldType.ITEM:
            return f"{self.item(str(value))}（{value}）"
        if kind is FieldType.MONEY_FEN and isinstance(value, int):
            return f"{value // 100}.{value % 100:02d} 元"
        if kind is FieldType.INSTANT and isinstance(value, int):
            return when(value)
        return str(value)


OTHER = {"slip": "临时受理号", "query_code": "查询码"}


def masked_name(kind: str, fields: dict[str, Value]) -> str:
    """Return whose matter a card is about, masked."""
    shown = MASKED.field(kind, "person_name", fields.get("person_name"))
    return shown if isinstance(shown, str) else ""


def record_text(record: bytes) -> str:
    """Return a record's id as in addresses."""
    return ids.record_text(record)
