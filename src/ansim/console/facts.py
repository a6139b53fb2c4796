"""What article 15-2 of the Youth Protection Act asks about, as facts of this conversation (R15).

Counts and times from the assessed turns, nothing more: whether the law is broken is for others to
say. Numbers only, so they stand when the words are gone. "Sexual talk" is what the detector calls
T12; requests are T09 to T11, T13 and T14 (taxonomy).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ansim.casework.models import Alert, Turn
from ansim.detection.tactics import Language

SURE = 0.5
TALK = ("T12",)
ASKING = ("T09", "T10", "T11", "T13", "T14")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the checklist."""

    name: str
    value: str
    places: tuple[int, ...] = ()
    """Numbers of the turns it rests on, oldest first."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """The same as numbers, for tests and for the page."""

    said: int
    days: int
    first: float | None
    last: float | None
    talk: tuple[int, ...]
    asked: tuple[int, ...]
    refused: tuple[int, ...]
    after_refusal: tuple[int, ...]
    ages: tuple[int, ...]


def count(turns: Iterable[Turn], about: str) -> _Counts:
    """Counts over the turns, which stand in their order. Words of the agency do not count."""
    rows = [turn for turn in turns if not turn.by_agency]
    own = [turn for turn in rows if turn.author == about]
    refusals = [turn for turn in rows if turn.author != about and _has(turn, ("V1",))]
    since = refusals[0].at if refusals else None
    asked = [turn for turn in own if _has(turn, ASKING + TALK)]
    return _Counts(
        said=len(own),
        days=len({_day(turn.at) for turn in own}),
        first=own[0].at if own else None,
        last=own[-1].at if own else None,
        talk=_places(turn for turn in own if _has(turn, TALK)),
        asked=_places(turn for turn in own if _has(turn, ASKING)),
        refused=_places(refusals),
        after_refusal=_places(turn for turn in asked if since is not None and turn.at > since),
        ages=_places(turn for turn in rows if turn.author != about and _has(turn, ("V3",))),
    )


def gather(alert: Alert, language: Language) -> list[Fact]:
    """The checklist of an alert, in the language of the page."""
    from ansim.console.templatetags.ansim import moment

    turns = Turn.objects.filter(conversation=alert.conversation_id).defer("text", "attachments")
    found = count(turns, alert.about)
    span = (
        f"{moment(found.first)} – {moment(found.last)}"
        if found.first is not None and found.last is not None
        else _("알 수 없음")
    )
    age = _times(len(found.ages)) if found.ages else _("대화에 나오지 않음")
    return [
        Fact(_("나이를 말한 메시지 (상대 계정이 아닌 쪽)"), age, found.ages),
        Fact(_("경보 대상의 나이"), _("알 수 없음")),
        Fact(_("경보 대상이 보낸 메시지"), _times(found.said)),
        Fact(_("이어진 기간"), span),
        Fact(_("말을 한 날"), ngettext("%(n)d일", "%(n)d일", found.days) % {"n": found.days}),
        Fact(_("성적인 말로 표시된 메시지"), _times(len(found.talk)), found.talk),
        Fact(_("사진·만남 등을 요구한 메시지"), _times(len(found.asked)), found.asked),
        Fact(_("거절한 메시지"), _times(len(found.refused)), found.refused),
        Fact(_("거절한 뒤에도 이어진 요구"), _times(len(found.after_refusal)), found.after_refusal),
    ]


def _times(n: int) -> str:
    return ngettext("%(n)d건", "%(n)d건", n) % {"n": n}


def _places(turns: Iterable[Turn]) -> tuple[int, ...]:
    return tuple(turn.pk for turn in turns)


def _has(turn: Turn, names: tuple[str, ...]) -> bool:
    return any(
        isinstance(p := turn.tactics.get(name), (int, float)) and p >= SURE for name in names
    )


def _day(at: float) -> object:
    from ansim.console.templatetags.ansim import local

    found = local(at)
    return timezone.localdate(found) if found else None
