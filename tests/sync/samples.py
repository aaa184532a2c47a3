"""Fixed keys and operations the tests of this room share. Nothing here is drawn at random."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared import chain
from shared.canonical import Value
from shared.operation import Operation, build, salt_of
from shared.verdict import Status, Verdict
from sync import envelope
from sync.acknowledgement import Opened
from sync.codec import Origin, Place, derive_record_id
from sync.envelope import seal_envelope
from sync.keys import SealingKey, SigningKey
from sync.page import Own, Page, Received, cursor_mark

COUNTY = 510322
NOW_MS = 1_767_225_600_000
STREAM = bytes(range(16))


def raw_key(name: str) -> bytes:
    """Return 32 fixed bytes for a name."""
    return hashlib.sha256(name.encode()).digest()


DEVICE = SigningKey(raw_key("device"))
OTHER_DEVICE = SigningKey(raw_key("other device"))
AGENT = SigningKey(raw_key("agent"))
FRONT = SigningKey(raw_key("front"))
CORE = SigningKey(raw_key("core"))
ROOT = SigningKey(raw_key("root"))
RECIPIENT = SealingKey(raw_key("recipient"))
SEALING = SealingKey(raw_key("device sealing"))

WORDS = ["医保参保登记", "户口迁移", "老人行动不便", "请尽快办理", "材料已交", "待复核"]
WORDS += ["高龄津贴", "道路损坏", "已上门核实", "复印件两份"]


@dataclass
class Tablet:
    """Writes one stream of operations the way a tablet does."""

    stream: bytes = STREAM
    seed: int = 1
    operations: list[Operation] = field(default_factory=list)
    seeds: dict[int, bytes] = field(default_factory=dict)

    def write(
        self,
        data: dict[str, Value] | None = None,
        *,
        on: Operation | None = None,
        parents: Sequence[bytes] | None = None,
        kind: str = "consultation",
        session: bytes = raw_key("session"),
    ) -> Operation:
        """Write a new record, or an amendment on the record of `on`."""
        seq = len(self.operations) + 1
        draw = random.Random(f"{self.seed}/{seq}")
        if seq % 100 == 1:
            self.seeds[seq] = raw_key(f"seed {self.seed} {seq}")
        seed = self.seeds[(seq - 1) // 100 * 100 + 1]
        ms = NOW_MS + seq * 61_234
        if data is None:
            data = {
                "person_name": draw.choice("王李张刘陈") + draw.choice("伟芳娜敏静"),
                "phone": f"1380000{draw.randrange(10_000):04d}",
                "question": "，".join(draw.choices(WORDS, k=8)),
                "evidence": {"person_name": "seen"},
                "count": draw.randrange(5),
                "tags": draw.sample(WORDS, 2),
            }
        made = build(
            stream=self.stream,
            seq=seq,
            author="agent:ABCDEFGH",
            site="s0001",
            session=session,
            record=on.skeleton.record if on else derive_record_id(seed, seq, ms),
            kind=on.skeleton.kind if on else kind,
            act="amend" if on else "register",
            parents=parents if parents is not None else [on.id] if on else [],
            clock=(ms << 16) + seq % 3,
            quality=3,
            effective_at=ms - (seq % 4 == 0) * 3_600_000,
            data=data,
            salt=salt_of(seed, seq),
        )
        self.operations.append(made)
        return made

    def fill(self, count: int) -> Tablet:
        """Write `count` operations, every third an amendment of the one before."""
        for number in range(count):
            self.write(on=self.operations[-1] if number % 3 == 2 else None)
        return self

    def head(self, seq: int) -> bytes:
        """Return the head after operation `seq`."""
        ids = (operation.id for operation in self.operations[:seq])
        return chain.extend_all(chain.genesis(COUNTY, self.stream), ids)

    def seal(self, first: int, last: int, *, placed: bool = True) -> bytes:
        """Return the envelope of operations `first` to `last`."""
        return seal_envelope(
            self.operations[first - 1 : last],
            self.seeds,
            county=COUNTY,
            recipient_public=RECIPIENT.public,
            device_key=DEVICE,
            head_before=self.head(first - 1),
            clock=NOW_MS << 16,
            place_of=self.place_of if placed else None,
        )

    def ask(self) -> bytes:
        """Return an envelope with nothing new."""
        seq = len(self.operations)
        return envelope.empty_envelope(
            county=COUNTY,
            recipient_public=RECIPIENT.public,
            device_key=DEVICE,
            stream=self.stream,
            seq=seq,
            head=self.head(seq),
            clock=NOW_MS << 16,
        )

    def place_of(self, operation_id: bytes) -> Place | None:
        """Return the place of an operation of this stream."""
        for each in self.operations:
            if each.id == operation_id:
                return Place(each.skeleton.seq, each.skeleton.record)
        return None

    def earlier(self, seq: int) -> Origin | None:
        """Return an operation of this stream as the county knows it."""
        if not 1 <= seq <= len(self.operations):
            return None
        each = self.operations[seq - 1]
        return Origin(each.id, each.skeleton.record)


def admitted(operation: Operation, county_seq: int = 7, reason: str = "") -> Verdict:
    """Return a verdict that admits the operation as written."""
    at = operation.skeleton.effective_at
    return Verdict(1, county_seq, Status.ADMITTED, NOW_MS + 86_400_000, at, 1, reason)


def refused(operation: Operation) -> Verdict:
    """Return a verdict that refuses the operation."""
    return Verdict(1, 8, Status.REFUSED, None, operation.skeleton.effective_at + 5, 0, "no_right")


def sample_page(cursor: bytes = b"before") -> Page:
    """Return a page with received operations, one as a bare skeleton, and own verdicts."""
    neighbour = Tablet(stream=bytes(16), seed=9).fill(4)
    one, two, three, four = neighbour.operations
    entries: list[Received | Own] = [
        Received(one, admitted(one)),
        Received(two, admitted(two)),
        Received(three.without_data(), refused(three)),
        Received(four, admitted(four, 9)),
        Own(1, 5, admitted(one)._replace(effective_at=0), as_written=True),
        Own(6, 6, refused(two)),
    ]
    opened = Opened(COUNTY, 1, STREAM, 6, raw_key("head"), 3)
    return Page(
        COUNTY, 1, DEVICE.id, cursor_mark(cursor), b"after", True, NOW_MS, opened, entries
    )  # fmt: skip
