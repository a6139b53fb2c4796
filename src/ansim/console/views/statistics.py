"""What the agency tells about itself: transparency report, statistics, impact assessment (R30)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from ansim.casework.accountability import impact, statistics, transparency
from ansim.casework.accountability.document import Document
from ansim.casework.actions import accounting
from ansim.casework.errors import Refused
from ansim.casework.roles import Act
from ansim.console import bars
from ansim.console.access import StaffRequest, needs

PERIODS = (3, 6, 12)
MOST_TACTICS = 8
TITLES = {
    "transparency": gettext_lazy("투명성 보고서"),
    "statistics": gettext_lazy("통계"),
    "impact": gettext_lazy("영향 평가"),
}
FORMS = {"csv": "text/csv; charset=utf-8", "md": "text/markdown; charset=utf-8"}


def _months(text: str) -> int:
    return int(text) if text in {str(period) for period in PERIODS} else PERIODS[0]


def _document(name: str, months: int) -> tuple[Document, dict[str, Any]]:
    if name == "transparency":
        return transparency.report(months), {}
    if name == "impact":
        return impact.report(), {}
    found = statistics.gather(months)
    names = [f"{month:%Y-%m}" for month in found.months]
    return found.document, {
        "alerts": bars.standing(list(zip(names, found.alerts, strict=True))),
        "precision": bars.precision(list(zip(names, found.verdicts, strict=True))),
        "tactics": bars.lying(found.tactics[:MOST_TACTICS]),
    }


@require_GET
@needs(Act.SEE_REPORTS)
def report(request: StaffRequest, name: str) -> HttpResponse:
    """One of the three, to read."""
    if name not in accounting.NAMES:
        raise Http404
    months = _months(request.GET.get("months", ""))
    document, charts = _document(name, months)
    return render(
        request,
        "console/report.html",
        {
            "name": name,
            "titles": TITLES,
            "document": document,
            "periods": PERIODS if name != "impact" else (),
            "months": months,
            "may_compute": name != "impact",
            **charts,
        },
    )


@require_POST
@needs(Act.SEE_REPORTS)
def take(request: StaffRequest, name: str) -> HttpResponseBase:
    """The same as a file; who took it and why is put on record first."""
    form = request.POST.get("form", "md")
    if name not in accounting.NAMES or form not in FORMS:
        raise Http404
    months = _months(request.POST.get("months", ""))
    document, _charts = _document(name, months)
    blank = _("[여기에 적으세요]")
    content = document.csv() if form == "csv" else document.markdown(blank).encode("utf-8")
    try:
        accounting.taken(
            request.user,
            name,
            request.POST.get("reason", ""),
            form=form,
            sha256=hashlib.sha256(content).hexdigest(),
            at="console",
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:report", name)
    response = HttpResponse(content, content_type=FORMS[form])
    file = f"{name}-{timezone.localdate():%Y%m%d}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
