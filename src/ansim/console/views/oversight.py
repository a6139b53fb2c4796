"""What supervisors look after: the first messages."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ansim.casework.actions import templates
from ansim.casework.errors import Refused
from ansim.casework.models import MessageTemplate
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs


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
