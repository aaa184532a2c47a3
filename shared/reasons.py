"""Why an operation was held or refused, or has no effect: code → one sentence for the person.

Codes travel in verdicts and are append-only; sentences may be improved at any time.
"""

from __future__ import annotations

_SENTENCES = {
    "": "",
    "county_only": "这一步由县级办理，请联系县中心。",
    "invalid_field": "有一项内容不符合填写要求，请核对后重新登记。",
    "newer_version": "由更新版本的程序记录，县级升级后自动入账。",
    "unknown_kind": "业务类型不认识，县级升级后自动入账。",
    "unknown_act": "操作类型不认识，升级后自动生效。",
    "no_session": "没有登录记录，请重新登录后再登记一次。",
    "unknown_agent": "经办人未在这台设备上登记，请联系县中心。",
    "session_signature": "登录签名不符，请重新登录后再登记一次。",
    "other_author": "经办人与登录人不一致，请重新登录后再登记一次。",
    "citizen_session": "评价须由群众本人在评价界面完成。",
    "unknown_site": "站点不在名册中，请联系县中心。",
    "no_posting": "经办人当时在该站点没有任职，请联系县中心核对任职。",
    "posting_ended": "经办人任职已结束，等乡镇主任确认。",
    "grant_ended": "授权书已到期，等乡镇主任确认。",
    "not_permitted": "该岗位不能办理这一步，请转给有权限的人员。",
    "only_propose": "该岗位只能提出建议，等有权限的人员确认。",
    "procedure_unlisted": "该事项没有这一特别程序，请按事项目录所列程序重新登记。",
    "extension_days": "延期天数超过规定，请按规定天数重新登记。",
    "item_frozen": "受理后事项和时限不再变动，确有错误请联系县里更正。",
    "not_errand": "该代办不是跑腿代办，请先交接材料、由乡镇返回结果。",
    "handler_recused": "这名承办人须回避这件投诉，请改派与被投诉人无关的人员。",
    "conflict_open": "记录有未裁定的冲突，裁定后自动继续。",
    "conflict_settled": "冲突已裁定，这一步已生效。",
    "stream_cut": "这台设备已停用，停用后的记录等县级确认。",
    "device_revoked": "这台设备已注销，记录等县级确认。",
    "device_suspended": "这台设备已暂停，记录等县级确认。",
    "fork": "同一序号有两份不同的记录，等县级确认。",
    "parent_missing": "待补齐：前面的记录还没到，到了自动生效。",
    "data_missing": "待补齐：内容还没到，到了自动生效。",
    "state": "当时的状态不能这样办理，请看最新状态。",
    "once": "这一步每条记录只办一次，之前已经办过，请看记录的历史。",
    "value": "记录登记的内容不适用这一步，请核对后重新办理。",
    "other_kind": "编号已用于另一种业务，请重新登记。",
    "confirmed": "乡镇主任已确认。",
    "staff_decision": "由县级人员决定，理由见处理记录。",
    "sealed_form": "密封投诉的格式不符，请联系县中心。",
}


def sentence(code: str) -> str:
    """Return the sentence of a reason code; a newer version's code is shown as it is."""
    return _SENTENCES.get(code, f"原因代码 {code}，请联系县中心。")


def codes() -> frozenset[str]:
    """Return every code this version knows."""
    return frozenset(_SENTENCES)
