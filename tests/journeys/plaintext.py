"""Looking for a citizen's words in every byte a device, a bundle or the front leaves on disk."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-be", "utf-16-le", "gb18030")


def files_that_say(words: Iterable[str], folders: Iterable[Path]) -> list[str]:
    """Return `file: word` for every file that holds a word in some common encoding.

    Looks at the bytes as they are and, where they inflate, at what they inflate to.
    """
    wanted = [(word, word.encode(code)) for word in words for code in ENCODINGS]
    found = []
    for path in sorted(_files(folders)):
        for text in _texts(path.read_bytes()):
            found += [f"{path.name}: {word}" for word, raw in wanted if raw in text]
    return found


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from ([folder] if folder.is_file() else (p for p in folder.rglob("*") if p.is_file()))


def _texts(raw: bytes) -> Iterator[bytes]:
    yield raw
    for start in range(min(len(raw), 16)):
        try:
            yield zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw[start:])
        except zlib.error:
            continue
