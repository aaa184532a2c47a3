"""The feed: what became visible to which scope, in the order of commits, without a gap."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable

from sqlalchemy import func, select, union_all

from server.schema import feed
from server.storage.heads import Heads
from server.storage.rows import FeedEntry, FeedRow

_f = feed.c


class Feed(Heads):
    """Positions come from the county's row, locked until commit, so readers see them in order."""

    def append_feed(self, entries: Iterable[FeedEntry], *, all_new: bool = False) -> int:
        """Append entries; return how many were new. Call this last in a transaction.

        The records of the operations have to be locked, so that nobody else enters the same ones.
        `all_new` says that the caller knows that none of them can be in the feed yet.
        """
        wanted = list(dict.fromkeys(entries))
        known = set() if all_new else self.fed(wanted)
        fresh = [entry for entry in wanted if entry not in known]
        if not fresh:
            return 0
        first = self._take_positions(len(fresh))
        self._insert(
            feed,
            [
                FeedRow(entry.scope, first + offset, *entry[1:])
                for offset, entry in enumerate(fresh)
            ],
        )
        return len(fresh)

    def fed(self, wanted: Iterable[FeedEntry]) -> set[FeedEntry]:
        """Return those of `wanted` that the feed has."""
        by_verdict: dict[tuple[int, int], list[bytes]] = {}
        for entry in wanted:
            by_verdict.setdefault((entry.epoch, entry.county_seq), []).append(entry.operation)
        known: set[FeedEntry] = set()
        for (epoch, county_seq), ids in by_verdict.items():
            known.update(
                FeedEntry(row[0], row[1], epoch, county_seq)
                for row in self._found(
                    [_f.scope, _f.operation],
                    _f.operation,
                    set(ids),
                    _f.epoch == epoch,
                    _f.county_seq == county_seq,
                )
            )
        return known

    def feed_page(self, scopes: Collection[str], after_position: int, limit: int) -> list[FeedRow]:
        """Return the next `limit` entries of these scopes after a position, in order."""
        if not scopes:
            return []
        parts = [
            self._select(feed)
            .where(_f.scope == scope, _f.position > after_position)
            .order_by(_f.position)
            .limit(limit)
            .subquery()
            .select()
            for scope in sorted(set(scopes))
        ]
        found = [FeedRow(*row) for row in self.connection.execute(union_all(*parts))]
        return heapq.nsmallest(limit, found, key=lambda row: row.position)

    def feed_end(self, scopes: Collection[str]) -> int:
        """Return the greatest position in these scopes, 0 if they are empty."""
        ends = [
            self.connection.execute(
                select(func.max(_f.position)).where(_f.county == self.county, _f.scope == scope)
            ).scalar()
            for scope in set(scopes)
        ]
        return max((end for end in ends if end is not None), default=0)

    def count_feed(self) -> int:
        """Return how many entries the feed has; equal to the county's feed position."""
        return self._count(feed)
