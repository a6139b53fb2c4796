"""Forms for codes and passkeys: allauth's, with failures counted and nothing usable twice."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import sign_in as record
from ansim.console import sign_in
from ansim.keys import KeyLost

_MALFORMED = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(struct.error, InvalidSignature, RecursionError),
)
"""What parsing an answer that no authenticator made may end in. It is a wrong answer then."""


def _wrong() -> ValidationError:
    return ValidationError(sign_in.FactorAdapter.error_messages["incorrect_code"], "incorrect_code")


class _Answer(forms.JSONField):
    """What an authenticator answered, by way of the browser; or anything somebody posted."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise _wrong() from None


class _CodeForm:
    """Mixed into allauth's forms for codes: lock-out by axes, and no code works twice."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        request = context.request
        if sign_in.locked_out(request, self.user):
            raise _wrong()
        try:
            with transaction.atomic():
                code: str = super().clean_code()  # type: ignore[misc]
                self._use_up(code)
        except ValidationError:
            sign_in.failed(request, self.user, "code")
            raise
        return code

    def _use_up(self, code: str) -> None:
        """allauth remembers a used code for half a minute in one process; it is good for longer."""
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            record.record_recovery_code(self.user)  # allauth has struck it off
            return
        factor = Authenticator.objects.select_for_update().get(pk=self.authenticator.pk)
        secret = sign_in.unseal(factor.data["secret"])
        used = factor.data.get("last_counter", -1)
        for counter in totp.yield_hotp_counters_from_time():
            value = totp.format_hotp_value(totp.hotp_value(secret, counter))
            if counter > used and compare_user_code(actual=code, expected=value):
                factor.data["last_counter"] = counter
                factor.save(update_fields=["data"])
                self.authenticator.data = factor.data
                return
        raise _wrong()


def _code_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class LogInCode(_CodeForm, AuthenticateForm):  # type: ignore[misc, unused-ignore]
    code = _code_field(_("인증 앱의 번호 6자리, 또는 복구 코드"))


class ConfirmCode(_CodeForm, ReauthenticateForm):  # type: ignore[misc, unused-ignore]
    code = _code_field(_("인증 앱의 번호 6자리, 또는 복구 코드"))


class NewApp(ActivateTOTPForm):  # type: ignore[misc, unused-ignore]
    """The secret waits in the session until the first code shows that the app has it; sealed."""

    code = _code_field(_("앱에 보이는 번호 6자리"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        sealed = session.pop(totp.SECRET_SESSION_KEY, None)
        if sealed is not None:
            with suppress(KeyLost, ValueError):  # else a new one is made
                session[totp.SECRET_SESSION_KEY] = sign_in.unseal(sealed)
        super().__init__(*args, **kwargs)
        session[totp.SECRET_SESSION_KEY] = sign_in.seal(self.secret)

    def clean_code(self) -> str:
        if sign_in.locked_out(context.request, self.user):
            raise _wrong()
        try:
            return str(super().clean_code())
        except ValidationError:
            sign_in.failed(context.request, self.user, "code")
            raise


class _PasskeyForm:
    """Mixed into allauth's forms for passkeys: what is malformed is wrong, and wrong is counted."""

    user: Any

    def clean_credential(self) -> Any:
        request = context.request
        if self.user is not None and sign_in.locked_out(request, self.user):
            raise _wrong()
        try:
            return super().clean_credential()  # type: ignore[misc]
        except (*_MALFORMED, ValidationError):
            if self.user is not None:
                sign_in.failed(request, self.user, "passkey")
            else:  # whose it claims to be is anybody's word: nobody is locked out by it
                record.record_failure("", "passkey", request.META.get("REMOTE_ADDR", ""))
            raise _wrong() from None


class LogInPasskey(_PasskeyForm, LoginWebAuthnForm):  # type: ignore[misc, unused-ignore]
    """A passkey alone: it is something one has, opened by something one is or knows."""

    credential = _Answer()


class SecondPasskey(_PasskeyForm, AuthenticateWebAuthnForm):  # type: ignore[misc, unused-ignore]
    """A passkey after the password."""

    credential = _Answer()


class ConfirmPasskey(_PasskeyForm, ReauthenticateWebAuthnForm):  # type: ignore[misc, unused-ignore]
    """A passkey before a factor is changed."""

    credential = _Answer()


class NewPasskey(AddWebAuthnForm):  # type: ignore[misc, unused-ignore]
    """A passkey always logs in alone; whoever made it was verified by their own device."""

    credential = _Answer()
    name = forms.CharField(label=_("이름 (예: 업무용 노트북)"), max_length=60, required=False)
    passwordless = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        try:
            return dict(super().clean())
        except _MALFORMED:
            raise _wrong() from None
