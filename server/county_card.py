"""The county card: what devices may know of the county's keys, signed by the root key."""

from __future__ import annotations

from server import files
from server.county import County
from server.keys import load_keys, rotate_recipients
from server.storage import Tx
from shared.errors import BianminError
from sync.card import CountyCard, Recipient, sign_card
from sync.suites import SUITES

ON_CARD_MAX = 4
"""How many recipient keys a card carries: the current one, the next, and two for slow readers."""


class RootKeyAway(BianminError):
    """The root key is kept elsewhere, and the card has to be signed anew."""


def make_card(tx: Tx, county: County) -> bytes:
    """Return a freshly signed card; raise RootKeyAway."""
    keys = county.keys
    if keys.root is None:
        raise RootKeyAway("根密钥不在本机，名片无法重新签署；请把 root.key 放回 keys 目录后再试。")
    card = CountyCard(
        county=county.code,
        name=county.home.config.name,
        root_public=keys.root.public,
        epoch=tx.county_head().epoch,
        issued_at=county.now(),
        front_public=keys.front.public,
        core_public=keys.core.public,
        recipients=tuple(
            Recipient(one.public, one.from_at, one.to_at) for one in keys.recipients[-ON_CARD_MAX:]
        ),
        complaint_public=keys.complaint_public,
        suites=tuple(sorted(SUITES)),
        sample=county.sample,
    )
    return sign_card(card, keys.root)


def write_card(county: County) -> bytes:
    """Sign the card anew and write it where the front reads it; return it."""
    with county.ledger.read() as tx:
        raw = make_card(tx, county)
    files.write(county.home.card, raw)
    return raw


def renew_keys(county: County) -> bool:
    """Begin the next key period where it is due; return whether it was.

    Without the root key nothing is begun: tablets go on sealing to the last key, which stays.
    """
    if county.keys.root is None:
        return False
    if not rotate_recipients(county.home, county.now(), county.entropy):
        return False
    county.keys = load_keys(county.home)
    write_card(county)
    return True
