"""The queue: what waits, what I hold, what colleagues hold; and the stream that keeps it live."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ansim.casework.actions import views
from ansim.casework.errors import Refused
from ansim.casework.roles import Act, may
from ansim.console import desk, live
from ansim.console.access import StaffRequest, needs


@require_GET
@needs(Act.SEE_ALERTS)
def queue(request: StaffRequest) -> HttpResponse:
    asked = desk.Asked.read(request.GET)
    context = desk.lists(asked, request.user) | desk.filters(request.user)
    return render(request, "console/queue.html", context)


@require_GET
@needs(Act.SEE_ALERTS)
def queue_list(request: StaffRequest) -> HttpResponse:
    """The lists alone, for a page that has heard of a change."""
    context = desk.lists(desk.Asked.read(request.GET), request.user)
    return render(request, "console/_queue_list.html", context)


@require_POST
@needs(Act.SEE_ALERTS)
def save_view(request: StaffRequest) -> HttpResponseBase:
    """Keeps the search that the page shows under a name."""
    query = desk.Asked.read(QueryDict(request.POST.get("query", "")[:600])).query
    try:
        row = views.save(request.user, request.POST.get("name", ""), query)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("‘%(name)s’ 보기를 저장했습니다.") % {"name": row.name})
    return redirect(f"{reverse('console:queue')}?{query}")


@require_POST
@needs(Act.SEE_ALERTS)
def forget_view(request: StaffRequest, view_id: int) -> HttpResponseBase:
    views.forget(min(view_id, 2**62), request.user)
    return redirect("console:queue")


def events(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events: numbers of changed alerts, no content. Only the stream itself runs on the
    loop: who may have it is asked like everything else, in the thread that makes pages."""
    if request.method != "GET":
        return HttpResponse(status=405)
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    if not may(request.user, Act.SEE_ALERTS):
        return HttpResponse(status=404)
    response = StreamingHttpResponse(
        live.stream(live.newsroom), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
