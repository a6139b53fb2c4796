"""The page on which those who may take the evidence of an alert out, with a reason (R22)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ansim.casework.actions import evidence as acts
from ansim.casework.actions.case_access import admitted
from ansim.casework.errors import Refused
from ansim.casework.evidence.contents import Order
from ansim.casework.evidence.shelf import KEPT_SECONDS, Standing
from ansim.casework.models import Account, Alert, Case
from ansim.casework.roles import Act, may
from ansim.console import preparing
from ansim.console.access import StaffRequest, needs
from ansim.keys import KeyLost

AT_A_TIME = 3
"""Packages that one person may have in the making."""


def _rows(request: StaffRequest) -> dict[str, Any]:
    found = preparing.shelf().of(request.user.pk)
    return {
        "rows": [_row(order, standing) for order, standing in found],
        "busy": any(standing.state in ("waiting", "making") for _, standing in found),
        "minutes": int(KEPT_SECONDS // 60),
    }


def _row(order: Order, standing: Standing) -> dict[str, Any]:
    return {
        "order": order,
        "standing": standing,
        "doing": {
            "reading": _("대화를 읽는 중"),
            "writing": _("파일을 쓰는 중"),
            "printing": _("PDF를 만드는 중"),
        }.get(standing.doing, _("차례를 기다리는 중")),
        "megabytes": max(0.1, standing.size / 1e6),
    }


def _page(request: StaffRequest, status: int = 200, **more: Any) -> HttpResponse:
    try:
        fingerprint = acts.signer().fingerprint
    except KeyLost as error:
        fingerprint, more = "", {"error": str(error), **more}
    context = {
        **_rows(request),
        "fingerprint": fingerprint,
        "may_unmask": may(request.user, Act.UNMASK),
        **more,
    }
    return render(request, "console/evidence.html", context, status=status)


@require_http_methods(["GET", "POST"])
@needs(Act.EXPORT_EVIDENCE)
def evidence(request: StaffRequest) -> HttpResponseBase:
    """What was asked for and how far it is; POST asks for the package of an alert or a case."""
    if request.method == "GET":
        alert, case = request.GET.get("alert", "")[:18], request.GET.get("case", "")[:18]
        return _page(
            request, number=case or alert, whole=bool(case), alert=None if case else _alert(alert)
        )
    whole = "case" in request.POST
    number = request.POST.get("case" if whole else "alert", "").strip()
    reason = request.POST.get("reason", "")
    unmask = bool(request.POST.get("unmask"))
    typed: dict[str, Any] = {
        "number": number[:18],
        "whole": whole,
        "reason": reason,
        "unmask": unmask,
    }
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        missing = _("사례 번호를 적어 주세요.") if whole else _("경보 번호를 적어 주세요.")
        return _page(request, 422, error=missing, **typed)
    making = [row for row in _rows(request)["rows"] if row["standing"].state in _UNDER_WAY]
    if len(making) >= AT_A_TIME:
        return _page(request, 422, error=_("만들고 있는 자료가 끝난 뒤에 다시 해 주세요."), **typed)
    try:
        begin = acts.order_case if whole else acts.order
        order = begin(int(number), request.user, reason, unmask=unmask)
    except Refused as refused:
        return _page(request, 422, error=str(refused), **typed)
    preparing.begin(order)
    messages.success(request, _("증거 자료를 만들기 시작했습니다."))
    return redirect("console:evidence")


_UNDER_WAY = ("waiting", "making")


def _alert(number: str) -> Alert | None:
    """The alert of an address, whose originals the page offers."""
    if not (number.isascii() and number.isdigit()):
        return None
    return Alert.objects.filter(pk=int(number)).first()


@require_GET
@needs(Act.EXPORT_EVIDENCE)
def progress(request: StaffRequest) -> HttpResponse:
    """The list alone, for the page that asks for it while something is being made."""
    shown = _rows(request)
    # Told once to those who do not see the bar: after this answer the page asks no more.
    return render(request, "console/_evidence.html", {**shown, "finished": not shown["busy"]})


def _still_may(user: Account, order: Order) -> bool:
    """Whether they could ask for it now as well: roles change, and people leave cases."""
    if order.unmask and not may(user, Act.UNMASK):
        return False
    case = Case.objects.filter(pk=order.case).first() if order.case else None
    return not order.case or (case is not None and admitted(case, user))


@require_GET
@needs(Act.EXPORT_EVIDENCE)
def fetch(request: StaffRequest, package: str) -> HttpResponseBase:
    """Hands a finished package to the person who asked for it, and to nobody else."""
    here = preparing.shelf()
    order = here.order(package)
    mine = order is not None and order.actor == request.user.pk
    if order is None or not mine or not _still_may(request.user, order):
        messages.error(request, _("이 자료는 더 이상 없습니다. 다시 만들어 주세요."))
        return redirect("console:evidence")
    content = here.package(package)
    if content is None:
        messages.error(request, _("이 자료는 아직 다 만들어지지 않았습니다."))
        return redirect("console:evidence")
    acts.fetched(order)
    response = HttpResponse(content, content_type="application/zip")
    name = here.standing(package).name or "evidence.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
