"""What one catalogue edition changes against another, as data that can be applied again.

`compare` is a pure function; `apply(compare(a, b), a)` is `b`. A clearance of the list (事项清理,
DOMAIN.md S57) adds, merges, splits and cancels items and changes kind, limits, fee and papers; a
re-classified item stands under `MOVED`, never among the cancelled: the figures of the seed only add
up so (M9).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

from shared.catalogue import CatalogueEdition, Item
from shared.errors import Refused


class DoesNotFit(Refused):
    """A difference was made against other items than those it is to be applied to."""


class Group(StrEnum):
    """The kinds of change, in the order of a difference sheet. One item may stand in several."""

    ADDED = "新增"
    MERGED = "合并"
    SPLIT = "拆分"
    RECODED = "换编码"
    CANCELLED = "取消"
    KIND = "办件类型改变"
    LIMIT = "时限改变"
    FEE = "收费改变"
    MATERIALS = "材料改变"
    MOVED = "事项类型调整"
    PLACE = "部门或受理地点改变"
    OTHER = "其他改变"


MIRRORED: Mapping[Group, Group] = {
    Group.ADDED: Group.CANCELLED, Group.CANCELLED: Group.ADDED,
    Group.MERGED: Group.SPLIT, Group.SPLIT: Group.MERGED,
}  # fmt: skip
"""What a group becomes where old and new change places; the others stay what they are."""

GROUP_OF: Mapping[str, Group] = {
    "kind": Group.KIND,
    "statutory_days": Group.LIMIT, "promised_days": Group.LIMIT, "unit": Group.LIMIT,
    "fee": Group.FEE,
    "materials": Group.MATERIALS,
    "task_type": Group.MOVED,
    "department": Group.PLACE, "accept_at": Group.PLACE,
}  # fmt: skip
"""The group of a changed field; of every other field it is OTHER."""


class Change(msgspec.Struct, frozen=True):
    """One item in two editions."""

    before: Item
    after: Item

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that differ, in the order of the item."""
        return tuple(
            name
            for name in Item.__struct_fields__
            if getattr(self.before, name) != getattr(self.after, name)
        )


class Family(msgspec.Struct, frozen=True):
    """Items that went over into others: `before` of the old edition, `after` of the new one."""

    before: tuple[Item, ...]
    after: tuple[Item, ...]


class Head(msgspec.Struct, frozen=True):
    """What an edition says of itself beside its items."""

    number: int
    document: str
    published_on: date
    effective_on: date
    label: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two editions. Items stand in the order of their codes.

    `order` are the codes of the new list, None where it is the old order with what is new at its
    end. `ways` are the pairs (old code, new code) along which an item went over into another.
    """

    head: tuple[Head, Head] | None
    added: tuple[Item, ...]
    removed: tuple[Item, ...]
    changed: tuple[Change, ...]
    order: tuple[str, ...] | None
    ways: frozenset[tuple[str, str]]
    families: tuple[tuple[Group, Family], ...]

    @property
    def is_empty(self) -> bool:
        """Whether both editions say the same."""
        return self.head is None and not self.touched and self.order is None

    @property
    def touched(self) -> tuple[Item, ...]:
        """Every item, old or new, that is not the same on both sides."""
        return (
            *self.added, *self.removed,
            *(one.before for one in self.changed), *(one.after for one in self.changed),
        )  # fmt: skip

    def families_of(self, group: Group) -> tuple[Family, ...]:
        """The families of MERGED, SPLIT or RECODED."""
        return tuple(family for kind, family in self.families if kind is group)

    @property
    def fresh(self) -> tuple[Item, ...]:
        """Added items that go on with no earlier one."""
        heirs = {new for _, new in self.ways}
        return tuple(item for item in self.added if item.code not in heirs)

    @property
    def cancelled(self) -> tuple[Item, ...]:
        """Removed items that nothing goes on with."""
        gone = {old for old, _ in self.ways}
        return tuple(item for item in self.removed if item.code not in gone)

    def changes_of(self, group: Group) -> tuple[Change, ...]:
        """The items of both editions with a change of this group."""
        return tuple(
            one
            for one in self.changed
            if any(GROUP_OF.get(name, Group.OTHER) is group for name in one.fields)
        )

    def counts(self) -> dict[Group, int]:
        """Return how many entries each group has, empty ones left out."""
        found = {
            Group.ADDED: len(self.fresh),
            **{group: len(self.families_of(group)) for group in FAMILIES},
            Group.CANCELLED: len(self.cancelled),
            **{group: len(self.changes_of(group)) for group in FIELDS},
        }
        return {group: found[group] for group in Group if found[group]}


FAMILIES = (Group.MERGED, Group.SPLIT, Group.RECODED)
FIELDS = (
    Group.KIND, Group.LIMIT, Group.FEE, Group.MATERIALS, Group.MOVED, Group.PLACE, Group.OTHER,
)  # fmt: skip


def compare(old: CatalogueEdition, new: CatalogueEdition) -> Difference:
    """Return what `new` changes against `old`."""
    both = sorted(old.by_code.keys() & new.by_code.keys())
    pairs = (Change(old.by_code[code], new.by_code[code]) for code in both)
    ways = _ways(old, new)
    codes = tuple(new.by_code)
    added, removed = _only_in(new, old), _only_in(old, new)
    heads = (_head(old), _head(new))
    return Difference(
        head=None if heads[0] == heads[1] else heads,
        added=added, removed=removed,
        changed=tuple(pair for pair in pairs if pair.before != pair.after),
        order=None if codes == _usual(old, added, removed) else codes,
        ways=ways, families=_families(old, new, ways),
    )  # fmt: skip


def apply(difference: Difference, base: CatalogueEdition) -> CatalogueEdition:
    """Return `base` with the difference made; raise DoesNotFit where its items are other ones.

    A base with another head, or with more items, is fitting: so a draft is brought onto the edition
    that came out meanwhile, as long as both touch different items.
    """
    items = dict(base.by_code)
    astray = [item.code for item in difference.added if item.code in items]
    astray += [item.code for item in difference.removed if items.get(item.code) != item]
    astray += [
        one.before.code for one in difference.changed if items.get(one.before.code) != one.before
    ]
    if astray:
        raise DoesNotFit(f"两边都改了事项 {'、'.join(sorted(astray)[:8])}，请人工核对后逐项修改。")
    for item in difference.removed:
        del items[item.code]
    items |= {one.after.code: one.after for one in difference.changed}
    items |= {item.code: item for item in difference.added}
    order = difference.order
    if order is not None:
        known = [code for code in order if code in items]
        items = {code: items[code] for code in (*known, *(c for c in items if c not in known))}
    head = difference.head[1] if difference.head is not None else _head(base)
    return CatalogueEdition(
        number=head.number, document=head.document, published_on=head.published_on,
        effective_on=head.effective_on, label=head.label, items=tuple(items.values()),
    )  # fmt: skip


def _head(edition: CatalogueEdition) -> Head:
    return Head(
        edition.number, edition.document, edition.published_on, edition.effective_on, edition.label
    )


def _only_in(one: CatalogueEdition, other: CatalogueEdition) -> tuple[Item, ...]:
    return tuple(one.by_code[code] for code in sorted(one.by_code.keys() - other.by_code.keys()))


def _usual(
    old: CatalogueEdition, added: tuple[Item, ...], removed: tuple[Item, ...]
) -> tuple[str, ...]:
    gone = {item.code for item in removed}
    stay = (code for code in old.by_code if code not in gone)
    return (*stay, *(item.code for item in added))


def _ways(old: CatalogueEdition, new: CatalogueEdition) -> frozenset[tuple[str, str]]:
    """Along which pairs items went over, said by the successor on either side.

    A successor keeps naming its forerunners in later editions; a pair counts only in the step in
    which the one comes or the other goes. An item that stays and takes part is its own heir too.
    """
    ahead = {
        (earlier, item.code)
        for item in new.items
        for earlier in item.replaces
        if earlier in old.by_code
    }
    back = {
        (item.code, later) for item in old.items for later in item.replaces if later in new.by_code
    }
    ways = {
        (one, other)
        for one, other in ahead | back
        if other not in old.by_code or one not in new.by_code
    }
    partners = {code for way in ways for code in way}
    ways |= {(code, code) for code in partners if code in old.by_code and code in new.by_code}
    return frozenset(ways)


def _families(
    old: CatalogueEdition, new: CatalogueEdition, ways: frozenset[tuple[str, str]]
) -> tuple[tuple[Group, Family], ...]:
    sources: dict[str, list[str]] = {}
    heirs: dict[str, list[str]] = {}
    for one, other in sorted(ways):
        sources.setdefault(other, []).append(one)
        heirs.setdefault(one, []).append(other)
    found: list[tuple[Group, Family]] = []
    for code, earlier in sorted(sources.items()):
        if len(earlier) > 1:
            before = tuple(old.by_code[one] for one in earlier)
            found.append((Group.MERGED, Family(before, (new.by_code[code],))))
        elif len(heirs[earlier[0]]) == 1 and earlier[0] != code:
            found.append((Group.RECODED, Family((old.by_code[earlier[0]],), (new.by_code[code],))))
    for code, later in sorted(heirs.items()):
        if len(later) > 1:
            after = tuple(new.by_code[one] for one in later)
            found.append((Group.SPLIT, Family((old.by_code[code],), after)))
    return tuple(found)
