"""Hands out originals of pictures under a legal hold: as files, never shown on a page."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from ansim.casework.actions import originals
from ansim.casework.errors import Refused
from ansim.casework.roles import Act, may
from ansim.console.access import StaffRequest, needs


@require_POST
@needs(Act.EXPORT_EVIDENCE)
def fetch(request: StaffRequest, alert_id: int, original_id: int) -> HttpResponseBase:
    """One original, for a reason. No browser may guess at it, open it in its own window or keep
    it."""
    try:
        row = originals.fetch(alert_id, original_id, request.user, request.POST.get("reason", ""))
    except Refused as refused:
        if refused.code == "no_such_alert":
            raise Http404 from None
        messages.error(request, str(refused))
        # The liaison sees no page of an alert.
        if may(request.user, Act.SEE_ALERTS):
            return redirect("console:alert", alert_id)
        return redirect(f"{reverse('console:evidence')}?alert={alert_id}")
    response = HttpResponse(row.content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="original-{row.pk}.{row.format}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
