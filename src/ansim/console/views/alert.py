"""The page of one alert, and everything a counsellor does from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import alerts, interventions
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, MessageTemplate, Outcome, State
from ansim.casework.models.alert import Done
from ansim.casework.roles import Act, may
from ansim.console import thread
from ansim.console.access import StaffRequest, needs
from ansim.console.chart import draw
from ansim.console.templatetags.ansim import language
from ansim.console.views import triage

REVEALED_SECONDS = 30 * 60
"""Words stay visible to one person for this long; then they are masked again."""
_SESSION = "revealed"


def _alert(alert_id: int) -> Alert:
    rows = Alert.objects.select_related(
        "conversation__source", "claimed_by", "closed_by", "escalated_by", "previous"
    )
    try:
        return rows.get(pk=alert_id)
    except (Alert.DoesNotExist, OverflowError):
        raise Http404 from None


def _revealed(request: StaffRequest, alert: Alert) -> bool:
    until = request.session.get(_SESSION, {}).get(str(alert.pk), 0)
    return time.time() < until and alerts.may_reveal(alert, request.user)


def _set_revealed(request: StaffRequest, alert_id: int, until: float) -> None:
    shown = {
        key: end for key, end in request.session.get(_SESSION, {}).items() if end > time.time()
    }
    shown.pop(str(alert_id), None)
    if until:
        shown[str(alert_id)] = until
    request.session[_SESSION] = shown


def _live(request: StaffRequest, alert: Alert) -> dict[str, Any]:
    threshold = alert.versions.get("threshold")
    return {
        "alert": alert,
        "thread": thread.build(alert, revealed=_revealed(request, alert), language=language()),
        "chart": draw(
            alert.trajectory,
            threshold if isinstance(threshold, (int, float)) else None,
            alert.first_event_at,
        ),
        "later": alert.later.order_by("episode").first(),
    }


def _forms(user: Account, alert: Alert) -> dict[str, Any]:
    holds = alert.state == State.OPEN and alert.claimed_by_id == user.pk
    return {
        "holds": holds,
        "may_reveal": alerts.may_reveal(alert, user),
        "may_release": alert.claimed_by_id is not None
        and alert.state == State.OPEN
        and (holds or may(user, Act.RELEASE_ANY)),
        "may_reopen": _may_reopen(user, alert),
        "can_reply": alert.conversation.source.can_reply,
        "first_messages": _first_messages() if holds else [],
        "max_length": interventions.MAX_LENGTH,
        "outcomes": Outcome.choices,
        "steps": Done.choices,
    }


def _first_messages() -> list[MessageTemplate]:
    """Approved ones, those in the language of the page first."""
    rows = MessageTemplate.objects.filter(approved_at__isnull=False)
    return sorted(rows, key=lambda row: row.language != language())


def _may_reopen(user: Account, alert: Alert) -> bool:
    return (
        alert.outcome == Outcome.NOT_GROOMING
        and alert.closed_at is not None
        and timezone.now() <= alert.closed_at + alerts.UNDO
        and (alert.closed_by_id == user.pk or may(user, Act.RELEASE_ANY))
    )


def _page(request: StaffRequest, alert: Alert, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        **_live(request, alert),
        **_forms(request.user, alert),
        **triage.context(request.user, alert),
        **more,
    }
    return render(request, "console/alert.html", context, status=status)


def page(request: StaffRequest, alert_id: int, status: int = 200, **more: Any) -> HttpResponse:
    """The whole page, for acts that live elsewhere and were refused."""
    return _page(request, _alert(alert_id), status, **more)


@require_GET
@needs(Act.SEE_ALERTS)
def show(request: StaffRequest, alert_id: int) -> HttpResponse:
    return _page(request, _alert(alert_id))


@require_GET
@needs(Act.SEE_ALERTS)
def live(request: StaffRequest, alert_id: int) -> HttpResponse:
    """The parts that change while somebody looks: the thread, and beside it the assessment."""
    alert = _alert(alert_id)
    context = {
        **_live(request, alert),
        **_forms(request.user, alert),
        **triage.state(alert),
    }
    return render(request, "console/_alert_live.html", context)


def _act(
    request: StaffRequest, alert_id: int, act: Callable[[], object], done: str = ""
) -> HttpResponseBase:
    """Does one act and goes back to the page; a refusal is told there."""
    try:
        act()
    except Refused as refused:
        if refused.code == "no_such_alert":
            raise Http404 from None
        messages.error(request, str(refused))
    else:
        if done:
            messages.success(request, done)
    return redirect("console:alert", alert_id)


@require_POST
@needs(Act.CLAIM)
def claim(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request, alert_id, lambda: alerts.claim(alert_id, request.user), _("이 경보를 맡았습니다.")
    )


@require_POST
@needs(Act.RELEASE_OWN)
def release(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    reason = request.POST.get("reason", "")
    return _act(
        request,
        alert_id,
        lambda: alerts.release(alert_id, request.user, reason),
        _("경보를 대기열로 돌려놓았습니다."),
    )


@require_POST
@needs(Act.REVEAL_TEXT)
def reveal(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    def act() -> None:
        alerts.reveal(alert_id, request.user, request.POST.get("reason", ""))
        _set_revealed(request, alert_id, time.time() + REVEALED_SECONDS)

    return _act(request, alert_id, act)


@require_POST
@needs(Act.REVEAL_TEXT)
def mask(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    _set_revealed(request, alert_id, 0)
    return redirect("console:alert", alert_id)


def _composer(request: StaffRequest, alert: Alert, status: int = 200, **more: Any) -> HttpResponse:
    """The composer alone for htmx, inside the whole page for a browser without scripts."""
    if not request.headers.get("HX-Request"):
        return _page(request, alert, status, **more)
    context = {"alert": alert, **_forms(request.user, alert), **more}
    # htmx swaps only answers of success; the error is told inside.
    return render(request, "console/_composer.html", context)


def _template(request: StaffRequest) -> MessageTemplate | None:
    chosen = request.POST.get("template", "")
    if not chosen.isascii() or not chosen.isdigit() or len(chosen) > 18:
        return None
    return MessageTemplate.objects.filter(pk=chosen).first()


def _message_id(request: StaffRequest) -> UUID | None:
    """The id that the preview gave this message, so that a second press sends nothing more."""
    try:
        return UUID(request.POST.get("message", ""))
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
@needs(Act.SEND)
def send(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    """Step "preview" shows the words as they will stand in the room; "send" queues them."""
    if request.method == "GET":
        return redirect("console:alert", alert_id)  # as for a refused closing
    alert = _alert(alert_id)
    template = _template(request)
    draft = request.POST.get("text", "").replace("\r\n", "\n")
    if not draft.strip() and template is not None:
        draft = template.text
    shown: dict[str, Any] = {"draft": draft, "template": template}
    step = request.POST.get("step")
    if step == "edit":
        return _composer(request, alert, **shown)
    if step == "preview":
        if not draft.strip():
            return _composer(
                request, alert, 422, composer_error=_("보낼 내용을 적어 주세요."), **shown
            )
        return _composer(request, alert, preview=True, message_id=uuid4(), **shown)
    try:
        interventions.send(
            alert_id,
            request.user,
            draft,
            template,
            language=template.language if template else "ko",
            message_id=_message_id(request),
        )
    except Refused as refused:
        return _composer(request, alert, 422, composer_error=str(refused), **shown)
    response = _composer(request, alert, just_sent=True)
    if request.headers.get("HX-Request"):
        response["HX-Trigger"] = "ansim:change"
        return response
    return redirect("console:alert", alert_id)


@require_http_methods(["GET", "POST"])
@needs(Act.CLOSE)
def close(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    if request.method == "GET":
        return redirect("console:alert", alert_id)  # a refused form was reloaded or switched over
    alert = _alert(alert_id)
    outcome = request.POST.get("outcome", "")
    done = request.POST.getlist("done")
    note = request.POST.get("note", "")
    try:
        alerts.close(alert_id, request.user, outcome, note, done=done)
    except Refused as refused:
        return _page(
            request,
            alert,
            422,
            close_error=str(refused),
            chosen_outcome=outcome,
            chosen_steps=done,
            note=note,
        )
    messages.success(request, _("경보 %(number)d번을 종결했습니다.") % {"number": alert_id})
    if outcome == Outcome.NOT_GROOMING:
        return redirect("console:alert", alert_id)
    return redirect("console:queue")


@require_POST
@needs(Act.CLOSE)
def reopen(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request,
        alert_id,
        lambda: alerts.reopen(alert_id, request.user, _("10분 안에 되돌림")),
        _("종결을 되돌렸습니다."),
    )
