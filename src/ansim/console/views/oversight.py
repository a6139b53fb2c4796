"""What supervisors and auditors look after: the audit log and the first messages."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ansim.casework.actions import templates
from ansim.casework.errors import Refused
from ansim.casework.models import AuditEvent, MessageTemplate
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs

A_PAGE = 50


@require_GET
@needs(Act.SEE_AUDIT)
def audit(request: StaffRequest) -> HttpResponse:
    """The newest rows, or those before one: in a log of millions nothing is counted.

    That an alert was updated is written for every batch of messages, and left out unless asked for.
    """
    asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in _SOUGHT}
    rows = AuditEvent.objects.select_related("actor").order_by("-id")
    if not asked["updates"] and not asked["action"]:
        rows = rows.exclude(action="alert.updated")
    if asked["action"]:
        rows = rows.filter(action__startswith=asked["action"][:60])
    if asked["who"]:
        rows = rows.filter(actor_label=asked["who"][:150])
    if asked["alert"]:
        rows = rows.filter(subject_type="alert", subject_id=asked["alert"][:64])
    before = _number(request.GET.get("before", ""))
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: A_PAGE + 1])
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in asked.items() if value})
    return render(
        request,
        "console/audit.html",
        {
            **asked,
            "about": asked["alert"],
            "rows": found[:A_PAGE],
            "older": found[A_PAGE - 1].pk if len(found) > A_PAGE else None,
            "before": before,
            "query": query.urlencode(),
        },
    )


_SOUGHT = ("action", "who", "alert", "updates")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


@require_GET
@needs(Act.APPROVE_TEMPLATES)
def first_messages(request: StaffRequest) -> HttpResponse:
    rows = MessageTemplate.objects.select_related("approved_by")
    return render(request, "console/first_messages.html", {"rows": rows})


@require_POST
@needs(Act.APPROVE_TEMPLATES)
def approve(request: StaffRequest, template_id: int) -> HttpResponseBase:
    seen = request.POST.get("version", "")
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    try:
        row = templates.approve(template_id, request.user, version)
    except (MessageTemplate.DoesNotExist, OverflowError):
        raise Http404 from None
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:first_messages")
    messages.success(request, _("‘%(title)s’을(를) 승인했습니다.") % {"title": row.title})
    return redirect("console:first_messages")
