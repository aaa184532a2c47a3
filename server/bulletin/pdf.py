"""The bulletin on A4, set by typst in the fonts that come along."""

from __future__ import annotations

from dataclasses import asdict

from server.bulletin.content import Bulletin
from server.bulletin.paper import head_line, sections, sign_off
from server.report_files import typeset


def bulletin_pdf(told: Bulletin) -> bytes:
    """Return the bulletin as a PDF, the same bytes for the same bulletin; raise NoChineseFont."""
    office, on = sign_off(told)
    data = {
        "masthead": told.masthead,
        "number": told.number,
        "office": office,
        "date": on,
        "day": [told.issued_on.year, told.issued_on.month, told.issued_on.day],
        "title": told.title,
        "line": head_line(told),
        "draft": told.is_draft,
        "sections": [asdict(one) for one in sections(told)],
    }
    return typeset("bulletin.typ", data)
