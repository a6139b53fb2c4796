"""Three nights at the desk, from beginning to end, each on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import DESK, TABLET, fits, follow, keep, log_in, new_page, on_both
from tests.console.serving import Console

pytestmark = pytest.mark.browser


def dismiss(page: Page) -> None:
    page.get_by_label("그루밍이 아님 (오경보)", exact=True).check()
    page.locator("#grounds-not_grooming").select_option("peers_n1")
    follow(page.get_by_role("button", name="종결", exact=True))
    expect(page.locator(".banner.success")).to_contain_text("종결했습니다")
    expect(page.locator("#bar")).to_contain_text("종결됨")


@on_both
def test_a_p1_goes_from_its_alert_to_a_rescue(console: Console, browser: Browser) -> None:
    page = new_page(browser, DESK)
    log_in(page, console)
    console.tell("raise", "room")
    expect(page.locator("#queue [data-alert]")).to_contain_text("P1")  # by itself
    follow(page.get_by_role("button", name="경보 1번 맡기"))
    expect(page.locator("#bar")).to_contain_text("님이 맡음")
    follow(page.get_by_role("button", name="대화 내용 보기"))
    expect(page.locator("#thread")).to_contain_text("오늘 데리러 갈게")

    page.get_by_text("기관에 연계하기 · 구조 요청").click()
    page.get_by_role("radio", name="경찰 112").check()
    page.get_by_label("무엇을 알렸나요?").fill("오늘 데리러 온다는 말이 있음")
    page.get_by_label("만남이 임박해 구조를 요청함").check()
    follow(page.get_by_role("button", name="연계 기록하기"))
    expect(page.locator("#helping [role=alert]")).to_be_focused()  # not without time and place
    expect(page.get_by_label("무엇을 알렸나요?")).to_have_value("오늘 데리러 온다는 말이 있음")
    page.get_by_label("만남의 때와 곳").fill("오늘 8시 역 앞")
    follow(page.get_by_role("button", name="연계 기록하기"))
    expect(page.locator(".hand-offs")).to_contain_text("구조 요청")
    expect(page.locator("#helping")).to_be_focused()  # where the keyboard was at work

    def close() -> None:
        page.get_by_label("그루밍이 맞음", exact=True).check()
        page.locator("#grounds-confirmed").select_option("tactics")
        page.get_by_label("경찰 112에 연계").check()
        follow(page.get_by_role("button", name="종결", exact=True))

    close()
    expect(page.locator("#close-error")).to_contain_text("답을 기다리는 연계가 있습니다")
    page.get_by_label("연계의 결과").select_option("safe")
    page.get_by_label("무엇을 들었나요?").fill("집에 있는 것을 확인함")
    follow(page.get_by_role("button", name="결과 적기"))
    expect(page.locator(".hand-offs")).to_contain_text("청소년이 안전한 것을 확인함")
    keep(page, "rescue")
    close()
    expect(page.locator(".banner.success")).to_contain_text("종결했습니다")
    expect(page.get_by_role("region", name="최근에 종결함")).to_contain_text("경보 1번")

    lead = new_page(browser, DESK)
    log_in(lead, console, "supervisor")
    lead.goto(f"{console.address}/audit/")
    for act in ("alert.claimed", "alert.rescue_requested", "alert.hand_off_answered"):
        expect(lead.locator("main")).to_contain_text(act)


@on_both
def test_a_false_alarm_is_dismissed_undone_dismissed_again_and_its_words_go(
    console: Console, browser: Browser
) -> None:
    console.tell("raise", "room")
    page = new_page(browser, DESK)
    log_in(page, console)
    follow(page.get_by_role("button", name="경보 1번 맡기"))
    follow(page.get_by_role("button", name="대화 내용 보기"))
    expect(page.locator("#thread")).to_contain_text("숙제하다가 쉬어요")
    dismiss(page)
    follow(page.get_by_role("button", name="종결 되돌리기 (10분 안)"))
    expect(page.locator(".banner.success")).to_contain_text("종결을 되돌렸습니다")
    expect(page.locator("#bar")).to_contain_text("님이 맡음")

    dismiss(page)
    assert console.tell("later", "9").split() == ["10"], "it can still be undone"
    page.reload()
    expect(page.locator("#thread")).to_contain_text("숙제하다가 쉬어요")
    expect(page.get_by_role("button", name="종결 되돌리기 (10분 안)")).to_be_visible()

    assert console.tell("later", "2").split() == ["0"], "no turn holds a word"
    expect(page.locator("#thread .gone")).to_have_count(10)  # the open page loses them too
    page.reload()
    expect(page.locator("#thread .gone")).to_have_count(10)
    assert "숙제하다가" not in page.content()
    expect(page.get_by_role("button", name="종결 되돌리기 (10분 안)")).to_have_count(0)
    keep(page, "words-gone")


@pytest.mark.log_in_ends
@on_both
def test_a_shift_is_handed_over_with_a_signature(
    console: Console,
    browser: Browser,
) -> None:
    for room in ("mine", "nobodys"):
        console.tell("raise", room)
    leaving = new_page(browser, DESK)
    log_in(leaving, console)
    coming = new_page(browser, TABLET)
    log_in(coming, console, "supervisor")
    follow(leaving.get_by_role("button", name="경보 1번 맡기"))
    leaving.locator("#note-form summary").click()
    leaving.locator("#note-text").fill("보호자와 아침에 통화하기로 했어요.")
    follow(leaving.locator("#note-form button"))
    follow(leaving.get_by_role("button", name="로그아웃", exact=True))
    expect(leaving.locator("main .banner.error")).to_contain_text("다음 사람에게 넘기고")
    expect(leaving.locator(".handed").first).to_contain_text("보호자와 아침에 통화")
    leaving.locator("#to").select_option(index=1)
    leaving.locator("#note").fill("조용한 밤이었습니다.")
    keep(leaving, "handover")
    follow(leaving.get_by_role("button", name="인수인계 남기기"))
    # It appears by itself on the page of who comes.
    expect(coming.locator("#queue")).to_contain_text("남긴 인수인계가 서명을 기다립니다")
    follow(coming.get_by_role("link", name="열어 보기"))
    expect(coming.locator("main")).to_contain_text("조용한 밤이었습니다.")
    assert fits(coming)
    keep(coming, "handover-tablet")
    follow(coming.get_by_role("button", name="확인하고 서명하기"))
    expect(coming.locator("section[aria-labelledby=mine-title] .row")).to_have_count(2)
    follow(leaving.get_by_role("button", name="로그아웃", exact=True))
    leaving.wait_for_url("**/log-in/**")
