"""The birth of a county: home, keys, first rows, first editions, card; the configuration last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from server.admin import accounts_of
from server.county import County
from server.county_card import write_card
from server.home import CountyConfig, CountyHome
from server.keys import CountyKeys, create_keys
from server.opening import close_county, open_with
from server.publishing import publish
from server.storage import Tx, UnknownCounty
from server.storage.rows import CountyHead
from shared import chain
from shared.errors import BianminError, Misuse, Refused
from shared.rights import Role
from shared.sample import SAMPLE_COUNTY, sample_calendar, sample_catalogue, sample_sites
from sync.card import fingerprint_of

ADMIN = "admin"


class CountyExists(Refused):
    """The database of the URL holds this county already."""


@dataclass(frozen=True, slots=True)
class Born:
    """A new county and, for the sample county, the one-time password of `admin`."""

    county: int
    fingerprint: str
    password: str | None


def init_county(
    root: Path,
    code: int,
    *,
    database: str | None,
    sample: bool,
    name: str = "",
    now: Callable[[], int],
    entropy: Callable[[int], bytes],
    with_admin: bool = True,
) -> Born:
    """Make a county at `root`; raise HomeExists, CountyExists, Misuse, DatabaseUnavailable.

    With `sample`: sites, catalogue and calendar of the sample county, and one administrator
    (unless `with_admin` is false: the first start asks for one).
    """
    if sample and str(code) != SAMPLE_COUNTY:
        raise Misuse(
            f"示范数据属于 {SAMPLE_COUNTY}，请用 --county {SAMPLE_COUNTY}，或去掉 --sample。"
        )
    if database is not None and "://" not in database:
        raise Misuse("--database 应为 PostgreSQL 地址，例如 postgresql://用户@主机/库名。")
    config = CountyConfig(
        county=code,
        name=name or (_sample_name() if sample else str(code)),
        fingerprint="",
        created_at=now(),
        database=database,
        sample=sample,
    )
    home = CountyHome.create(root, config)
    keys = create_keys(home, now(), entropy)
    config = _with_fingerprint(config, keys)
    home = CountyHome(home.root, config)
    county = _begun(home, keys, sample, now, entropy)
    try:
        password = _add_admin(county) if sample and with_admin else None
        write_card(county)
    finally:
        close_county(county)
    home.save_config()
    return Born(code, config.fingerprint, password)


def _begun(
    home: CountyHome,
    keys: CountyKeys,
    sample: bool,
    now: Callable[[], int],
    entropy: Callable[[int], bytes],
) -> County:
    """Open the county with its first rows; where that fails nothing is left at its home."""
    try:
        county = open_with(home, keys, now=now, entropy=entropy)
        try:
            county.ledger.writing(lambda tx: _first_rows(tx, county, sample))
        except BianminError:
            close_county(county)
            raise
    except BianminError:
        home.discard()
        raise
    return county


def _first_rows(tx: Tx, county: County, sample: bool) -> None:
    try:
        tx.county_head()
    except UnknownCounty:
        pass
    else:
        raise CountyExists(f"该数据库里已有 {county.code} 县，请换一个数据库，或用其原来的目录。")
    stream = county.entropy(chain.STREAM_BYTES)
    tx.put_county(
        CountyHead(
            epoch=1,
            feed_position=0,
            county_stream=stream,
            county_seq=0,
            county_head=chain.genesis(county.code, stream),
            backed_up_through=0,
            created_at=county.now(),
        )
    )
    if sample:
        publish(tx, county, [sample_sites(), sample_catalogue(), sample_calendar()])


def _add_admin(county: County) -> str:
    with county.ledger.read() as tx:
        centre = county.editions(tx).centre
    _, password = accounts_of(county).add(ADMIN, Role.ADMINISTRATOR.value, centre)
    return password


def _sample_name() -> str:
    """The county's name: its centre is named after it."""
    centre = next(site for site in sample_sites().sites if site.parent is None)
    return centre.name


def _with_fingerprint(config: CountyConfig, keys: CountyKeys) -> CountyConfig:
    assert keys.root is not None, "a new county has just drawn its root key"
    return msgspec.structs.replace(config, fingerprint=fingerprint_of(keys.root.public))
