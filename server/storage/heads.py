"""The county's heads and its streams: what is locked, in which order, and how far everything is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, update

from server.schema import counties, streams
from server.storage.access import Access
from server.storage.rows import CountyHead, Stream
from shared import chain
from shared.errors import BianminError

ACTS = "acts"
SEALED = "sealed"
COUNTY = "county"


class UnknownCounty(BianminError):
    """This database does not hold the county that was asked for."""


class Heads(Access):
    """Order of locks in a writing transaction: streams, records, then the county's own row."""

    def put_county(self, head: CountyHead) -> None:
        """Write the county's row (init, restore)."""
        self._upsert(counties, [head])

    def county_head(self) -> CountyHead:
        """Return the county's heads without locking them; raise UnknownCounty."""
        head = self._row(CountyHead, self._select(counties))
        if head is None:
            raise self._unknown()
        return head

    def take_county_seq(self, count: int) -> tuple[int, int, bytes]:
        """Lock the county's row and take `count` numbers of the county's stream.

        Returns (epoch, first number taken, head before it). Follow with `put_county_head`.
        """
        taken = self.connection.execute(
            update(counties)
            .where(counties.c.county == self.county)
            .values(county_seq=counties.c.county_seq + count)
            .returning(counties.c.epoch, counties.c.county_seq, counties.c.county_head)
        ).first()
        if taken is None:
            raise self._unknown()
        return taken[0], taken[1] - count + 1, taken[2]

    def put_county_head(self, head: bytes) -> None:
        """Store the head after the operations whose numbers were taken in this transaction."""
        self.connection.execute(self._update(counties).values(county_head=head))

    def _take_positions(self, count: int) -> int:
        """Lock the county's row and return the first of `count` new positions of the feed."""
        last = self.connection.execute(
            update(counties)
            .where(counties.c.county == self.county)
            .values(feed_position=counties.c.feed_position + count)
            .returning(counties.c.feed_position)
        ).scalar_one_or_none()
        if last is None:
            raise self._unknown()
        return int(last) - count + 1

    # ---- streams

    def lock_stream(self, stream: bytes, *, device: bytes, purpose: str = ACTS) -> Stream:
        """Return branch 0 of `stream`, locked until the end of the transaction; begin it if new.

        Two copies of one envelope, opened at once, wait for each other here.
        """
        fresh = Stream(
            stream, 0, device, purpose, 0, chain.genesis(self.county, stream), 0, 0, None
        )
        statement = (
            self._select(streams)
            .where(streams.c.stream == stream, streams.c.branch == 0)
            .with_for_update()
        )
        found = self._row(Stream, statement)
        if found is not None:
            return found
        self._insert_new(streams, [fresh], "stream", "branch")
        return self._row(Stream, statement) or fresh

    def stream(self, stream: bytes, branch: int = 0) -> Stream | None:
        """Return a branch of a stream as it stands, not locked."""
        return self._row(
            Stream,
            self._select(streams).where(streams.c.stream == stream, streams.c.branch == branch),
        )

    def streams(self, *, device: bytes | None = None) -> list[Stream]:
        """Return all streams (and branches), or those of one device, in order of their ids."""
        statement = self._select(streams).order_by(streams.c.stream, streams.c.branch)
        if device is not None:
            statement = statement.where(streams.c.device == device)
        return self._rows(Stream, statement)

    def put_stream(self, stream: Stream) -> None:
        """Write how far a stream is."""
        self._upsert(streams, [stream])

    def put_streams(self, rows: Iterable[Stream]) -> None:
        """Write how far several streams are."""
        self._upsert(streams, rows)

    def put_backed_up(self, seqs: Mapping[bytes, int], county_seq: int) -> None:
        """Note what a verified backup outside the machine covers: seq by stream, county's seq."""
        self.connection.execute(self._update(counties).values(backed_up_through=county_seq))
        if seqs:
            self.connection.execute(
                self._update(streams)
                .where(streams.c.stream == bindparam("of"), streams.c.branch == 0)
                .values(backed_up_seq=bindparam("through")),
                [{"of": stream, "through": seq} for stream, seq in sorted(seqs.items())],
            )

    def _unknown(self) -> UnknownCounty:
        return UnknownCounty(f"数据库中没有 {self.county} 这个县，请先运行 bianmin county init。")
