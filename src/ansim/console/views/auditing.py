"""The audit log: searching it, reviewing a month of it, and taking rows out with a reason."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Min
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import auditing, retention
from ansim.casework.errors import Refused
from ansim.casework.models import AuditEvent, AuditReview, AuditSegment, LegalHold
from ansim.casework.roles import Act
from ansim.console import audit_search
from ansim.console.access import StaffRequest, needs

A_PAGE = 50
MOST_MONTHS = 30

SENSITIVE = (
    "alert.text_revealed",
    "audit.exported",
    "evidence.",
    "account.unmasked",
    "account.second_factor_reset",
    "account.changed",
    "account.created",
    "account.locked_out",
    "hold.",
    "original.fetched",
    "reading.",
    "report.taken",
    "request.searched",
    "request.exported",
    "source.",
)
"""Acts of which a reviewer sees who did how many; a trailing dot stands for all of that kind."""


@require_GET
@needs(Act.SEE_AUDIT)
def audit(request: StaffRequest) -> HttpResponse:
    """The newest rows, or those before one: in a log of millions nothing is counted."""
    sought = audit_search.asked(request.GET)
    rows = audit_search.rows(sought)
    before = _number(request.GET.get("before", ""))
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: A_PAGE + 1])
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in sought.items() if value})
    return render(
        request,
        "console/audit.html",
        {
            "sought": sought,
            "rows": found[:A_PAGE],
            "older": found[A_PAGE - 1].pk if len(found) > A_PAGE else None,
            "before": before,
            "query": query.urlencode(),
            "most": audit_search.MOST_ROWS,
        },
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


@require_POST
@needs(Act.REVIEW_AUDIT)
def export(request: StaffRequest) -> HttpResponseBase:
    """What was sought, as CSV. The row about it is written first."""
    sought = audit_search.asked(request.POST)
    found = list(audit_search.rows(sought)[: audit_search.MOST_ROWS + 1])
    if len(found) > audit_search.MOST_ROWS:
        messages.error(
            request,
            _("%(most)s줄을 넘습니다. 날짜나 행위로 좁혀 주세요.")
            % {"most": f"{audit_search.MOST_ROWS:,}"},
        )
        return redirect("console:audit")
    content = audit_search.as_csv(found)
    try:
        auditing.record_export(
            request.user,
            request.POST.get("reason", ""),
            {name: value for name, value in sought.items() if value},
            rows=len(found),
            sha256=hashlib.sha256(content).hexdigest(),
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:audit")
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"audit-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "POST"])
@needs(Act.REVIEW_AUDIT)
def review(request: StaffRequest) -> HttpResponseBase:
    """One month of the log, what it says in numbers, and who has looked through it."""
    given = request.POST if request.method == "POST" else request.GET
    this_month = timezone.localdate().replace(day=1)
    month = _month(given.get("month", "")) or this_month
    if request.method == "POST":
        try:
            row = auditing.review(request.user, month, request.POST.get("note", ""))
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            if row.intact:
                messages.success(request, _("검토를 기록했습니다. 사슬은 온전합니다."))
            else:
                messages.error(request, _("검토를 기록했습니다. 사슬이 깨져 있습니다!"))
        return redirect(reverse("console:audit_review") + f"?month={month:%Y-%m}")
    return render(request, "console/audit_review.html", _page(month, this_month))


def _page(month: date, this_month: date) -> dict[str, Any]:
    begin = auditing.month_begins(month)
    end = auditing.month_begins(auditing.month_after(month))
    events = AuditEvent.objects.filter(at__gte=begin, at__lt=end)
    acts = list(events.order_by("action").values("action").annotate(number=Count("pk")))
    people = list(
        events.filter(action__in=[row["action"] for row in acts if _is_sensitive(row["action"])])
        .order_by("action", "actor_label")
        .values("action", "actor_label")
        .annotate(number=Count("pk"))
    )
    reviews = AuditReview.objects.select_related("reviewer")
    return {
        "month": month,
        "last_day": timezone.localtime(end).date() - timedelta(days=1),
        "acts": acts,
        "people": people,
        "deleted": _deleted(events),
        "holds": LegalHold.objects.filter(released_at=None).select_related("placed_by"),
        "reviews": reviews.filter(month=month),
        "months": _months(this_month),
        "segments": AuditSegment.objects.order_by("-number")[:MOST_MONTHS],
        "over": month < this_month,
    }


def _is_sensitive(action: str) -> bool:
    return any(
        action == name or (name[-1] == "." and action.startswith(name)) for name in SENSITIVE
    )


def _deleted(events: Any) -> list[tuple[str, int]]:
    """Sums over what retention reported: numbers only, it never says which words."""
    sums: dict[str, int] = {}
    for details in events.filter(action="retention.purged").values_list("details", flat=True):
        for name, number in details.items():
            if isinstance(number, int) and number and name in retention.LABELS:
                sums[name] = sums.get(name, 0) + number
    return [(str(label), sums[name]) for name, label in retention.LABELS.items() if name in sums]


def _months(this_month: date) -> list[tuple[date, bool]]:
    """Months of which there are rows, newest first, and whether somebody reviewed them."""
    oldest = AuditEvent.objects.aggregate(at=Min("at"))["at"]
    reviewed = set(AuditReview.objects.values_list("month", flat=True))
    first = timezone.localtime(oldest).date().replace(day=1) if oldest else this_month
    found: list[tuple[date, bool]] = []
    month = this_month
    while month >= first and len(found) < MOST_MONTHS:
        found.append((month, month in reviewed))
        month = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return found


def _month(text: str) -> date | None:
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if 2000 <= month.year <= 2200 else None
