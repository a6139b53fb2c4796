"""The second step of a log-in, the log-in by passkey alone, and being asked again before a factor
is changed. The steps are allauth's; pages, forms and counting are ours.
"""

from __future__ import annotations

from typing import Any

from allauth.account.models import Login
from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.webauthn.internal import flows
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from ansim.console.codes import ConfirmCode, ConfirmPasskey, LogInCode, LogInPasskey, SecondPasskey
from ansim.console.sign_in import FACTORS


class SecondStep(AuthenticateView):  # type: ignore[misc, unused-ignore]
    """After the password: a code of the app, a recovery code, or a passkey."""

    template_name = "console/second_step.html"
    form_class = LogInCode
    webauthn_form_class = SecondPasskey

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        from allauth.mfa.models import Authenticator

        shown: dict[str, Any] = super().get_context_data(**kwargs)
        kinds = set(
            Authenticator.objects.filter(
                user_id=self.stage.login.user.pk, type__in=FACTORS
            ).values_list("type", flat=True)
        )
        return {**shown, "has_app": "totp" in kinds, "has_passkey": "webauthn" in kinds}


class PasskeyLogIn(LoginWebAuthnView):  # type: ignore[misc, unused-ignore]
    """GET (by the page's script) hands out a challenge, POST brings the answer."""

    form_class = LogInPasskey

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(
            self.request, _("이 패스키로는 들어올 수 없습니다. 비밀번호로 들어와 주세요.")
        )
        return redirect("console:log_in")

    def form_valid(self, form: Any) -> HttpResponse:
        factor = form.cleaned_data["credential"]
        wanted = self.request.POST.get("next", "")
        here = url_has_allowed_host_and_scheme(
            wanted, {self.request.get_host()}, self.request.is_secure()
        )
        login = Login(user=factor.user, redirect_url=wanted if here else None)
        answer: HttpResponse = flows.perform_passwordless_login(self.request, factor, login)
        return answer


class ConfirmByPassword(ReauthenticateView):  # type: ignore[misc, unused-ignore]
    """For those who have no second factor yet."""

    template_name = "console/confirm.html"
    extra_context = {"by": "password"}  # noqa: RUF012 - as Django declares it


class ConfirmByCode(ReauthenticateByCodeView):  # type: ignore[misc, unused-ignore]
    template_name = "console/confirm.html"
    form_class = ConfirmCode
    extra_context = {"by": "code"}  # noqa: RUF012


class ConfirmByPasskey(ReauthenticateWebAuthnView):  # type: ignore[misc, unused-ignore]
    template_name = "console/confirm.html"
    form_class = ConfirmPasskey
    extra_context = {"by": "passkey"}  # noqa: RUF012

    def form_invalid(self, form: Any) -> HttpResponse:
        # allauth's context would build the form, and so count the failure, once more.
        return self.render_to_response({**self.get_context_data(), "form": form})
