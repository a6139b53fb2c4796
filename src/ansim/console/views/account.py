"""One's own log-in: second factors, recovery codes, password, open sessions. For every role."""

from __future__ import annotations

import ipaddress
from typing import Any

from allauth.account.internal.flows.login import clear_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as codes
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.views import AddWebAuthnView
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework.actions import sign_in as actions
from ansim.casework.errors import Refused
from ansim.casework.models import Account
from ansim.casework.roles import Act
from ansim.console import sessions, sign_in
from ansim.console.access import StaffRequest, needs
from ansim.console.codes import NewApp, NewPasskey


def passkeys_work(request: HttpRequest) -> bool:
    """Browsers make passkeys for names, not for numbered addresses."""
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


@require_GET
@needs(None)
def account(request: StaffRequest) -> HttpResponseBase:
    """What guards this log-in, and where it is open."""
    factors = list(Authenticator.objects.filter(user_id=request.user.pk).order_by("pk"))
    passkeys = [one for one in factors if one.type == Authenticator.Type.WEBAUTHN]
    app = next((one for one in factors if one.type == Authenticator.Type.TOTP), None)
    recovery = next((one for one in factors if one.type == Authenticator.Type.RECOVERY_CODES), None)
    mine = sessions.row_of(request)
    open_sessions = sorted(
        UserSession.objects.purge_and_list(request.user), key=lambda row: row.last_seen_at
    )
    return render(
        request,
        "console/account.html",
        {
            "app": app,
            "passkeys": passkeys,
            "codes_left": len(recovery.wrap().get_unused_codes()) if recovery else None,
            "needed": sign_in.needed(request.user),
            "passkeys_work": passkeys_work(request),
            "sessions": [(row, sessions.device(row.user_agent)) for row in reversed(open_sessions)],
            "mine": mine,
            "enrolling": getattr(request, "enrolling", False),
        },
    )


def _welcome(request: HttpRequest, factor: Authenticator) -> None:
    """The factor just set up was shown as well. Sessions without it end."""
    assert isinstance(request.user, Account)  # noqa: S101 - the views are for those logged in
    was_shown = sign_in.shown(request)
    post_authentication(request, factor)
    if not was_shown:
        actions.end_sessions(request.user, request.user, keep=request.session.session_key)


class AddApp(ActivateTOTPView):  # type: ignore[misc, unused-ignore]
    """Shows a secret as a picture and as letters; the first code shows that the app has it."""

    template_name = "console/add_app.html"
    form_class = NewApp

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect("console:log_in")
        if Authenticator.objects.filter(user=request.user, type="totp").exists():
            return redirect("console:account")
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().get_context_data(**kwargs)
        # Only the drawing: the page has a head of its own.
        shown["totp_svg"] = shown["totp_svg"][shown["totp_svg"].index("<svg") :]
        secret = shown["form"].secret
        shown["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return shown

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        _welcome(self.request, Authenticator.objects.get(user=self.request.user, type="totp"))
        messages.success(self.request, _("인증 앱을 등록했습니다."))
        return answer

    def get_success_url(self) -> str:
        made = self.did_generate_recovery_codes
        return reverse("mfa_view_recovery_codes" if made else "console:account")


class AddPasskey(AddWebAuthnView):  # type: ignore[misc, unused-ignore]
    template_name = "console/add_passkey.html"
    form_class = NewPasskey

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().get_context_data(**kwargs)
        # One that can log in alone: kept in the device, opened by finger, face or PIN.
        options = webauthn.begin_registration(self.request.user, True)  # type: ignore[arg-type]
        shown["js_data"] = {"creation_options": options}
        shown["passkeys_work"] = passkeys_work(self.request)
        if "form" in kwargs:
            shown["form"] = kwargs["form"]
        return shown

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        newest = Authenticator.objects.filter(user=self.request.user, type="webauthn").latest("pk")
        _welcome(self.request, newest)
        messages.success(self.request, _("패스키를 등록했습니다."))
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form))

    def get_success_url(self) -> str:
        made = self.did_generate_recovery_codes
        return reverse("mfa_view_recovery_codes" if made else "console:account")


@require_http_methods(["GET", "POST"])
@needs(None)
def remove_factor(request: StaffRequest, factor_id: int) -> HttpResponseBase:
    """Takes an app or a passkey away. Who takes away the last one sets up another one next."""
    raise_if_reauthentication_required(request, app="allauth.mfa")
    factor = get_object_or_404(
        Authenticator, pk=factor_id, user=request.user, type__in=sign_in.FACTORS
    )
    others = Authenticator.objects.filter(user=request.user, type__in=sign_in.FACTORS)
    last = not others.exclude(pk=factor.pk).exists()
    if request.method == "GET":
        return render(
            request,
            "console/remove_factor.html",
            {"factor": factor, "last": last, "needed": sign_in.needed(request.user)},
        )
    with transaction.atomic():
        factor.delete()
        if last:
            Authenticator.objects.filter(user=request.user).delete()
            # From here on like somebody who has given no more than the password.
            clear_authentication_records(request)
            record_authentication(request, request.user, "password")
    messages.success(request, _("없앴습니다."))
    return redirect("console:account")


class RecoveryCodes(ViewRecoveryCodesView):  # type: ignore[misc, unused-ignore]
    """The codes, once."""

    template_name = "console/recovery_codes.html"


@require_POST
@needs(None)
def new_codes(request: StaffRequest) -> HttpResponseBase:
    """New recovery codes; the old ones stop working."""
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if not sign_in.enrolled(request.user):
        raise Http404
    codes.generate_recovery_codes(request)
    return redirect("mfa_view_recovery_codes")


class OwnPassword(PasswordChangeForm):
    """Django's form with our words; a wrong old password counts as a failed log-in."""

    error_messages = {  # noqa: RUF012 - as Django declares it
        "password_incorrect": gettext_lazy("지금 비밀번호가 맞지 않습니다."),
        "password_mismatch": gettext_lazy("새 비밀번호 두 개가 서로 다릅니다."),
    }

    def __init__(self, request: StaffRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request.user, *args, **kwargs)
        self.request = request
        self.fields["old_password"].label = gettext_lazy("지금 비밀번호")
        self.fields["new_password1"].label = gettext_lazy("새 비밀번호")
        self.fields["new_password1"].help_text = ""
        self.fields["new_password2"].label = gettext_lazy("새 비밀번호 한 번 더")

    def clean_old_password(self) -> str:
        from django.core.exceptions import ValidationError

        locked = sign_in.locked_out(self.request, self.request.user)
        if not locked and self.request.user.check_password(self.cleaned_data["old_password"]):
            return str(self.cleaned_data["old_password"])
        if not locked:
            sign_in.failed(self.request, self.request.user, "password")
        raise ValidationError(self.error_messages["password_incorrect"], "password_incorrect")


@require_http_methods(["GET", "POST"])
@needs(None)
def password(request: StaffRequest) -> HttpResponseBase:
    """A new password of one's own. Every other session of this account ends."""
    form = OwnPassword(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        before = request.session.session_key
        with transaction.atomic():
            actions.change_own_password(request.user, form.cleaned_data["new_password1"])
            actions.end_sessions(request.user, request.user, keep=before)
            update_session_auth_hash(request, request.user)
            # The session goes on under a new key; its shift does not begin anew.
            UserSession.objects.filter(session_key=before).update(
                session_key=request.session.session_key
            )
        messages.success(request, _("비밀번호를 바꿨습니다. 다른 곳의 로그인은 끝났어요."))
        return redirect("console:account")
    status = 422 if form.is_bound else 200
    return render(request, "console/password.html", {"form": form}, status=status)


@require_POST
@needs(None)
def end_others(request: StaffRequest) -> HttpResponseBase:
    """Every session of one's own but this one ends."""
    actions.end_sessions(request.user, request.user, keep=request.session.session_key)
    messages.success(request, _("다른 곳의 로그인을 모두 끝냈습니다."))
    return redirect("console:account")


@require_GET
def left(request: HttpRequest) -> HttpResponseBase:
    """How many seconds this session has left, 0 without one. Open pages ask it, which counts as
    nothing done."""
    there = request.user.is_authenticated
    return JsonResponse(
        {"seconds": sessions.seconds_left(sessions.row_of(request)) if there else 0}
    )


@require_http_methods(["GET", "POST"])
@needs(Act.ADMINISTER)
def reset_factor(request: StaffRequest, account_id: int) -> HttpResponseBase:
    """An administrator lets somebody who lost telephone and codes enrol anew, with a reason."""
    person = get_object_or_404(Account, pk=account_id)
    error = ""
    if request.method == "POST":
        try:
            actions.reset_second_factor(person.pk, request.user, request.POST.get("reason", ""))
        except Refused as refused:
            error = str(refused)
        else:
            messages.success(
                request,
                _("%(name)s 님의 2단계 인증을 지웠습니다. 다시 로그인할 때 새로 등록합니다.")
                % {"name": person.shown},
            )
            return redirect("admin:casework_account_change", person.pk)
    kinds = Authenticator.objects.filter(user=person).values_list("type", flat=True)
    return render(
        request,
        "console/reset_factor.html",
        {"person": person, "kinds": list(kinds), "error": error},
        status=422 if error else 200,
    )
