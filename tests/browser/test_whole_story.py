"""The whole path with nothing replaced: two people talk, a counsellor is called, answers, closes.

``make run`` is started as a newcomer would; everything else happens in the browser. With
``ANSIM_SCREENSHOTS=docs/screenshots`` the pages are kept as pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import pages
from tests.browser.pages import DESK, follow, keep
from tests.migrated import give_database
from tests.ports import free_port
from tests.test_run import Run

pytestmark = [pytest.mark.browser, pytest.mark.nats]

RISKY = [
    ("stranger", "안녕 ㅎㅎ 몇 살이야?"),
    ("youth", "저 중2요"),
    ("stranger", "오 어려보인다 지금 혼자야?"),
    ("youth", "네 엄마 아직 안 오셨어요"),
    ("stranger", "용돈 필요하면 말해 오빠가 줄게"),
    ("youth", "헐 진짜요?"),
    ("stranger", "대신 우리 둘만의 비밀이야 엄마한테 말하지 마"),
    ("stranger", "라인으로 와 거기서 얘기하자"),
    ("youth", "음.. 왜요"),
    ("stranger", "사진 몇 장만 보내줄래? 보내주면 바로 용돈 줄게"),
    ("stranger", "오늘 만날래? 데리러 갈게"),
]


# It may be over before anybody has looked: that it began is noted where it happens.
PLAYED = """() => {
    const stop = document.querySelector("#stop");
    const look = () => { if (!stop.disabled) document.documentElement.dataset.began = ""; };
    new MutationObserver(look).observe(stop, { attributes: true });
}"""


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Run, str, str]]:
    console, intake = free_port(), free_port()
    if "sample" in request.fixturenames:  # the whole path begins where there is nothing yet
        give_database(tmp_path / "home")
    running = Run(
        {
            "ANSIM_HOME": str(tmp_path / "home"),
            "ANSIM_NATS_PORT": str(free_port()),
            "ANSIM_CONSOLE_PORT": str(console),
            "ANSIM_INTAKE_PORT": str(intake),
        }
    )
    running.wait_for("Ctrl-C stops everything")
    yield running, f"http://127.0.0.1:{console}", f"http://127.0.0.1:{intake}"
    running.interrupt()


def new_page(browser: Browser) -> Page:
    """A page of a person of their own, before a wide screen."""
    return pages.new_page(browser, DESK)


def log_in(page: Page, console: str, log_in: str) -> None:
    name, _, password = log_in.partition(":")
    page.goto(f"{console}/queue/")
    page.get_by_label("사용자 이름").or_(page.locator("#id_username")).first.fill(name)
    page.locator("#id_password").fill(password)
    follow(page.get_by_role("button", name="로그인"))
    page.wait_for_url(f"{console}/queue/")


def say(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    expect(page.locator("#log")).to_contain_text(text)


def test_from_a_first_word_to_a_closed_alert(house: tuple[Run, str, str], browser: Browser) -> None:
    run, console, intake = house
    desk = new_page(browser)
    log_in(desk, console, run.log_ins()["counsellor"])
    expect(desk.get_by_text("지금 기다리는 경보가 없습니다.")).to_be_visible()
    desk.evaluate("window.notReloaded = true")

    stranger, youth = new_page(browser), new_page(browser)
    stranger.goto(f"{intake}/demo/")
    stranger.locator("#nickname").fill("모름이")
    expect(stranger.locator("#link")).to_have_value(re.compile("room="))
    address = stranger.locator("#link").input_value()
    youth.goto(address)
    youth.locator("#nickname").fill("별하")
    youth.locator("input[name=voice][value=youth]").check()
    people = {"stranger": stranger, "youth": youth}
    for who, text in RISKY:
        say(people[who], text)
        expect(
            people["youth" if who == "stranger" else "stranger"].locator("#log")
        ).to_contain_text(text)

    row = desk.locator("#queue [data-alert]").first
    expect(row).to_be_visible()
    assert desk.evaluate("window.notReloaded") is True, "the alert must appear without reload"
    expect(row).to_contain_text("P1")
    keep(desk, "queue")

    follow(row.locator("a.row-link"))
    expect(desk.locator("#thread .masked").first).to_be_visible()
    expect(desk.locator("#thread")).not_to_contain_text("용돈")  # masked until revealed
    follow(desk.get_by_role("button", name="대화 내용 보기"))
    expect(desk.locator("#thread")).to_contain_text("우리 둘만의 비밀이야")
    expect(desk.locator("#thread mark").nth(2)).to_be_visible()  # three at least
    tags = " ".join(desk.locator("#thread .tag").all_inner_texts())
    assert "비밀" in tags
    assert "사진" in tags
    expect(desk.locator("#assessment svg")).to_be_visible()
    assert "모름이" not in desk.content(), "nicknames never reach the console"
    assert "별하" not in desk.content()

    follow(desk.get_by_role("button", name="이 경보 맡기"))
    chooser = desk.locator("#template")
    chooser.select_option(index=1)
    first_words = desk.locator("#composer textarea").input_value()
    assert len(first_words) > 50
    keep(desk, "alert")
    desk.get_by_role("button", name="미리보기").click()
    desk.get_by_role("button", name="이대로 보내기").click()
    official = youth.locator("#log").get_by_text(first_words.strip().splitlines()[0][:20])
    expect(official).to_be_visible()
    expect(youth.locator("#log")).to_contain_text("안심아이 상담센터")
    expect(desk.locator("#thread .delivery.sent")).to_be_visible()
    keep(youth, "demo-room")

    say(youth, "감사해요.. 무서웠어요")
    expect(desk.locator("#thread")).to_contain_text("무서웠어요")

    follow(desk.get_by_role("button", name="종결", exact=True))
    expect(desk.get_by_role("alert")).to_contain_text("결과를 골라야")
    desk.locator("input[name=outcome][value=confirmed]").check()
    desk.locator("#grounds-confirmed").select_option("tactics")
    desk.locator("input[name=done]").first.check()
    follow(desk.get_by_role("button", name="종결", exact=True))
    expect(desk.get_by_role("region", name="최근에 종결함")).to_contain_text("경보 1번")
    expect(desk.get_by_text("지금 기다리는 경보가 없습니다.")).to_be_visible()


def replay(house: tuple[Run, str, str], browser: Browser, sample: str) -> tuple[Page, Page]:
    """A counsellor's queue, and a room in which the sample is being replayed at great speed."""
    run, console, intake = house
    desk = new_page(browser)
    log_in(desk, console, run.log_ins()["counsellor"])
    room = new_page(browser)
    room.goto(f"{intake}/demo/")
    expect(room.locator(f"#sample option[value={sample}]")).to_be_attached()
    room.locator("#sample").select_option(sample)
    room.locator("#speed").select_option("300")
    room.evaluate(PLAYED)
    room.locator("#start").click()
    return desk, room


@pytest.mark.parametrize("sample", ["game_to_meeting", "gifts_and_secrets", "runaway_help"])
def test_a_replayed_sample_raises_an_alert_by_itself(
    house: tuple[Run, str, str], browser: Browser, sample: str
) -> None:
    desk, _ = replay(house, browser, sample)
    expect(desk.locator("#queue [data-alert]").first).to_be_visible()


@pytest.mark.parametrize("sample", ["group_homework", "surprise_birthday"])
def test_an_ordinary_sample_raises_none(
    house: tuple[Run, str, str], browser: Browser, sample: str
) -> None:
    desk, room = replay(house, browser, sample)
    expect(room.locator("html[data-began] #stop")).to_be_disabled()
    desk.wait_for_timeout(1500)
    expect(desk.get_by_text("지금 기다리는 경보가 없습니다.")).to_be_visible()
    assert not re.search(r"\(\d", desk.title())
