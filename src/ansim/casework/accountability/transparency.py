"""The transparency report: what the agency did, month by month, in numbers that point at nobody."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ansim.casework.accountability import blurring, figures
from ansim.casework.accountability.document import Document, Section, Table
from ansim.casework.models import Alert, SourceRecord

LONGEST = 24


def agency() -> str:
    """The agency's name in the language of the report."""
    house = settings.ANSIM
    return str(house.agency_en if get_language() == "en" else house.agency_ko)


def report(number: int = 12, last: date | None = None) -> Document:
    """The report over so many months up to ``last`` (this month by default)."""
    of = figures.months(last or timezone.localdate(), max(1, min(number, LONGEST)))
    head = (_("무엇"), *(f"{month:%Y-%m}" for month in of), _("모두"))
    return Document(
        _("투명성 보고서: %(agency)s, %(first)s – %(last)s")
        % {"agency": agency(), "first": f"{of[0]:%Y-%m}", "last": f"{of[-1]:%Y-%m}"},
        (
            _about(),
            _sources(),
            *(_group(group, head) for group in figures.groups(of)),
            _how_judged(),
        ),
    )


def _about() -> Section:
    return Section(
        _("이 보고서에 대하여"),
        (
            _(
                "아동·청소년을 온라인 그루밍에서 지키려고 공개되었거나 동의·제공받은 대화를 "
                "소프트웨어가 살피고, 위험해 보이는 것을 상담원에게 보입니다. "
                "연락·신고·차단은 모두 "
                "사람이 하며, 외부 신고는 두 사람이 확인합니다. 소프트웨어는 "
                "아무것도 보내지 않습니다."
            ),
            _(
                "모든 수는 다섯씩 묶은 범위입니다. 다섯보다 적은 수에서 누군가를 "
                "알아보거나, 뺄셈으로 "
                "알아내지 못하게 하려는 것입니다."
            ),
        ),
    )


def _sources() -> Section:
    rows = (
        SourceRecord.objects.filter(active=True)
        .order_by("kind")
        .values_list("kind")
        .annotate(number=Count("pk"))
    )
    return Section(
        _("읽는 곳"),
        tables=(
            Table(
                "sources",
                (_("종류"), _("출처 수")),
                # Sources are no people: their number may be told.
                tuple((str(SourceRecord.Kind(kind).label), number) for kind, number in rows),
            ),
        ),
    )


def _group(group: figures.Group, head: tuple[str, ...]) -> Section:
    lines = group.lines
    rows = [
        (line.name, *map(blurring.shown, line.numbers), blurring.total(line.numbers))
        for line in lines
    ]
    if group.whole and len(lines) > 1:
        by_month = list(zip(*(line.numbers for line in lines), strict=True))
        rows.append(
            (
                _("모두"),
                *(blurring.total(parts) for parts in by_month),
                blurring.total([number for line in lines for number in line.numbers]),
            )
        )
    return Section(group.title, tables=(Table(group.key, head, tuple(rows)),))


def _how_judged() -> Section:
    latest = Alert.objects.order_by("-raised_at").values_list("versions", flat=True).first() or {}
    threshold = latest.get("threshold")
    return Section(
        _("무엇으로 판단하나"),
        (
            _(
                "모델 카드(src/ansim/models/README.md)와 평가(docs/evaluation.md)에 쓰는 모델과 그 "
                "한계가 있습니다. 위험도는 추정이며 사실이나 법적 판단이 아닙니다."
            ),
        ),
        (
            Table(
                "versions",
                (_("부분"), _("판")),
                tuple((name, str(latest[name])) for name in sorted(latest) if latest[name] != ""),
            ),
        )
        if threshold is not None
        else (),
    )
