"""Finding a record: part of a name, its pinyin, a number of it, the tail of a phone number.

Columns of our own and LIKE, never a full-text trigram index, which finds nothing under three
characters: most names have two or three.
"""

from __future__ import annotations

from mobile.database import Store
from mobile.lists import ListRow, rows_of
from shared.names import canonical_name, spelled

LIMIT = 200
_PHONE_TAIL_MIN = 3
_NUMBER_TAIL_MIN = 6
"""Sequence and check digit: what somebody reads out who spares the region and the day."""
_FIND = """SELECT record, kind, state, delivery, title, updated, conflicts, name, slip,
                  coalesce(act, ''), coalesce(by_on, ''), coalesce(reason, '')
           FROM records LEFT JOIN asked USING (record)
           WHERE name LIKE :any ESCAPE '\\' OR words LIKE :any ESCAPE '\\'
              OR (:spelled <> '' AND initials LIKE :spelled ESCAPE '\\')
              OR (:slip <> '' AND replace(slip, '-', '') LIKE :slip ESCAPE '\\')
              OR (:phone <> '' AND phone LIKE :phone ESCAPE '\\')
              OR (:number <> '' AND record IN (SELECT of_record FROM numbers
                      WHERE replace(number, '-', '') LIKE :number ESCAPE '\\'))
           ORDER BY updated DESC LIMIT :limit"""


def search(store: Store, text: str, limit: int = LIMIT) -> list[ListRow]:
    """Return the records that `text` may mean, the latest first; none for an empty text."""
    plain = canonical_name(text).text.lower()
    compact = "".join(plain.replace("·", "").split())
    if not compact:
        return []
    ascii_only = compact.isascii()
    code = compact.replace("-", "").upper()
    digits = compact if compact.isdigit() and len(compact) >= _PHONE_TAIL_MIN else ""
    # Letters are taken for the start of a name, by its initials or in full; a whole slip number
    # may be dictated without its hyphens.
    return rows_of(
        store.named_rows(
            _FIND,
            {
                "any": f"%{_escaped(compact)}%",
                "spelled": f"% {_escaped(spelled(compact))}%"
                if ascii_only and compact.isalpha()
                else "",
                "slip": f"%{_escaped(code)}%"
                if ascii_only and len(code) >= _PHONE_TAIL_MIN
                else "",
                "phone": f"%{digits}" if digits else "",
                "number": f"%{_escaped(code)}"
                if ascii_only and len(code) >= _NUMBER_TAIL_MIN
                else "",
                "limit": limit,
            },
        )
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
