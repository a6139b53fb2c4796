"""Several screens become one talk: order, overlaps, gaps, speakers, times; no picture is needed."""

from __future__ import annotations

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ansim.pictures.screens import joining, naming, stamps
from ansim.pictures.screens.stitching import Stitched, stitched
from ansim.pictures.screens.timing import timed
from ansim.pictures.screens.values import Breaks, Screen, Shown, Side

SEOUL = ZoneInfo("Asia/Seoul")
WORDS = (
    "오늘 학원 몇 시에 끝나요?",
    "여덟 시에 끝나고 바로 집에 가",
    "저도 그쪽으로 가는데 같이 갈래요",
    "엄마가 데리러 오신다고 했어",
    "그럼 내일 도서관에서 만나요",
    "좋아 수학 문제집 가져갈게",
    "저는 영어 단어장 챙길게요",
    "끝나고 떡볶이 먹자",
    "용돈이 조금 모자란데 어쩌죠",
    "내가 살게 걱정하지 마",
)


def shown(place: int, **changed: object) -> Shown:
    side = Side.LEFT if place % 2 else Side.RIGHT
    values: dict[str, object] = {"side": side, "text": WORDS[place], "confidence": 0.9}
    return Shown(**{**values, **changed})  # type: ignore[arg-type]


def screen(*places: int) -> Screen:
    return Screen(shown=tuple(shown(place) for place in places), breaks=Breaks.SPACES)


def texts(found: Stitched) -> list[str]:
    return [one.shown.text for one in found.told]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_overlapping_screens_are_put_in_order_and_told_once(order: tuple[int, ...]) -> None:
    parts = [screen(0, 1, 2, 3), screen(2, 3, 4, 5, 6), screen(5, 6, 7, 8, 9)]
    found = stitched([parts[place] for place in order])
    assert texts(found) == list(WORDS)
    assert [order[place] for place in found.order] == [0, 1, 2]
    assert found.gaps == ()


def test_a_word_misread_on_one_screen_does_not_tell_a_message_twice() -> None:
    misread = (
        shown(2, text="저도 그쪽으로 가는대 같이 갈래오", confidence=0.6),
        shown(3),
        shown(4),
    )
    found = stitched([screen(0, 1, 2, 3), Screen(shown=misread)])
    assert texts(found) == list(WORDS[:5])


def test_a_message_cut_by_the_edge_is_taken_from_the_screen_that_shows_it_whole() -> None:
    cut = shown(3, text="오신다고 했어", cut=True)
    found = stitched([screen(1, 2, 3), Screen(shown=(cut, shown(4), shown(5)))])
    assert texts(found) == list(WORDS[1:6])


def test_a_message_that_lacks_its_first_line_gives_way_to_the_whole_one() -> None:
    part = shown(4, text="도서관에서 만나요", confidence=0.99)
    found = stitched([screen(2, 3, 4, 5), Screen(shown=(part, shown(5), shown(6), shown(7)))])
    assert texts(found) == list(WORDS[2:8])


def test_a_message_that_only_the_later_screen_shows_is_told_in_its_place() -> None:
    for later in ((2, 3, 4, 5, 6), (3, 4, 5, 6)):
        found = stitched([screen(0, 1, 2, 4, 5), screen(*later)])
        assert texts(found) == list(WORDS[:7])


def test_of_two_names_above_one_message_the_more_frequent_is_taken() -> None:
    first = Screen(shown=(shown(1, name="라온"), shown(2), shown(3, name="라온")))
    later = Screen(shown=(shown(3, name="CTT 204", confidence=0.95), shown(4), shown(5)))
    found = stitched([first, later])
    assert [one.speaker for one in found.told if one.shown.text == WORDS[3]] == ["라온"]


def test_a_scrap_at_the_upper_edge_of_the_later_screen_is_not_added() -> None:
    scrap = shown(3, text="ㅐ요 1=", confidence=0.4)
    found = stitched([screen(2, 3, 4, 5), Screen(shown=(scrap, shown(4), shown(5), shown(6)))])
    assert texts(found) == list(WORDS[2:7])


def test_screens_that_do_not_join_leave_a_gap_that_is_said() -> None:
    found = stitched([screen(0, 1, 2), screen(7, 8, 9)])
    assert texts(found) == [*WORDS[:3], *WORDS[7:]]
    assert found.gaps == (3,)


def test_a_screen_that_shows_nothing_new_is_left_out() -> None:
    found = stitched([screen(0, 1, 2, 3), screen(1, 2), screen(0, 1, 2, 3)])
    assert texts(found) == list(WORDS[:4])
    assert found.repeated == 2


def test_the_same_short_laugh_on_two_screens_is_no_overlap() -> None:
    laugh = shown(0, text="ㅋㅋ")
    found = stitched([Screen(shown=(shown(1), laugh)), Screen(shown=(laugh, shown(5)))])
    assert len(found.told) == 4
    assert found.gaps == (2,)


def left(name: str = "", *, apart: bool = True, text: str = "네") -> Shown:
    return Shown(side=Side.LEFT, text=text, confidence=0.9, name=name, apart=apart)


def test_a_name_holds_for_the_group_below_it_and_no_further() -> None:
    talk = [left("별하"), left(apart=False), left("민들레"), left(), left("별하")]
    found, uncertain = naming.speakers(naming.carried(talk))
    assert found == ["별하", "별하", "민들레", naming.UNKNOWN, "별하"]
    assert uncertain == []


def test_without_names_the_left_side_is_the_other_one() -> None:
    me = Shown(side=Side.RIGHT, text="왜", confidence=0.9)
    assert naming.speakers([left(), me]) == ([naming.OTHER, naming.ME], [])


def test_the_only_name_is_taken_for_a_nameless_message_and_that_is_said() -> None:
    assert naming.speakers([left(), left("별하")]) == (["별하", "별하"], [0])


def test_a_rare_name_that_is_nearly_a_common_one_was_misread() -> None:
    (talk,) = naming.one_spelling([[left("별하"), left("별하"), left("벌하"), left("민들레")]])
    assert [one.name for one in talk] == ["별하", "별하", "별하", "민들레"]


def test_a_name_that_is_very_nearly_the_title_was_misread() -> None:
    talk = [left("달로끼"), left("달토끼"), left("달로끼")]
    (found,) = naming.one_spelling([talk], ["달토끼", "오전 9:00"])
    assert [one.name for one in found] == ["달토끼"] * 3
    (found,) = naming.one_spelling([talk], ["우리 반"])
    assert [one.name for one in found] == ["달로끼"] * 3


def test_the_title_makes_no_two_people_one() -> None:
    (found,) = naming.one_spelling([[left("민수"), left("민주"), left("지호")]], ["민수"])
    assert [one.name for one in found] == ["민수", "민주", "지호"]


def clocked(minute: int, day: tuple[int, int, int] = (0, 0, 0), **more: object) -> Shown:
    return shown(0, minute=minute, day=day, **more)


NOW = datetime(2026, 3, 2, 12, 0, tzinfo=SEOUL).timestamp()


def written(found: tuple[float, ...]) -> list[str]:
    return [f"{datetime.fromtimestamp(at, SEOUL):%m-%d %H:%M}" for at in found]


def test_dates_and_times_on_the_screen_are_those_of_the_messages() -> None:
    first, second = (2026, 2, 27), (0, 2, 28)
    talk = [clocked(1380, first), clocked(-1, first), clocked(1385, first), clocked(5, second)]
    found = timed(talk, NOW)
    assert written(found.at) == ["02-27 23:00", "02-27 23:05", "02-27 23:05", "02-28 00:05"]
    assert found.dated
    assert found.clocked


def test_times_without_a_date_are_of_the_latest_days() -> None:
    found = timed([clocked(1430), clocked(10), clocked(20)], NOW)
    assert written(found.at) == ["03-01 23:50", "03-02 00:10", "03-02 00:20"]
    assert not found.dated


def test_a_time_that_was_misread_does_not_turn_the_talk_around() -> None:
    found = timed([clocked(600), clocked(605), clocked(601), clocked(610)], NOW)
    assert list(found.at) == sorted(found.at)
    assert written(found.at)[-1] == "03-02 10:10"


def test_without_times_messages_keep_their_order_up_to_now() -> None:
    found = timed([clocked(-1), clocked(-1)], NOW)
    assert NOW > found.at[1] > found.at[0]
    assert not found.clocked


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("오후 7:14", 1154),
        ("오전 12:05", 5),
        ("19:40", 1180),
        ("7:05 PM", 1145),
        ("오후 7714", 1154),
    ],
)
def test_times_are_known_in_both_languages_and_through_misreadings(text: str, minute: int) -> None:
    found = stamps.clock(text)
    assert found is not None
    assert found.minute == minute
    assert stamps.is_clock(text)


@pytest.mark.parametrize("text", ["오후 /:16", "오후 7/:22", "모전 9:4", "으후 7:16"])
def test_a_time_that_was_half_read_is_nobodys_name(text: str) -> None:
    assert stamps.like_clock(text)


@pytest.mark.parametrize("text", ["오후", "오전반 지우", "오후 세시", "모후", "오후의 별", "별하7"])
def test_a_name_like_a_time_of_day_stays_a_name(text: str) -> None:
    assert not stamps.like_clock(text)


@pytest.mark.parametrize("text", ["7시에 보자", "3:0으로 이겼어", "오늘 몇 시?", "1388"])
def test_what_people_say_is_no_time(text: str) -> None:
    assert not stamps.is_clock(text)


@pytest.mark.parametrize(
    "text", ["안녕 오늘 학교 끝나고 뭐해", "나 어제 갔다 왔어", "7시 30분에 만나"]
)
def test_what_people_say_about_a_day_names_nobody(text: str) -> None:
    assert stamps.heading(text) is None


def test_a_heading_is_a_name_with_time_and_date() -> None:
    found = stamps.heading("나무늘보 2024.05.20. 오후 7:14")
    assert found is not None
    name, clock, day = found
    assert (name, clock and clock.minute, day) == ("나무늘보", 1154, (2024, 5, 20))


def test_lines_are_joined_as_the_messenger_breaks_them() -> None:
    broken = f"이거 뭐라 쓴거{joining.MAYBE}야 ㅋ ㅋ ㅋ !!"
    assert joining.tidy(broken, Breaks.LETTERS) == "이거 뭐라 쓴거야 ㅋㅋㅋ!!"
    assert joining.tidy(broken, Breaks.SPACES) == "이거 뭐라 쓴거 야 ㅋㅋㅋ!!"
