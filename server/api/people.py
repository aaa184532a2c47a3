"""The endpoints of people: one's own account, staff, their postings and grants; the daily sheet."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from server import own_account, staff_changes, staff_desk
from server.api import people_shapes as s
from server.api.call import Call, Endpoint, Parameter
from server.api.messages import Ended
from server.staff_changes import Change
from server.staff_people import Someone
from server.staff_postings import Post, Power
from server.staff_rights import MODES, rights
from server.storage.rows import Grant, Posting
from server.today import today_of
from shared import ids
from shared.rights import Role


class TodayLine(msgspec.Struct, frozen=True):
    """One item of the sheet; `sentence` says what to do where it is not well."""

    key: str
    label: str
    well: bool
    sentence: str


class TodaySheet(msgspec.Struct, frozen=True):
    """Whether the county's machine is well, item by item."""

    on: str
    at: int
    well: bool
    lines: list[TodayLine]


def _today(call: Call) -> TodaySheet:
    found = today_of(call.desk.county, call.person)
    lines = [TodayLine(one.key, one.label, one.is_well, one.sentence) for one in found.lines]
    return TodaySheet(found.on.isoformat(), found.at, found.is_well, lines)


# ---- one's own account


def _me(call: Call) -> s.Me:
    person = call.person
    is_on, left = own_account.factor_of(call.accounts, person)
    return s.Me(person.author, person.name, person.role, person.site, is_on, left)


def _sessions(call: Call) -> list[s.SessionLine]:
    found = own_account.sessions(call.accounts, call.person)
    return [
        s.SessionLine(o.key, o.place, o.created_at, o.seen_at, o.ends_at, o.is_this) for o in found
    ]


def _end_session(call: Call) -> Ended:
    own_account.end_session(call.accounts, call.person, call.path["key"])
    return Ended()


def _end_others(call: Call) -> Ended:
    own_account.end_others(call.accounts, call.person)
    return Ended()


def _set_up(call: Call) -> s.FactorSetup:
    name = call.desk.county.home.config.name
    made = own_account.set_up_factor(call.accounts, call.person, name)
    return s.FactorSetup(made.secret, made.address, made.paper)


def _turn_on(call: Call) -> s.RecoveryCodes:
    asked = call.body_as(s.TurnOn)
    codes = own_account.turn_on_factor(call.accounts, call.person, asked.paper, asked.code)
    return s.RecoveryCodes(codes)


def _turn_off(call: Call) -> Ended:
    asked = call.body_as(s.OwnPassword)
    own_account.turn_off_factor(call.accounts, call.person, asked.password)
    return Ended()


def _new_codes(call: Call) -> s.RecoveryCodes:
    asked = call.body_as(s.OwnPassword)
    codes = own_account.new_recovery_codes(call.accounts, call.person, asked.password)
    return s.RecoveryCodes(codes)


# ---- staff


def _people(call: Call) -> s.PeopleList:
    query, page = call.query, call.query.get("page", "1")
    search = staff_desk.Search(
        query.get("text", ""), query.get("role", ""), query.get("township", ""),
        query.get("state", ""), int(page) if page.isdecimal() and int(page[:6]) else 1,
    )  # fmt: skip
    found = staff_desk.people_page(call.desk, call.person, search)
    return s.PeopleList([_line(one) for one in found.rows], found.total, search.page)


def _add(call: Call) -> s.AddedPerson:
    asked = call.body_as(s.NewPerson)
    made = staff_desk.add(
        call.desk, call.person, staff_desk.NewPerson(**msgspec.structs.asdict(asked))
    )
    return s.AddedPerson(made.person, made.password)


def _person(call: Call) -> s.Whole:
    found = staff_desk.person_page(call.desk, call.person, call.path["person"])
    one, account = found.one, found.one.account
    return s.Whole(
        _line(one), one.staff_no, one.phone, [_posting(p) for p in one.postings],
        [_grant(rows) for rows in found.grants], [d.device.hex() for _, d in found.devices],
        len(found.held), account is not None and account.totp is not None,
        account is not None and bool(account.must_change),
    )  # fmt: skip


def _effect(call: Call) -> s.EffectOfChange:
    found = staff_changes.effect(
        call.desk, call.person, call.path["person"], _change(call.body_as(s.ChangePosting))
    )
    return s.EffectOfChange(len(found.held), found.already, found.tablets, found.ends_account)


def _make(call: Call) -> s.PostingLine:
    change = _change(call.body_as(s.ChangePosting))
    return _posting(staff_changes.make(call.desk, call.person, call.path["person"], change))


def _more(call: Call) -> s.PostingLine:
    asked = call.body_as(s.MorePosting)
    post = Post(
        call.path["person"], "", asked.site, asked.role, asked.from_on, asked.to_on,
        asked.department,
    )  # fmt: skip
    return _posting(staff_changes.add_posting(call.desk, call.person, post, asked.reason))


def _lend(call: Call) -> s.GrantLine:
    asked, who = call.body_as(s.NewGrant), call.path["person"]
    power = Power(
        who, asked.department, tuple(asked.powers), tuple(asked.items), asked.from_on,
        asked.to_on, asked.doc_no,
    )  # fmt: skip
    made = staff_changes.lend(call.desk, call.person, power, asked.reason)
    found = staff_desk.person_page(call.desk, call.person, who)
    return next(_grant(rows) for rows in found.grants if rows[0].grant == made)


def _end_grant(call: Call) -> Ended:
    asked = call.body_as(s.EndGrant)
    staff_changes.end_grant(
        call.desk, call.person, call.path["person"], call.path["grant"], asked.to_on, asked.reason
    )
    return Ended()


def _account(call: Call) -> s.AccountDone:
    asked, who = call.body_as(s.AccountAct), call.path["person"]
    if asked.act == "password":
        password = staff_desk.reset_password(call.desk, call.person, who, asked.reason)
        return s.AccountDone(password)
    acts = {
        "lock": staff_desk.lock,
        "unlock": staff_desk.unlock,
        "factor": staff_desk.reset_factor,
    }
    acts[asked.act](call.desk, call.person, who, asked.reason)
    return s.AccountDone("")


def _handover(call: Call) -> s.HandOverList:
    found = staff_changes.hand_over_page(call.desk, call.person, call.path["person"])
    held = [
        s.Matter(
            ids.record_text(one.row.record), one.row.kind, one.row.state, one.row.site,
            one.row.item, _day(one.row.due_on),
        )
        for one in found.held
    ]  # fmt: skip
    return s.HandOverList(held, [f"{one.person}@{one.site}" for one in found.successors])


def _hand_over(call: Call) -> s.HandedOver:
    asked = call.body_as(s.HandOverTo)
    count = staff_changes.hand_over(
        call.desk, call.person, call.path["person"], asked.matters, asked.to, asked.reason
    )
    return s.HandedOver(count)


def _rights(call: Call) -> list[s.RightsLine]:
    found = rights()
    return [
        s.RightsLine(
            line.capability, line.label,
            {
                role.value: [
                    "：".join([MODES[one.mode], "、".join(one.needs)]) if one.needs
                    else MODES[one.mode]
                    for one in cell
                ]
                for role, cell in zip(Role, line.cells, strict=True)
            },
        )
        for line in (*found.law, *found.beyond)
    ]  # fmt: skip


# ---- forms


def _change(asked: s.ChangePosting) -> Change:
    ends = asked.what == "end"
    return Change(
        asked.posting, asked.on + timedelta(days=1) if ends else asked.on, ends, asked.site,
        asked.role, asked.department, asked.reason, asked.seen_held,
    )  # fmt: skip


def _line(one: Someone) -> s.PersonLine:
    return msgspec.convert(
        {
            "person": one.person, "name": one.name, "role": one.role, "site": one.site,
            "state": one.state,
        },
        s.PersonLine,
    )  # fmt: skip


def _posting(one: Posting) -> s.PostingLine:
    return s.PostingLine(
        ids.record_text(one.posting), one.site, one.role, one.department,
        _day(one.from_on) or "", _day(one.to_on),
    )  # fmt: skip


def _grant(rows: list[Grant]) -> s.GrantLine:
    first = rows[0]
    return s.GrantLine(
        ids.record_text(first.grant), [row.power for row in rows], first.items.split(),
        _day(first.from_on) or "", _day(first.to_on),
    )  # fmt: skip


def _day(number: int | None) -> str | None:
    if not number:
        return None
    return f"{number // 10_000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"


SEARCH = (
    Parameter("text", "姓名或编号里的字"),
    Parameter("role", "岗位"),
    Parameter("township", "乡镇站点编号"),
    Parameter("state", "serving、coming、locked 或 ended"),
    Parameter("page", "第几页，每页 50 位"),
)

ENDPOINTS = (
    Endpoint("GET", "/today", "今日运行情况", TodaySheet, _today),
    Endpoint("GET", "/me", "我的账号", s.Me, _me),
    Endpoint("GET", "/me/sessions", "我正在登录的地方", list[s.SessionLine], _sessions),
    Endpoint("DELETE", "/me/sessions", "退出其他所有登录", Ended, _end_others),
    Endpoint("DELETE", "/me/sessions/{key}", "退出一个登录", Ended, _end_session),
    Endpoint("POST", "/me/factor/setup", "取一个验证器密钥", s.FactorSetup, _set_up),
    Endpoint("POST", "/me/factor", "开启两步验证", s.RecoveryCodes, _turn_on, s.TurnOn),
    Endpoint("POST", "/me/factor/off", "关闭两步验证", Ended, _turn_off, s.OwnPassword),
    Endpoint("POST", "/me/factor/codes", "换恢复码", s.RecoveryCodes, _new_codes, s.OwnPassword),
    Endpoint("GET", "/rights", "岗位权限表", list[s.RightsLine], _rights),
    Endpoint("GET", "/staff", "工作人员", s.PeopleList, _people, parameters=SEARCH),
    Endpoint("POST", "/staff", "添加工作人员", s.AddedPerson, _add, s.NewPerson),
    Endpoint("GET", "/staff/{person}", "一位工作人员", s.Whole, _person),
    Endpoint(
        "POST", "/staff/{person}/effect", "变动会有什么影响", s.EffectOfChange, _effect,
        s.ChangePosting,
    ),
    Endpoint(
        "POST", "/staff/{person}/change", "调动、改岗或结束任职", s.PostingLine, _make,
        s.ChangePosting,
    ),
    Endpoint(
        "POST", "/staff/{person}/postings", "增加任职", s.PostingLine, _more, s.MorePosting
    ),
    Endpoint("POST", "/staff/{person}/grants", "登记授权书", s.GrantLine, _lend, s.NewGrant),
    Endpoint(
        "POST", "/staff/{person}/grants/{grant}/end", "收回授权", Ended, _end_grant, s.EndGrant
    ),
    Endpoint(
        "POST", "/staff/{person}/account", "重置密码、锁定、解锁、重置两步验证", s.AccountDone,
        _account, s.AccountAct,
    ),
    Endpoint("GET", "/staff/{person}/handover", "移交清单", s.HandOverList, _handover),
    Endpoint("POST", "/staff/{person}/handover", "移交", s.HandedOver, _hand_over, s.HandOverTo),
)  # fmt: skip
