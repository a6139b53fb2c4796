"""How long words are kept, what was deleted, and legal holds: for supervisors."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ansim.casework.actions import holds, originals, retention, typed
from ansim.casework.errors import Refused
from ansim.casework.models import AuditEvent, LegalHold
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs

MOST = 50


@require_GET
@needs(Act.HOLD_TEXT)
def kept(request: StaffRequest) -> HttpResponse:
    """Holds that stand and stood, and the last reports of deletion."""
    rows = LegalHold.objects.select_related("placed_by", "released_by")
    return render(
        request,
        "console/kept.html",
        {
            "standing": rows.filter(released_at=None).annotate(
                sealed=Count("alert__conversation__originals")
            ),
            "missing": originals.missing(),
            "over": rows.exclude(released_at=None)[:MOST],
            "purges": [
                (event.at, _words(event.details))
                for event in AuditEvent.objects.filter(action="retention.purged")[:MOST]
            ],
            "longest": typed.LONGEST_REASON,
        },
    )


def _words(details: dict[str, object]) -> list[tuple[str, object]]:
    """Classes of words and how many were deleted, as people call them."""
    return [
        (str(label), details[name]) for name, label in retention.LABELS.items() if details.get(name)
    ]


@require_POST
@needs(Act.HOLD_TEXT)
def hold(request: StaffRequest) -> HttpResponseBase:
    typed = request.POST.get("alert", "").strip()
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else 0
    try:
        holds.place(number, request.user, request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("경보 %(n)s번의 대화를 보존합니다.") % {"n": number})
    return redirect("console:kept")


@require_POST
@needs(Act.HOLD_TEXT)
def release(request: StaffRequest, hold_id: int) -> HttpResponseBase:
    try:
        row = holds.release(hold_id, request.user, request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("경보 %(n)s번의 보존을 끝냈습니다.") % {"n": row.alert_id})
    return redirect("console:kept")
