"""Reports of cases to those outside: their list, one of them, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import approving, duties, reporting
from ansim.casework.errors import Refused
from ansim.casework.evidence.lettering import FontMissing
from ansim.casework.models import Account, Referral
from ansim.casework.reporting import cybertip
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.printing import Heading, pdf
from ansim.casework.reporting.questions import Shape
from ansim.casework.roles import Act
from ansim.console import reporting as shown
from ansim.console import typed
from ansim.console.access import StaffRequest, needs
from ansim.console.house import agency
from ansim.console.views.cases import find as find_case
from ansim.console.views.cases import page as case_page


@require_GET
@needs(Act.WRITE_REFERRAL)
def referrals(request: StaffRequest) -> HttpResponse:
    """Duties that run, and reports: those that wait for somebody first."""
    return render(request, "console/referrals.html", shown.listed(request.user))


def _find(request: StaffRequest, referral_id: int) -> Referral | None:
    rows = Referral.objects.select_related("case", "written_by", "approved_by", "sent_by")
    row = rows.filter(pk=referral_id).first() if referral_id < 2**62 else None
    return row if row is not None and reporting.may_see(row, request.user) else None


def _none(request: StaffRequest) -> HttpResponseBase:
    messages.error(request, _("없거나 볼 수 없는 신고서입니다."))
    return redirect("console:referrals")


def _page(request: StaffRequest, row: Referral, status: int = 200, **more: Any) -> HttpResponse:
    context = {**shown.of_referral(row, request.user, more.pop("typed", None)), **more}
    return render(request, "console/referral.html", context, status=status)


@require_http_methods(["GET", "POST"])
@needs(Act.WRITE_REFERRAL)
def referral(request: StaffRequest, referral_id: int) -> HttpResponseBase:
    """One report; POST saves it, then does what the button says (``then``): no button loses
    words. What was typed is still there when saving is refused."""
    row = _find(request, referral_id)
    if row is None:
        return _none(request)
    if request.method == "GET":
        return _page(request, row)
    given = _given(row, request.POST)
    try:
        saved = reporting.write(
            row.pk, request.user, given, typed.number(request.POST.get("read", ""))
        )
    except Refused as refused:
        return _page(request, row, 422, error=str(refused), typed=given)
    what, _dash, package = request.POST.get("then", "").partition("-")
    try:
        told = ""
        if what in ("attach", "detach", "submit"):
            more = request.POST.copy()
            more["package"] = package or more.get("package", "")
            told = STEPS[what](row.pk, request.user, more)
    except Refused as refused:
        row.refresh_from_db()
        return _page(request, row, 422, error=str(refused), failed=what)
    if told:
        messages.success(request, told)
    elif saved.version == row.version:
        messages.info(request, _("바뀐 것이 없습니다."))
    else:
        messages.success(request, _("%(n)d판으로 저장했습니다.") % {"n": saved.version})
    return redirect("console:referral", row.pk)


def _given(row: Referral, post: QueryDict) -> dict[str, str]:
    return {
        question.name: " ".join(post.getlist(f"q-{question.name}"))
        if question.shape == Shape.CHOICES
        else post.get(f"q-{question.name}", "")
        for question in FORMS[row.kind]
        if question.shape == Shape.CHOICES or f"q-{question.name}" in post
    }


Step = Callable[[int, Account, QueryDict], str]


def _attach(pk: int, user: Account, given: QueryDict) -> str:
    reporting.attach(pk, user, given.get("package", ""))
    return _("증거 자료를 붙였습니다.")


def _detach(pk: int, user: Account, given: QueryDict) -> str:
    reporting.detach(pk, user, given.get("package", ""))
    return _("증거 자료를 뺐습니다.")


def _submit(pk: int, user: Account, _given: QueryDict) -> str:
    reporting.submit(pk, user)
    return _("두 번째 사람을 기다립니다.")


def _approve(pk: int, user: Account, given: QueryDict) -> str:
    approving.approve(pk, user, typed.number(given.get("read", "")))
    return _("승인했습니다. 이제 사람이 보낼 수 있어요.")


def _give_back(pk: int, user: Account, given: QueryDict) -> str:
    approving.give_back(pk, user, given.get("remark", ""))
    return _("고칠 것을 적어 돌려보냈습니다.")


def _sent(pk: int, user: Account, given: QueryDict) -> str:
    at = moment(given.get("at", ""))
    approving.sent(pk, user, given.get("how", ""), given.get("to", ""), at)
    return _("보낸 것을 기록했습니다.")


def _acknowledge(pk: int, user: Account, given: QueryDict) -> str:
    approving.acknowledge(pk, user, given.get("reference", ""))
    return _("접수 번호를 적었습니다.")


def _withdraw(pk: int, user: Account, given: QueryDict) -> str:
    reporting.withdraw(pk, user, given.get("why", ""))
    return _("신고서를 거두어들였습니다.")


def _warn_nobody(pk: int, user: Account, given: QueryDict) -> str:
    reporting.warn_nobody(pk, user, bool(given.get("on")), given.get("why", ""))
    return _("상대에게 알리지 말라는 표시를 바꾸었습니다.")


STEPS: dict[str, Step] = {
    "attach": _attach,
    "detach": _detach,
    "submit": _submit,
    "approve": _approve,
    "give-back": _give_back,
    "sent": _sent,
    "acknowledge": _acknowledge,
    "withdraw": _withdraw,
    "silence": _warn_nobody,
}


def moment(text: str) -> datetime:
    """A time from a form, in Korea's time. Raises Refused."""
    found = typed.moment(text)
    if found is None:
        raise Refused("when_missing", _("날짜와 시각을 골라 주세요."))
    return found


@require_POST
@needs(Act.WRITE_REFERRAL)
def act(request: StaffRequest, referral_id: int, what: str) -> HttpResponseBase:
    """One act on a report."""
    row = _find(request, referral_id)
    step = STEPS.get(what)
    if row is None or step is None:
        return _none(request)
    try:
        told = step(row.pk, request.user, request.POST)
    except Refused as refused:
        row.refresh_from_db()
        given = request.POST.dict()
        return _page(request, row, 422, error=str(refused), failed=what, given=given)
    messages.success(request, told)
    again = _find(request, referral_id)
    return redirect("console:referral", referral_id) if again else redirect("console:referrals")


@require_POST
@needs(Act.WRITE_REFERRAL)
def file(request: StaffRequest, referral_id: int) -> HttpResponseBase:
    """The report as PDF, XML or JSON, with a reason."""
    row = _find(request, referral_id)
    form = request.POST.get("form", "pdf")
    if row is None or form not in ("pdf", "xml", "json"):
        return _none(request)
    try:
        row, approved = reporting.taken_out(
            row.pk, request.user, form, request.POST.get("reason", "")
        )
        said = reporting.answers(row)
        if form == "pdf":
            top = Heading(
                referral=row.pk,
                case=row.case_id,
                version=row.version,
                agency=agency(),
                written_by=row.written_by.shown,
                approved_by=approved,
                do_not_warn=row.do_not_warn,
            )
            content, kind = pdf(row.kind, said, top), "application/pdf"
        elif form == "xml":
            content, kind = cybertip.as_xml(said), "application/xml"
        else:
            content, kind = cybertip.as_json(said), "application/json"
    except (Refused, FontMissing) as refused:
        return _page(request, row, 422, error=str(refused), failed="file")
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = (
        f'attachment; filename="referral-{row.pk}-{row.version}.{form}"'
    )
    return response


@require_POST
@needs(Act.WRITE_REFERRAL)
def begin(request: StaffRequest, case_id: int) -> HttpResponseBase:
    """Begins a report of a case."""
    case = find_case(case_id)
    try:
        row = reporting.begin(case_id, request.user, request.POST.get("kind", ""))
    except Refused as refused:
        return case_page(request, case, 422, error=str(refused), failed="report")
    return redirect("console:referral", row.pk)


@require_POST
@needs(Act.WRITE_REFERRAL)
def duty(request: StaffRequest, case_id: int) -> HttpResponseBase:
    """Starts, corrects or ends the duty to report."""
    case, given = find_case(case_id), request.POST
    try:
        if given.get("step") == "learn":
            duties.learn(case_id, request.user, moment(given.get("at", "")), given.get("how", ""))
            told = _("알게 된 때를 적었습니다. 시한이 흐르고 있어요.")
        else:
            ending, _colon, call = given.get("ending", "").partition(":")
            note = given.get("note", "")
            duties.end(case_id, request.user, ending, note, typed.number(call))
            told = _("신고 의무를 마쳤습니다.")
    except Refused as refused:
        context = {"failed": f"duty-{given.get('step')}", "typed": given.dict()}
        return case_page(request, case, 422, error=str(refused), **context)
    messages.success(request, told)
    return redirect(f"{reverse('console:case', args=[case_id])}#reports")
