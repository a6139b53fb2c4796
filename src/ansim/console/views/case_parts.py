"""Parts of a case that have pages of their own: a person, and a document that is handed out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ansim.casework.actions import case_documents, case_names, case_people
from ansim.casework.actions.case_access import admitted
from ansim.casework.errors import Refused
from ansim.casework.models import CasePerson
from ansim.casework.roles import Act
from ansim.console import unmasking
from ansim.console.access import StaffRequest, needs
from ansim.console.views import cases

TYPES = {
    "text": "text/plain; charset=utf-8",
    "pdf": "application/pdf",
}
"""Types by kind; everything else goes out as bytes. None is ever shown inside the console."""


@require_http_methods(["GET", "POST"])
@needs(Act.WORK_CASES)
def person(request: StaffRequest, case_id: int, person_id: int) -> HttpResponseBase:
    """Writes down somebody (``person_id`` 0: somebody new) or changes what stands there."""
    case = cases.find(case_id)
    if not admitted(case, request.user):
        return cases.page(request, case)
    row = CasePerson(part=request.GET.get("part", "helper"))
    if person_id:
        found = case.people.filter(pk=person_id, removed_at=None).first()
        if found is None:
            raise Http404
        row = found
    error = ""
    if request.method == "POST":
        fields = {
            name: request.POST.get(name, "") for name in (*case_people.LENGTHS, "part", "age")
        }
        if "account" in request.POST:
            fields["account"] = request.POST["account"]
        if CasePerson.Part.YOUNG not in (fields["part"], row.part):
            fields["needs"] = fields["plan"] = ""  # not on the page, whatever was typed before
        try:
            case_people.save_person(case_id, request.user, person_id or None, fields)
        except Refused as refused:
            error = str(refused)
            for name, value in fields.items():
                setattr(row, name, value)
        else:
            messages.success(request, _("적었습니다."))
            part = "young" if fields["part"] == CasePerson.Part.YOUNG else "people"
            return redirect(f"{reverse('console:case', args=[case_id])}#{part}")
    context: dict[str, Any] = {
        "case": case,
        "person": row,
        "person_id": person_id,
        "parts": CasePerson.Part.choices,
        "ages": CasePerson.Age.choices,
        "accounts": sorted({account for _source, account in case_people.accounts(case_id)}),
        "longest": case_people.LENGTHS,
        "error": error,
    }
    return render(request, "console/case_person.html", context, status=422 if error else 200)


@require_http_methods(["GET", "POST"])
@needs(Act.UNMASK)
def names(request: StaffRequest, case_id: int) -> HttpResponseBase:
    """Opens the names of the case's accounts on the page, this once, with a reason."""
    case = cases.find(case_id)
    if request.method == "GET":
        return redirect("console:case", case_id)
    try:
        asked = case_names.ask(case_id, request.user, request.POST.get("reason", ""))
    except Refused as refused:
        return cases.page(request, case, 422, error=str(refused), failed="names")
    found = unmasking.names(asked)
    if found is None:
        return cases.page(
            request,
            case,
            422,
            error=_("지금은 이름을 물어볼 곳에 닿지 않습니다. 잠시 뒤에 다시 해 주세요."),
            failed="names",
        )
    opened = [(account, found.get(account, "")) for account in asked.accounts]
    return cases.page(request, case, opened=opened)


@require_http_methods(["GET", "POST"])
@needs(Act.WORK_CASES)
def document(request: StaffRequest, case_id: int, document_id: int) -> HttpResponseBase:
    """Hands a document out, with a reason."""
    case = cases.find(case_id)
    if request.method == "GET":
        return redirect("console:case", case_id)
    reason = request.POST.get("reason", "")
    try:
        row = case_documents.fetch(case_id, request.user, document_id, reason)
    except Refused as refused:
        return cases.page(request, case, 422, error=str(refused), failed=f"fetch-{document_id}")
    response = HttpResponse(
        row.content, content_type=TYPES.get(row.kind, "application/octet-stream")
    )
    name = quote(row.name or "document")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
