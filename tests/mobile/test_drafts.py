"""Drafts survive; sealed complaints never have one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile import drafts
from mobile.drafts import NotKept
from mobile.tablet import Tablet
from tests.mobile.kit import NOW, PIN, unlocked


@pytest.fixture
def tablet(tmp_path: Path) -> Tablet:
    return unlocked(tmp_path / "home")


def test_a_draft_survives_locking(tablet: Tablet) -> None:
    number = drafts.keep(
        tablet.store, agent="ABCDEFGH", kind="proxy", data={"person_name": "赵"}, now_ms=NOW
    )
    drafts.keep(
        tablet.store, agent="ABCDEFGH", kind="proxy", data={"person_name": "赵测试"},
        now_ms=NOW + 1, number=number,
    )  # fmt: skip
    tablet.lock()
    again = tablet.locked.unlock(PIN)
    (draft,) = drafts.of_agent(again.store, "ABCDEFGH")
    assert (draft.number, draft.data, draft.saved_at) == (
        number, {"person_name": "赵测试"}, NOW + 1,
    )  # fmt: skip
    assert drafts.of_agent(again.store, "HGFEDCBA") == []
    drafts.drop(again.store, number)
    drafts.drop(again.store, number)
    assert drafts.of_agent(again.store, "ABCDEFGH") == []


@pytest.mark.parametrize("target", ["person", "undisclosed"])
def test_a_sealed_complaint_is_never_kept(tablet: Tablet, target: str) -> None:
    number = drafts.keep(
        tablet.store, agent="ABCDEFGH", kind="complaint", data={"content": "有人"}, now_ms=NOW
    )
    with pytest.raises(NotKept):
        drafts.keep(
            tablet.store, agent="ABCDEFGH", kind="complaint",
            data={"target_kind": target, "content": "有人收钱"}, now_ms=NOW, number=number,
        )  # fmt: skip
    assert drafts.of_agent(tablet.store, "ABCDEFGH") == []
