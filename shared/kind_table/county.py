"""Kinds of the machinery and of the county's own administration."""

from __future__ import annotations

from shared.fields import Field, Kind, make_kind
from shared.kind_table import common as c
from shared.kind_table.common import T, acts

ROLES: tuple[tuple[str, str], ...] = (
    ("village", "村代办员"),
    ("clerk", "乡镇窗口"),
    ("head", "乡镇主任"),
    ("department", "部门审批"),
    ("supervisor", "县督查"),
    ("administrator", "县管理员"),
    ("citizen", "群众"),
)

POWERS: tuple[tuple[str, str], ...] = (
    ("decide", "决定"),
    ("review", "审核上报"),
    ("coordinate", "组织协调"),
    ("seal", "印章使用"),
)

SESSION = make_kind(
    "session",
    "班次",
    (
        Field("agent", "使用人", T.TEXT, 1, max_length=64),
        Field("agent_name", "使用人姓名", T.TEXT, 2, max_length=50),
        Field(
            "auth_method",
            "解锁方式",
            T.CHOICE,
            choices=(("pin", "口令"), ("pattern", "图案"), ("card", "刷卡")),
        ),
        Field("head", "开启时链头", T.TEXT, 0, max_length=128),
        Field("signature", "签名", T.TEXT, 0, max_length=512),
        Field("citizen_of", "群众评价的记录", T.REFERENCE, 1),
        *c.notes(),
    ),
    default_act="open",
    creating_acts=acts("open_citizen"),
)

SEALED = make_kind(
    "sealed",
    "密封投诉",
    (Field("cipher", "密文", T.LONG_TEXT, 0, max_length=65536), *c.notes()),
    default_act="seal",
)

VERDICT = make_kind(
    "verdict",
    "县级裁定",
    (Field("entries", "逐条裁定", T.LIST, 1, max_length=4096, max_items=100000), *c.notes()),
    default_act="judge",
    county_only=True,
)

NUMBER = make_kind(
    "number",
    "正式编号",
    (
        Field("of", "所属记录", T.REFERENCE, 1, required=acts("assign")),
        Field(
            "number_kind",
            "编号种类",
            T.CHOICE,
            choices=(
                ("project", "办件编号"),
                ("document", "文书号"),
                ("platform", "省平台办件号"),
            ),
        ),
        Field("number", "正式编号", T.TEXT, 1, max_length=50, required=acts("assign")),
        Field("series", "编号序列", T.TEXT, 0, max_length=64),
        *c.notes(),
    ),
    default_act="assign",
    county_only=True,
)

PAIR = make_kind(
    "pair",
    "疑似重复",
    (
        Field("records", "两条记录", T.LIST, 1, max_length=64, max_items=2),
        Field("rule", "提示依据", T.TEXT, 1, max_length=200),
        Field(
            "value",
            "判断",
            T.CHOICE,
            choices=(("same", "同一件"), ("different", "不是同一件")),
            required=acts("decide"),
            note=True,
        ),
        Field("survivor", "保留的记录", T.REFERENCE, 1),
        *c.notes("decide"),
    ),
    default_act="suspect",
    creating_acts=acts("decide"),
    county_only=True,
)

POSTING = make_kind(
    "posting",
    "任职",
    (
        Field("user", "人员", T.TEXT, 1, max_length=64, required=acts("appoint")),
        Field("user_name", "姓名", T.PERSON_NAME, 2, max_length=50),
        Field("staff_no", "工号", T.TEXT, 1, max_length=64),
        Field("phone", "电话", T.PHONE, 2, max_length=30),
        Field("site", "站点", T.SITE, 0, required=acts("appoint")),
        Field("department", "部门", T.TEXT, 0, max_length=100),
        Field("role", "岗位", T.CHOICE, choices=ROLES, required=acts("appoint")),
        Field("from_on", "任职起", T.DATE, 0),
        Field("to_on", "任职止", T.DATE, 0, required=acts("end")),
        *c.notes(),
    ),
    default_act="appoint",
    county_only=True,
)

GRANT = make_kind(
    "grant",
    "授权书",
    (
        Field("user", "被授权人", T.TEXT, 1, max_length=64, required=acts("give")),
        Field("department", "部门", T.TEXT, 0, max_length=100, required=acts("give")),
        Field("powers", "授权范围", T.LIST, 0, choices=POWERS, required=acts("give")),
        Field("items", "授权事项", T.LIST, 0, max_length=50, max_items=1000),
        Field("from_on", "授权起", T.DATE, 0),
        Field("to_on", "授权止", T.DATE, 0, required=acts("end")),
        Field("doc_no", "授权文号", T.TEXT, 0, max_length=100),
        *c.notes(),
    ),
    default_act="give",
    county_only=True,
)

DEVICE = make_kind(
    "device",
    "设备",
    (
        Field("site", "站点", T.SITE, 0, required=acts("enrol")),
        Field("short_code", "设备短码", T.TEXT, 0, max_length=4),
        Field("public_key", "设备公钥", T.TEXT, 0, max_length=512),
        Field("stream", "流水", T.TEXT, 0, max_length=64),
        Field("old_stream", "原流水", T.TEXT, 0, max_length=64),
        Field("enrolled_at", "启用时间", T.INSTANT, 0),
        Field("app_version", "程序版本", T.TEXT, 0, max_length=32),
        Field("cut_seq", "截断序号", T.INTEGER, 0),
        *c.notes("suspend", "revoke", "cut", "report_lost"),
    ),
    default_act="enrol",
    county_only=True,
)

MONTH_CLOSE = make_kind(
    "month_close",
    "月结",
    (
        Field("month", "月份", T.DATE, 0, partial=True, required=acts("freeze")),
        Field("site", "站点", T.SITE, 0),
        Field("figures", "冻结数字", T.MAP, 0, required=acts("freeze")),
        Field("digest", "明细指纹", T.TEXT, 0, max_length=128),
        *c.notes(),
    ),
    default_act="freeze",
    county_only=True,
)


def _edition(name: str, label: str) -> Kind:
    """An edition carries its content whole, and names it by its hash."""
    return make_kind(
        name,
        label,
        (
            Field("number", "版次", T.INTEGER, 0, low=1, high=10**9, required=acts("publish")),
            Field("title", "名称", T.TEXT, 0, max_length=200),
            Field("doc_no", "文号", T.TEXT, 0, max_length=100),
            Field("published_on", "公布日期", T.DATE, 0),
            Field("effective_on", "生效日期", T.DATE, 0),
            Field("content_hash", "内容指纹", T.TEXT, 0, max_length=128, required=acts("publish")),
            Field("content", "内容", T.MAP, 0, note=True),
            Field("second_signer", "复核签署人", T.TEXT, 1, max_length=64),
            *c.notes(),
        ),
        default_act="publish",
        creating_acts=acts("draft"),
        county_only=True,
    )


COUNTY: tuple[Kind, ...] = (
    SESSION,
    SEALED,
    VERDICT,
    NUMBER,
    PAIR,
    POSTING,
    GRANT,
    DEVICE,
    MONTH_CLOSE,
    _edition("catalogue_edition", "事项目录版次"),
    _edition("calendar_edition", "工作日历版次"),
    _edition("site_edition", "站点名册版次"),
    _edition("bridge_edition", "省平台代码对照版次"),
)
