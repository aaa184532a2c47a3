"""Region codes: levels, and doubts that warn and never refuse."""

from __future__ import annotations

import pytest

from shared.regions import InvalidRegionCode, Level, code_doubt, level_of, require_code


@pytest.mark.parametrize(
    ("code12", "level"),
    [
        ("510322000000", Level.COUNTY),
        ("510322100000", Level.TOWNSHIP),
        ("510322100015", Level.VILLAGE),
        ("450222101500", Level.VILLAGE),
    ],
)
def test_the_zeros_tell_the_level(code12: str, level: Level) -> None:
    assert level_of(code12) is level


@pytest.mark.parametrize("code12", ["", "510322", "5103221000001", "０" * 12, "51032210000x"])
def test_what_is_no_code_is_refused(code12: str) -> None:
    with pytest.raises(InvalidRegionCode, match="12 位区划代码"):
        require_code(code12)
    with pytest.raises(InvalidRegionCode):
        level_of(code12)


@pytest.mark.parametrize(
    ("code12", "kind", "doubtful"),
    [
        ("510322100001", "居委会", False),
        ("510322100199", "居委会", False),
        ("510322100200", "村委会", False),
        ("510322100399", "村委会", False),
        ("510322100000", "镇", False),
        ("510322100199", "村委会", True),
        ("510322100200", "居委会", True),
        ("450222101500", "村委会", True),
        ("450222101598", "居委会", True),
    ],
)
def test_an_odd_village_segment_is_doubted_and_never_refused(
    code12: str, kind: str, doubtful: bool
) -> None:
    doubt = code_doubt(code12, kind)
    assert (doubt is not None) == doubtful
    assert doubt is None or "可以照常使用" in doubt
