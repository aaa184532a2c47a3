"""The county's item catalogue (事项目录), as numbered editions.

Limits, fees, papers and the kinds of procedure that may stop the clock are data of an edition,
never constants in code; a case keeps the edition it was accepted under. Fields and their rules:
DOMAIN.md §3.2; the defaults are those for a list that is silent: accepted by the township, the
village only helps, 公共服务, every paper necessary, nobody has to come in person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from functools import cached_property

import msgspec

from shared.canonical import Value
from shared.deadlines import Limit, Unit
from shared.editions import InvalidEdition, edition_hash, from_plain, to_plain
from shared.errors import Refused
from shared.sites import SiteKind


class UnknownItem(Refused):
    """A code that is not in the edition."""


class ItemKind(StrEnum):
    """办件类型: done at once, or promised within so many days."""

    INSTANT = "即办件"
    PROMISED = "承诺件"


class TaskType(StrEnum):
    """事项类型. Only a licence (行政许可) is deemed accepted after five silent days."""

    LICENCE = "行政许可"
    CONFIRMATION = "行政确认"
    BENEFIT = "行政给付"
    RULING = "行政裁决"
    REWARD = "行政奖励"
    OTHER_POWER = "其他行政权力"
    SERVICE = "公共服务"


class Need(StrEnum):
    """材料必要性: necessary, may follow later (容缺), or only in the case that `when` names."""

    REQUIRED = "必要"
    DEFERRABLE = "容缺"
    CONDITIONAL = "情形"


class Form(StrEnum):
    """材料形式; 不限 where the list does not say."""

    ANY = "不限"
    ORIGINAL = "原件"
    COPY = "复印件"
    ELECTRONIC = "电子"


class Source(StrEnum):
    """来源渠道: who brings the paper. What is shared must not be asked for again (国令809)."""

    APPLICANT = "申请人"
    DEPARTMENT = "部门"
    SHARED = "共享"


SPECIAL_PROCEDURES = (
    *("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"),
    *("公示", "现场核查", "等待申请人"),
)
"""What may stop a clock: the first line by 行政许可法 article 45, the second by local catalogue."""


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """One paper. `later_days`: working days a deferred paper may follow; `reuse_days`: how long a
    verified one serves again (natural days, None = never)."""

    name: str
    need: Need = Need.REQUIRED
    form: Form = Form.ANY
    copies: int = 1
    source: Source = Source.APPLICANT
    when: str = ""
    later_days: int = 0
    reuse_days: int | None = None


class Fee(msgspec.Struct, frozen=True, kw_only=True):
    """A charge in 分; both dates inclusive, None = open."""

    amount_fen: int = 0
    basis: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One matter a citizen can have done. Raises InvalidEdition where its limits contradict."""

    code: str
    name: str
    department: str
    kind: ItemKind
    statutory_days: int
    promised_days: int
    unit: Unit = Unit.WORKDAY
    task_type: TaskType = TaskType.SERVICE
    accept_at: tuple[SiteKind, ...] = (SiteKind.TOWNSHIP,)
    village_proxy: bool = True
    in_person_steps: tuple[str, ...] = ()
    special_procedures: tuple[str, ...] = ()
    materials: tuple[Material, ...] = ()
    fee: Fee = Fee()
    legal_basis: str = ""
    tacit_approval: bool = False
    relative_declaration: bool = False
    suspended: bool = False
    catalog_code: str = ""
    task_code: str = ""
    handle_item_code: str = ""
    task_version: int = 1
    replaces: tuple[str, ...] = ()
    """Codes of earlier editions whose matter this item goes on with (并入、拆分、换码)."""
    parent: str = ""
    """Code of the main item (主项) that this one is a part of; '' for none."""

    def __post_init__(self) -> None:
        if not self.code or not self.name:
            raise InvalidEdition("事项目录里有事项缺少编码或名称，请补齐后再发布。")
        if not 0 <= self.promised_days <= self.statutory_days:
            raise InvalidEdition(f"事项{self.code}的承诺时限超过法定时限，请更正后再发布。")
        if (self.kind is ItemKind.INSTANT) != (self.promised_days == 0):
            raise InvalidEdition(
                f"事项{self.code}：即办件的承诺时限为 0，承诺件至少 1 天，请更正后再发布。"
            )

    @property
    def promised(self) -> Limit:
        """The promised limit, for `shared.deadlines`."""
        return Limit(self.promised_days, self.unit)

    @property
    def statutory(self) -> Limit:
        """The statutory limit, for `shared.deadlines`."""
        return Limit(self.statutory_days, self.unit)

    @property
    def deemed_acceptance(self) -> bool:
        """Whether five silent working days count as accepted (行政许可法 article 32)."""
        return self.task_type is TaskType.LICENCE

    @property
    def village_instant(self) -> bool:
        """Whether the village itself receives and closes it (村即办): then its receipt starts the
        legal clock."""
        return SiteKind.VILLAGE in self.accept_at

    def fee_on(self, on: date) -> int:
        """Return what may be charged on `on`, in 分."""
        begun = self.fee.valid_from is None or self.fee.valid_from <= on
        ended = self.fee.valid_to is not None and self.fee.valid_to < on
        return self.fee.amount_fen if begun and not ended else 0


class CatalogueEdition(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One edition; it replaces those before it from `effective_on` on.

    `document` is the paper it was published by, `label` a warning shown beside every item, e.g.
    示范目录 where the list is not the county's own.
    """

    number: int
    document: str
    published_on: date
    effective_on: date
    items: tuple[Item, ...]
    label: str = ""

    def __post_init__(self) -> None:
        codes = [item.code for item in self.items]
        if len(set(codes)) < len(codes):
            twice = next(code for code in codes if codes.count(code) > 1)
            raise InvalidEdition(f"事项编码{twice}重复，请更正后再发布。")
        require_chains(self.items)

    @cached_property
    def by_code(self) -> dict[str, Item]:
        """The items by code, in the order of the list."""
        return {item.code: item for item in self.items}

    def item(self, code: str) -> Item:
        """Return the item of `code`; raise UnknownItem."""
        try:
            return self.by_code[code]
        except KeyError:
            raise UnknownItem(
                f"第{self.number}版事项目录里没有「{code}」，请从目录中选择事项。"
            ) from None

    def to_data(self) -> dict[str, Value]:
        """Return the plain form, for canonical encoding."""
        return to_plain(self)

    @classmethod
    def from_data(cls, data: object) -> CatalogueEdition:
        """Return the edition of a plain form; raise InvalidEdition."""
        return from_plain(data, cls, "事项目录")

    def content_hash(self) -> bytes:
        """Return the SHA-256 that operations name this edition by (32 bytes)."""
        return edition_hash(self.to_data())


def in_force(editions: Iterable[CatalogueEdition], on: date) -> CatalogueEdition | None:
    """Return the edition that holds on `on`: the latest begun, of those the greatest number."""
    effective = [edition for edition in editions if edition.effective_on <= on]
    return max(effective, key=lambda edition: (edition.effective_on, edition.number), default=None)


def require_chains(items: tuple[Item, ...]) -> None:
    """Main items are of the list, and no chain of main items and successors comes back to itself.

    Raises InvalidEdition with the items of the circle in its one sentence.
    """
    after = {item.code: (*item.replaces, *([item.parent] if item.parent else [])) for item in items}
    for item in items:
        if item.parent and item.parent not in after:
            raise InvalidEdition(
                f"事项{item.code}的主项{item.parent}不在目录里，请更正主项编码后再发布。"
            )
    circle = _circle(after)
    if circle:
        raise InvalidEdition(
            f"事项{' → '.join(circle)}的主项或并入关系绕成了圈，请改掉其中一处后再发布。"
        )


def _circle(after: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the codes of one circle, its first again at the end; [] where there is none."""
    done: set[str] = set()
    for start in after:
        way: list[str] = []
        ahead: list[tuple[str, bool]] = [(start, False)]
        while ahead:
            code, is_back = ahead.pop()
            if is_back:
                done.add(way.pop())
            elif code in way:
                return [*way[way.index(code) :], code]
            elif code in after and code not in done:
                way.append(code)
                ahead.append((code, True))
                ahead += [(one, False) for one in reversed(after[code])]
    return []
