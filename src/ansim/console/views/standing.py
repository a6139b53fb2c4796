"""What supervisors keep ready for everybody: first messages with their versions, agencies."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ansim.casework import wording
from ansim.casework.actions import referrals, templates
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import Agency, MessageTemplate
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs
from ansim.console.templatetags.ansim import language


def _template(template_id: int) -> MessageTemplate:
    try:
        return MessageTemplate.objects.select_related("approved_by", "written_by").get(
            pk=template_id
        )
    except (MessageTemplate.DoesNotExist, OverflowError):
        raise Http404 from None


@require_http_methods(["GET", "POST"])
@needs(Act.APPROVE_TEMPLATES)
def edit(request: StaffRequest, template_id: int) -> HttpResponseBase:
    """A first message with all its versions; POST writes the next one, for another to approve."""
    row = _template(template_id)
    shown: dict[str, Any] = {"title": row.title, "body": row.body}
    status = 200
    if request.method == "POST":
        shown = {"title": request.POST.get("title", ""), "body": request.POST.get("body", "")}
        try:
            templates.write(row.slug, row.language, shown["title"], shown["body"], request.user)
        except Unfit as unfit:
            shown |= {"error": str(unfit), "findings": _told(unfit.findings)}
            status = 422
        except Refused as refused:
            shown["error"] = str(refused)
            status = 422
        else:
            messages.success(request, _("새 판을 적었습니다. 다른 사람이 승인해야 쓸 수 있어요."))
            return redirect("console:first_message", row.pk)
    shown |= {
        "row": row,
        "versions": row.versions.select_related("written_by", "approved_by"),
        "promises": _told([one for one in wording.check(row.body) if one.rule == "promise"]),
    }
    return render(request, "console/first_message.html", shown, status=status)


def _told(findings: Any) -> list[dict[str, str]]:
    return [
        {"phrase": one.phrase, "why": one.why[language()], "instead": one.instead}
        for one in findings
    ]


@require_http_methods(["GET", "POST"])
@needs(Act.EDIT_AGENCIES)
def agencies(request: StaffRequest) -> HttpResponseBase:
    """All agencies, each as a form, and an empty one for another."""
    shown: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        asked = request.POST.get("agency", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
        try:
            made = referrals.save_agency(request.user, number, request.POST.dict())
        except Refused as refused:
            shown["error"] = str(refused)
            status = 422
        else:
            messages.success(request, _("‘%(name)s’을(를) 적었습니다.") % {"name": made.name})
            return redirect("console:agencies")
    shown["rows"] = list(Agency.objects.all())
    return render(request, "console/agencies.html", shown, status=status)
