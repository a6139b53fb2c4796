"""A new source, entered step by step; nothing that was typed is lost on the way."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import source_drafts, source_notices
from ansim.casework.errors import Refused
from ansim.casework.models import SourceRecord
from ansim.casework.roles import Act
from ansim.console import source_steps as steps
from ansim.console import sources as shown
from ansim.console.access import StaffRequest, needs
from ansim.console.views.sources import show_key
from ansim.sources.wiring import NoticeKind


@require_GET
@needs(Act.ADMINISTER)
def begin(request: StaffRequest) -> HttpResponseBase:
    """Goes on where the person left off."""
    return redirect("console:source_step", steps.first_open(source_drafts.of(request.user)))


@require_POST
@needs(Act.ADMINISTER)
def discard(request: StaffRequest) -> HttpResponseBase:
    source_drafts.drop(request.user)
    messages.success(request, _("적던 것을 버렸습니다."))
    return redirect("console:sources")


@require_http_methods(["GET", "POST"])
@needs(Act.ADMINISTER)
def step(request: StaffRequest, step: str) -> HttpResponseBase:
    if step not in steps.STEPS:
        raise Http404
    draft = source_drafts.of(request.user)
    if request.method == "GET":
        way = steps.of(draft)
        begun = steps.first_open(draft)
        if step not in way or way.index(step) > way.index(begun):
            return redirect("console:source_step", begun)  # the steps before come first
        return _page(request, step, draft, [])
    draft = source_drafts.keep(request.user, _typed(request, step, draft))
    way = steps.of(draft)
    at = way.index(step) if step in way else 0
    if request.POST.get("go") == "back":
        return redirect("console:source_step", way[max(0, at - 1)])
    if step == "summary":
        return _declare(request, draft)
    found = steps.problems(step, draft)
    if found:
        return _page(request, step, draft, found)
    return redirect("console:source_step", way[min(at + 1, len(way) - 1)])


def _typed(request: StaffRequest, step: str, draft: dict[str, str]) -> dict[str, str]:
    """What the form of a step holds. A secret left empty stays as it was entered before."""
    one = steps.declaration(draft)
    secret = {f"entry-{field.name}" for field in one.fields if field.secret} if one else set()
    return {
        name: request.POST.get(name, "").replace("\r\n", "\n")
        for name in steps.asked(step, draft)
        if name not in secret or request.POST.get(name, "").strip()
    }


def _declare(request: StaffRequest, draft: dict[str, str]) -> HttpResponseBase:
    begun = steps.first_open(draft)
    if begun != "summary":
        return redirect("console:source_step", begun)
    try:
        record, key = steps.declare(draft, request.user)
    except Refused as refused:
        return _page(request, "summary", draft, [steps.Problem("", str(refused))])
    source_drafts.drop(request.user)
    messages.success(request, _("‘%(name)s’을(를) 더했습니다.") % {"name": record.name})
    if key:
        show_key(request, record.pk, key)
    return redirect("console:source", record.pk)


def _page(
    request: StaffRequest, step: str, draft: dict[str, str], found: list[steps.Problem]
) -> HttpResponse:
    one = steps.declaration(draft)
    way = steps.of(draft)
    kind = draft.get("kind", "")
    given_by, how = steps.CONSENTS.get(kind, ("", ""))
    basis = draft.get("legal_basis", "")
    # A proposal for another kind that nobody touched gives way to the one for this kind.
    if not basis.strip() or basis in {str(words) for words in steps.BASES.values()}:
        basis = str(steps.BASES.get(kind, ""))
    context: dict[str, Any] = {
        "step": step,
        "title": steps.STEPS[step],
        "steps": [(name, steps.STEPS[name]) for name in way],
        "number": way.index(step) + 1 if step in way else 1,
        "before": way.index(step) > 0 if step in way else False,
        "draft": draft,
        "one": one,
        "problems": found,
        "wrong": {problem.field for problem in found},
        "basis": basis,
        "given_by": draft.get("given_by") or given_by,
        "how": draft.get("how") or str(how),
        "givers": steps.GIVERS.items(),
        "with_consent": kind in steps.WITH_CONSENT,
    }
    if step == "connector":
        context["cards"] = [(card, shown.can(card), _kinds(card.kinds)) for card in steps.offered()]
    if one is not None:
        context["kinds"] = _kinds(one.kinds)
        context["notices"] = steps.notice_rows(one, draft)
        context["in_rooms"] = NoticeKind.ROOM in source_notices.kinds(one)
        context["rules"] = SourceRecord.RoomRule.choices
        context["entries"] = steps.entry_rows(one, steps.entered(draft))
    context["giver"] = steps.GIVERS.get(draft.get("given_by", ""), "")
    context["kind_label"] = dict(SourceRecord.Kind.choices).get(kind, "")
    context["rule_label"] = dict(SourceRecord.RoomRule.choices).get(draft.get("rule", ""), "")
    return render(request, "console/source_new.html", context, status=422 if found else 200)


def _kinds(kinds: Any) -> list[tuple[str, Any]]:
    return [(value, label) for value, label in SourceRecord.Kind.choices if value in kinds]
