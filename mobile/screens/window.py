"""The window: who is at the desk, and which screen stands there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.widget import Widget

from mobile import i18n
from mobile.kit.look import look
from mobile.kit.stage import Stage
from mobile.screens import preferences, wording
from mobile.screens.preferences import Preferences, PreferencesSheet
from mobile.screens.unlock import UnlockPage
from shared.errors import BianminError

if TYPE_CHECKING:
    from mobile.desk import Recorded, Sealed, Shown
    from mobile.lists import ListRow
    from mobile.screens.backstage import Backstage
    from mobile.screens.person import Person

SCREENS = ("records", "form", "target", "slip", "record")
"""Loaded while the agent is typing the PIN, one a frame."""
LOAD_S = 0.3


class TabletApp(App):
    """One home in one window. `make_backstage` is called once the window's clock runs."""

    title = "便民"

    def __init__(self, home: Path, make_backstage: Callable[[Path], Backstage]) -> None:
        super().__init__()
        self._home = home
        self._make_backstage = make_backstage
        self._preferences = preferences.read(home)
        self._person: Person | None = None
        self._county = ""

    def build(self) -> Widget:
        """Return the stage with the unlock page."""
        self._wear()
        Window.softinput_mode = "below_target"
        self.backstage = self._make_backstage(self._home)
        self.stage = Stage()
        self._show_unlock()
        for place, name in enumerate(SCREENS):
            Clock.schedule_once(partial(_load, name), LOAD_S * (place + 1))
        return self.stage

    def load_kv(self, *_args: object, **_rest: object) -> bool:
        """Every screen loads its own rules."""
        return False

    def open_settings(self, *_args: object) -> bool:
        """Kivy's own settings are not for people."""
        return False

    def on_stop(self) -> None:
        """Keep what is being typed and freeze what is pending before the process goes."""
        self.stage.leave()
        self.backstage.close()

    # -- pages --------------------------------------------------------------------------------

    def _show_unlock(self) -> None:
        self._person = None
        page = UnlockPage(self._unlock)
        page.county = self._county
        self.stage.show(page)
        Clock.schedule_once(lambda _seconds: self._ask_who(page), 0)  # the first frame first

    def _ask_who(self, page: UnlockPage) -> None:
        self.backstage.agents(page.agents, page.trouble)
        self.backstage.county(lambda name: self._greet(page, name), page.trouble)

    def _greet(self, page: UnlockPage, county: str) -> None:
        self._county = county
        page.county = county

    def _unlock(self, name: str, pin: str, failed: Callable[[BianminError], None]) -> None:
        self.backstage.unlock(name, pin, self._unlocked, failed)

    def _unlocked(self, person: Person) -> None:
        self._person = person
        self._show_records(fresh=True)

    def _look_again(self) -> None:
        """An exchange may have brought a new catalogue."""
        self.backstage.person(self._know, self._trouble)

    def _know(self, person: Person) -> None:
        if self._person is not None:
            self._person = person

    def _show_records(self, *, fresh: bool = False) -> None:
        if self._person is None:
            return
        from mobile.screens.records import RecordsPage

        page = RecordsPage(
            self.backstage, self._person, register=self._register,
            open_record=self._open_record, settings=self._settings, lock=self._lock,
            say=self.stage.say, news=self._look_again,
        )  # fmt: skip
        self.stage.show(page)
        if fresh:
            page.synchronise(quietly=True)

    def _register(self, kind: str) -> None:
        if kind == "complaint":
            from mobile.screens.target import TargetPage

            page = TargetPage(lambda target: self._show_form(kind, target), self._show_records)
            self.stage.show(page)
        else:
            self._show_form(kind)

    def _show_form(self, kind: str, target: str = "") -> None:
        if self._person is None:
            return
        from mobile.screens.form import FormPage

        self.stage.show(
            FormPage(
                self.backstage, self._person, kind, target, back=self._show_records,
                lay=self.stage.lay, say=self.stage.say, saved=self._saved,
            )
        )  # fmt: skip

    def _saved(self, kind: str, made: Recorded | Sealed) -> None:
        from mobile.screens.slip import SlipPage

        self.stage.show(
            SlipPage(kind, made, again=lambda: self._register(kind), done=self._show_records)
        )

    def _lock(self) -> None:
        self.backstage.lock(self._show_unlock, self._locked_with_trouble)

    def _locked_with_trouble(self, error: BianminError) -> None:
        self._show_unlock()
        self._trouble(error)

    # -- sheets -------------------------------------------------------------------------------

    def _open_record(self, row: ListRow) -> None:
        person = self._person
        if person is None:
            return

        def lay(shown: Shown) -> None:
            from mobile.screens.record import RecordSheet

            self.stage.lay(RecordSheet(shown, person.today))

        self.backstage.show(row.record, lay, self._trouble)

    def _settings(self) -> None:
        self.stage.lay(PreferencesSheet(self._preferences, self._changed))

    def _changed(self, chosen: Preferences) -> None:
        self._preferences = chosen
        try:
            preferences.keep(self._home, chosen)
        except BianminError as error:
            self._trouble(error)
        self._wear()
        self._show_records()
        self._settings()

    def _wear(self) -> None:
        chosen = self._preferences
        look.wear(dark=chosen.light == "dark", size=chosen.size)
        i18n.choose(chosen.language)

    def _trouble(self, error: BianminError) -> None:
        self.stage.say(wording.sentence(error), "warning")


def _load(name: str, _seconds: float) -> None:
    import_module(f"mobile.screens.{name}")
