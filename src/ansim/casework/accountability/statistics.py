"""Statistics for those inside: alerts, what people judged, how soon, by which models; exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ansim.casework.accountability import figures
from ansim.casework.accountability.document import Cell, Document, Section, Table
from ansim.casework.accountability.transparency import agency
from ansim.casework.actions.auditing import month_after, month_begins
from ansim.casework.models import Alert, Kind, State
from ansim.casework.verdicts import Count as Judged
from ansim.casework.verdicts import Verdicts, counts, judged
from ansim.detection import Priority
from ansim.detection.tactics import tactics

MOST_JUDGED = 3000
"""Closed alerts that are looked into one by one for a page; a command has no such limit."""
GROUPINGS = ("tactic", "signal", "source", "threshold", "gate", "context", "risk_model")


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the charts are drawn from, and the whole as a document."""

    months: tuple[date, ...]
    alerts: tuple[int, ...]
    """Raised, by month."""
    verdicts: tuple[Verdicts, ...]
    """Of alerts closed, by month."""
    tactics: tuple[tuple[str, int], ...]
    """By name, in how many judged alerts it was seen; the most frequent first."""
    document: Document


def gather(number: int, *, most: int | None = MOST_JUDGED) -> Statistics:
    """Statistics of so many months up to this one."""
    of = figures.months(timezone.localdate(), number)
    begin, end = month_begins(of[0]), month_begins(month_after(of[-1]))
    came, closed = figures.groups(of)[:2]
    head = (_("무엇"), *(f"{month:%Y-%m}" for month in of), _("모두"))
    per_month = tuple(_verdicts(closed.lines, place) for place in range(len(of)))
    found = _looked_into(begin, end, most)
    sections = [
        Section(came.title, tables=(_table(came, head),)),
        Section(_("맡기까지 걸린 시간"), tables=(_waits(begin, end),)),
        Section(
            closed.title,
            (
                _(
                    "정밀도는 판단한 경보 가운데 그루밍이 맞은 비율이며 (95% 신뢰 "
                    "구간), 놓친 대화에 "
                    "대해서는 아무 말도 하지 않습니다."
                ),
            ),
            (_table(closed, head), _precision(of, per_month)),
        ),
    ]
    if found is None:
        sections.append(
            Section(
                _("수법과 모델"),
                (
                    _(
                        "이 기간에는 종결한 경보가 많아 이 페이지에서 하나하나 "
                        "들여다보지 않습니다. "
                        "기간을 줄이거나 ansim report statistics 명령을 쓰세요."
                    ),
                ),
            )
        )
    else:
        sections.append(Section(_("수법과 모델"), tables=(_by(found),)))
    names = tactics()
    language = "en" if get_language() == "en" else "ko"
    seen = sorted(
        (
            (names[one.value].name(language), _sum(one.verdicts))  # type: ignore[arg-type]
            for one in found or ()
            if one.by == "tactic" and one.value in names
        ),
        key=lambda row: (-row[1], row[0]),
    )
    return Statistics(
        months=tuple(of),
        alerts=tuple(sum(line.numbers[place] for line in came.lines) for place in range(len(of))),
        verdicts=per_month,
        tactics=tuple(seen),
        document=Document(
            _("모델과 경보 통계: %(agency)s, %(first)s – %(last)s")
            % {"agency": agency(), "first": f"{of[0]:%Y-%m}", "last": f"{of[-1]:%Y-%m}"},
            tuple(sections),
        ),
    )


def _table(group: figures.Group, head: tuple[str, ...]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (line.name, *line.numbers, sum(line.numbers)) for line in group.lines
    ]
    sums = [sum(numbers) for numbers in zip(*(line.numbers for line in group.lines), strict=True)]
    rows.append((_("모두"), *sums, sum(sums)))
    return Table(group.key, head, tuple(rows))


def _verdicts(lines: Sequence[figures.Line], place: int) -> Verdicts:
    """Verdicts of one month; the lines stand in the order of ``Outcome``."""
    confirmed, other, not_grooming, unclear = (line.numbers[place] for line in lines)
    return Verdicts(
        confirmed=confirmed, other_harm=other, not_grooming=not_grooming, unclear=unclear
    )


def _sum(verdicts: Verdicts) -> int:
    return verdicts.judged + verdicts.unclear


def _share(part: float | None) -> str | None:
    return None if part is None else f"{100 * part:.0f}%"


def _precise(verdicts: Verdicts) -> tuple[str | None, str | None, str | None]:
    low, high = verdicts.bounds or (None, None)
    return _share(verdicts.precision), _share(low), _share(high)


def _precision(of: Sequence[date], verdicts: Sequence[Verdicts]) -> Table:
    return Table(
        "precision",
        (_("달"), _("판단함"), _("정밀도"), _("아래 끝"), _("위 끝")),
        tuple(
            (f"{month:%Y-%m}", one.judged, *_precise(one))
            for month, one in zip(of, verdicts, strict=True)
        ),
    )


def _waits(begin: datetime, end: datetime) -> Table:
    rows = Alert.objects.filter(kind=Kind.RISK, raised_at__gte=begin, raised_at__lt=end)
    wait = ExpressionWrapper(F("acknowledged_at") - F("raised_at"), output_field=DurationField())
    sums: dict[str, dict[str, Any]] = {
        row["priority"]: {**row}
        for row in rows.order_by()
        .values("priority")
        .annotate(
            came=Count("pk"),
            taken=Count("acknowledged_at"),
            closed=Count("pk", filter=Q(state=State.CLOSED)),
            mean=Avg(wait),
        )
    }
    return Table(
        "waits",
        (_("우선순위"), _("들어옴"), _("맡음"), _("종결"), _("맡기까지 평균 (분)")),
        tuple(
            (
                priority.value,
                row.get("came", 0),
                row.get("taken", 0),
                row.get("closed", 0),
                _minutes(row.get("mean")),
            )
            for priority in Priority
            for row in [sums.get(priority.value, {})]
        ),
    )


def _minutes(mean: timedelta | None) -> float | None:
    return None if mean is None else round(mean.total_seconds() / 60, 1)


def _looked_into(begin: datetime, end: datetime, most: int | None) -> list[Judged] | None:
    """Verdicts by tactic, source and model; None where there are too many for a page."""
    closed = Alert.objects.filter(
        kind=Kind.RISK, state=State.CLOSED, closed_at__gte=begin, closed_at__lt=end
    )
    if most is not None and closed.count() > most:
        return None
    return [one for one in counts(judged(begin, end)) if one.by in GROUPINGS]


def _by(found: Sequence[Judged]) -> Table:
    titles = {
        "tactic": _("수법"),
        "signal": _("청소년의 신호"),
        "source": _("출처"),
        "threshold": _("경보 기준"),
        "gate": _("판: 한 메시지 모델"),
        "context": _("판: 맥락 모델"),
        "risk_model": _("판: 위험도 모델"),
    }
    return Table(
        "judged",
        (
            _("무엇"),
            _("그루밍이 맞음"),
            _("다른 위험이 있음"),
            _("그루밍이 아님 (오경보)"),
            _("판단하기 어려움"),
            _("정밀도"),
            _("아래 끝"),
            _("위 끝"),
        ),
        tuple(
            (
                f"{titles[one.by]}: {_named(one)}",
                one.verdicts.confirmed,
                one.verdicts.other_harm,
                one.verdicts.not_grooming,
                one.verdicts.unclear,
                *_precise(one.verdicts),
            )
            for one in found
        ),
    )


def _named(one: Judged) -> str:
    names = tactics()
    if one.value in names:
        return f"{one.value} {names[one.value].name('en' if get_language() == 'en' else 'ko')}"
    return one.value or "–"
