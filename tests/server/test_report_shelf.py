"""What is kept of figures is never older than the books: real tablets write between two looks."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server import reconcile, reporting
from server.accounts import Person
from server.cards import card_fields
from server.county import County
from server.metrics import everything
from server.metrics.basis import Basis
from server.metrics.figure import Figure
from server.report import make_report
from server.reporting import Question
from server.storage import Tx
from shared.canonical import Value
from shared.operation import Operation
from tests.server.core.world import DAY, ITEM, T0, Mould, Tablet, pass_days, township_of, villages

WHO = Person(
    staff="S", name="李督查", role="supervisor", site="s0001", must_change=False, form_token="",
    session=b"",
)  # fmt: skip
KEYS = ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M16", "M24", "M34", "N2", "N3", "N4", "N6")


class Office:
    """A village and its township, whose tablets do one thing after the other."""

    def __init__(self, county: County, seed: int) -> None:
        self.county, self.dice = county, random.Random(seed)
        village = villages()[0]
        self.town = township_of(village)
        self.village_tablet = Tablet(county, village)
        self.clerk = Tablet(county, self.town, role="clerk")
        self.made: list[tuple[Tablet, Operation]] = []

    def step(self) -> None:
        """Something happens, at times of long ago, and arrives."""
        what = self.dice.choice(
            ["consult", "entrust", "receive", "receive", "more", "more", "settle", "days", "post"]
        )
        at = T0 - self.dice.randrange(200) * DAY
        named: dict[str, Value] = {
            "person_name": self.dice.choice(["王小二", "李婠"]),
            "item": ITEM,
            "remark": "无",
        }
        if what == "consult":
            data: dict[str, Value] = {"question": "怎么办？", "remark": "无"}
            done = self.village_tablet.record("consultation", "register", data, effective_at=at)
            self.made.append((self.village_tablet, done))
        elif what == "entrust":
            done = self.village_tablet.record("proxy", "entrust", named, effective_at=at)
            self.made.append((self.village_tablet, done))
        elif what == "receive":
            done = self.clerk.record("case", "receive", {**named, **LIMITS}, effective_at=at)
            self.made.append((self.clerk, done))
        elif what == "more" and self.made:
            self._go_on(*self.dice.choice(self.made))
        elif what == "settle" and self.made:
            _, done = self.dice.choice(self.made)
            reconcile.settle(self.county, done.skeleton.record, "remark", "核对", "核对", "S")
        elif what == "post":
            self.clerk.post(self.town, "clerk")
        else:
            pass_days(self.county, self.dice.randrange(1, 9))
        self.village_tablet.send()
        self.clerk.send()

    def _go_on(self, tablet: Tablet, done: Operation) -> None:
        known = tablet.fold(done.skeleton.record)
        acts: dict[str, tuple[str, dict[str, Value]]] = {
            "已登记": ("answer", {"answer": "可以"}), "已收件": ("accept", {}),
            "已受理": ("decide", {"outcome": "granted"}), "已决定": ("close", {}),
        }  # fmt: skip
        act, data = acts.get(known.state or "", ("amend", {"remark": "补充"}))
        if act != "amend" or known.kind == "proxy":
            at = done.skeleton.effective_at + self.dice.randrange(40) * DAY
            at = min(at, self.county.now())
            tablet.record(known.kind, act, dict(data), on=known, effective_at=at)


LIMITS: dict[str, Value] = {"promised_days": 5, "statutory_days": 20, "days_unit": "workday"}


def _numbers(figure: Figure) -> tuple[object, ...]:
    return figure.numerator, figure.denominator, dict(figure.extra), figure.exact, figure.missing


def _fresh(county: County, asked: Question) -> dict[str, Figure]:
    with county.ledger.read() as tx:
        return make_report(
            tx, county.editions(tx).sites, asked.from_on, asked.to_on, fields=card_fields,
            today=county.today(), site=asked.site,
        ).figures  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kept_figure_is_the_one_that_would_be_counted_now(tmp_path: Path, seed: int) -> None:
    with Mould(tmp_path).cast() as county:
        office = Office(county, seed)
        for number in range(30):
            office.step()
            if number % 3:
                continue
            today = county.today()
            asked = Question(today - timedelta(days=120), today, office.town)
            found = reporting.report(county, WHO, asked).figures
            fresh = _fresh(county, asked)
            assert found == fresh
            assert reporting.report(county, WHO, asked).figures == fresh, "and once more"
            months = {key: reporting.trend_of(county, WHO, asked, key) for key in KEYS}
            for place, month in enumerate(months["M1"]):
                now = _fresh(county, Question(month.first, month.last, office.town))
                for key in KEYS:
                    kept = months[key][place].figure
                    assert _numbers(kept) == _numbers(now[key]), (number, key, month.first)


def test_months_that_nobody_touched_are_not_counted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Mould(tmp_path).cast() as county:
        office = Office(county, 1)
        asked = Question(county.today(), county.today())
        assert reporting.trend_of(county, WHO, asked, "M6")[-1].figure.numerator == 0
        counted: list[str] = []
        count = everything.figures_of

        def counting(tx: Tx, basis: Basis, *more: Any) -> dict[str, Figure]:
            counted.append(f"{basis.period.from_on:%m}")
            return count(tx, basis, *more)

        monkeypatch.setattr(reporting, "figures_of", counting)
        asked_today = office.village_tablet.consult()
        office.village_tablet.record(
            "consultation", "answer", {"answer": "可以"}, on=asked_today.skeleton.record
        )
        office.village_tablet.send()
        assert reporting.trend_of(county, WHO, asked, "M6")[-1].figure.numerator == 1
        assert set(counted) == {f"{county.today():%m}"}
