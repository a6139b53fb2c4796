"""Accounts with several attempts: their list, what links them, and what people decide about it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ansim.casework import repeats as shown
from ansim.casework.actions import linking, repeats
from ansim.casework.errors import Refused
from ansim.casework.models import LinkAppeal, Sighting
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs
from ansim.console.typed import number

A_PAGE = 30
MOST = 20
_TOO_LARGE = 2**63
"""No number of a group: the database cannot even be asked."""


@require_GET
@needs(Act.LINK_ACCOUNTS)
def several(request: StaffRequest) -> HttpResponse:
    """Accounts that tried more than once, newest first, and the appeals that wait."""
    unreviewed = request.GET.get("show") == "unreviewed"
    pages = Paginator(shown.several(unreviewed=unreviewed), A_PAGE)
    page = pages.get_page(request.GET.get("page", 1))
    appeals = LinkAppeal.objects.select_related("conversation__source", "received_by", "decided_by")
    return render(
        request,
        "console/repeats.html",
        {
            "page": page,
            "query": "show=unreviewed" if unreviewed else "",
            "unreviewed": unreviewed,
            "rows": shown.gather([row["group"] for row in page]),
            "waiting": appeals.filter(state=LinkAppeal.State.WAITING),
            "decided": appeals.exclude(state=LinkAppeal.State.WAITING).order_by("-decided_at")[
                :MOST
            ],
            "rejected": shown.rejected()[:MOST],
            "longest": linking.LONGEST,
        },
    )


@require_GET
@needs(Act.LINK_ACCOUNTS)
def repeat(request: StaffRequest, group: int) -> HttpResponseBase:
    """One account, or several that are linked: every attempt, and by what it is linked."""
    found = shown.gather([group]) if group < _TOO_LARGE else []
    if not found:
        # Its oldest attempt belongs to another group now, or stands for itself again.
        moved = Sighting.objects.filter(pk=group, alerts__gt=0, apart=False).first()
        if moved is None or moved.group == group:
            messages.error(request, _("없거나 기한이 지난 기록입니다."))
            return redirect("console:repeats")
        return redirect("console:repeat", moved.group)
    return render(
        request,
        "console/repeat.html",
        {
            "repeat": found[0],
            "days": repeats.LASTS.days,
            "longest": linking.LONGEST,
        },
    )


def _done(request: StaffRequest, act: Callable[[], str], sighting: int = 0) -> HttpResponseBase:
    """Does it, says what came of it, and goes back to the page of the sighting, or to the list."""
    try:
        said = act()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    row = Sighting.objects.filter(pk=sighting, alerts__gt=0, apart=False).first()
    return redirect("console:repeats") if row is None else redirect("console:repeat", row.group)


@require_POST
@needs(Act.LINK_ACCOUNTS)
def review(request: StaffRequest, trace_id: int) -> HttpResponseBase:
    holds = request.POST.get("verdict") == "holds"

    def act() -> str:
        linking.review(trace_id, request.user, holds, request.POST.get("reason", ""))
        if holds:
            return _("연결이 맞다고 적었습니다.")
        return _("연결이 아니라고 적었습니다. 이 흔적으로는 더 잇지 않습니다.")

    return _done(request, act, number(request.POST.get("sighting", "")))


@require_POST
@needs(Act.LINK_ACCOUNTS)
def review_all(request: StaffRequest, group: int) -> HttpResponseBase:
    def act() -> str:
        n = linking.review_all(group, request.user, request.POST.get("reason", ""))
        return _("연결 %(n)s개를 맞다고 적었습니다.") % {"n": n}

    return _done(request, act, group)


@require_POST
@needs(Act.LINK_ACCOUNTS)
def state(request: StaffRequest, group: int) -> HttpResponseBase:
    """A platform told that the accounts of two alerts are one person's."""
    both = (
        number(request.POST.get("alert", "").strip()),
        number(request.POST.get("other", "").strip()),
    )

    def act() -> str:
        linking.state(both, request.user, request.POST.get("said", ""))
        return _("플랫폼이 알려 준 것을 적고 두 계정을 이었습니다.")

    return _done(request, act, group)


@require_POST
@needs(Act.LINK_ACCOUNTS)
def appeal(request: StaffRequest, sighting_id: int) -> HttpResponseBase:
    def act() -> str:
        linking.appeal(
            sighting_id,
            request.user,
            request.POST.get("words", ""),
            whole_account=request.POST.get("scope") == "account",
        )
        return _("이의를 적었습니다. 다른 사람이 결정하게 해 주세요.")

    return _done(request, act, sighting_id)


@require_POST
@needs(Act.LINK_ACCOUNTS)
def decide(request: StaffRequest, appeal_id: int) -> HttpResponseBase:
    """Upholds an appeal or not; step "lift" takes an upheld one back."""
    step, grounds = request.POST.get("step", ""), request.POST.get("grounds", "")

    def act() -> str:
        if step == "lift":
            linking.lift(appeal_id, request.user, grounds)
            return _("떼어 놓기를 거두었습니다. 흔적을 다시 찾습니다.")
        linking.decide(appeal_id, request.user, step == "uphold", grounds)
        if step == "uphold":
            return _("이의를 받아들여 계정을 떼어 놓았습니다.")
        return _("이의를 받아들이지 않았습니다.")

    return _done(request, act)
