"""Rooms are told before they are read, whatever comes in whatever order, also after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from ansim.chat import Consent, Source, SourceKind
from ansim.sources import telling
from ansim.sources.contract import Incoming
from ansim.sources.notices import PROPOSALS
from ansim.sources.telling import MARK, Telling, notice
from ansim.sources.wiring import MemoryInProcess, NoticeKind, Opening, Rule, Wiring

ROOM = "!room:example.org"
SOURCE = Source(
    id="s",
    name="S",
    kind=SourceKind.VISIBLE_BOT,
    legal_basis="all present were told",
    consent=Consent(given_by="all present", given_at=1.7e9, how="notice in the room"),
    connector="toy",
)
NOTICES = {kind.value: texts for kind, texts in PROPOSALS.items()}


class Ward:
    """Notes what a connector's health hears."""

    def __init__(self) -> None:
        self.objections = 0
        self.troubles: list[str] = []

    def connected(self) -> None: ...

    def heard(self, count: int, newest: float) -> None: ...

    def behind(self, messages: int) -> None: ...

    def trouble(self, sentence: str) -> None:
        self.troubles.append(sentence)

    def gap(self, since: float, until: float, why: str) -> None: ...

    def objected(self) -> None:
        self.objections += 1


class Scene:
    """One room, a clock that a test turns, and everything the bot says."""

    def __init__(self, rule: Rule = Rule.TOLD, ahead: float = 0.0) -> None:
        self.now = 1_790_000_000.0
        self.ahead = ahead
        """By how much the platform's clock is ahead of ours."""
        self.stamped = True
        self.said: list[tuple[str, str]] = []
        self.refuses: type[OSError] | None = None
        self.ward = Ward()
        self.opening = Opening(
            source=SOURCE,
            wiring=Wiring(notices=NOTICES, rule=rule),
            memory=MemoryInProcess(),
            health=self.ward,
            agency={"ko": "안심아이 상담센터", "en": "Ansim Eye"},
        )
        self.ids: Iterator[int] = count()
        self.telling = Telling(self.opening, self._say, lambda: self.now)

    async def _say(self, room: str, text: str) -> float | None:
        if self.refuses is not None:
            raise self.refuses("no")
        self.said.append((room, text))
        return self.now + self.ahead if self.stamped else None

    def crash(self) -> None:
        """Only what lies in memory is still known."""
        self.telling = Telling(self.opening, self._say, lambda: self.now)

    def under(self, rule: Rule) -> None:
        """The operator chose another rule."""
        wiring = Wiring(notices=NOTICES, rule=rule)
        self.opening = replace(self.opening, wiring=wiring)
        self.crash()

    def message(self, who: str, text: str) -> Incoming:
        """Said now, by the platform's clock; time goes on by a second."""
        at = self.now + self.ahead
        self.now += 1
        return Incoming(id=f"m-{next(self.ids)}", conversation=ROOM, author=who, at=at, text=text)

    async def says(self, who: str, text: str = "오늘 급식 뭐야?") -> bool:
        return await self.telling.may_read(self.message(who, text))

    def told(self, kind: NoticeKind, language: str = "ko") -> int:
        """How often the room heard this notice."""
        text = notice(self.opening, kind, language)
        return sum(each == text for _, each in self.said)


async def test_the_room_is_told_in_its_language_before_anything_is_read() -> None:
    scene = Scene()
    early = scene.message("a", "hello?")
    await scene.telling.present(ROOM, ["a", "b"], "en-GB")
    assert scene.said == [(ROOM, notice(scene.opening, NoticeKind.ROOM, "en"))]
    assert scene.said[0][1].startswith(MARK["en"])
    assert "Ansim Eye" in scene.said[0][1]
    assert not await scene.telling.may_read(early), "said before the notice"
    assert await scene.says("a")
    assert await scene.says("b")
    assert len(scene.said) == 1


async def test_a_room_without_a_language_is_told_in_the_sources_own() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a"], "sv")
    assert scene.said[0][1].startswith(MARK["ko"])


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -3600.0])
@pytest.mark.parametrize("stamped", [True, False])
async def test_what_brings_the_notice_about_is_not_read_however_the_clocks_go(
    ahead: float, stamped: bool
) -> None:
    scene = Scene(ahead=ahead)
    scene.stamped = stamped
    assert not await scene.says("a", "아무도 모르게 말했어")
    assert scene.told(NoticeKind.ROOM) == 1
    if stamped or ahead >= 0:
        assert await scene.says("a")


async def test_a_clock_that_is_behind_ours_loses_nothing_where_the_platform_stamps_the_notice() -> (
    None
):
    scene = Scene(ahead=-600.0)
    await scene.telling.present(ROOM, ["a"])
    assert await scene.says("a")


async def test_newcomers_are_told_before_they_are_read_and_again_when_they_come_back() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b"])
    scene.now += telling.JOINED_EVERY
    await scene.telling.present(ROOM, ["c"])
    assert scene.told(NoticeKind.JOINED) == 1
    assert await scene.says("c")
    await scene.telling.left(ROOM, ["c"])
    scene.now += telling.JOINED_EVERY
    assert not await scene.says("c"), "back, and not told yet when it was said"
    assert scene.told(NoticeKind.JOINED) == 2
    assert await scene.says("c")


async def test_words_from_before_somebody_left_do_not_make_them_present_and_told() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b"])
    late = [scene.message("a", "떠나기 전에 한 말"), scene.message("a", "!그만")]
    await scene.telling.left(ROOM, ["a"])
    scene.now += 60
    assert not await scene.telling.may_read(late[0]), "fetched from history, after they left"
    assert len(scene.said) == 1
    await scene.telling.present(ROOM, ["a"])
    assert scene.told(NoticeKind.JOINED) == 1, "back, and told again"
    assert not await scene.telling.may_read(late[1])
    assert not await scene.says("b"), "their objection counts all the same"


async def test_many_newcomers_share_a_notice_and_are_not_read_until_it_is_said() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a"])
    for number in range(10):
        await scene.telling.present(ROOM, [f"new-{number}"])
        assert not await scene.says(f"new-{number}")
        assert await scene.says("a"), "who was told goes on being read"
    assert len(scene.said) == 1
    scene.now += telling.JOINED_EVERY
    await scene.says("a")
    assert scene.told(NoticeKind.JOINED) == 1
    assert await scene.says("new-0")
    assert await scene.says("new-9")


async def test_a_clock_set_back_does_not_leave_newcomers_untold_for_long() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a"])
    scene.now -= 365 * 24 * 3600
    await scene.telling.present(ROOM, ["b"])
    assert scene.told(NoticeKind.JOINED) == 1


async def test_after_a_time_of_not_listening_those_who_went_meanwhile_are_forgotten() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b"])
    scene.now += 60
    await scene.telling.present(ROOM, ["a", "c"], everybody=True)
    assert await scene.says("c")
    assert not await scene.says("b"), "came back unseen: not told since"


@pytest.mark.parametrize(
    "word",
    [
        "!그만",
        "!stop",
        " !STOP\n",
        "！그만",
        "!\u1100\u1173\u1106\u1161\u11ab",
        "!그만!!",
        "@안심아이 !그만",
        "<@77> !stop please",
        "제발 !그만",
        "!그만 부탁해요",
    ],
)
async def test_an_objection_stops_reading_at_once_in_any_spelling(word: str) -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b"])
    assert not await scene.says("a", word)
    assert scene.told(NoticeKind.STOPPED) == 1
    assert scene.ward.objections == 1
    assert not await scene.says("a")
    assert not await scene.says("b")
    scene.crash()
    assert not await scene.says("b"), "after a crash as well"


async def test_quoting_the_notice_is_no_objection_and_talk_of_agreeing_no_agreement() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b"])
    quoted = notice(scene.opening, NoticeKind.ROOM)
    assert await scene.says("a", f"> {quoted}\n이게 뭐야?")
    scene = Scene(Rule.AGREED)
    await scene.telling.present(ROOM, ["a"])
    assert not await scene.says("a", "난 !동의 안 해")
    assert not await scene.says("a"), "only the word alone agrees"


async def test_only_who_objected_can_take_it_back_and_each_for_themselves() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b", "c"])
    await scene.says("a", "!그만")
    await scene.says("b", "!stop")
    await scene.says("c", "!다시")
    assert not await scene.says("c")
    await scene.says("a", "!다시")
    assert not await scene.says("a"), "b still objects"
    assert scene.told(NoticeKind.RESUMED) == 0
    await scene.says("b", "!resume")
    assert scene.told(NoticeKind.RESUMED) == 1
    assert await scene.says("a")
    assert scene.ward.objections == 1


async def test_an_objection_outlasts_the_going_of_who_objected() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b"])
    await scene.says("a", "!그만")
    await scene.telling.left(ROOM, ["a"])
    assert not await scene.says("b")


async def test_while_somebody_objects_newcomers_are_not_told_that_we_read() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a"])
    await scene.says("a", "!그만")
    scene.now += 60
    await scene.telling.present(ROOM, ["c"])
    assert scene.told(NoticeKind.JOINED) == 0
    await scene.says("a", "!다시")
    assert scene.told(NoticeKind.JOINED) == 1
    assert await scene.says("c")


async def test_words_said_while_somebody_objected_stay_unread_when_delivered_again() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a", "b"])
    before = scene.message("b", "읽어도 되는 말")
    assert await scene.telling.may_read(before)
    stop = scene.message("a", "!그만")
    between = scene.message("b", "읽으면 안 되는 말")
    again = scene.message("a", "!다시")
    for each in (stop, between, again):
        assert not await scene.telling.may_read(each)
    scene.crash()
    assert await scene.telling.may_read(before)
    assert not await scene.telling.may_read(between)
    for each in (stop, again):
        assert not await scene.telling.may_read(each)
    assert scene.told(NoticeKind.STOPPED) == 1, "a word delivered again is not answered again"
    assert await scene.says("b")


async def test_under_agreement_nobody_is_read_until_all_have_agreed_and_nothing_said_before() -> (
    None
):
    scene = Scene(Rule.AGREED)
    early = scene.message("a", "!동의")
    await scene.telling.present(ROOM, ["a", "b"])
    assert scene.told(NoticeKind.ASK) == 1
    assert not await scene.telling.may_read(early), "agreed before being asked"
    await scene.says("b", "!agree")
    between = scene.message("b", "아직 다 동의하지 않았어")
    assert not await scene.telling.may_read(between)
    await scene.says("a", "!동의")
    assert await scene.says("a")
    assert await scene.says("b")
    scene.crash()
    assert not await scene.telling.may_read(between)
    scene.now += 60
    await scene.telling.present(ROOM, ["c"])
    assert scene.told(NoticeKind.ASK) == 2
    assert not await scene.says("a"), "c has not agreed"
    await scene.says("c", "!동의")
    assert await scene.says("a")


async def test_when_the_last_who_had_not_agreed_goes_only_what_comes_after_is_read() -> None:
    scene = Scene(Rule.AGREED)
    await scene.telling.present(ROOM, ["a", "b"])
    await scene.says("a", "!동의")
    between = scene.message("a", "b가 있을 때 한 말")
    assert not await scene.telling.may_read(between)
    await scene.telling.left(ROOM, ["b"])
    scene.now += 1
    assert await scene.says("a")
    assert not await scene.telling.may_read(between)


async def test_a_room_that_was_only_told_is_asked_when_the_operator_wants_agreement() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a"])
    assert await scene.says("a")
    scene.now += 60
    scene.under(Rule.AGREED)
    assert not await scene.says("a")
    assert scene.told(NoticeKind.ASK) == 1
    await scene.says("a", "!동의")
    assert await scene.says("a")


async def test_what_cannot_be_said_now_is_said_later_and_until_then_nobody_is_read() -> None:
    scene = Scene()
    scene.refuses = ConnectionError
    with pytest.raises(ConnectionError):
        await scene.telling.present(ROOM, ["a"])
    with pytest.raises(ConnectionError):
        await scene.says("a")
    scene.refuses = None
    assert not await scene.says("a")
    assert await scene.says("a")
    stop = scene.message("a", "!그만")
    scene.refuses = ConnectionError
    with pytest.raises(ConnectionError):
        await scene.telling.may_read(stop)
    scene.refuses = None
    assert not await scene.says("a"), "the objection counts although it was not answered"
    assert scene.told(NoticeKind.STOPPED) == 1, "and it is answered as soon as that is possible"


async def test_a_room_where_we_may_not_speak_is_not_read_and_stops_no_other() -> None:
    scene = Scene()
    scene.refuses = PermissionError
    await scene.telling.present(ROOM, ["a"])
    assert not await scene.says("a")
    assert not await scene.says("a")
    assert scene.ward.troubles
    assert ROOM not in scene.ward.troubles[0]


async def test_notices_that_nobody_approved_are_not_said() -> None:
    scene = Scene()
    only_room = {NoticeKind.ROOM.value: NOTICES["room"]}
    scene.opening = replace(scene.opening, wiring=Wiring(notices=only_room))
    scene.crash()
    await scene.telling.present(ROOM, ["a"])
    scene.now += 60
    await scene.telling.present(ROOM, ["b"])
    assert scene.told(NoticeKind.ROOM) == 2, "newcomers hear the notice that was approved"
    assert not await scene.says("a", "!그만")
    assert not await scene.says("a"), "the objection counts without an approved answer"
    assert len(scene.said) == 2
    scene.opening = replace(scene.opening, wiring=Wiring())
    scene.opening.memory.held.clear()  # type: ignore[attr-defined]
    scene.crash()
    with pytest.raises(ConnectionError, match="approved"):
        await scene.telling.present(ROOM, ["a"])
    assert len(scene.said) == 2


async def test_leaving_the_room_forgets_it_and_coming_back_tells_everybody_again() -> None:
    scene = Scene()
    await scene.telling.present(ROOM, ["a"])
    await scene.telling.forget(ROOM)
    assert not scene.opening.memory.held  # type: ignore[attr-defined]
    early = scene.message("a", "봇이 없을 때 한 말")
    await scene.telling.present(ROOM, ["a"])
    assert scene.told(NoticeKind.ROOM) == 2
    assert not await scene.telling.may_read(early)
    assert await scene.says("a")
