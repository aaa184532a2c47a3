"""Published life-cycle tables by rules version. A published version is never edited again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.cycle_table.step import Cycle
from shared.cycle_table.v1_matters import MATTERS
from shared.cycle_table.v1_papers import PAPERS

TABLES: Mapping[int, Mapping[str, Cycle]] = MappingProxyType(
    {1: MappingProxyType({cycle.kind: cycle for cycle in (*MATTERS, *PAPERS)})}
)
