"""/q for citizens: what a number and its code tell, and how often one may be wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from server import progress
from server.console.app import console_app
from server.county import SITES
from server.opening import close_county, open_county
from server.publishing import publish
from server.storage import Tx
from server.storage.rows import NumberRow
from shared import slips
from shared.canonical import Value
from shared.errors import BianminError
from shared.numbered import PROJECT
from tests.server.browser import Browser
from tests.server.complaint_world import BROKEN, CENTRE, CONDUCT, Complaining
from tests.server.test_api import NAME, NUMBER, PHONE, WHO

SLIP = "K7Q2-G1123-017-6"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Complaining]:
    made = Complaining(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def stranger(world: Complaining) -> Browser:
    return Browser(console_app(world.county))


def receive(world: Complaining, **more: Value) -> bytes:
    said: dict[str, Value] = {**WHO, "slip": SLIP, "query_code": "483920", **more}
    return world.clerk.act("case", "receive", said).skeleton.record


def wrong(browser: Browser, number: str = SLIP, code: str = "000000") -> int:
    return browser.post("/q", data={"number": number, "code": code}).status_code


def with_phones(world: Complaining, **phones: str) -> None:
    """Publish the sites with these phones."""

    def step(tx: Tx) -> None:
        sites = world.county.editions(tx).sites
        changed = tuple(
            msgspec.structs.replace(one, phone=phones.get(one.id, one.phone)) for one in sites.sites
        )
        number = tx.next_edition_number(SITES)
        publish(tx, world.county, [msgspec.structs.replace(sites, number=number, sites=changed)])

    world.county.ledger.writing(step)


def test_a_case_says_state_due_date_holder_and_phone_and_nobody(
    world: Complaining, stranger: Browser
) -> None:
    world.post_agent(world.clerk, "clerk")
    limits: dict[str, Value] = {"promised_days": 5, "statutory_days": 20, "days_unit": "workday"}
    record = receive(world, **limits)
    world.clerk.act("case", "accept", {"holder": "agent:CCCCCCCC", "holder_site": world.towns[0]},
                    record=record, parents=world.record(record).heads)  # fmt: skip
    asked = {"number": SLIP.lower().replace("-", " "), "code": "483 920"}
    page = stranger.post("/q", data=asked).text
    with world.county.ledger.read() as tx:
        row = tx.record(record)
        title = world.county.editions(tx).sites.by_id(world.towns[0]).title
    assert row is not None
    assert row.due_on is not None
    due = f"{row.due_on // 10000}-{row.due_on // 100 % 100:02d}-{row.due_on % 100:02d}"
    for sentence in ("您的办件现在是“已受理”。", f"最迟 {due} 前有结果。",
                     f"现在由{title}的乡镇窗口办理。", "有疑问请到登记站点询问"):  # fmt: skip
        assert sentence in page
    for secret in (NAME, NUMBER, PHONE, "欧**明", "丙", "基本医疗保险"):
        assert secret not in page
    with_phones(world, **{CENTRE: "0813-7200000"})
    assert 'href="tel:08137200000"' in stranger.post("/q", data=asked).text
    with_phones(world, **{world.towns[0]: "0813-7201111"})
    assert "0813-7201111" in stranger.post("/q", data=asked).text


def test_the_official_number_leads_there_too(world: Complaining, stranger: Browser) -> None:
    record = receive(world)
    official = slips.project_number("510322100000", world.county.today(), 7)
    row = NumberRow(PROJECT, official, record, world.record(record).heads[0], 1, 4999)
    world.county.ledger.writing(lambda tx: tx.add_numbers([row]))
    page = stranger.post("/q", data={"number": official, "code": "483920"})
    assert "已收件" in page.text
    assert wrong(stranger, official[:-1] + str((int(official[-1]) + 1) % 10)) == 404
    assert wrong(stranger, official) == 404


def test_a_sealed_complaint_answers_its_code_alone_with_its_state_alone(
    world: Complaining, stranger: Browser
) -> None:
    record = world.told(CONDUCT)
    world.person("外乡主任", "head", world.towns[1])
    world.take(world.watch, record, "accept")
    asked = {"number": "", "code": "abcd efgh jklm"}
    page = stranger.post("/q", data=asked)
    assert page.status_code == 200
    assert "您的投诉现在是“已受理”" in page.text
    for secret in ("收了", "李窗口", "欧阳", "工作人员", "最迟", "现在由", "便民服务站"):
        assert secret not in page.text
    for code in ("", "ABCDEFGHJKL", "ABCDEFGHJKLI", "483920", "ABCDEFGHJKLMN"):
        assert wrong(stranger, "", code) == 404
    assert world.audit(progress.QUERY_FAILED) == [], "what is no code is no try"


def test_other_complaints_answer_number_and_code(world: Complaining, stranger: Browser) -> None:
    world.told({**BROKEN, "slip": SLIP, "query_code": "112233"})
    page = stranger.post("/q", data={"number": SLIP, "code": "112233"}).text
    assert "您的投诉现在是“已登记”。" in page
    assert "的县督查办理" in page
    assert "叫号机" not in page


def test_five_wrong_codes_then_a_wait_that_a_restart_and_a_second_process_keep(
    world: Complaining, stranger: Browser
) -> None:
    receive(world)
    assert [wrong(stranger) for _ in range(3)] == [404] * 3
    assert wrong(Browser(console_app(world.county), "10.0.0.2")) == 404, "another application"
    process = open_county(world.county.home.root, now=world.now)
    try:
        other = Browser(console_app(process), "10.0.0.3")
        assert wrong(other) == 404
        assert wrong(other, code="483920") == 429, "the right code has to wait as well"
    finally:
        close_county(process)
    answer = stranger.post("/q", data={"number": SLIP, "code": "483920"})
    assert answer.status_code == 429
    assert "请在 15 分钟后再试" in answer.text
    world.now.ms += 15 * 60_000 - 1
    assert wrong(stranger, code="483920") == 429
    world.now.ms += 1
    assert wrong(stranger, code="483920") == 200


def test_thirty_wrong_numbers_from_one_address_then_a_wait(world: Complaining) -> None:
    receive(world)
    one = Browser(console_app(world.county), "10.9.9.9")
    for number in range(30):
        guess = str(slips.make("M3XA", world.county.today(), number + 1))
        assert wrong(one, guess) == 404
    assert wrong(one, code="483920") == 429
    assert wrong(Browser(console_app(world.county), "10.9.9.8"), code="483920") == 200


def test_five_wrong_sealed_codes_then_a_wait_for_that_address(world: Complaining) -> None:
    world.told(CONDUCT)
    one = Browser(console_app(world.county), "10.9.9.9")
    assert [wrong(one, "", "ZZZZZZZZZZZ" + end) for end in "ABCDE"] == [404] * 5
    assert wrong(one, "", "ABCDEFGHJKLM") == 429
    assert wrong(Browser(console_app(world.county), "10.9.9.8"), "", "ABCDEFGHJKLM") == 200
    assert all("ZZZ" not in about for about in world.audit(progress.QUERY_FAILED))


def test_guesses_sent_at_once_count_one_by_one(world: Complaining) -> None:
    receive(world)
    gate, told = threading.Barrier(12), list[str]()

    def guess(number: int) -> None:
        gate.wait()
        try:
            progress.ask(world.county, SLIP, f"{number:06d}", f"10.0.1.{number}")
        except BianminError as error:
            told.append(type(error).__name__)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["NothingFound"] * 5 + ["TooManyTries"] * 7
