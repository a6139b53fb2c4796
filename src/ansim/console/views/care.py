"""One's own page: my week, breaks, how hard content is shown to me. For nobody else."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ansim.casework.actions import wellbeing
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs
from ansim.console.marking import label
from ansim.console.templatetags.ansim import language


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise


@require_http_methods(["GET", "POST"])
@needs(Act.REVEAL_TEXT)
def care(request: StaffRequest) -> HttpResponseBase:
    """GET shows my week and my choices; POST keeps new choices."""
    mine = wellbeing.comfort(request.user)
    if request.method == "POST":
        wellbeing.choose(
            request.user,
            greyed=bool(request.POST.get("greyed")),
            spared=request.POST.getlist("spared"),
            break_minutes=_whole(request.POST.get("break_minutes", ""), mine.break_minutes),
            break_turns=_whole(request.POST.get("break_turns", ""), mine.break_turns),
        )
        messages.success(request, _("그렇게 보여 드릴게요."))
        return redirect("console:care")
    week = wellbeing.week(request.user)
    shown = {
        "mine": mine,
        "week": week,
        "kinds": [label(name, language()) for name in wellbeing.hard_kinds()],
        "read": sum(day.turns for day in week),
        "hard": sum(day.hard for day in week),
        "closed": sum(day.closed for day in week),
    }
    return render(request, "console/care.html", shown)


@require_POST
@needs(Act.REVEAL_TEXT)
def rested(request: StaffRequest) -> HttpResponse:
    """I have taken a break: the reminder goes and the count begins anew."""
    wellbeing.took_break(request.user)
    messages.success(request, _("잘 쉬었어요. 다시 천천히 시작해요."))
    return redirect("console:care")
