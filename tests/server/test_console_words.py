"""The console's words and colours: nothing untranslated, nothing too pale to read."""

from __future__ import annotations

import io
import re
from datetime import date
from importlib.resources import files

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from server import dunning, staff_people, staff_rights, watch, watching
from server.console import menu, render
from server.console.language import DOMAINS, translations
from server.console.pages import (
    account,
    audit,
    bridge,
    complaints,
    decided,
    devices,
    editions,
    login,
    months,
    person,
    report,
    staff,
    todo,
)
from server.console.pages import watch as watch_pages
from server.metrics.definitions import COMMON_RULES, DEFINITIONS, GROUPS
from server.metrics.places import NAMES
from server.metrics.standing import NOTHING_BEFORE, UNRECORDED
from server.todo import advice, alarms
from server.todo.entries import KINDS as KINDS_OF_ENTRIES
from server.todo.entries import SENT_BACK
from server.todo.rules import RULES
from shared import lifecycle
from shared.kind_table.common import CHANNELS
from shared.kind_table.county import POWERS
from shared.kinds import KINDS, LISTED
from shared.rights import CAPABILITY_LABELS, ROLE_LABELS


def test_every_sentence_of_the_console_has_its_english() -> None:
    catalogue = translations("en")
    found = {
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(
            str(files("server.console")), [("**.html", "jinja2")],
            {"**.html": {"newstyle_gettext": "true"}}, {"_": None},
        )
    }  # fmt: skip
    assert len(found) > 100
    found |= {*months.STATES, *months.ANSWERS.values(), *bridge.WORDS, *editions.WORDS}
    found |= menu.labels() | {*KINDS_OF_ENTRIES.values(), *advice.SURE.values(), *NAMES.values()}
    found |= {advice.NEWER, advice.SAME_NUMBER, advice.SAME_NAME}
    found |= {*watch.MEANINGS.values(), *watch.GROUPS.values(), *watch.STATE_WORDS.values()}
    found |= {*watching.TERMS.values(), *watch_pages.UNNAMED.values(), *dunning.REASONS}
    found |= {watch.LACKING, *(level.label for level in watch.LEVELS)}
    found |= complaints.words()
    found |= {SENT_BACK, alarms.WRONG_CLOCK, alarms.MISSING, *decided.CHOSEN.values()}
    found |= {text for one in RULES for text in (one.label, one.text, one.reason)}
    for words in (render.EVIDENCE, render.QUALITY, render.STANDING, render.DEVICE_STATES):
        found |= set(words.values())
    found |= {*audit.WORDS.values(), *devices.ACT_WORDS.values(), *devices.AGENT_STATES.values()}
    found |= {*devices.DONE.values(), *account.DONE.values(), *person.DONE.values(), login.ENDED}
    found |= {*person.REASONS, *person.ACCOUNT_REASONS, *staff.PLACES.values(), *person.STAGES}
    found |= {*staff_people.STATES.values(), *staff_rights.MODES.values()}
    found |= {*staff_rights.FACTS.values(), *CAPABILITY_LABELS.values(), *ROLE_LABELS.values()}
    found |= {label for _, label in POWERS}
    found |= {*devices.REASONS, *(label for _, label in staff.ROLES)}
    found |= {lifecycle.act_label("device", act) for act in lifecycle.acts_of("device")}
    found |= {text for group in todo.REASONS.values() for text in group} | {*COMMON_RULES}
    found |= {text for one in DEFINITIONS for text in (one.label, one.rule)}
    found |= {one.label for one in report.presets(date(2026, 1, 1))}
    found |= {*report.THIRDS, *UNRECORDED.values(), NOTHING_BEFORE} - {""}
    found |= {title for title, _ in GROUPS} | {label for _, label in CHANNELS}
    for kind in LISTED:
        found |= {KINDS[kind].label, *lifecycle.states_of(kind)}
        found |= {lifecycle.act_label(kind, act) for act in lifecycle.acts_of(kind)}
    missing = sorted(
        text for text in found if catalogue.gettext(text) == text and text != "下载 PDF"
    )
    assert [text for text in missing if re.search("[一-鿿]", text)] == []


def test_the_compiled_catalogues_are_those_of_the_written_ones() -> None:
    folder = files("server").joinpath("locale", "en", "LC_MESSAGES")
    written = {one.name for one in folder.iterdir() if one.name.endswith(".po")}
    assert written == {f"{domain}.po" for domain in DOMAINS}
    for domain in DOMAINS:
        catalogue = read_po(io.BytesIO(folder.joinpath(f"{domain}.po").read_bytes()), locale="en")
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        assert compiled.getvalue() == folder.joinpath(f"{domain}.mo").read_bytes(), domain


def _schemes() -> list[dict[str, str]]:
    """The colours of the light and of the dark scheme."""
    sheet = files("server.console").joinpath("static", "console.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)[:2]
    first = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    return [first, first | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark))]


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [("ink", "ground"), ("ink", "paper"), ("ink", "raised"), ("muted", "ground"),
     ("muted", "paper"), ("muted", "raised"), ("brand", "paper"), ("brand", "ground"),
     ("brand", "brand-soft"), ("brand-ink", "brand"), ("good", "good-soft"), ("warn", "warn-soft"),
     ("bad", "bad-soft"), ("brand", "bad-soft"), ("muted", "brand-soft")],
)  # fmt: skip
def test_text_has_the_contrast_of_wcag_aa(scheme: int, ink: str, ground: str) -> None:
    colours = _schemes()[scheme]
    one, other = sorted((_luminance(colours[ink]), _luminance(colours[ground])))
    assert (other + 0.05) / (one + 0.05) >= 4.5
