"""The queue: what waits, what I hold, what colleagues hold; and the stream that keeps it live."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ansim.casework.models import Account, Alert, State
from ansim.casework.roles import Act, may
from ansim.console import live
from ansim.console.access import StaffRequest, needs

MOST = 200
"""Rows shown in one list; more than that nobody works through."""


def _lists(user: Account) -> dict[str, Any]:
    rows = Alert.objects.filter(state=State.OPEN).select_related(
        "conversation__source", "claimed_by"
    )
    ordered = rows.order_by("priority", "raised_at")
    waiting = ordered.filter(claimed_by=None)
    return {
        "waiting": waiting[:MOST],
        "most": MOST,
        "waiting_count": waiting.count(),
        "mine": ordered.filter(claimed_by=user)[:MOST],
        "others": ordered.exclude(claimed_by=None).exclude(claimed_by=user)[:MOST],
        "closed": Alert.objects.filter(state=State.CLOSED)
        .select_related("conversation__source", "closed_by")
        .order_by("-closed_at")[:10],
    }


@require_GET
@needs(Act.SEE_ALERTS)
def queue(request: StaffRequest) -> HttpResponse:
    return render(request, "console/queue.html", _lists(request.user))


@require_GET
@needs(Act.SEE_ALERTS)
def queue_list(request: StaffRequest) -> HttpResponse:
    """The lists alone, for a page that has heard of a change."""
    return render(request, "console/_queue_list.html", _lists(request.user))


async def events(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events: numbers of changed alerts, no content."""
    if request.method != "GET":
        return HttpResponse(status=405)
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    if not await sync_to_async(may)(user, Act.SEE_ALERTS):
        return HttpResponse(status=404)
    response = StreamingHttpResponse(
        live.stream(live.newsroom), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
