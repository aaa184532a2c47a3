"""A form with a file: its words as those of any form, the file beside them in `request.state`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from server.http import read_body
from server.spreadsheet import BYTES_MAX
from shared.errors import Misuse

_WORDS_MAX = 64 << 10
_FIELDS_MAX = 20


class WrongUpload(Misuse):
    """A form with a file that cannot be read, or that lacks its file."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file somebody sent: its name without folders, and what is in it."""

    name: str
    content: bytes


async def read_upload(request: Request) -> bytes:
    """Return the form's words as an urlencoded body; the file becomes `request.state.upload`.

    Raises WrongUpload, BodyTooLarge.
    """
    raw = await read_body(request, BYTES_MAX + _WORDS_MAX)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise WrongUpload("表单内容无法读取，请刷新页面重新选择文件。")

    async def stream() -> AsyncGenerator[bytes, None]:
        yield raw

    try:
        parser = MultiPartParser(request.headers, stream(), max_files=1, max_fields=_FIELDS_MAX)
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise WrongUpload("表单内容无法读取，请刷新页面重新选择文件。") from error
    words: list[tuple[str, str]] = []
    request.state.upload = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                request.state.upload = Upload(PurePath(value.filename).name, await value.read())
        else:
            words.append((name, value))
    await form.close()
    return urlencode(words).encode()


def upload_of(request: Request) -> Upload:
    """Return the file of the form; raise WrongUpload where none was chosen."""
    found = getattr(request.state, "upload", None)
    if not isinstance(found, Upload):
        raise WrongUpload("请先选择要上传的表（xlsx 或 csv），再点上传。")
    return found
