"""Bringing others in from an alert's page: hand-offs and their outcome, safety plan, rescue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ansim.casework import repeats
from ansim.casework.actions import drafts, referrals
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Agency, Alert, Answer, HandOff, SafetyPlan, State, Turn
from ansim.casework.roles import Act, may
from ansim.console import facts
from ansim.console.access import StaffRequest, needs
from ansim.console.templatetags.ansim import language

EARLIER = 20
"""Earlier alerts of one account that are listed; the number of all is said."""
_OF_ANOTHER = ("conversation", "about", "priority", "state", "outcome", "raised_at")
"""What is said of each of them."""


def context(
    user: Account, alert: Alert, typed: drafts.Kept, turns: Sequence[Turn] | None
) -> dict[str, Any]:
    """What the parts for hand-offs, plan and facts show; ``typed`` is what this person has typed
    into the forms of this alert, ``turns`` as for ``assessed``."""
    plan = SafetyPlan.objects.filter(alert=alert).select_related("written_by").first()
    written = dict(plan.answers or []) if plan else {}
    asked = {**written, **dict(typed.get("plan", []))}
    hand_off = dict(typed.get("hand_off", []))
    return {
        **assessed(alert, turns),
        "hand_offs": list(
            HandOff.objects.filter(alert=alert).select_related("agency", "made_by", "answered_by")
        ),
        "agencies": list(Agency.objects.filter(active=True)),
        "answers": [choice for choice in Answer.choices if choice[0] != Answer.WAITING],
        "may_hand_off": alert.state == State.OPEN
        and may(user, Act.HAND_OFF)
        and (alert.claimed_by_id == user.pk or may(user, Act.RELEASE_ANY)),
        "plan": plan,
        "plan_shown": [
            (label, written[name]) for name, label in referrals.QUESTIONS.items() if name in written
        ],
        "plan_asked": [
            (name, label, asked.get(name, "")) for name, label in referrals.QUESTIONS.items()
        ],
        "hand_off_draft": hand_off,
    }


def assessed(alert: Alert, turns: Sequence[Turn] | None) -> dict[str, Any]:
    """What stands beside the assessment: the checklist, and alerts on the same account anywhere and
    on those linked with it. ``turns`` are all of the conversation where they are at hand."""
    others = repeats.elsewhere(alert)
    first = list(others[: EARLIER + 1].only(*_OF_ANOTHER))
    return {
        "facts": [] if alert.is_request else facts.gather(alert, language(), turns),
        "elsewhere": first[:EARLIER],
        "elsewhere_count": others.count() if len(first) > EARLIER else len(first),
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@require_http_methods(["GET", "POST"])
@needs(Act.HAND_OFF)
def hand_off(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    from ansim.console.views import alert as page

    if request.method == "GET":
        return redirect("console:alert", alert_id)
    given = request.POST
    try:
        referrals.hand_off(
            alert_id,
            request.user,
            _number(given.get("agency", "")),
            given.get("told", ""),
            rescue=bool(given.get("rescue")),
            when_where=given.get("when_where", ""),
            reference=given.get("reference", ""),
            do_not_warn=bool(given.get("do_not_warn")),
        )
    except Refused as refused:
        if refused.code == "no_such_alert":
            raise Http404 from None
        typed = {name: given.get(name, "") for name in given}
        return page.page(request, alert_id, 422, hand_off_error=str(refused), hand_off_draft=typed)
    messages.success(request, _("연계를 기록했습니다. 답을 들으면 결과를 적어 주세요."))
    return page.back(alert_id, "helping")


@require_http_methods(["GET", "POST"])
@needs(Act.HAND_OFF)
def answered(request: StaffRequest, alert_id: int, hand_off_id: int) -> HttpResponseBase:
    from ansim.console.views import alert as page

    if request.method == "GET":
        return redirect("console:alert", alert_id)
    if not HandOff.objects.filter(pk=hand_off_id, alert=alert_id).exists():
        raise Http404
    given = request.POST
    try:
        referrals.answer(
            hand_off_id,
            request.user,
            given.get("answer", ""),
            given.get("note", ""),
            given.get("reference", ""),
        )
    except Refused as refused:
        return page.page(request, alert_id, 422, hand_off_error=str(refused))
    messages.success(request, _("연계의 결과를 적었습니다."))
    return page.back(alert_id, "helping")


@require_http_methods(["GET", "POST"])
@needs(Act.HAND_OFF)
def plan(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    from ansim.console.views import alert as page

    if request.method == "GET":
        return redirect("console:alert", alert_id)
    given = {name: request.POST.get(name, "") for name in referrals.QUESTIONS}
    try:
        referrals.write_plan(alert_id, request.user, given)
    except Refused as refused:
        if refused.code == "no_such_alert":
            raise Http404 from None
        return page.page(
            request,
            alert_id,
            422,
            plan_error=str(refused),
            plan_asked=[(name, label, given[name]) for name, label in referrals.QUESTIONS.items()],
        )
    messages.success(request, _("안전 계획을 적었습니다."))
    return page.back(alert_id, "helping")
