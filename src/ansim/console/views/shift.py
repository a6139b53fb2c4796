"""What a shift needs as a whole: its hand-over, the watch over timers and calls, the budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import calling, channels, shifts, targets, watch
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, Channel, Handover, HandoverItem
from ansim.casework.roles import Act, may
from ansim.console import budget
from ansim.console.access import StaffRequest, needs
from ansim.console.views.triage import colleagues

PERIODS = (1, 7, 28)
A_LIST = 100
"""Alerts that nobody holds on one page of a hand-over; the queue has all of them."""


def _told(request: StaffRequest, act: Callable[[], object], done: str, to: str) -> HttpResponseBase:
    """Does one act and goes back to the page; a refusal is told there."""
    try:
        act()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect(to)


@require_http_methods(["GET", "POST"])
@needs(Act.HAND_OVER)
def handover(request: StaffRequest) -> HttpResponseBase:
    """What I leave, to whom; and what others left that waits for my signature."""
    user = request.user
    if request.method == "POST":
        taker = Account.objects.filter(pk=_number(request.POST.get("to", ""))).first()

        def act() -> None:
            if taker is None:
                raise Refused("cannot_take", _("누구에게 넘길지 골라 주세요."))
            shifts.offer(user, taker, request.POST.get("note", ""))

        return _told(
            request,
            act,
            _("인수인계를 남겼습니다. 서명할 때까지 담당은 그대로예요."),
            "console:handover",
        )
    pending = shifts.pending(user)
    for row in pending:
        row.held = shifts.handed(row, unowned=False).prefetch_related(  # type: ignore[attr-defined]
            "alert__notes__author"
        )
        row.unowned = _first(shifts.handed(row, unowned=True))  # type: ignore[attr-defined]
    offered = shifts.offered_by(user)
    signed = Handover.objects.filter(signed_at__isnull=False).select_related("giver", "taker")
    if not may(user, Act.LEAD_SHIFT):
        signed = signed.filter(giver=user) | signed.filter(taker=user)
    return render(
        request,
        "console/handover.html",
        {
            "now": timezone.now(),
            "pending": pending,
            "offered": offered,
            # What is offered already, the page does not list again.
            "own": [] if offered else shifts.open_alerts(user).prefetch_related("notes__author"),
            "unowned": None if offered else _first(shifts.unowned()),
            "colleagues": [] if offered else colleagues(user),
            "signed": signed.order_by("-signed_at")[:10],
        },
    )


def _first(rows: QuerySet[Alert] | QuerySet[HandoverItem]) -> dict[str, Any]:
    """The most urgent alerts, how many there are, and how many of those are left to the queue."""
    shown = [row.alert if isinstance(row, HandoverItem) else row for row in rows[:A_LIST]]
    count = rows.order_by().count() if len(shown) == A_LIST else len(shown)
    return {"shown": shown, "count": count, "more": count - len(shown)}


@require_POST
@needs(Act.HAND_OVER)
def sign(request: StaffRequest, handover_id: int) -> HttpResponseBase:
    return _told(
        request,
        lambda: shifts.sign(min(handover_id, 2**62), request.user),
        _("서명했습니다. 이제 이 경보들은 내가 맡습니다."),
        "console:queue",
    )


@require_POST
@needs(Act.HAND_OVER)
def withdraw(request: StaffRequest, handover_id: int) -> HttpResponseBase:
    return _told(
        request,
        lambda: shifts.withdraw(min(handover_id, 2**62), request.user),
        _("인수인계를 거두었습니다."),
        "console:handover",
    )


@require_GET
@needs(Act.LEAD_SHIFT)
def watch_page(request: StaffRequest) -> HttpResponse:
    rows = list(Channel.objects.all())
    for row in rows:
        row.key = calling.signature_key(row) if row.kind == "webhook" else ""  # type: ignore[attr-defined]
    return render(
        request,
        "console/watch.html",
        {
            "targets": sorted(targets.in_force().items()),
            "channels": rows,
            "kinds": Channel.Kind.choices,
            "plan": targets.plan(),
            "on_shift": watch.on_shift(timezone.now()),
        },
    )


@require_POST
@needs(Act.LEAD_SHIFT)
def set_target(request: StaffRequest, priority: str) -> HttpResponseBase:
    """Times come in minutes, as people think of them; P4 may have none."""

    def act() -> None:
        taken, gone = (_seconds(request.POST.get(name, "")) for name in ("taken", "gone"))
        if gone is None:
            raise Refused("out_of_range", _("시간은 10초에서 7일 사이로 적어 주세요."))
        targets.set_target(priority, taken, gone, request.user)

    return _told(request, act, _("시간을 바꾸었습니다."), "console:watch")


@require_POST
@needs(Act.LEAD_SHIFT)
def set_plan(request: StaffRequest) -> HttpResponseBase:
    def act() -> None:
        try:
            hourly = float(request.POST.get("alerts_per_hour", ""))
        except ValueError:
            hourly = 0.0
        targets.set_plan(_number(request.POST.get("counsellors", "")), hourly, request.user)

    return _told(request, act, _("근무 계획을 바꾸었습니다."), "console:budget")


@require_POST
@needs(Act.LEAD_SHIFT)
def add_channel(request: StaffRequest) -> HttpResponseBase:
    given = request.POST
    return _told(
        request,
        lambda: channels.add(
            given.get("kind", ""), given.get("name", ""), given.get("address", ""), request.user
        ),
        _("알림 경로를 더했습니다. 시험 알림을 한 번 보내 보세요."),
        "console:watch",
    )


@require_POST
@needs(Act.LEAD_SHIFT)
def change_channel(request: StaffRequest, channel_id: int, step: str) -> HttpResponseBase:
    """Step "try", "first", "on" or "off"."""
    user, pk = request.user, min(channel_id, 2**62)
    steps: dict[str, tuple[Callable[[], object], str]] = {
        "try": (lambda: channels.try_now(pk, user), _("시험 알림을 보냈습니다.")),
        "first": (lambda: channels.put_first(pk, user), _("이 경로를 먼저 씁니다.")),
        "on": (lambda: channels.switch(pk, True, user), _("이 경로를 다시 씁니다.")),
        "off": (lambda: channels.switch(pk, False, user), _("이 경로를 쓰지 않습니다.")),
    }
    if step not in steps:
        raise Http404
    return _told(request, *steps[step], "console:watch")


@require_GET
@needs(Act.LEAD_SHIFT)
def budget_page(request: StaffRequest) -> HttpResponse:
    days = _number(request.GET.get("days", ""))
    days = days if days in PERIODS else 7
    return render(
        request,
        "console/budget.html",
        {"days": days, "periods": PERIODS, **budget.overview(days)},
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _seconds(minutes: str) -> int | None:
    """Seconds of a number of minutes; None for nothing, -1 for what is no number."""
    if not minutes.strip():
        return None
    try:
        return round(min(float(minutes), 1e6) * 60)
    except (ValueError, OverflowError):
        return -1
