"""The page on which a participant's own export or screenshots are read, with their consent."""

from __future__ import annotations

from collections.abc import Sequence
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
from ansim.casework.actions import donations, donors
from ansim.casework.errors import Refused
from ansim.casework.roles import Act
from ansim.console import apart, donated, pictured
from ansim.console.access import StaffRequest, needs
from ansim.console.marking import harmless
from ansim.console.templatetags.ansim import language
from ansim.console.thread import preview
from ansim.sources.export import ExportError
from ansim.sources.exports import Held, SeveralConversations, names, screenshots

MOST_REMARKS = 8
"""Remarks about how a file was read that are told above the alert it led to."""


class FilesInput(forms.FileInput):
    """Takes one export, or several screenshots."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Gives a list: one export, or screenshots in the order in which they were chosen."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, (list, tuple)) else [data]
        for one in given:
            if one is not None and not one.size:
                words = _("%(name)s: 빈 파일입니다.")
                raise forms.ValidationError(words % {"name": harmless(one.name)[:80]})
        return [super(FilesField, self).clean(one, initial) for one in given or [None]]


class UploadForm(forms.Form):
    """The file, and what the law wants to know about who gives it."""

    given_by = forms.ChoiceField(
        label=gettext_lazy("누가 제공하나요?"),
        choices=[
            ("participant", gettext_lazy("대화에 참여한 본인")),
            ("guardian", gettext_lazy("참여한 사람의 보호자(법정대리인)")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("누가 제공한 대화인지 골라 주세요.")},
    )
    consent = forms.BooleanField(
        label=gettext_lazy("제공하는 사람이 안내를 듣고 이 대화를 읽는 데 동의했습니다."),
        error_messages={
            "required": gettext_lazy("제공한 사람의 동의가 있어야 대화를 읽을 수 있습니다.")
        },
    )
    under_14 = forms.BooleanField(
        label=gettext_lazy("제공하는 사람이 만 14세 미만입니다."), required=False
    )
    guardian = forms.BooleanField(
        label=gettext_lazy("보호자(법정대리인)도 동의했습니다."), required=False
    )
    reach = forms.ChoiceField(
        label=gettext_lazy("제공한 사람에게 나중에 글을 남겨도 되나요?"),
        required=False,
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=gettext_lazy("이메일 주소"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    file = FilesField(
        label=gettext_lazy("메신저에서 내보낸 대화 파일 하나, 또는 대화 화면 그림 여러 장"),
        widget=FilesInput(attrs={"multiple": True, "aria-describedby": "file-limits"}),
        error_messages={
            "required": gettext_lazy("파일을 골라 주세요."),
        },
    )

    conversation = forms.IntegerField(
        label=gettext_lazy("파일에 든 대화 가운데 제공하는 대화"),
        required=False,
        min_value=1,
        widget=forms.HiddenInput,
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        ways = [("no", _("아니요, 연락을 바라지 않습니다."))]
        if letterbox.address():
            ways.append(("code", _("예, 번호를 받아 스스로 열어 봅니다.")))
        if letterbox.may_mail():
            words = _("예, 번호를 받고, 글이 있으면 이메일로 내용 없이 알려 주세요.")
            ways.append(("mail", words))
        self.fields["reach"].choices = ways  # type: ignore[attr-defined]
        self.initial.setdefault("reach", "no")

    @property
    def by_mail(self) -> bool:
        """Whether an address can be left at all."""
        return letterbox.may_mail()

    def clean_address(self) -> str:
        """Kept only where notices by e-mail were asked for."""
        if self.cleaned_data.get("reach") != "mail":
            return ""
        try:
            return donors.check_address(self.cleaned_data["address"])
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None

    def clean_file(self) -> list[tuple[str, bytes]]:
        """File names and contents: one export, or pictures alone."""
        files = self.cleaned_data["file"]
        if sum(file.size or 0 for file in files) > donated.MAX_BYTES:
            raise forms.ValidationError(_("파일이 너무 큽니다. 16 MiB까지 읽을 수 있습니다."))
        if len(files) > screenshots.MOST:
            words = _("화면 그림은 한 번에 %(most)d장까지 읽을 수 있습니다.")
            raise forms.ValidationError(words % {"most": screenshots.MOST})
        given = [(file.name or "", file.read()) for file in files]
        other = [name for name, data in given if not screenshots.is_picture(data)]
        if len(given) > 1 and other:
            words = _(
                "%(name)s: 그림이 아닙니다. 내보낸 파일은 하나만, 그림은 그림끼리 올려 주세요."
            )
            raise forms.ValidationError(words % {"name": harmless(other[0])[:80]})
        return given

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        try:
            donations.check_consent(
                given_by=given.get("given_by", "participant"),
                under_14=given.get("under_14", False),
                guardian=given.get("guardian", False),
                consent=True,
            )
        except Refused as refused:
            self.add_error("guardian", str(refused))
        return given


@require_http_methods(["GET", "POST"])
@needs(Act.UPLOAD)
def upload(request: StaffRequest) -> HttpResponseBase:
    if request.method == "GET":
        return _form(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, 422)
    given = form.cleaned_data["file"]
    try:
        found = _assessed(given, form.cleaned_data["conversation"] or 0)
        received = donations.receive(
            request.user,
            donations.Donation(
                given_by=form.cleaned_data["given_by"],
                under_14=form.cleaned_data["under_14"],
                guardian=form.cleaned_data["guardian"]
                or form.cleaned_data["given_by"] == "guardian",
                how="upload page of the console",
                form=found.form,
                messages=found.messages,
                reach=form.cleaned_data["reach"] in ("code", "mail"),
                address=form.cleaned_data["address"],
            ),
            found.reports,
            risk=found.risk,
        )
    except SeveralConversations as error:
        form.add_error("file", error.sentence(language()))
        return _form(request, form, 422, held=error.held)
    except ExportError as error:
        form.add_error("file", error.sentence(language()))
        return _form(request, form, 422)
    except apart.TooLong:
        form.add_error(
            "file",
            _("15분 안에 다 읽지 못해 멈췄습니다. 더 짧은 기간으로 내보내거나 나중에 해 주세요."),
        )
        return _form(request, form, 422)
    except apart.Stopped:
        form.add_error(
            "file", _("파일을 읽다가 멈췄습니다. 더 짧은 기간으로 내보낸 파일로 해 주세요.")
        )
        return _form(request, form, 422)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _form(request, form, 422)
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
        "no_way_back": form.cleaned_data["reach"] in ("code", "mail"),
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


def _assessed(given: Sequence[tuple[str, bytes]], number: int) -> donated.Outcome:
    """What is found in one export, or in pictures."""
    if screenshots.is_picture(given[0][1]):
        return pictured.assess(given)
    name, data = given[0]
    return apart.assess(data, name, number)


def _form(
    request: StaffRequest, form: UploadForm, status: int = 200, held: Sequence[Held] = ()
) -> HttpResponse:
    """The form, with the conversations to choose from where the file held several."""
    return render(request, "console/upload.html", {"form": form, "held": held}, status=status)
