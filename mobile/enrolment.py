"""Joining a county: keys are made here, proved, and answered by the county under its own.

What the answer needs is durable before the question goes out: if the reply is lost, the same code
with the same keys gives the same answer. On a home that is enrolled already it adds one more agent.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
import requests

from mobile.home import Device
from mobile.keyring import Slot, Unlocked
from mobile.tablet import Locked
from shared import chain
from shared.errors import Misuse, Refused
from sync import card as cards
from sync import frame
from sync.card import CountyCard, MalformedCard, open_card
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.envelope import empty_envelope
from sync.exchange import CountyRefused, Exchange, NotTheCounty, Unreachable
from sync.keys import KEY_BYTES, BadSignature, SealingKey, SigningKey
from sync.messages import CONTENT_TYPE, SyncRequest

NAME_LENGTH_MAX = 64
CARD_TIMEOUT_S = 20
NOT_ADMITTED = "not_admitted"
"""The county's word for a device that it does not know."""
_SAMPLE_HANDOVER = b"bianmin sample county, practice data only"


class OtherCounty(Refused):
    """This home belongs to another county."""


class AgentThere(Refused):
    """An agent of this name is on this tablet already."""


class NeedsAgent(Refused):
    """One more agent needs the PIN of one who is there."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the county answered. `digits` stand on both screens and are compared."""

    device: str
    site: str
    state: Literal["active", "waiting"]
    agent: str
    role: str
    digits: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """What stands in the QR: address, one-time code and, where known, the root's fingerprint."""

    server: str
    code: str
    fingerprint: str | None = None


def enrol(
    locked: Locked,
    invitation: Invitation,
    *,
    name: str,
    pin: str,
    exchange: Callable[[str], Exchange],
    session: requests.Session,
    by: Unlocked | None = None,
) -> Enrolled:
    """Enrol this home, or one more agent on it; `by` is an unlocked agent who is there already.

    A county that was restored from a backup of before does not know the home any more: then agents
    enrol once more, with the keys and the store they have.

    Raises Unreachable, NotTheCounty, CountyRefused, OtherCounty, AgentThere, NeedsAgent, BadPin.
    """
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        raise Misuse(f"姓名应为 1 至 {NAME_LENGTH_MAX} 个字，请重新填写。")
    card = _card(locked, invitation, session)
    locked.home.create()
    known = {slot.name: slot for slot in locked.keyring.slots()} if locked.keyring.exists() else {}
    is_there = name in known and known[name].agent and _is_active(locked)
    if is_there and not _may_return(locked, known[name], exchange(invitation.server), card):
        raise AgentThere(f"「{name}」已在本机登记，请直接用 PIN 解锁。")
    if not locked.home.is_enrolled:
        _begin(locked, invitation.server, card)
    # Keys are on disk from here on: a lost reply is asked for again with the same ones.
    slot, keys = _slot(locked, known.get(name), name, pin, by)
    agent_key = SigningKey(keys.agent_key)
    device_key = SigningKey(locked.keyring.signing_key())
    request = EnrolRequest(
        code=invitation.code, device_name=platform.node()[:NAME_LENGTH_MAX] or "tablet",
        signing_public=device_key.public,
        sealing_public=SealingKey(locked.keyring.sealing_key(keys.data_key)).public,
        agent_name=name, agent_public=agent_key.public,
    ).proved(device_key, agent_key)  # fmt: skip
    answer = exchange(invitation.server).enrol(request, card.fingerprint)
    _keep(locked, invitation, slot, keys, answer)
    return Enrolled(
        answer.device, answer.site, answer.state, answer.agent, answer.role,
        request.short_code(card.root_public),
    )  # fmt: skip


def ask_again(
    locked: Locked, name: str | None, pin: str, *, exchange: Callable[[str], Exchange],
    session: requests.Session,
) -> None:  # fmt: skip
    """Ask a county that has not approved yet once more; nothing to ask where it has.

    Raises as `enrol`. Whether it has approved by now, the home says.
    """
    device = locked.device
    if device.state == "waiting" and device.code:
        asked = Invitation(device.server, device.code, device.fingerprint)
        enrol(locked, asked, name=locked.slot(name).name, pin=pin, exchange=exchange,
              session=session)  # fmt: skip


def _may_return(locked: Locked, slot: Slot, way: Exchange, card: CountyCard) -> bool:
    """Whether the county knows this agent no more. Durable before the enrolment is asked for."""
    device = locked.device
    if slot.number in device.returning:
        return True
    if not _is_stranger(locked, way, card):
        return False
    everybody = tuple(one.number for one in locked.keyring.slots())
    locked.home.keep_device(msgspec.structs.replace(device, returning=everybody))
    return True


def _is_stranger(locked: Locked, way: Exchange, card: CountyCard) -> bool:
    """Ask whether the county knows the key of this device, with an envelope that holds nothing."""
    stream, now = locked.machine.entropy(chain.STREAM_BYTES), locked.machine.clock.now_ms()
    asking = empty_envelope(
        county=card.county, recipient_public=card.recipient_at(now).public, stream=stream,
        device_key=SigningKey(locked.keyring.signing_key()), seq=0,
        head=chain.genesis(card.county, stream), clock=0,
    )  # fmt: skip
    try:
        way.sync(SyncRequest([asking], b"", 0))
    except CountyRefused as error:
        return error.code == NOT_ADMITTED
    return False


def _begin(locked: Locked, server: str, card: CountyCard) -> None:
    """Make the device's keys, before anything is asked."""
    if not locked.keyring.exists():
        locked.keyring.create(locked.machine.entropy(KEY_BYTES))
    locked.home.keep_device(
        Device(server=server, county=card.county, card=b"", fingerprint=card.fingerprint,
               state="waiting")
    )  # fmt: skip


def _slot(
    locked: Locked, known: Slot | None, name: str, pin: str, by: Unlocked | None
) -> tuple[Slot, Unlocked]:
    keyring, entropy = locked.keyring, locked.machine.entropy
    if known is not None:  # begun before, the answer was lost or is waited for
        return known, keyring.unlock(known, pin, locked.machine.clock.now_ms())
    data_key = by.data_key if by is not None else _data_key(locked)
    agent_key = entropy(KEY_BYTES)
    made = keyring.add(pin, name, data_key, agent_key, SigningKey(agent_key).public)
    return made, Unlocked(made, data_key, agent_key)


def _data_key(locked: Locked) -> bytes:
    """Return the key all agents of this tablet share: new for the first of them."""
    keyring, entropy = locked.keyring, locked.machine.entropy
    if not keyring.slots():
        data_key = entropy(KEY_BYTES)
        keyring.keep_sealing_key(data_key, entropy(KEY_BYTES))
        return data_key
    device = locked.device
    if device.card and open_card(device.card, device.fingerprint).sample:
        return keyring.handed_over(_SAMPLE_HANDOVER)
    raise NeedsAgent(
        "添加用户需本机已有用户同意：请加 --as 姓名，并把该用户的 PIN 放入 BIANMIN_PIN。"
    )


def _keep(
    locked: Locked, invitation: Invitation, slot: Slot, keys: Unlocked, answer: EnrolResponse
) -> None:
    card = open_card(answer.card, locked.device.fingerprint)
    if card.sample:  # practice only: elsewhere one more agent takes the PIN of one who is there
        locked.keyring.keep_handover(_SAMPLE_HANDOVER, keys.data_key)
    locked.keyring.describe(slot, agent=answer.agent, site=answer.site, role=answer.role)
    device = locked.device
    state = "active" if "active" in {device.state, answer.state} else "waiting"
    locked.home.keep_device(
        msgspec.structs.replace(
            device, server=invitation.server, card=answer.card, state=state,
            device=answer.device, site=answer.site, short_code=answer.short_code,
            last_agent=slot.number,
            returning=tuple(one for one in device.returning if one != slot.number),
            code=invitation.code if state == "waiting" else "",
        )
    )  # fmt: skip


def _is_active(locked: Locked) -> bool:
    return locked.home.is_enrolled and locked.device.state == "active"


def _card(locked: Locked, invitation: Invitation, session: requests.Session) -> CountyCard:
    """Return the county's card: by the fingerprint that is known, else by the one it shows.

    Without a QR the fingerprint is believed at first sight; the six digits on both screens are what
    tells an impostor.
    """
    expected = invitation.fingerprint
    if locked.home.is_enrolled:
        expected = locked.device.fingerprint
    try:
        response = session.get(
            f"{invitation.server.rstrip('/')}/v1/card", timeout=CARD_TIMEOUT_S,
            allow_redirects=False,
        )  # fmt: skip
    except (requests.exceptions.MissingSchema, requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema) as error:  # fmt: skip
        raise Misuse("县级地址应以 http:// 或 https:// 开头，请核对。") from error
    except requests.RequestException as error:
        raise Unreachable("现在连不上县级服务器，请检查网络和地址后再试。") from error
    if not response.ok or response.headers.get("Content-Type") != CONTENT_TYPE:
        raise NotTheCounty("对方不是县级服务器（可能是上网登录页），请检查网络和地址后再试。")
    try:
        cut = frame.unpack(response.content, cards.MAGIC, cards.SIZE_MAX, MalformedCard)
        shown = frame.decode_header(CountyCard, cut.header, MalformedCard)
        card = open_card(response.content, shown.fingerprint)
    except (MalformedCard, BadSignature) as error:
        raise NotTheCounty("对方发来的县级名片无法核验，请检查地址后再试。") from error
    if expected is not None and card.fingerprint != expected:
        raise OtherCounty("对方不是本机入网的那个县（指纹不符），没有继续；请核对地址。")
    return card
