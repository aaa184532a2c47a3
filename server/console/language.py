"""The console's two languages: Chinese, in which everything is written, and English by catalogue.

The English stands in `server/locale/en/LC_MESSAGES`, one catalogue per area; what they lack is
shown in Chinese.
"""

from __future__ import annotations

import gettext
from functools import cache
from importlib.resources import as_file, files

from starlette.requests import Request

CHINESE = "zh"
ENGLISH = "en"
LANGUAGES = {CHINESE: "中文", ENGLISH: "English"}
TAGS = {CHINESE: "zh-CN", ENGLISH: "en"}
COOKIE = "bianmin_lang"
DOMAINS = (
    "console",
    "bridge",
    "complaints",
    "editions",
    "figures",
    "months",
    "people",
    "todo",
    "watch",
)
"""The catalogues, one per area of the console."""


def language_of(request: Request) -> str:
    """Return `zh` or `en`: by ?lang=, else the cookie, else Accept-Language, else Chinese."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.partition(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return CHINESE


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; the empty one for Chinese."""
    if language == CHINESE:
        return gettext.NullTranslations()
    with as_file(files("server").joinpath("locale")) as folder:
        first, *others = (gettext.translation(domain, folder, [language]) for domain in DOMAINS)
    for other in others:
        first.add_fallback(other)
    return first


def translate(language: str, text: str) -> str:
    """Return `text` in the language; the text itself where the catalogue does not know it."""
    return translations(language).gettext(text) if text else ""
