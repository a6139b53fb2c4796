"""The form in which a conversation is given: who gives it and agreed, and the files. The page of
the staff and the page without log-in put their own words to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ansim.casework import letterbox
from ansim.casework.actions import donations, donors
from ansim.casework.errors import Refused
from ansim.casework.models import Account
from ansim.console import apart, donated, pictured
from ansim.console.marking import harmless
from ansim.console.templatetags.ansim import language
from ansim.sources.export import ExportError
from ansim.sources.exports import Held, SeveralConversations, screenshots


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


class GivenForm(forms.Form):
    """The files, and what the law wants to know about who gives them."""

    how: str
    """By which way they came, for the audit log."""
    held: Sequence[Held] = ()
    """Of a file with several conversations, those to choose from; known once it was read."""

    given_by = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("누가 제공한 대화인지 골라 주세요.")},
    )
    consent = forms.BooleanField(
        error_messages={
            "required": gettext_lazy("제공한 사람의 동의가 있어야 대화를 읽을 수 있습니다.")
        },
    )
    student = forms.BooleanField(required=False)
    under_14 = forms.BooleanField(required=False)
    guardian = forms.BooleanField(required=False)
    address = forms.CharField(
        label=gettext_lazy("이메일 주소"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    file = FilesField(
        widget=FilesInput(attrs={"multiple": True, "aria-describedby": "file-limits"}),
        error_messages={"required": gettext_lazy("파일을 골라 주세요.")},
    )
    conversation = forms.IntegerField(
        label=gettext_lazy("파일에 든 대화 가운데 제공하는 대화"),
        required=False,
        min_value=1,
        widget=forms.HiddenInput,
    )

    @property
    def by_mail(self) -> bool:
        """Whether an address can be left at all."""
        return letterbox.may_mail()

    @property
    def reachable(self) -> bool:
        """Whether who gives it is to have a code, where there is an alert."""
        raise NotImplementedError

    def checked_address(self) -> str:
        """The address as it is kept."""
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
                student=given.get("student", False),
                consent=True,
            )
        except Refused as refused:
            field = "student" if refused.code == "student_missing" else "guardian"
            self.add_error(field, str(refused))
        return given

    def taken(self, actor: Account | None) -> tuple[donated.Outcome, donations.Received] | None:
        """Reads what was given and takes it in. None where that cannot be: the errors of the form
        then say why."""
        try:
            found = self._assessed()
            return found, donations.receive(
                actor, self._donation(found), found.reports, risk=found.risk
            )
        except ExportError as error:
            if isinstance(error, SeveralConversations):
                self.held = error.held
            self.add_error("file", error.sentence(language()))
        except apart.TooLong:
            self.add_error(
                "file",
                _(
                    "15분 안에 다 읽지 못해 멈췄습니다. 더 짧은 기간으로 내보내거나 나중에 해 "
                    "주세요."
                ),
            )
        except apart.Stopped:
            self.add_error(
                "file", _("파일을 읽다가 멈췄습니다. 더 짧은 기간으로 내보낸 파일로 해 주세요.")
            )
        except Refused as refused:
            self.add_error(None, str(refused))
        return None

    def _assessed(self) -> donated.Outcome:
        """What is found in one export, or in pictures."""
        given = self.cleaned_data["file"]
        if screenshots.is_picture(given[0][1]):
            return pictured.assess(given)
        name, data = given[0]
        return apart.assess(data, name, self.cleaned_data["conversation"] or 0)

    def _donation(self, found: donated.Outcome) -> donations.Donation:
        given = self.cleaned_data
        return donations.Donation(
            given_by=given["given_by"],
            under_14=given["under_14"],
            guardian=given["guardian"] or given["given_by"] == "guardian",
            student=given["student"],
            how=self.how,
            form=found.form,
            messages=found.messages,
            reach=self.reachable,
            address=given["address"],
        )
