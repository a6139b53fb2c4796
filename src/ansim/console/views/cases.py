"""Cases: their list, the beginning of one, its page, and what is done on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ansim.casework.actions import alerts as alert_acts
from ansim.casework.actions import case_documents, case_members, case_notes, case_people
from ansim.casework.actions import cases as acts
from ansim.casework.actions.case_access import admitted
from ansim.casework.documents import LARGEST
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, Case
from ansim.casework.roles import Act
from ansim.console import cases as shown
from ansim.console import reporting
from ansim.console.access import StaffRequest, needs
from ansim.console.typed import day, moment, number

AT_A_TIME = 50


def find(case_id: int) -> Case:
    """The case; 404 where there is none."""
    try:
        return Case.objects.select_related("responsible", "closed_by").get(pk=case_id)
    except (Case.DoesNotExist, OverflowError):
        raise Http404 from None


@require_GET
@needs(Act.WORK_CASES)
def cases(request: StaffRequest) -> HttpResponse:
    """Cases that one is in, or all that there are, and what one has to do in them."""
    asked = {name: request.GET.get(name, "").strip()[:18] for name in ("state", "whose", "q")}
    pages = Paginator(shown.listed(request.user, asked), AT_A_TIME)
    return render(
        request,
        "console/cases.html",
        {
            "page": pages.get_page(request.GET.get("page", 1)),
            "asked": asked,
            "query": "&".join(
                f"{name}={value}" for name, value in asked.items() if value.isalnum()
            ),
            "tasks": shown.my_tasks(request.user),
            "now": timezone.now(),
        },
    )


@require_http_methods(["GET", "POST"])
@needs(Act.OPEN_CASES)
def begin(request: StaffRequest) -> HttpResponseBase:
    """A case begins with an alert: who is the young person, and which other alerts belong to it."""
    given = request.POST if request.method == "POST" else request.GET
    rows = Alert.objects.select_related("conversation__source")
    alert = rows.filter(pk=number(given.get("alert", ""))).first()
    if alert is None or not alert_acts.may_reveal(alert, request.user):
        messages.error(request, _("사례는 내가 볼 수 있는 경보에서 시작합니다."))
        return redirect("console:cases")
    if hasattr(alert, "joined"):
        return redirect("console:case", alert.joined.case_id)
    error = ""
    if request.method == "POST":
        others = [number(text) for text in given.getlist("with")]
        try:
            case = acts.open_case(
                [alert.pk, *others],
                request.user,
                given.get("title", ""),
                young=given.get("young", ""),
            )
        except Refused as refused:
            error = str(refused)
        else:
            messages.success(request, _("사례 %(n)d번을 열었습니다.") % {"n": case.pk})
            return redirect("console:case", case.pk)
    return render(
        request,
        "console/case_new.html",
        {
            "alert": alert,
            "voices": shown.voices(alert),
            "alike": shown.alike(alert),
            "title": given.get("title", ""),
            "chosen": given.get("young", ""),
            "chosen_alerts": given.getlist("with"),
            "error": error,
            "longest": acts.LONGEST_TITLE,
        },
        status=422 if error else 200,
    )


@require_GET
@needs(Act.WORK_CASES)
def case(request: StaffRequest, case_id: int) -> HttpResponse:
    """The page of one case; to who is not in it, that there is one."""
    row = find(case_id)
    case_members.looked(row.pk, request.user)
    return page(request, row)


def page(request: StaffRequest, row: Case, status: int = 200, **more: Any) -> HttpResponse:
    if not admitted(row, request.user):
        context = {**shown.outside(row, request.user), **more}
        return render(request, "console/case_closed_door.html", context, status=status)
    context = {**shown.inside(row, request.user, request.GET.dict())}
    context |= {**reporting.of_case(row, request.user), **more}
    return render(request, "console/case.html", context, status=status)


Given = QueryDict
Step = Callable[[int, Account, Given], str]


def _rename(pk: int, user: Account, given: Given) -> str:
    acts.rename(pk, user, given.get("title", ""))
    return _("이름을 바꾸었습니다.")


def _add_alert(pk: int, user: Account, given: Given) -> str:
    acts.add_alert(pk, number(given.get("alert", "")), user, sure=bool(given.get("sure")))
    return _("경보를 사례에 넣었습니다.")


def _remove_alert(pk: int, user: Account, given: Given) -> str:
    acts.remove_alert(pk, number(given.get("alert", "")), user, given.get("reason", ""))
    return _("경보를 사례에서 뺐습니다.")


def _wait(pk: int, user: Account, given: Given) -> str:
    acts.wait(pk, user, given.get("what", ""), day(given.get("until", "")))
    return _("기다리는 것을 적었습니다.")


def _resume(pk: int, user: Account, _given: Given) -> str:
    acts.resume(pk, user)
    return _("사례를 다시 진행합니다.")


def _close(pk: int, user: Account, given: Given) -> str:
    acts.close(pk, user, given.get("outcome", ""), given.get("note", ""))
    return _("사례를 종결했습니다.")


def _reopen(pk: int, user: Account, given: Given) -> str:
    acts.reopen(pk, user, given.get("reason", ""))
    return _("사례를 다시 열었습니다.")


def _admit(pk: int, user: Account, given: Given) -> str:
    case_members.admit(pk, user, number(given.get("account", "")), given.get("reason", ""))
    return _("사례에 들어오게 했습니다.")


def _leave(pk: int, user: Account, given: Given) -> str:
    case_members.leave(pk, user, number(given.get("account", "")))
    return _("이제 그 사람은 이 사례를 볼 수 없습니다.")


def _entrust(pk: int, user: Account, given: Given) -> str:
    case_members.entrust(pk, user, number(given.get("account", "")), given.get("reason", ""))
    return _("책임을 넘겼습니다.")


def _note(pk: int, user: Account, given: Given) -> str:
    case_notes.write(pk, user, given.get("text", ""), given.get("audience", "team"))
    return _("메모를 남겼습니다.")


def _task(pk: int, user: Account, given: Given) -> str:
    due = moment(given.get("due", ""))
    if due is None:
        raise Refused("due_missing", _("언제까지 할 일인지 골라 주세요."))
    owner = number(given.get("owner", "")) or None
    case_notes.add_task(pk, user, given.get("what", ""), due, owner)
    return _("할 일을 적었습니다.")


def _task_done(pk: int, user: Account, given: Given) -> str:
    needed = not given.get("dropped")
    case_notes.finish_task(pk, user, number(given.get("task", "")), needed=needed)
    return _("할 일을 끝냈습니다.") if needed else _("필요 없어진 할 일을 뺐습니다.")


def _consent(pk: int, user: Account, given: Given) -> str:
    case_people.record_consent(
        pk,
        user,
        number(given.get("person", "")),
        purpose=given.get("purpose", ""),
        giver=given.get("giver", ""),
        basis=given.get("basis", ""),
        given_at=moment(given.get("given_at", "")),
    )
    return _("동의를 기록했습니다.")


def _withdraw(pk: int, user: Account, given: Given) -> str:
    case_people.withdraw_consent(pk, user, number(given.get("consent", "")), given.get("note", ""))
    return _("동의를 거둔 것을 기록했습니다.")


def _remove_person(pk: int, user: Account, given: Given) -> str:
    case_people.remove_person(pk, user, number(given.get("person", "")), given.get("reason", ""))
    return _("사례에서 뺐습니다. 적은 것은 지워졌습니다.")


def _remove_document(pk: int, user: Account, given: Given) -> str:
    document = number(given.get("document", ""))
    case_documents.remove(pk, user, document, given.get("reason", ""))
    return _("문서를 지웠습니다.")


STEPS: dict[str, tuple[Step, str]] = {
    "rename": (_rename, "main"),
    "add-alert": (_add_alert, "alerts"),
    "remove-alert": (_remove_alert, "alerts"),
    "wait": (_wait, "state"),
    "resume": (_resume, "state"),
    "close": (_close, "state"),
    "reopen": (_reopen, "main"),
    "admit": (_admit, "members"),
    "leave": (_leave, "members"),
    "entrust": (_entrust, "members"),
    "note": (_note, "notes"),
    "task": (_task, "tasks"),
    "task-done": (_task_done, "tasks"),
    "consent": (_consent, "young"),
    "withdraw": (_withdraw, "young"),
    "remove-person": (_remove_person, "people"),
    "remove-document": (_remove_document, "documents"),
}
"""What a form of the page does, and to which part of the page one comes back."""


@require_http_methods(["GET", "POST"])
@needs(Act.WORK_CASES)
def act(request: StaffRequest, case_id: int, what: str) -> HttpResponseBase:
    """One act on the page of a case. What was typed is still there when it is refused."""
    step, part = STEPS.get(what, (None, ""))
    if step is None:
        raise Http404
    row = find(case_id)
    if request.method == "GET":
        return redirect("console:case", case_id)  # a refused form was reloaded
    try:
        told = step(case_id, request.user, request.POST)
    except Refused as refused:
        if refused.code == "no_such_case":
            raise Http404 from None
        return page(request, row, 422, error=str(refused), failed=what, typed=request.POST.dict())
    messages.success(request, told)
    return redirect(f"{reverse('console:case', args=[case_id])}#{part}")


@require_http_methods(["GET", "POST"])
@needs(Act.WORK_CASES)
def upload(request: StaffRequest, case_id: int) -> HttpResponseBase:
    """Keeps a document in the case."""
    row = find(case_id)
    if request.method == "GET":
        return redirect("console:case", case_id)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise Refused("empty", _("파일을 골라 주세요."))
        content = file.read(LARGEST + 1)
        case_documents.add(case_id, request.user, file.name or "", content)
    except Refused as refused:
        return page(request, row, 422, error=str(refused), failed="document")
    messages.success(request, _("문서를 담았습니다."))
    return redirect(f"{reverse('console:case', args=[case_id])}#documents")
