"""The words of the permission table: roles, capabilities, facts and clauses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["do", "propose", "view", "no"]


class Role(StrEnum):
    """Who a person is at the acting site at the act's effective time (from the posting)."""

    VILLAGE = "village"
    CLERK = "clerk"
    HEAD = "head"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    CITIZEN = "citizen"


ROLE_LABELS: dict[Role, str] = {
    Role.VILLAGE: "村代办员",
    Role.CLERK: "乡镇窗口",
    Role.HEAD: "乡镇主任",
    Role.DEPARTMENT: "部门审批人员",
    Role.SUPERVISOR: "县督查",
    Role.ADMINISTRATOR: "县管理员",
    Role.CITIZEN: "群众",
}

RANK: dict[Role, int] = {
    Role.CITIZEN: 0,
    Role.VILLAGE: 1,
    Role.CLERK: 2,
    Role.HEAD: 3,
    Role.DEPARTMENT: 4,
    Role.SUPERVISOR: 5,
    Role.ADMINISTRATOR: 5,
}
"""The rank a verdict gives an operation of that role (DESIGN §3)."""


class Capability(StrEnum):
    """One row of the table. The first block is DOMAIN §3.4; the second follows §3.3 and DESIGN."""

    REGISTER = "register"
    TAKE_ENTRUSTMENT = "take_entrustment"
    ADMIT_CASE = "admit_case"
    DECIDE = "decide"
    PROLONG = "prolong"
    WITHDRAW = "withdraw"
    SEE_FULL_NUMBER = "see_full_number"
    SEE_CONDUCT_COMPLAINT = "see_conduct_complaint"
    DECIDE_PAIR = "decide_pair"
    REASSIGN = "reassign"
    ENROL_DEVICE = "enrol_device"
    SUSPEND_DEVICE = "suspend_device"
    REVOKE_DEVICE = "revoke_device"
    DRAFT_CATALOGUE = "draft_catalogue"
    PUBLISH_CATALOGUE = "publish_catalogue"
    SIGN_MONTH = "sign_month"
    PUBLISH_MONTH = "publish_month"
    READ_MONTH = "read_month"
    READ_AUDIT = "read_audit"

    OPEN_SESSION = "open_session"
    ANSWER_CONSULTATION = "answer_consultation"
    RECEIVE_PROXY = "receive_proxy"
    PROCESS_CASE = "process_case"
    ACKNOWLEDGE_CASE = "acknowledge_case"
    RETURN_CASE = "return_case"
    CLOSE_ON_SPOT = "close_on_spot"
    HAND_OUT = "hand_out"
    CALL_BACK = "call_back"
    COLLECT_CHARGE = "collect_charge"
    KEEP_ORIGINALS = "keep_originals"
    REGISTER_COMPLAINT = "register_complaint"
    TRIAGE_COMPLAINT = "triage_complaint"
    RUN_COMPLAINT = "run_complaint"
    WORK_COMPLAINT = "work_complaint"
    REPLY_COMPLAINT = "reply_complaint"
    RELEASE_REPLY = "release_reply"
    REASSIGN_COMPLAINT = "reassign_complaint"
    AMEND_COMPLAINT = "amend_complaint"
    WITHDRAW_COMPLAINT = "withdraw_complaint"
    RATE = "rate"
    CHECK_RATING = "check_rating"
    DUN = "dun"
    ANSWER_DUNNING = "answer_dunning"
    DECIDE_BRANCH = "decide_branch"
    AMEND = "amend"
    CORRECT_RECORD = "correct_record"
    SETTLE = "settle"
    VOID = "void"
    CONFIRM_HELD = "confirm_held"
    PURGE = "purge"
    APPOINT = "appoint"
    PUBLISH_EDITION = "publish_edition"
    EXCHANGE = "exchange"
    REFUND_CHARGE = "refund_charge"
    VIEW_RECORD = "view_record"
    SYSTEM_ONLY = "system_only"


CAPABILITY_LABELS: dict[Capability, str] = {
    Capability.REGISTER: "登记咨询和预约",
    Capability.TAKE_ENTRUSTMENT: "接受委托、收取材料",
    Capability.ADMIT_CASE: "收件、受理、不予受理和补正告知",
    Capability.DECIDE: "作出决定",
    Capability.PROLONG: "延期和特别程序",
    Capability.WITHDRAW: "撤回",
    Capability.SEE_FULL_NUMBER: "查看完整证件号码和银行账号",
    Capability.SEE_CONDUCT_COMPLAINT: "查看对工作人员的投诉",
    Capability.DECIDE_PAIR: "判断重复办件和同一人",
    Capability.REASSIGN: "更换经办人、结束任职",
    Capability.ENROL_DEVICE: "启用设备",
    Capability.SUSPEND_DEVICE: "停用和挂失设备",
    Capability.REVOKE_DEVICE: "撤销设备",
    Capability.DRAFT_CATALOGUE: "起草目录和日历",
    Capability.PUBLISH_CATALOGUE: "公布事项目录",
    Capability.SIGN_MONTH: "月结签字",
    Capability.PUBLISH_MONTH: "公布月结",
    Capability.READ_MONTH: "查看月结",
    Capability.READ_AUDIT: "查看操作日志",
    Capability.OPEN_SESSION: "开班",
    Capability.ANSWER_CONSULTATION: "答复和转介咨询",
    Capability.RECEIVE_PROXY: "签收代办材料、返回结果",
    Capability.PROCESS_CASE: "流转和办结办件",
    Capability.ACKNOWLEDGE_CASE: "签收流转",
    Capability.RETURN_CASE: "退回流转、结束特别程序",
    Capability.CLOSE_ON_SPOT: "当场办结",
    Capability.HAND_OUT: "补正再收件、出件送达",
    Capability.CALL_BACK: "回访",
    Capability.COLLECT_CHARGE: "收费",
    Capability.KEEP_ORIGINALS: "交接原件",
    Capability.REGISTER_COMPLAINT: "登记投诉",
    Capability.TRIAGE_COMPLAINT: "投诉分流",
    Capability.RUN_COMPLAINT: "转办、回访和办结投诉",
    Capability.WORK_COMPLAINT: "调查投诉",
    Capability.REPLY_COMPLAINT: "答复投诉",
    Capability.RELEASE_REPLY: "放行承办人提出的投诉答复",
    Capability.REASSIGN_COMPLAINT: "改派投诉",
    Capability.AMEND_COMPLAINT: "修改投诉、登记查明的被投诉人",
    Capability.WITHDRAW_COMPLAINT: "撤回投诉",
    Capability.RATE: "评价",
    Capability.CHECK_RATING: "核实差评",
    Capability.DUN: "催办和督办",
    Capability.ANSWER_DUNNING: "答复催办和督办",
    Capability.DECIDE_BRANCH: "出具并联意见",
    Capability.AMEND: "修改记录",
    Capability.CORRECT_RECORD: "更正已办结的记录",
    Capability.SETTLE: "裁定冲突",
    Capability.VOID: "作废",
    Capability.CONFIRM_HELD: "确认待核操作",
    Capability.PURGE: "清除个人信息",
    Capability.APPOINT: "任职和授权",
    Capability.PUBLISH_EDITION: "公布日历和站点名册",
    Capability.EXCHANGE: "与省平台交换办件",
    Capability.REFUND_CHARGE: "退费",
    Capability.VIEW_RECORD: "查看记录",
    Capability.SYSTEM_ONLY: "系统自动操作",
}

READING: frozenset[Capability] = frozenset(
    {
        Capability.SEE_FULL_NUMBER,
        Capability.SEE_CONDUCT_COMPLAINT,
        Capability.READ_MONTH,
        Capability.READ_AUDIT,
        Capability.VIEW_RECORD,
    }
)
"""Capabilities that are a reading: `view` is all there is, and it is allowed."""

NEEDS: dict[str, str] = {
    "same_site": "只能办理本站点的业务，请转给登记或承办的站点",
    "same_township": "只能办理本乡镇的业务，请转给所属乡镇",
    "item_at_site": "本站点不办理这个事项，请转给可办理的站点或部门",
    "own_department": "不是本部门的事项，请转给主管部门",
    "own_items": "只能起草本部门的事项，请转给主管部门",
    "village_instant": "这个事项不是村即办事项，请改为登记代办",
    "instant_item": "这个事项不是即办件，请转给有授权的部门",
    "has_grant": "没有有效的授权书，请先由县级登记授权",
    "is_own": "只能处理本人的记录，请核对",
    "is_handler": "不是承办人，请由承办人办理",
    "is_receiver": "不是流转的接收人，请由接收的人员、站点或部门签收",
    "unaddressed": "这次流转指定了接收人，请由接收的人员、站点或部门签收",
    "held_here": "办件不在本站点，请由现在承办的站点或部门办理",
    "open_case": "办件已经办结，请由县级更正",
    "reason_given": "请先填写查看理由，系统会记录",
    "named_check": "只能在立项检查中查看，请先登记检查",
    "entering": "录入后只显示隐去的号码，请向本人重新核对",
    "head_approved": "请先由负责人批准",
    "second_person": "需要第二个人操作，请另一位有权限的人员来做",
    "township_internal": "涉及其他乡镇，请提交县级判断",
    "published": "还没有公布，请等县级公布后查看",
    "metadata_only": "只能查看投诉的编号和进度，不能查看内容",
    "sealed": "投诉工作人员请选择密封登记",
    "person_target": "请由县管理员裁定",
}
"""What to say when a needed fact does not hold."""

FORBIDS: dict[str, str] = {
    "about_self": "涉及本人，请由他人办理",
    "person_target": "投诉对象是工作人员，请由县督查处理",
    "unsynced": "设备上还有未上传的记录，请第二个人一起确认",
    "complaint_content": "不能查看投诉内容，请由县督查查看",
}
"""What to say when a fact that rules the act out does hold."""


@dataclass(frozen=True, slots=True)
class Clause:
    """`mode` holds when every fact of `needs` is true and every fact of `forbids` is false."""

    mode: Mode
    needs: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
