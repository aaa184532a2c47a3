"""How personal data is shown to those who need not see all of it; by characters, not bytes."""

from __future__ import annotations

STAR = "*"


def mask_name(name: str) -> str:
    """王芳 → 王*, 欧阳小明 → 欧**明; a single character is hidden whole."""
    if len(name) < 2:
        return STAR * len(name)
    if len(name) == 2:
        return name[0] + STAR
    return name[0] + STAR * (len(name) - 2) + name[-1]


def mask_id_no(number: str) -> str:
    """First three and last four: 510***********009X; of a short number only the last two."""
    if len(number) >= 12:
        return number[:3] + STAR * (len(number) - 7) + number[-4:]
    return _tail(number, 2)


def mask_phone(number: str) -> str:
    """138****8000; 0813-***1234; of a short number only the last two."""
    area, dash, local = number.rpartition("-")
    if dash and len(local) >= 7:
        return f"{area}-{_tail(local, 4)}"
    if len(number) == 11:
        return number[:3] + STAR * 4 + number[-4:]
    return _tail(number, 4 if len(number) >= 7 else 2)


def mask_account(number: str) -> str:
    """Only the last four."""
    return _tail(number, 4)


def _tail(text: str, keep: int) -> str:
    """All but the last `keep` characters hidden; a text no longer than that is hidden whole."""
    if len(text) <= keep:
        return STAR * len(text)
    return STAR * (len(text) - keep) + text[-keep:]
