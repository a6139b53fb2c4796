"""What a counsellor does with an alert together with colleagues: ask, answer, hold, hand over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ansim.casework.actions import drafts, folding, triage, watch
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, State
from ansim.casework.roles import TABLE, Act, may
from ansim.console.access import StaffRequest, needs


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may hold alerts. ``here``: on shift."""

    pk: int
    shown: str
    role: str
    here: bool

    @property
    def label(self) -> str:
        """As one line of a list to choose from."""
        here = " · " + _("근무 중") if self.here else ""
        return f"{self.shown} ({self.role}){here}"


def colleagues(but: Account) -> list[Colleague]:
    """Who may hold alerts, those on shift first."""
    since = timezone.now() - watch.ON_SHIFT
    names = {role.value: str(role.label) for role, acts in TABLE.items() if Act.CLAIM in acts}
    rows = Account.objects.filter(is_active=True, role__in=names).exclude(pk=but.pk)
    found = [
        Colleague(pk, display or username, names[role], last is not None and last > since)
        for pk, username, display, role, last in rows.values_list(
            "pk", "username", "display_name", "role", "last_active_at"
        )
    ]
    return sorted(found, key=lambda one: (not one.here, one.shown))


def state(alert: Alert) -> dict[str, Any]:
    """What of the part about colleagues changes while somebody looks."""
    return {
        "now": timezone.now(),
        "notes": list(
            alert.notes.select_related("author").only(
                "alert", "kind", "at", "text", "author__username", "author__display_name"
            )
        ),
        "folded": folding.folded([alert])[alert.pk] if alert.state == State.OPEN else [],
    }


def context(user: Account, alert: Alert, typed: drafts.Kept) -> dict[str, Any]:
    """What the part of the alert page about colleagues shows; ``typed`` is what this person has
    typed into the forms of this alert."""
    is_open = alert.state == State.OPEN
    shown = state(alert)
    folded: list[Alert] = shown["folded"]
    holds = is_open and alert.claimed_by_id == user.pk
    free = is_open and alert.claimed_by_id in (None, user.pk)
    hands = is_open and (holds or may(user, Act.RELEASE_ANY)) and may(user, Act.HAND_OVER)
    return {
        **shown,
        "chosen_person": _number(dict(typed.get("hand_over", [])).get("to", "")),
        "kept": {form: dict(fields) for form, fields in typed.items()} if is_open else {},
        "may_escalate": free and alert.escalated_by_id is None and may(user, Act.ESCALATE),
        "may_answer": is_open and alert.escalated_at is not None and may(user, Act.LEAD_SHIFT),
        "may_hold": holds,
        # What can be closed in one step: of this fold, what the same person holds.
        "held_with_it": [one for one in folded if one.claimed_by_id == user.pk] if holds else [],
        "may_note": is_open and may(user, Act.CLAIM),
        "longest_hold": int(triage.LONGEST_HOLD[alert.priority].total_seconds() // 60),
        "may_hand_over": hands,
        "colleagues": colleagues(user) if hands else [],
    }


def _act(
    request: StaffRequest, alert_id: int, part: str, act: Callable[[str], object], done: str
) -> HttpResponseBase:
    """Does one act; a refusal is told on the page, beside what was typed."""
    from ansim.console.views.alert import back, page

    if request.method == "GET":
        return redirect("console:alert", alert_id)  # a refused form was reloaded
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        act(text)
    except Refused as refused:
        if refused.code == "no_such_alert":
            raise Http404 from None
        chosen = _number(request.POST.get("to", ""))
        return page(
            request,
            alert_id,
            422,
            triage_error=str(refused),
            opened=part,
            typed=text,
            minutes=_number(request.POST.get("minutes", "")),
            **({"chosen_person": chosen} if chosen else {}),
        )
    messages.success(request, done)
    return back(alert_id, "triage")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


@require_http_methods(["GET", "POST"])
@needs(Act.ESCALATE)
def escalate(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request,
        alert_id,
        "escalate",
        lambda text: triage.escalate(alert_id, request.user, text),
        _("슈퍼바이저에게 올렸습니다."),
    )


@require_http_methods(["GET", "POST"])
@needs(Act.LEAD_SHIFT)
def answer(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request,
        alert_id,
        "answer",
        lambda text: triage.answer(alert_id, request.user, text),
        _("답을 남겼습니다."),
    )


@require_http_methods(["GET", "POST"])
@needs(Act.CLAIM)
def hold(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    minutes = _number(request.POST.get("minutes", ""))
    return _act(
        request,
        alert_id,
        "hold",
        lambda text: triage.hold(alert_id, request.user, minutes, text),
        _("보류했습니다."),
    )


@require_POST
@needs(Act.CLAIM)
def resume(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request,
        alert_id,
        "hold",
        lambda _text: triage.resume(alert_id, request.user),
        _("보류를 끝냈습니다."),
    )


@require_http_methods(["GET", "POST"])
@needs(Act.HAND_OVER)
def hand_over(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    def act(text: str) -> None:
        to = Account.objects.filter(pk=_number(request.POST.get("to", ""))).first()
        if to is None:
            raise Refused("cannot_take", _("누구에게 넘길지 골라 주세요."))
        triage.hand_over(alert_id, request.user, to, text)

    return _act(request, alert_id, "hand-over", act, _("경보를 넘겼습니다."))


@require_http_methods(["GET", "POST"])
@needs(Act.CLAIM)
def note(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request,
        alert_id,
        "note-form",
        lambda text: triage.note(alert_id, request.user, text),
        _("메모를 남겼습니다."),
    )
