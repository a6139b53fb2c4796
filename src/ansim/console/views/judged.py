"""The researchers' page: what counsellors judged, as counts to look at or rows to take along."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from ansim.casework.actions import verdicts
from ansim.casework.errors import Refused
from ansim.casework.roles import Act
from ansim.casework.verdicts import counts
from ansim.console.access import StaffRequest, needs

PERIODS = (28, 90, 365)


@require_http_methods(["GET", "POST"])
@needs(Act.EXPORT_VERDICTS)
def judged(request: StaffRequest) -> HttpResponseBase:
    """POST with a reason shows the counts; step "rows" gives one JSON object an alert. Both are on
    record."""
    shown = {"periods": PERIODS, "days": 90}
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
    shown |= {"counts": counts(rows), "number": len(rows)}
    return render(request, "console/judged.html", shown)
