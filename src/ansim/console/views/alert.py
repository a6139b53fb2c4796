"""The page of one alert, and everything a counsellor does from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import alerts, donors, drafts, interventions, referrals, wellbeing
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, MessageTemplate, Outcome, Reply, State, Turn
from ansim.casework.models.alert import GROUNDS, Done
from ansim.casework.roles import Act, may
from ansim.console import thread
from ansim.console.access import StaffRequest, needs
from ansim.console.chart import draw
from ansim.console.templatetags.ansim import language
from ansim.console.views import composing, helping, triage

REVEALED_SECONDS = 30 * 60
"""Words stay visible to one person for this long; then they are masked again."""
_SESSION = "revealed"
_TURNS = "revealed_turns"
_SEEN = "revealed_up_to"


def find(alert_id: int) -> Alert:
    """The alert with what its page shows; 404 where there is none."""
    rows = Alert.objects.select_related("conversation__source", "claimed_by", "joined")
    try:
        return rows.get(pk=alert_id)
    except (Alert.DoesNotExist, OverflowError):
        raise Http404 from None


def _revealed(request: StaffRequest, alert: Alert) -> bool:
    until = request.session.get(_SESSION, {}).get(str(alert.pk), 0)
    return time.time() < until and alerts.may_reveal(alert, request.user)


def _revealed_turns(request: StaffRequest, alert: Alert) -> set[int]:
    """Turns of this alert that were shown one by one and are not masked again yet."""
    if not alerts.may_reveal(alert, request.user):
        return set()
    shown = request.session.get(_TURNS, {}).get(str(alert.pk), {})
    return {int(turn) for turn, until in shown.items() if time.time() < until}


def _count_new(request: StaffRequest, alert: Alert) -> None:
    """What comes in while all words are shown has been read as well."""
    upto = request.session.get(_SEEN, {}).get(str(alert.pk))
    if upto is None:
        return
    newest = wellbeing.count_new(request.user, alert.conversation_id, upto)
    if newest != upto:
        request.session[_SEEN] = {**request.session[_SEEN], str(alert.pk): newest}


def _reveal_turn(request: StaffRequest, alert_id: int, turn_id: int) -> None:
    shown = request.session.get(_TURNS, {})
    now = time.time()
    here = {turn: until for turn, until in shown.get(str(alert_id), {}).items() if until > now}
    here[str(turn_id)] = now + REVEALED_SECONDS
    request.session[_TURNS] = {**shown, str(alert_id): here}


def _set_revealed(request: StaffRequest, alert_id: int, until: float) -> None:
    shown = {
        key: end for key, end in request.session.get(_SESSION, {}).items() if end > time.time()
    }
    shown.pop(str(alert_id), None)
    seen = {key: upto for key, upto in request.session.get(_SEEN, {}).items() if key in shown}
    if until:
        shown[str(alert_id)] = until
        latest = Turn.objects.filter(conversation__alerts=alert_id).order_by("-pk")
        seen[str(alert_id)] = latest.values_list("pk", flat=True).first() or 0
    request.session[_SESSION], request.session[_SEEN] = shown, seen


def _live(request: StaffRequest, alert: Alert) -> dict[str, Any]:
    threshold = alert.versions.get("threshold")
    revealed = _revealed(request, alert)
    if revealed:
        _count_new(request, alert)
    comfort = wellbeing.comfort(request.user)
    shown = thread.build(
        alert,
        revealed=revealed,
        turns=_revealed_turns(request, alert),
        spared=comfort.spared,
        language=language(),
    )
    if revealed and shown.donors:
        donors.read(alert, request.user)
    return {
        "comfort": comfort,
        "break_due": may(request.user, Act.REVEAL_TEXT) and wellbeing.is_break_due(comfort),
        "alert": alert,
        "thread": shown,
        "chart": draw(
            alert.trajectory,
            threshold if isinstance(threshold, (int, float)) else None,
            alert.first_event_at,
        ),
        "later": _later(alert),
        "with_it": alerts.closed_together(alert) if _may_reopen(request.user, alert) else [],
    }


def _later(alert: Alert) -> int | None:
    """The number of the next alert on the same account; while this one is open there is none."""
    if alert.state == State.OPEN:
        return None
    return alert.later.order_by("episode").values_list("pk", flat=True).first()


def forms(user: Account, alert: Alert, kept: drafts.Kept | None = None) -> dict[str, Any]:
    """What this person may do here, and what they have typed so far (``kept``, where the caller
    has looked already)."""
    holds = alert.state == State.OPEN and alert.claimed_by_id == user.pk
    typed = (drafts.of(alert, user) if kept is None else kept) if holds else {}
    message, closing = dict(typed.get("message", [])), typed.get("close", [])
    way = composing.ways(alert, dict(message)) if holds else {}
    return {
        "holds": holds,
        "may_reveal": alerts.may_reveal(alert, user),
        "may_release": alert.claimed_by_id is not None
        and alert.state == State.OPEN
        and (holds or may(user, Act.RELEASE_ANY)),
        "may_reopen": _may_reopen(user, alert),
        "can_reply": alert.conversation.source.can_reply
        or bool(donors.lines(alert.conversation_id)),
        "first_messages": _first_messages() if holds else [],
        "max_length": interventions.MAX_LENGTH,
        **way,
        "warned_off": referrals.warned_off([alert]),
        "draft": message.get("text", ""),
        "chosen_template": message.get("template", ""),
        "spoken": message.get("language", "ko"),
        "verdicts": [
            (outcome, Outcome(outcome).label, [(one.value, one.label) for one in grounds])
            for outcome, grounds in GROUNDS.items()
        ]
        if not alert.is_request
        else [(value, label, []) for value, label in Reply.choices],
        "steps": [] if alert.is_request else Done.choices,
        "chosen_outcome": dict(closing).get("outcome", ""),
        "chosen_grounds": [value for name, value in closing if name.startswith("grounds-")],
        "chosen_steps": [value for name, value in closing if name == "done"],
        "close_together": "together" in dict(closing),
        "note": dict(closing).get("note", ""),
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
    live = _live(request, alert)
    typed = drafts.of(alert, request.user)
    context = {
        **live,
        **forms(request.user, alert, typed),
        **triage.context(request.user, alert, typed),
        **helping.context(request.user, alert, typed, live["thread"].turns),
        **more,
    }
    return render(request, "console/alert.html", context, status=status)


def page(request: StaffRequest, alert_id: int, status: int = 200, **more: Any) -> HttpResponse:
    """The whole page, for acts that live elsewhere and were refused."""
    return _page(request, find(alert_id), status, **more)


@require_GET
@needs(Act.SEE_ALERTS)
def show(request: StaffRequest, alert_id: int) -> HttpResponse:
    return _page(request, find(alert_id))


@require_GET
@needs(Act.SEE_ALERTS)
def live(request: StaffRequest, alert_id: int) -> HttpResponse:
    """The parts that change while somebody looks: the thread, and beside it the assessment."""
    alert = find(alert_id)
    shown = _live(request, alert)
    context = {
        **shown,
        **forms(request.user, alert),
        **triage.state(alert),
        **helping.assessed(alert, shown["thread"].turns),
    }
    return render(request, "console/_alert_live.html", context)


def _act(
    request: StaffRequest, alert_id: int, act: Callable[[], object], done: str = "", at: str = ""
) -> HttpResponseBase:
    """Does one act and goes back to the page, to the part ``at``; a refusal is told there."""
    try:
        act()
    except Refused as refused:
        if refused.code == "no_such_alert":
            raise Http404 from None
        messages.error(request, str(refused))
        return redirect("console:alert", alert_id)
    if done:
        messages.success(request, done)
    return back(alert_id, at)


def back(alert_id: int, at: str = "") -> HttpResponseBase:
    """To the alert's page; the keyboard goes on where the person was (``at`` is an id there)."""
    where = reverse("console:alert", args=[alert_id])
    return redirect(f"{where}#{at}" if at else where)


@require_POST
@needs(Act.CLAIM)
def claim(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request,
        alert_id,
        lambda: alerts.claim(alert_id, request.user),
        _("이 경보를 맡았습니다."),
        at="text",
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
    asked = request.POST.get("turn", "")
    turn = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None

    def act() -> None:
        alerts.reveal(alert_id, request.user, request.POST.get("reason", ""), turn_id=turn)
        if turn is None:
            _set_revealed(request, alert_id, time.time() + REVEALED_SECONDS)
        else:
            _reveal_turn(request, alert_id, turn)

    return _act(request, alert_id, act, at="thread" if turn is None else f"turn-{turn}")


@require_POST
@needs(Act.REVEAL_TEXT)
def mask(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    _set_revealed(request, alert_id, 0)
    shown = request.session.get(_TURNS, {})
    request.session[_TURNS] = {key: turns for key, turns in shown.items() if key != str(alert_id)}
    return back(alert_id, "thread")


@require_http_methods(["GET", "POST"])
@needs(Act.CLOSE)
def close(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    if request.method == "GET":
        return redirect("console:alert", alert_id)  # a refused form was reloaded or switched over
    outcome = request.POST.get("outcome", "")
    done = request.POST.getlist("done")
    note = request.POST.get("note", "")
    grounds = request.POST.get(f"grounds-{outcome}", "")
    together = bool(request.POST.get("together"))
    try:
        closed = alerts.close(
            alert_id, request.user, outcome, note, done=done, grounds=grounds, together=together
        )
    except Refused as refused:
        return _page(
            request,
            find(alert_id),
            422,
            close_error=str(refused),
            chosen_outcome=outcome,
            chosen_grounds=[grounds],
            chosen_steps=done,
            close_together=together,
            note=note,
        )
    told = _("경보 %(number)d번을 종결했습니다.") % {"number": alert_id}
    if len(closed) > 1:
        told = _("경보 %(numbers)s번을 종결했습니다.") % {"numbers": _numbers(closed)}
    messages.success(request, told)
    if outcome == Outcome.NOT_GROOMING:
        return redirect("console:alert", alert_id)
    return redirect("console:queue")


def _numbers(rows: list[Alert]) -> str:
    return ", ".join(str(row.pk) for row in rows)


@require_POST
@needs(Act.CLOSE)
def reopen(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    return _act(
        request,
        alert_id,
        lambda: alerts.reopen(alert_id, request.user, _("10분 안에 되돌림")),
        _("종결을 되돌렸습니다."),
    )
