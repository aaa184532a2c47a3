"""A county in process and the tablets that write to it: what the tests of the core play with.

Nothing here is mocked. A tablet is as small as a replica can be: it records, seals any cut of its
stream, takes pages in, and folds what it has.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from server import ingest, pages
from server.county import County
from server.database import open_engine
from server.home import CountyConfig, CountyHome
from server.ingest import Taken
from server.keys import create_keys
from server.publishing import publish
from server.storage import Ledger, create_schema
from server.storage.rows import Agent, CountyHead, Device, Judgement, Posting
from shared import chain, clock, ids, operation, session
from shared.canonical import Value
from shared.fold import Entry, fold
from shared.operation import Operation
from shared.record import Record
from shared.sample import sample_calendar, sample_catalogue, sample_sites
from shared.verdict import Verdict, in_force
from sync import envelope as envelopes
from sync.codec import derive_record_id
from sync.keys import SealingKey, SigningKey
from sync.page import Page, Received, open_page

CODE = 510322
T0 = 1_793_005_200_000
"""2026-10-26 09:00 at UTC+8, a Monday."""
DAY = 24 * 60 * 60 * 1000
ITEM, OTHER_ITEM = "BM-YB-001", "BM-YB-002"
BEGUN_ON = 20200101
_KEY = bytes(range(32))


class World:
    """A clock and a source of chance that repeat."""

    def __init__(self, seed: int = 1) -> None:
        self.at = T0 + seed
        self._chance = random.Random(seed)

    def now(self) -> int:
        """A millisecond later than ever before."""
        self.at += 1
        return self.at

    def entropy(self, count: int) -> bytes:
        return self._chance.randbytes(count)


def make_county(engine: Engine, root: Path, world: World | None = None) -> County:
    """Return a new county with the sample editions in force, on an engine with the schema."""
    world = world or World()
    config = CountyConfig(
        county=CODE, name="富顺县", fingerprint="0" * 16, created_at=T0, sample=True
    )
    home = CountyHome.create(root, config)
    keys = create_keys(home, T0 - DAY, world.entropy)
    ledger = Ledger(engine, CODE, keys.data)
    county = County(CODE, home, keys, ledger, world.now, world.entropy, sample=True)
    stream = world.entropy(chain.STREAM_BYTES)
    with ledger.write() as tx:
        tx.put_county(CountyHead(1, 0, stream, 0, chain.genesis(CODE, stream), 0, T0))
        publish(tx, county, [sample_sites(), sample_catalogue(), sample_calendar()])
    return county


class Mould:
    """A county born once; a cast of it costs a copy of its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        engine = open_engine(folder / "core.db", _KEY)
        create_schema(engine)
        self._county = make_county(engine, folder / "county")
        engine.dispose()
        self._seed = 1

    @contextmanager
    def cast(self) -> Iterator[County]:
        """Lend a county as it was at birth."""
        self._seed += 1
        with TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "core.db"
            shutil.copyfile(self._folder / "core.db", path)
            engine = open_engine(path, _KEY)
            world, born = World(self._seed), self._county
            ledger = Ledger(engine, CODE, born.keys.data)
            try:
                yield replace(
                    born, ledger=ledger, now=world.now, entropy=world.entropy,
                    _cached=born._cached,
                )  # fmt: skip
            finally:
                engine.dispose()


def pass_days(county: County, days: int) -> None:
    """Let days go by."""
    world = getattr(county.now, "__self__", None)
    assert isinstance(world, World)
    world.at += days * DAY


def villages(count: int = 2, township: int = 0) -> list[str]:
    """Return the site ids of villages of one township."""
    sites = sample_sites()
    above = [one for one in sites.sites if one.level == "township"][township]
    return [one.id for one in sites.sites if one.parent == above.id][:count]


def township_of(site: str) -> str:
    """Return the site id of the township above."""
    above = sample_sites().township_of(site)
    assert above is not None
    return above.id


class Tablet:
    """A device with one agent: the least that can record, carry and fold."""

    def __init__(
        self, county: County, site: str, *, role: str = "village", agent: str = "",
        posted: bool = True,
    ) -> None:  # fmt: skip
        self.county, self.site = county, site
        self.signing = SigningKey.generate(county.entropy)
        self.sealing = SealingKey.generate(county.entropy)
        self.agent_key = SigningKey.generate(county.entropy)
        self.agent = agent or _word(county)
        self.author = f"agent:{self.agent}"
        self.clock = 0
        self.session: bytes | None = None
        self.log: list[Operation] = []
        self.heads: list[bytes] = []
        self._seeds: dict[int, bytes] = {}
        self.begin_stream()
        self.received: dict[bytes, Received] = {}
        self.verdicts: dict[tuple[bytes, int], Verdict] = {}
        self.cursor = b""
        with county.ledger.write() as tx:
            tx.put_device(
                Device(
                    self.signing.id, "平板", self.signing.id.hex()[:4], site, self.signing.public,
                    self.sealing.public, "active", T0, None, "", None, "",
                )
            )  # fmt: skip
            tx.put_agent(
                Agent(self.agent, self.signing.id, "李婠", self.agent_key.public, "active", T0)
            )
        if posted:
            self.post(site, role)

    def begin_stream(self) -> None:
        """Begin a stream of its own (a first start, a restored store)."""
        self.stream = self.county.entropy(16)
        self.log, self.heads = [], [chain.genesis(CODE, self.stream)]
        self._seeds, self.session = {}, None

    def post(self, site: str, role: str, from_on: int = BEGUN_ON, to_on: int | None = None) -> None:
        """Let the agent serve at a site."""
        with self.county.ledger.write() as tx:
            posting = self.county.entropy(16)
            tx.put_posting(Posting(posting, self.author, site, role, from_on, to_on, None))

    def set_state(self, state: str) -> None:
        """Suspend, revoke or reactivate the device."""
        with self.county.ledger.write() as tx:
            device = tx.device(self.signing.id)
            assert device is not None
            tx.put_device(device._replace(state=state))

    # ---- recording

    def open_session(
        self, citizen_of: bytes | None = None, changes: dict[str, Value] | None = None
    ) -> Operation:  # fmt: skip
        """Open a session, signed by the agent over the head."""
        signed = session.signed_bytes(CODE, self.stream, self.heads[-1], self.agent, citizen_of)
        data: dict[str, Value] = {
            "agent": self.agent, "head": self.heads[-1].hex(),
            "signature": self.agent_key.sign(session.TAG, signed).hex(),
        }  # fmt: skip
        act = session.OPEN
        if citizen_of is not None:
            act, data["citizen_of"] = session.OPEN_CITIZEN, ids.record_text(citizen_of)
        opened = self._write("session", act, {**data, **(changes or {})}, session=None)
        self.session = opened.id
        return opened

    def record(
        self, kind: str, act: str, data: dict[str, Value], on: Record | bytes | None = None,
        **skeleton: Any,
    ) -> Operation:  # fmt: skip
        """Record an act: a new record, or one this tablet holds (parents: the heads it sees)."""
        if self.session is None and "session" not in skeleton:
            self.open_session()
        if isinstance(on, bytes):
            skeleton.setdefault("parents", self.fold(on).heads)
            skeleton["record"] = on
        elif on is not None:
            skeleton.setdefault("parents", on.heads)
            skeleton["record"] = on.id
        return self._write(kind, act, data, **{"session": self.session, **skeleton})

    def consult(self, question: str = "医保参保如何办理？", **data: Value) -> Operation:
        return self.record("consultation", "register", {"question": question, **data})

    def entrust(self, name: str = "李婠", item: str = ITEM, **data: Value) -> Operation:
        return self.record("proxy", "entrust", {"person_name": name, "item": item, **data})

    def receive(self, name: str = "李婠", item: str = ITEM, **data: Value) -> Operation:
        return self.record("case", "receive", {"person_name": name, "item": item, **data})

    def amend(self, on: Operation | bytes, **data: Value) -> Operation:
        record = on if isinstance(on, bytes) else on.skeleton.record
        known = self.fold(record)
        return self.record(known.kind, "amend", data, on=known)

    def _write(self, kind: str, act: str, data: dict[str, Value], **changes: Any) -> Operation:
        seq = len(self.log) + 1
        if (seq - 1) % operation.BLOCK_MAX == 0:
            self._seeds[seq] = self.county.entropy(operation.SEED_BYTES)
        seed = self._seeds[max(self._seeds)]
        self.clock = clock.tick(self.clock, self.county.now())
        at = clock.ms_of(self.clock)
        words: dict[str, Any] = {
            "author": self.author, "site": self.site, "record": derive_record_id(seed, seq, at),
            "parents": (), "clock": self.clock, "quality": clock.Quality.GOOD, "effective_at": at,
        }  # fmt: skip
        made = operation.build(
            stream=self.stream, seq=seq, kind=kind, act=act, data=data,
            salt=operation.salt_of(seed, seq), **{**words, **changes},
        )  # fmt: skip
        self.append(made)
        return made

    def append(self, made: Operation) -> None:
        """Put an operation at the end of the own stream."""
        self.log.append(made)
        self.heads.append(chain.extend(self.heads[-1], made.id))

    # ---- carrying

    def seal(self, first: int = 1, last: int | None = None) -> bytes:
        """Return the envelope of operations first…last of the own stream."""
        last = len(self.log) if last is None else last
        recipient = self.county.keys.current_recipient(self.county.now())
        return envelopes.seal_envelope(
            self.log[first - 1 : last], self._seeds, county=CODE,
            recipient_public=recipient.public, device_key=self.signing,
            head_before=self.heads[first - 1], clock=self.clock,
        )  # fmt: skip

    def send(self, first: int | None = None, last: int | None = None) -> Taken:
        """Bring what the county lacks (or a cut of the stream) and return what became of it."""
        if first is None:
            first = self.opened() + 1
        if first > len(self.log):
            return self.take(self.empty())
        return self.take(self.seal(first, last))

    def empty(self) -> bytes:
        """Return the envelope that says: nothing new."""
        recipient = self.county.keys.current_recipient(self.county.now())
        return envelopes.empty_envelope(
            county=CODE, recipient_public=recipient.public, device_key=self.signing,
            stream=self.stream, seq=len(self.log), head=self.heads[-1], clock=self.clock,
        )  # fmt: skip

    def take(self, raw: bytes, received_at: int | None = None) -> Taken:
        """Hand an envelope to the core."""
        at = self.county.now() if received_at is None else received_at
        return ingest.take_envelope(self.county, raw, at)

    def opened(self) -> int:
        """How far the county has this stream."""
        with self.county.ledger.read() as tx:
            stream = tx.stream(self.stream)
        return 0 if stream is None else stream.seq

    def page(self, bytes_max: int = 1 << 20) -> Page:
        """Fetch one page and apply it."""
        raw = pages.page_for(
            self.county, self.signing.id, self.stream, self.cursor, bytes_max, None
        )
        page = open_page(raw, self.sealing.raw, self.county.keys.core.public)
        assert page.answers(self.cursor)
        for entry in page.entries:
            if isinstance(entry, Received):
                known = self.received.get(entry.operation.id)
                if known is None or entry.verdict.order >= known.verdict.order:
                    self.received[entry.operation.id] = entry
            else:
                for seq in range(entry.seq_from, entry.seq_to + 1):
                    own = self.log[seq - 1].skeleton.effective_at
                    place = (self.stream, seq)
                    verdict = in_force(self.verdicts.get(place), entry.verdict_for(own))
                    assert verdict is not None
                    self.verdicts[place] = verdict
        self.cursor = page.cursor
        return page

    def pull(self, bytes_max: int = 1 << 20) -> list[Page]:
        """Fetch pages until there are no more."""
        got = [self.page(bytes_max)]
        while got[-1].more:
            got.append(self.page(bytes_max))
        return got

    def sync(self) -> Taken:
        """One round: bring, then fetch."""
        taken = self.send()
        self.pull()
        return taken

    # ---- folding

    def entries(self) -> Iterator[Entry]:
        """What this replica holds: received and own operations with the verdicts it knows."""
        for entry in self.received.values():
            yield Entry(entry.operation, entry.verdict)
        for own in self.log:
            yield Entry(own, self.verdicts.get((own.skeleton.stream, own.skeleton.seq)))

    def fold(self, record: bytes) -> Record:
        """Fold a record, own unjudged work on top of what the county has judged."""
        own = {one.id for one in self.log}
        return fold(
            Entry(e.operation, e.verdict, 1 if e.operation.id in own else None)
            for e in self.entries()
            if e.operation.skeleton.record == record
        )

    def folded(self, record: bytes) -> Record:
        """Fold the judged part of a record alone: what every replica has to agree on."""
        return fold(
            e
            for e in self.entries()
            if e.operation.skeleton.record == record and e.verdict is not None
        )

    def records(self) -> set[bytes]:
        """Return the records this replica holds judged operations of."""
        return {e.operation.skeleton.record for e in self.entries() if e.verdict is not None}


def _word(county: County) -> str:
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(alphabet[byte % len(alphabet)] for byte in county.entropy(8))


# ---- what stands at the county


def judgement(county: County, op: Operation) -> Judgement:
    """Return the verdict in force at the county."""
    with county.ledger.read() as tx:
        return tx.judgements_of([op.id])[op.id]


def ruled(county: County, op: Operation) -> tuple[str, str]:
    """Return (status, reason) of an operation."""
    found = judgement(county, op)
    return found.status, found.reason


def folded(county: County, record: bytes | Operation) -> Record:
    """Fold a record from the county's ledger."""
    wanted = record if isinstance(record, bytes) else record.skeleton.record
    with county.ledger.read() as tx:
        return fold(tx.operations_of([wanted])[wanted])


def operations(county: County) -> int:
    """Return how many operations the ledger holds."""
    with county.ledger.read() as tx:
        return tx.counts().operations


def judged(tablet: Tablet, op: Operation) -> tuple[str, str]:
    """Send everything and return (status, reason) of one operation."""
    assert tablet.send().refusal is None
    return ruled(tablet.county, op)
