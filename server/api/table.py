"""The table of /api/v1: every endpoint of every area.

The routes (`server.api.app`) and the OpenAPI document (`server.api.openapi`) are both made from it.
"""

from __future__ import annotations

from server.api import (
    bridge,
    complaints,
    editions,
    endpoints,
    figures,
    months,
    overseeing,
    people,
    todo,
    watch,
)
from server.api.call import Endpoint

AREAS = (endpoints, people, todo, bridge, figures, months, overseeing, editions, watch, complaints)
ENDPOINTS: tuple[Endpoint, ...] = tuple(one for area in AREAS for one in area.ENDPOINTS)
