"""People and papers around a matter, and the companions that hold what a role may not see."""

from __future__ import annotations

from shared.fields import GIVEN, Condition, Field, Kind, make_kind
from shared.kind_table import common as c
from shared.kind_table.common import T, acts

OF = Field("of", "所属记录", T.REFERENCE, 1, required=acts("register", "give", "open", "collect"))

PERSON = make_kind(
    "person",
    "人员",
    (
        *c.person_fields("register"),
        Field("month_only", "仅知出生年月", T.BOOLEAN),
        Field("contact_name", "联系人", T.TEXT, 2, max_length=50),
        c.REMARK,
        c.PRACTICE,
        *c.notes(),
    ),
    default_act="register",
    registers=c.COMPOSITES,
)

VISIT = make_kind(
    "visit",
    "到访",
    (
        *c.person_fields(),
        c.CHANNEL,
        c.SERVICE_MODE,
        Field("started_at", "到访时间", T.INSTANT, 1),
        Field("ended_at", "离开时间", T.INSTANT, 1),
        Field("companions", "同行人数", T.INTEGER, 1, high=99),
        c.REMARK,
        c.PRACTICE,
        *c.notes(),
    ),
    default_act="register",
    registers=c.COMPOSITES,
)

ENTRUSTMENT = make_kind(
    "entrustment",
    "委托",
    (
        *c.person_fields("entrust"),
        Field("delegate_name", "受托人", T.PERSON_NAME, 2, max_length=50, required=acts("entrust")),
        Field("delegate_id_no", "受托人证件号码", T.ID_NO, 3, max_length=30),
        Field("delegate_agent", "受托代办员", T.TEXT, 1, max_length=64),
        Field("relation", "与委托人关系", T.TEXT, 2, max_length=50),
        Field("scope_items", "委托事项", T.LIST, 1, max_length=50),
        Field("scope_acts", "委托权限", T.LIST, 1, max_length=50),
        Field("from_on", "起始日期", T.DATE, 1),
        Field("to_on", "截止日期", T.DATE, 1),
        Field(
            "form",
            "委托形式",
            T.CHOICE,
            1,
            choices=(
                ("written", "书面"),
                ("witnessed", "口头见证"),
                ("recorded", "录音"),
                ("notarised", "公证"),
            ),
        ),
        Field("signature", "签名图像", T.REFERENCE, 3),
        Field("witness", "见证人", T.TEXT, 2, max_length=50),
        Field("revoked_on", "撤销日期", T.DATE, 1),
        c.ATTACHMENTS,
        c.REMARK,
        c.PRACTICE,
        *c.notes(),
    ),
    default_act="entrust",
    registers=c.COMPOSITES,
)

CUSTODY = make_kind(
    "custody",
    "原件交接",
    (
        Field("of", "所属记录", T.REFERENCE, 1, required=acts("hand_over")),
        c.materials_field("papers", "交接清单"),
        Field("from_holder", "移交人", T.TEXT, 2, max_length=64),
        Field("to_holder", "接收人", T.TEXT, 2, max_length=64),
        Field("handed_at", "移交时间", T.INSTANT, 1),
        Field("acknowledged_at", "签收时间", T.INSTANT, 1),
        Field(
            "discrepancy",
            "差异说明",
            T.LONG_TEXT,
            1,
            max_length=1000,
            required=acts("receive_with_difference"),
        ),
        c.ATTACHMENTS,
        c.REMARK,
        c.PRACTICE,
        *c.notes("refuse"),
    ),
    default_act="hand_over",
)

NOTICE_KINDS: tuple[tuple[str, str], ...] = (
    ("received", "收件凭证"),
    ("accepted", "受理通知"),
    ("refused", "不予受理通知"),
    ("correction", "一次告知补正通知"),
    ("extended", "延期通知"),
    ("closed", "办结通知"),
)

NOTICE = make_kind(
    "notice",
    "告知",
    (
        OF,
        Field("notice_kind", "告知类型", T.CHOICE, 1, choices=NOTICE_KINDS, required=acts("give")),
        Field("notice_no", "文书号", T.TEXT, 1, max_length=64),
        Field("slip_number", "临时受理号", T.TEXT, 1, max_length=32),
        Field("content", "告知内容", T.LIST, 1, max_length=500),
        Field("given_at", "告知时间", T.INSTANT, 1),
        Field("given_to", "告知对象", T.TEXT, 2, max_length=50),
        Field(
            "given_how",
            "告知方式",
            T.CHOICE,
            1,
            choices=(("printed", "纸质"), ("read_aloud", "口头宣读"), ("sms", "短信")),
        ),
        *c.notes(),
    ),
    default_act="give",
)

CHARGE = make_kind(
    "charge",
    "收费",
    (
        OF,
        Field("amount_fen", "金额", T.MONEY_FEN, 1, high=10**12, required=acts("collect")),
        Field("fee_basis", "收费依据", T.TEXT, 0, max_length=200),
        Field("fee_version", "收费版本", T.INTEGER, 0, high=10**9),
        Field("voucher_no", "票据号", T.TEXT, 1, max_length=64),
        Field("paid_by", "缴费人", T.TEXT, 2, max_length=50),
        Field("collected_by", "收款人", T.TEXT, 1, max_length=64),
        Field("refunded_fen", "退费金额", T.MONEY_FEN, 1, high=10**12, required=acts("refund")),
        c.REMARK,
        c.PRACTICE,
        *c.notes("refund"),
    ),
    default_act="collect",
)

BRANCH = make_kind(
    "branch",
    "并联分支",
    (
        OF,
        Field("department", "部门", T.TEXT, 0, max_length=100, required=acts("open")),
        Field("after", "前置分支", T.LIST, 0, max_length=64),
        Field("after_basis", "前置依据", T.TEXT, 0, max_length=200),
        Field("mandatory", "必经分支", T.BOOLEAN),
        Field("due_on", "分支期限", T.DATE, 1),
        Field(
            "opinion", "意见", T.LONG_TEXT, 2, max_length=4000, required=acts("agree", "disagree")
        ),
        Field("missing", "需补正内容", T.LIST, 1, max_length=200),
        *c.notes("disagree", "withdraw"),
    ),
    default_act="open",
    conditions=(Condition("open", "after", GIVEN, ("after_basis",)),),
)

TRUST_LEVELS: tuple[tuple[str, str], ...] = (
    ("A", "部门出具"),
    ("B", "窗口核对原件"),
    ("C", "群众上传"),
    ("D", "自行制作"),
)
"""How far a paper is to be trusted, best first. Nobody has to say."""

ATTACHMENT = make_kind(
    "attachment",
    "附件",
    (
        Field("of", "所属记录", T.REFERENCE, 1, required=acts("add")),
        Field("content_hash", "内容指纹", T.TEXT, 1, max_length=128, required=acts("add")),
        Field("cipher_hash", "密文指纹", T.TEXT, 1, max_length=128),
        Field("key", "附件密钥", T.TEXT, 3, max_length=256),
        Field("file_name", "文件名", T.TEXT, 2, max_length=200),
        Field("media_type", "文件类型", T.TEXT, 0, max_length=100),
        Field("title", "材料名称", T.TEXT, 1, max_length=100),
        Field("pages", "页数", T.INTEGER, 0, high=100000),
        Field("bytes", "字节数", T.INTEGER, 0, high=2**40),
        Field("parts", "分块数", T.INTEGER, 0, high=2**31),
        Field("sharpness", "清晰度", T.INTEGER, 0, high=100),
        Field("glare", "反光", T.INTEGER, 0, high=100),
        Field("readable", "可辨认", T.BOOLEAN),
        Field("trust", "可信等级", T.CHOICE, choices=TRUST_LEVELS),
        Field("taken_at", "拍摄时间", T.INSTANT, 1),
        Field("replaced_by", "更换为", T.REFERENCE, 1, required=acts("replace")),
        *c.notes(),
    ),
    default_act="add",
)

_ACCOUNT = (
    Field("account", "银行账号", T.TEXT, 3, max_length=40),
    Field("account_holder", "户名", T.PERSON_NAME, 3, max_length=50),
    Field("bank_name", "开户行", T.TEXT, 2, max_length=100),
)

PERSON_COMPANION = make_kind(
    "person_companion",
    "人员受限信息",
    (OF, *_ACCOUNT, c.REMARK, *c.notes()),
    default_act="register",
    registers=c.COMPOSITES,
    companion_of="person",
)

CASE_COMPANION = make_kind(
    "case_companion",
    "办件受限信息",
    (
        OF,
        *_ACCOUNT,
        Field("handler_notes", "经办备注", T.LONG_TEXT, 3, max_length=4000),
        *c.notes(),
    ),
    default_act="register",
    registers=c.COMPOSITES,
    companion_of="case",
)

COMPLAINT_COMPANION = make_kind(
    "complaint_companion",
    "投诉受限信息",
    (
        OF,
        *c.person_fields(),
        Field("target", "被投诉人编号", T.TEXT, 4, max_length=64),
        Field("target_name", "被投诉人", T.TEXT, 4, max_length=50),
        Field("content", "投诉内容", T.LONG_TEXT, 4, max_length=4000),
        Field("handler_notes", "经办备注", T.LONG_TEXT, 4, max_length=4000),
        Field("recused", "回避人员", T.LIST, 4, max_length=64),
        *c.notes(),
    ),
    default_act="register",
    registers=tuple(r for r in c.COMPOSITES if r.name != "target"),
    companion_of="complaint",
)

PAPERS: tuple[Kind, ...] = (
    PERSON,
    VISIT,
    ENTRUSTMENT,
    CUSTODY,
    NOTICE,
    CHARGE,
    BRANCH,
    ATTACHMENT,
    PERSON_COMPANION,
    COMPLAINT_COMPANION,
    CASE_COMPANION,
)
