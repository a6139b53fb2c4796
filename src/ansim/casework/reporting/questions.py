"""What a question of a report is: its label, its shape, and where its answer comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    POLICE = "police", _("경찰 신고 (ECRM 양식)")
    CYBERTIP = "cybertip", "NCMEC CyberTip"
    PLATFORM = "platform", _("플랫폼 신고")
    TAKEDOWN = "takedown", _("삭제 요청")


class Place(StrEnum):
    """Where an answer comes from, and so where it is filled in."""

    FORM = "form"
    CASE = "case"
    DUTY = "duty"
    EVIDENCE = "evidence"


class Shape(StrEnum):
    """What an answer looks like."""

    WORDS = "words"
    LINE = "line"
    MOMENT = "moment"
    MAIL = "mail"
    CHOICES = "choices"
    FIXED = "fixed"
    """Put in by the software from the case; nobody types it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One field of a report."""

    name: str
    label: Any
    section: str
    required: bool = True
    hint: Any = ""
    shape: Shape = Shape.LINE
    longest: int = 300
    place: Place = Place.FORM
    choices: tuple[tuple[str, Any], ...] = ()


SECTIONS = {
    "reporter": (_("신고하는 기관"), "Who reports"),
    "young": (_("피해 청소년"), "The young person"),
    "suspect": (_("상대 계정"), "The reported account"),
    "incident": (_("무슨 일이 있었나"), "What happened"),
    "checklist": (_("제15조의2 관련 사실 (법적 판단이 아님)"), "Facts on article 15-2, no finding"),
    "wish": (_("바라는 것"), "What is asked"),
    "done": (_("지금까지 한 일"), "What was done"),
    "evidence": (_("증거 자료"), "Evidence"),
    "estimate": (
        _("소프트웨어의 추정 (사실이 아님, 신고의 근거로 쓰지 않음)"),
        "Estimates of software, not facts and no ground of this report",
    ),
}
"""Headings by section; the English one stands beside it on paper."""
