"""Requests of people about their own data: the list, and the page where one is answered (R07)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import rights, rights_measures
from ansim.casework.errors import Refused
from ansim.casework.evidence.lettering import FontMissing
from ansim.casework.models import Alert, ReadingStop, SubjectRequest, Turn
from ansim.casework.rights import drafting, holdings, letter
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs
from ansim.console.typed import number

MOST = 50
MOST_OWN = 200
"""Own messages offered to choose from when something is corrected, the latest."""


def _rows() -> QuerySet[SubjectRequest]:
    return SubjectRequest.objects.select_related("handler", "received_by").defer(
        "words", "contact", "answer", "proof_note", "told", "police_asked"
    )


@require_http_methods(["GET", "POST"])
@needs(Act.RECEIVE_REQUESTS)
def requests(request: StaffRequest) -> HttpResponseBase:
    """What is open, by the day it is due; POST puts a new request on record."""
    shown: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in ("kind", "by", "way")}
        try:
            row = rights.receive(
                request.user,
                **typed,
                words=request.POST.get("words", ""),
                contact=request.POST.get("contact", ""),
                received_at=_day(request.POST.get("received", "")),
            )
        except Refused as refused:
            shown = {"error": str(refused), "typed": request.POST}
            status = 422
        else:
            messages.success(
                request,
                _("요구 %(n)s번을 받았습니다. %(due)s까지 답해야 합니다.")
                % {"n": row.pk, "due": f"{timezone.localtime(row.due_at):%Y-%m-%d}"},
            )
            return redirect("console:requests")
    now = timezone.now()
    return render(
        request,
        "console/requests.html",
        {
            **shown,
            "now": now,
            "today": f"{timezone.localdate():%Y-%m-%d}",
            "open": _rows().filter(state=SubjectRequest.State.OPEN),
            "ended": _rows().exclude(state=SubjectRequest.State.OPEN).order_by("-ended_at")[:MOST],
            "kinds": SubjectRequest.Kind.choices,
            "people": SubjectRequest.By.choices,
            "ways": SubjectRequest.Way.choices,
            "stops": ReadingStop.objects.filter(ended_at=None).select_related("source")[:MOST],
        },
        status=status,
    )


def _day(text: str) -> datetime | None:
    """The day it came in: today as it is now, an earlier one from its midnight."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or day == timezone.localdate():
        return None
    return timezone.make_aware(datetime.combine(day, time()))


def _find(request_id: int) -> SubjectRequest:
    try:
        return SubjectRequest.objects.select_related(
            "handler", "received_by", "source", "proved_by", "ended_by"
        ).get(pk=request_id)
    except (SubjectRequest.DoesNotExist, OverflowError):
        raise Http404 from None


@require_GET
@needs(Act.ANSWER_REQUESTS)
def show(request: StaffRequest, request_id: int) -> HttpResponse:
    """One request, step by step. Its words are there for who handles it."""
    row = _find(request_id)
    return render(request, "console/request.html", _page(request, row))


def _page(request: StaffRequest, row: SubjectRequest) -> dict[str, Any]:
    mine = rights.may_read(row, request.user)
    is_open = row.state == SubjectRequest.State.OPEN
    shown: dict[str, Any] = {
        "row": row,
        "mine": mine,
        "open": is_open,
        "now": timezone.now(),
        "longest": rights.LONGEST_PAUSE,
    }
    if not mine:
        return shown
    found = rights.holding(row)
    shown |= {
        "found": found,
        "proofs": SubjectRequest.Proof.choices,
        "sources": holdings.named(),
        "endings": [
            choice for choice in SubjectRequest.State.choices if choice[0] != row.State.OPEN
        ],
        "grounds": SubjectRequest.Ground.choices,
        **_of_alert(request),
    }
    if found is not None:
        shown |= {
            "stops": holdings.stops(found),
            "corrections": holdings.corrections(found),
            "may_not_be_warned": found.may_not_be_warned,
            "own": _own(found) if row.kind == SubjectRequest.Kind.CORRECTION else [],
            "cases": holdings.cases(found),
        }
    if is_open:
        drafted = drafting.draft(row, found)
        shown["answer"] = drafted if row.answer is None or "draft" in request.GET else row.answer
    else:
        shown["answer"] = row.answer or ""
    return shown


def _of_alert(request: StaffRequest) -> dict[str, Any]:
    """Accounts of the conversation of an alert, to choose from."""
    alert = Alert.objects.filter(pk=number(request.GET.get("alert", ""))).first()
    if alert is None:
        return {}
    found = holdings.people(alert.conversation, "" if alert.is_request else alert.about)
    return {"chosen": alert, "accounts": found}


def _own(found: holdings.Holding) -> list[Turn]:
    rows = Turn.objects.filter(
        conversation__in=[room.conversation for room in found.rooms],
        author=found.account,
        by_agency=False,
    ).defer("text", "attachments")
    return list(rows.order_by("-at", "-pk")[:MOST_OWN])


def _take(request: StaffRequest, pk: int) -> str:
    rights.take(pk, request.user, request.POST.get("reason", ""))
    return _("이 요구를 맡았습니다.")


def _prove(request: StaffRequest, pk: int) -> str:
    rights.prove(pk, request.user, request.POST.get("proof", ""), request.POST.get("note", ""))
    return _("확인한 것을 적었습니다.")


def _look(request: StaffRequest, pk: int) -> str:
    given, who = request.POST, request.user
    if given.get("alert"):
        alert = number(given["alert"])
        found = rights.find_by_alert(
            pk, who, alert, given.get("account", ""), given.get("reason", "")
        )
    else:
        found = rights.find_by_name(
            pk, who, given.get("source", ""), given.get("name", ""), given.get("reason", "")
        )
    if found.nothing:
        return _("이 계정으로 가지고 있는 것이 없습니다.")
    return _("찾았습니다. 대화 %(rooms)s개, 이 계정에 대한 경보 %(alerts)s건.") % {
        "rooms": len(found.rooms),
        "alerts": len(found.alerts),
    }


def _postpone(request: StaffRequest, pk: int) -> str:
    days = number(request.POST.get("days", ""))
    rights.postpone(pk, request.user, days, request.POST.get("reason", ""))
    return _("기한을 미뤘습니다. 그 까닭을 요구한 사람에게 알려 주세요.")


def _correct(request: StaffRequest, pk: int) -> str:
    given = request.POST
    rights_measures.correct(
        pk,
        request.user,
        number(given.get("alert", "")),
        given.get("text", ""),
        number(given.get("turn", "")) or None,
    )
    return _("원본 곁에 적었습니다.")


def _stop(request: StaffRequest, pk: int) -> str:
    given = request.POST
    rights_measures.stop(
        pk,
        request.user,
        conversation_id=number(given.get("what", "")) or None,
        erase=given.get("erase") == "1",
    )
    return _("이제 읽지 않습니다. 들어오는 말은 문 앞에서 돌려보냅니다.")


def _write(request: StaffRequest, pk: int) -> str:
    version = number(request.POST.get("version", ""))
    rights.write(pk, request.user, request.POST.get("answer", ""), version)
    return _("답을 저장했습니다.")


def _end(request: StaffRequest, pk: int) -> str:
    given = request.POST
    rights.end(
        pk,
        request.user,
        given.get("state", ""),
        ground=given.get("ground", ""),
        told=given.get("told", ""),
        police_asked=given.get("police_asked", ""),
    )
    return _("요구를 끝냈습니다.")


_VERBS: dict[str, tuple[Callable[[StaffRequest, int], str], str]] = {
    "take": (_take, ""),
    "prove": (_prove, "who"),
    "look": (_look, "what"),
    "postpone": (_postpone, ""),
    "correct": (_correct, "measure"),
    "stop": (_stop, "measure"),
    "write": (_write, "answer"),
    "end": (_end, "end"),
}
"""What can be done with a request, and the part of its page where it is done."""


@require_POST
@needs(Act.ANSWER_REQUESTS)
def act(request: StaffRequest, request_id: int, verb: str) -> HttpResponseBase:
    """One step. What was refused is said on the page, with what was typed still in it."""
    if verb not in _VERBS:
        raise Http404
    do, part = _VERBS[verb]
    try:
        told = do(request, min(request_id, 2**62))
    except Refused as refused:
        row = _find(request_id)
        shown = _page(request, row) | {"error": str(refused), "failed": verb}
        if verb == "write" and "answer" in shown:
            shown["answer"] = request.POST.get("answer", "")
        return render(request, "console/request.html", shown | {"typed": request.POST}, status=422)
    messages.success(request, told)
    where = reverse("console:request", args=[request_id])
    return redirect(f"{where}#{part}" if part else where)


@require_POST
@needs(Act.ANSWER_REQUESTS)
def document(request: StaffRequest, request_id: int) -> HttpResponseBase:
    """The answer as a PDF, put on record with its hash before it is handed out."""
    row = _find(request_id)
    with_words = request.POST.get("with_words") == "1"
    try:
        found = rights.holding(row)
        words = holdings.own_words(found) if with_words and found is not None else None
        content = letter.pdf(row, words)
        rights.exported(
            row.pk, request.user, hashlib.sha256(content).hexdigest(), with_words=with_words
        )
    except (Refused, FontMissing) as error:
        messages.error(request, str(error))
        return redirect("console:request", request_id)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="answer-{row.pk}.pdf"'
    return response


@require_POST
@needs(Act.ANSWER_REQUESTS)
def lift(request: StaffRequest, stop_id: int) -> HttpResponseBase:
    try:
        rights_measures.lift(min(stop_id, 2**62), request.user, request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("다시 읽습니다."))
    return redirect("console:requests")
