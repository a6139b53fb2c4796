"""The page on which a participant's own export or screenshots are read, with their consent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from ansim.casework import letterbox
from ansim.casework.roles import Act
from ansim.console.access import StaffRequest, needs
from ansim.console.templatetags.ansim import language
from ansim.console.thread import preview
from ansim.console.views.giving import GivenForm
from ansim.sources.exports import names

MOST_REMARKS = 8
"""Remarks about how a file was read that are told above the alert it led to."""


class UploadForm(GivenForm):
    """As a member of staff fills it in for somebody."""

    how = "upload page of the console"

    reach = forms.ChoiceField(
        label=gettext_lazy("제공한 사람에게 나중에 글을 남겨도 되나요?"),
        required=False,
        widget=forms.RadioSelect,
    )
    field_order = ("given_by", "consent", "student", "under_14", "guardian", "reach")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["given_by"].choices = [  # type: ignore[attr-defined]
            ("participant", _("대화에 참여한 본인")),
            ("guardian", _("참여한 사람의 보호자(법정대리인)")),
            ("teacher", _("참여한 학생이 도움을 청한 선생님(상담교사 등)")),
        ]
        for field, label in (
            ("given_by", _("누가 제공하나요?")),
            ("consent", _("제공하는 사람이 안내를 듣고 이 대화를 읽는 데 동의했습니다.")),
            ("student", _("선생님이 제공하면: 대화에 참여한 학생도 동의했습니다.")),
            ("under_14", _("대화를 나눈 아이가 만 14세 미만입니다.")),
            ("guardian", _("보호자(법정대리인)도 동의했습니다.")),
            ("file", _("메신저에서 내보낸 대화 파일 하나, 또는 대화 화면 그림 여러 장")),
        ):
            self.fields[field].label = label
        ways = [("no", _("아니요, 연락을 바라지 않습니다."))]
        if letterbox.address():
            ways.append(("code", _("예, 번호를 받아 스스로 열어 봅니다.")))
        if letterbox.may_mail():
            words = _("예, 번호를 받고, 글이 있으면 이메일로 내용 없이 알려 주세요.")
            ways.append(("mail", words))
        self.fields["reach"].choices = ways  # type: ignore[attr-defined]
        self.initial.setdefault("reach", "no")

    @property
    def reachable(self) -> bool:
        return self.cleaned_data["reach"] in ("code", "mail")

    def clean_address(self) -> str:
        """Kept only where notices by e-mail were asked for."""
        return self.checked_address() if self.cleaned_data.get("reach") == "mail" else ""


@require_http_methods(["GET", "POST"])
@needs(Act.UPLOAD)
def upload(request: StaffRequest) -> HttpResponseBase:
    if request.method == "GET":
        return _form(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    taken = form.taken(request.user) if form.is_valid() else None
    if taken is None:
        return _form(request, form, 422)
    found, received = taken
    remarks = [remark.sentence(language()) for remark in found.warnings]
    if received.alerts:  # the page of the alert does not know them
        for sentence in remarks[:MOST_REMARKS]:
            messages.warning(request, sentence)
    if received.code:
        shown = {
            "code": received.code,
            "alert_id": received.alerts[0],
            "address": letterbox.address(),
        }
        return render(request, "console/donor_code.html", shown)
    if received.alerts:
        return redirect("console:alert", received.alerts[0])
    context = {
        "screens": [(n, one) for n, one in enumerate(found.screens, 1) if one.text or one.codes],
        "form": names.name(found.form, language()),
        "no_way_back": form.reachable,
        "messages_read": found.messages,
        "participants": len(found.authors),
        "risk": found.risk,
        "assessed": found.assessed,
        "threshold": found.threshold,
        "warnings": remarks,
        "thread": preview(
            found.telling,
            found.about or "",
            authors=found.authors,
            messages=found.messages,
            language=language(),
        ),
    }
    return render(request, "console/upload_report.html", context)


def _form(request: StaffRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    """The form, with the conversations to choose from where the file held several."""
    return render(request, "console/upload.html", {"form": form, "held": form.held}, status=status)
