"""Giving a file that somebody else made to a browser: its bytes decide what it is, not its label.

Only pictures are shown in the page, each recognised by its first bytes; everything else is saved to
disk. Nothing in such an answer may run, load or frame anything.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

_PICTURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_PDF = b"%PDF-"
_UNKNOWN = "application/octet-stream"
_POLICY = "default-src 'none'; sandbox"


def type_of(content: bytes) -> str:
    """Return the media type that the bytes themselves show."""
    for magic, media_type in _PICTURES:
        if content.startswith(magic):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if content.startswith(_PDF) else _UNKNOWN


def handed_out(content: bytes, file_name: str) -> Response:
    """Return the answer with a foreign file in it."""
    media_type = type_of(content)
    how = "inline" if media_type.startswith("image/") else "attachment"
    name = quote(_plain(file_name), safe="")
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{name}",
        "Content-Security-Policy": _POLICY,
    }
    return Response(content, 200, headers, media_type)


def _plain(name: str) -> str:
    """A name without path and control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip(". ") or "附件"
