"""Whether a draft says everything that its kind must say; what is missing is named (R23)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.questions import Place, Question, Shape

MAIL = re.compile(r"[^@\s<>]{1,64}@[^@\s<>.]{1,63}(\.[^@\s<>.]{1,63})+")
WHY = {
    "missing": _("비어 있음"),
    "too_long": _("너무 김"),
    "no_moment": _("날짜와 시각이 아님 (예: 2026-03-05 14:30)"),
    "no_mail": _("이메일 주소가 아님"),
    "no_choice": _("고를 수 없는 값"),
    "no_number": _("숫자가 아님"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A question without a usable answer, why, and where it is answered."""

    question: Question
    why: str
    """One of ``WHY``."""

    @property
    def name(self) -> str:
        return self.question.name

    @property
    def place(self) -> Place:
        return self.question.place

    @property
    def words(self) -> str:
        return str(WHY[self.why])


@dataclass(frozen=True, slots=True)
class Completeness:
    """Required questions that have a usable answer, of how many, and what stands in the way."""

    done: int
    of: int
    gaps: tuple[Gap, ...]
    """Also optional answers that cannot be used as they are."""

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means that nothing is missing."""
        return 100 * self.done // self.of if self.of else 100

    @property
    def complete(self) -> bool:
        return not self.gaps


def score(kind: str, answers: Mapping[str, str]) -> Completeness:
    """The score of a draft of this kind. Raises KeyError for a kind that there is not."""
    gaps = []
    done = of = 0
    for question in FORMS[kind]:
        why = fault(question, answers.get(question.name, ""))
        of += question.required
        if why:
            gaps.append(Gap(question, why))
        elif question.required:
            done += 1
    return Completeness(done, of, tuple(gaps))


def fault(question: Question, answer: str) -> str:
    """Why this answer cannot stand: one of ``WHY``, or nothing."""
    words = answer.strip()
    if not words:
        return "missing" if question.required else ""
    if len(words) > question.longest and question.shape != Shape.FIXED:
        return "too_long"
    if question.shape == Shape.MOMENT and moment(words) is None:
        return "no_moment"
    if question.shape == Shape.MAIL and not MAIL.fullmatch(words):
        return "no_mail"
    if question.shape == Shape.CHOICES:
        known = {value for value, _label in question.choices}
        return "" if set(words.split()) <= known else "no_choice"
    if question.name == "young_years" and not (words.isascii() and words.isdigit()):
        return "no_number"
    return ""


def moment(text: str) -> datetime | None:
    """A time with its offset; one without is Korea's. None for what is no time."""
    from ansim.casework.evidence.contents import KOREA

    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return found.replace(tzinfo=KOREA) if found.tzinfo is None else found.astimezone(KOREA)
    except (ValueError, OverflowError):
        return None
