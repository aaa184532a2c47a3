"""The county that tests of the tablet talk to, by itself or behind a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mobile.county import County, Serving


@pytest.fixture
def county() -> County:
    """The county's side of the wire, in this process."""
    return County()


@pytest.fixture
def url(county: County) -> Iterator[str]:
    """The address at which it serves."""
    with Serving(county) as serving:
        yield serving.url
