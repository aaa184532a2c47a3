"""Rights around editions: who drafts and publishes, who gives a fee back (DOMAIN §3.4)."""

from __future__ import annotations

import pytest

from shared.permissions import Question, may


@pytest.mark.parametrize(
    ("kind", "act", "role", "facts", "mode"),
    [
        ("calendar_edition", "draft", "administrator", "", "do"),
        ("calendar_edition", "draft", "department", "", "no"),
        ("calendar_edition", "publish", "administrator", "", "no"),
        ("calendar_edition", "publish", "administrator", "second_person", "do"),
        ("calendar_edition", "publish", "supervisor", "second_person", "view"),
        ("site_edition", "publish", "administrator", "", "no"),
        ("charge", "collect", "administrator", "", "no"),
        ("charge", "refund", "administrator", "", "do"),
        ("charge", "refund", "supervisor", "", "view"),
        ("charge", "refund", "village", "same_site", "do"),
        ("charge", "refund", "village", "", "no"),
        ("charge", "refund", "head", "same_township", "do"),
    ],
)
def test_who_may(kind: str, act: str, role: str, facts: str, mode: str) -> None:
    told = dict.fromkeys(facts.split(), True)
    decision = may(Question(role=role, kind=kind, act=act, **told))  # type: ignore[arg-type]
    assert (decision.mode, decision.allowed) == (mode, mode == "do")
