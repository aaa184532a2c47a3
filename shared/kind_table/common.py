"""Fields that many kinds share, so that a word is declared once and means one thing everywhere."""

from __future__ import annotations

from shared.fields import Field, FieldType, Register

T = FieldType

EVIDENCE_LEVELS: tuple[str, ...] = ("read", "seen", "photo", "stated")
"""How a value was verified, best first: card read, original seen, photo, only stated."""

EVIDENCE_KEY = "evidence"
"""Reserved key of every kind's data: {FIELD: level}; a field not named there is `stated`."""

ID_TYPES: tuple[tuple[str, str], ...] = (
    ("111", "居民身份证"),
    ("113", "户口簿"),
    ("414", "护照"),
    ("516", "港澳居民居住证"),
    ("554", "台湾居民居住证"),
    ("553", "外国人永久居留身份证"),
    ("999", "无证件"),
)
ASSURANCES: tuple[tuple[str, str], ...] = (
    ("read", "读卡核验"),
    ("seen", "查看原件"),
    ("photo", "查看照片"),
    ("stated", "本人口述"),
    ("none", "未核验"),
)
CARE_FLAGS: tuple[tuple[str, str], ...] = (
    ("aged", "高龄"),
    ("disabled", "残疾"),
    ("alone", "孤寡"),
    ("illiterate", "不识字"),
    ("deaf", "听障"),
    ("minor", "未成年"),
)
CHANNELS: tuple[tuple[str, str], ...] = (
    ("window", "窗口"),
    ("phone", "电话"),
    ("online", "网上"),
    ("door", "上门"),
)
SERVICE_MODES: tuple[tuple[str, str], ...] = (
    ("window", "窗口"),
    ("booked", "预约"),
    ("extended", "延时"),
    ("door", "上门"),
)
ITEM_KINDS: tuple[tuple[str, str], ...] = (("instant", "即办件"), ("promise", "承诺件"))
DAY_UNITS: tuple[tuple[str, str], ...] = (("workday", "工作日"), ("day", "自然日"))
MATERIAL_FORMS: tuple[tuple[str, str], ...] = (
    ("original", "原件"),
    ("copy", "复印件"),
    ("electronic", "电子件"),
)

PERSON = Register("person", ("person_name", "id_type", "id_no", "id_assurance"))
ITEM = Register(
    "item",
    (
        "item",
        "item_name",
        "item_version",
        "item_edition",
        "item_kind",
        "statutory_days",
        "promised_days",
        "days_unit",
    ),
)
ADDRESS = Register("address", ("address_text", "address_region"))
ACCOUNT = Register("account", ("account", "account_holder", "bank_name"))
SLOT = Register("slot", ("slot", "slot_site"))
TARGET = Register("target", ("target_kind", "target", "target_name"))
REFERRAL = Register("referral", ("refer_to", "refer_phone", "refer_bring"))
PROCEDURE = Register("procedure", ("procedure", "procedure_from_on", "procedure_to_on"))
COMPOSITES: tuple[Register, ...] = (
    PERSON,
    ITEM,
    ADDRESS,
    ACCOUNT,
    SLOT,
    TARGET,
    REFERRAL,
    PROCEDURE,
)


def acts(*names: str) -> frozenset[str]:
    """The acts at which a field must be given."""
    return frozenset(names)


def person_fields(*required: str) -> tuple[Field, ...]:
    """Who the matter is about; the name must be given at `required`."""
    return (
        Field(
            "person_name",
            "姓名",
            T.PERSON_NAME,
            2,
            max_length=50,
            required=frozenset(required),
            help="照身份证填写，间隔号会统一为“·”",
        ),
        Field("id_type", "证件类型", T.CHOICE, 1, choices=ID_TYPES),
        Field("id_no", "证件号码", T.ID_NO, 3, max_length=30, help="暂时没有可以不填，不要编造"),
        Field("id_assurance", "证件核验方式", T.CHOICE, 1, choices=ASSURANCES),
        Field("name_as_written", "姓名原样", T.TEXT, 2, max_length=100, note=True),
        Field("person_record", "人员档案", T.REFERENCE, 1),
        Field("phone", "电话", T.PHONE, 2, max_length=30, help="可以不填，或填写联系人的电话"),
        Field("phone_owner", "电话机主", T.TEXT, 2, max_length=50, help="不是本人的电话时填写"),
        Field("sex", "性别", T.CHOICE, 2, choices=(("male", "男"), ("female", "女"))),
        Field("birth_on", "出生日期", T.DATE, 2, partial=True, help="只知道年月时可只填年月"),
        Field("address_text", "住址", T.TEXT, 2, max_length=200),
        Field("address_region", "住址区划", T.SITE, 2),
        Field("care_flags", "关爱标签", T.LIST, 3, choices=CARE_FLAGS),
    )


def item_fields(*required: str) -> tuple[Field, ...]:
    """The catalogue item and the numbers copied from its edition (DESIGN §3)."""
    return (
        Field("item", "事项", T.ITEM, required=frozenset(required), max_length=50),
        Field("item_name", "事项名称", T.TEXT, max_length=200),
        Field("item_version", "事项版本", T.INTEGER, high=10**9),
        Field("item_edition", "目录版次指纹", T.TEXT, max_length=128),
        Field("item_kind", "办件类型", T.CHOICE, choices=ITEM_KINDS),
        Field("statutory_days", "法定时限", T.INTEGER, high=3660),
        Field("promised_days", "承诺时限", T.INTEGER, high=3660),
        Field("days_unit", "时限单位", T.CHOICE, choices=DAY_UNITS),
    )


def materials_field(name: str = "materials", label: str = "材料清单") -> Field:
    """A list of papers: what, in which form, how many."""
    return Field(
        name,
        label,
        T.TABLE,
        1,
        columns=(
            Field("name", "材料名称", T.TEXT, 1, max_length=100, required=acts("row")),
            Field("form", "形式", T.CHOICE, choices=MATERIAL_FORMS),
            Field("count", "份数", T.INTEGER, low=0, high=999),
            Field("present", "已收到", T.BOOLEAN),
            Field("remark", "说明", T.TEXT, 1, max_length=200),
        ),
    )


VISIT = Field("visit", "到访", T.REFERENCE, 1)
CHANNEL = Field("channel", "渠道", T.CHOICE, choices=CHANNELS)
SERVICE_MODE = Field("service_mode", "服务方式", T.CHOICE, choices=SERVICE_MODES)
REMARK = Field("remark", "备注", T.LONG_TEXT, 2, max_length=1000)
ATTACHMENTS = Field("attachments", "附件", T.LIST, 1, max_length=128)
PRACTICE = Field("practice", "练习记录", T.BOOLEAN, help="练习记录不计入统计")


SLIP = Field("slip", "临时受理号", T.TEXT, 1, max_length=32)
QUERY_CODE = Field("query_code", "查询码", T.TEXT, 2, max_length=16)


DUNNING: tuple[Field, ...] = (
    Field(
        "answer_by_on", "答复期限", T.DATE, 1, required=acts("urge", "supervise"), note=True
    ),
    Field(
        "supervision_answer", "催办答复", T.LONG_TEXT, 2, max_length=2000,
        required=acts("answer_supervision"), note=True,
    ),
)  # fmt: skip
"""What the acts of dunning carry beside their reason."""
DUNNED_AT = ("urge", "supervise")


def notes(*reason_at: str) -> tuple[Field, ...]:
    """What belongs to an act and not to the record; every kind has these."""
    return (
        Field(
            "reason",
            "理由",
            T.LONG_TEXT,
            2,
            max_length=2000,
            required=acts("settle", "void", "purge", "declare_lost", *reason_at),
            note=True,
        ),
        Field("reason_code", "理由代码", T.TEXT, 1, max_length=50, note=True),
        Field("values", "选定的值", T.MAP, 3, required=acts("settle"), note=True),
        Field(
            "operations",
            "涉及的操作",
            T.OPERATIONS,
            0,
            max_items=10000,
            required=acts("purge", "declare_lost", "confirm_held"),
            note=True,
        ),
        Field("approved_by", "批准人", T.TEXT, 1, max_length=64, note=True),
        Field("confirmed_fields", "已确认降级的字段", T.LIST, 0, max_length=64, note=True),
    )
