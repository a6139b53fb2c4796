"""What the agency can tell about the model that gives second opinions: where it stands, on what
basis it is told words of chats, what it may do, and what keeps it within bounds (R30).

From the settings of this process and from what workers say of the model they ask.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from ansim.casework.accountability import blurring
from ansim.casework.accountability.document import Cell, Table
from ansim.casework.models import AuditEvent, ReviewerState
from ansim.outside import is_loopback


class Place(StrEnum):
    """Where the model stands, seen from the agency."""

    OFF = "off"
    HERE = "here"
    OWN = "own"
    OTHERS = "others"
    UNKNOWN = "unknown"
    """Workers ask one, and this process has no setting for it."""


def place() -> Place:
    """Where it stands now."""
    house = settings.ANSIM
    if not house.reviewer_url:
        return Place.UNKNOWN if ReviewerState.objects.exists() else Place.OFF
    try:
        host = urlsplit(house.reviewer_url).hostname or ""
    except ValueError:
        return Place.UNKNOWN
    if is_loopback(host):
        return Place.HERE
    return Place.OWN if house.reviewer_local else Place.OTHERS


def where() -> str:
    """The same in words."""
    return {
        Place.OFF: _("지금은 꺼져 있음"),
        Place.HERE: _("기관의 이 기계"),
        Place.OWN: _("기관의 다른 기계"),
        Place.OTHERS: _("처리를 맡은 곳의 기계"),
        Place.UNKNOWN: _("이 프로그램의 설정에는 없음 (워커의 설정을 보십시오)"),
    }[place()]


def basis() -> str:
    """On what basis others process the words; "" where none do."""
    return str(settings.ANSIM.reviewer_basis).strip() if place() is Place.OTHERS else ""


def flow() -> str:
    """What it is told, what comes of its answer, and what it can never do."""
    return _(
        "두 번째 모델(언어 모델)은 기관이 켰을 때만, 낮은 기준을 넘은 대화의 최근 말을 읽고 의견을 "
        "씁니다. 듣는 것은 말한 순서대로 붙인 글자(A, B …), 말, 첫 말부터의 분이며, 가명과 방과 "
        "출처와 시각과 탐지기의 위험도는 듣지 않습니다. 말 속에 적힌 이름까지 가리지는 않습니다. "
        "설정에 따라 그림에서 읽은 글을 듣거나 그림의 작은 사본을 봅니다; 사본은 기관의 기계에만 "
        "보이고 잠시 메모리에만 있습니다. "
        "답은 정해진 꼴이고 대화에 있는 말만 인용할 때 받아들이며, 열린 경보 곁에 봉인해 두었다가 "
        "대화의 글과 함께 지웁니다. 위험도를 낮추거나 경보를 없애거나 닫거나, 무엇을 보내거나 "
        "신고하지 못합니다."
    )


def table(since: date) -> Table:
    """The settings in force, and how many opinions were kept from ``since`` on."""
    house = settings.ANSIM
    on = bool(house.reviewer_url)
    kept = AuditEvent.objects.filter(action="alert.second_opinion", at__date__gte=since).count()
    use = {
        "explain": _("보이기만 함"),
        "weigh": _("보이고, 정한 한도 안에서 위험도에 더할 수 있음"),
    }
    rows: tuple[tuple[Cell, ...], ...] = (
        (_("모델"), house.reviewer_model if on else "–"),
        (_("어디에서 도는가"), where()),
        (_("다른 곳에 처리를 맡긴 근거 (개인정보 보호법 제26조)"), basis() or "–"),
        (_("쓰임"), use.get(house.reviewer_use, house.reviewer_use) if on else "–"),
        (_("그림"), _pictures(str(house.reviewer_pictures)) if on else "–"),
        (_("한 시간에 많아야 (모든 워커가 함께)"), house.reviewer_hourly if on else "–"),
        (_("지난 열두 달에 경보 곁에 둔 의견"), blurring.shown(kept)),
    )
    return Table("reviewer", (_("두 번째 모델"), _("값")), rows)


def _pictures(setting: str) -> str:
    told = {
        "words": _("그림에서 읽은 글을 들려줌"),
        "shown": _("그림의 작은 사본도 보여 줌 (기관의 기계에만)"),
    }
    return told.get(setting, _("들려주지 않음"))


def risks() -> tuple[tuple[Cell, ...], ...]:
    """What could go wrong with it, what is done about it, and where that is described."""
    page = "docs/reviewer.md"
    return (
        (
            _("대화 속의 지시가 두 번째 모델을 움직임"),
            _(
                "글은 자료로만 들려줌; 꼴과 인용을 검사해 하나라도 틀리면 버림; "
                "낮추지 못하고 한도 안에서만 더함"
            ),
            page,
        ),
        (
            _("상담원이 그럴듯하게 틀린 의견을 믿음"),
            _(
                "추정이라고 적고 탐지기의 값 곁에 둠; 해롭지 않은 읽기도 함께 보임; "
                "경보를 닫지 못함; 쓰기 전에 재는 명령(ansim review-eval)"
            ),
            page,
        ),
        (
            _("대화의 글이 두 번째 모델의 기계로 나감"),
            _(
                "처음에는 꺼져 있음; 기관의 기계가 아니면 근거를 적고 암호로 이어야 시작함; "
                "이름도 가명도 들려주지 않음"
            ),
            page,
        ),
    )
