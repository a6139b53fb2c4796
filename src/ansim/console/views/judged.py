"""The researchers' page: what counsellors judged, as counts to look at or rows to take along."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from ansim.casework.actions import verdicts
from ansim.casework.errors import Refused
from ansim.casework.models import Grounds
from ansim.casework.roles import Act
from ansim.casework.verdicts import Count, counts
from ansim.console.access import StaffRequest, needs
from ansim.console.marking import label
from ansim.console.templatetags.ansim import language

PERIODS = (28, 90, 365)
_BY = {
    "all": _("모두"),
    "priority": _("우선순위"),
    "threshold": _("경보 기준"),
    "tactic": _("수법"),
    "signal": _("청소년의 신호"),
    "source": _("출처"),
    "grounds": _("판단의 까닭"),
    "gate": _("판: 한 메시지 모델"),
    "risk_model": _("판: 위험도 모델"),
    "context": _("판: 맥락 모델"),
    "software": _("판: 소프트웨어"),
}


def _line(count: Count) -> dict[str, Any]:
    """One line of the table in the reader's language."""
    value = count.value
    if count.by in ("tactic", "signal"):
        value = f"{value} {label(value, language()).name}"
    elif count.by == "grounds" and value in Grounds.values:
        value = str(Grounds(value).label)
    return {"by": _BY[count.by], "value": value, "verdicts": count.verdicts}


@require_http_methods(["GET", "POST"])
@needs(Act.EXPORT_VERDICTS)
def judged(request: StaffRequest) -> HttpResponseBase:
    """POST with a reason shows the counts; step "rows" gives one JSON object an alert. Both are on
    record."""
    shown: dict[str, Any] = {"periods": PERIODS, "days": 90}
    if request.method == "GET":
        return render(request, "console/judged.html", shown)
    asked = request.POST.get("days", "")
    days = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    reason = request.POST.get("reason", "")
    shown |= {"days": days, "reason": reason}
    try:
        rows = verdicts.export(request.user, reason, days=days, at="console")
    except Refused as refused:
        shown["error"] = str(refused)
        return render(request, "console/judged.html", shown, status=422)
    if request.POST.get("step") == "rows":
        response = HttpResponse(
            msgspec.json.Encoder().encode_lines(rows), content_type="application/x-ndjson"
        )
        response["Content-Disposition"] = 'attachment; filename="verdicts.jsonl"'
        return response
    shown |= {"lines": [_line(count) for count in counts(rows)], "number": len(rows)}
    return render(request, "console/judged.html", shown)
