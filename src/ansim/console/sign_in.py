"""How allauth's second factor is used here: who needs one, where its secrets are sealed, and what
each failure counts for.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.models import Account
from ansim.casework.sealing import keyring
from ansim.console.house import agency

PURPOSE = "second factor"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def seal(text: str) -> str:
    """Text for a JSON field of the database, sealed with the key file."""
    return b64encode(keyring().seal(text.encode(), PURPOSE)).decode()


def unseal(text: str) -> str:
    """What ``seal`` made. Raises KeyLost if the key is gone or the text was changed."""
    return keyring().open(b64decode(text), PURPOSE).decode()


def may_log_in(account: Account) -> bool:
    """Demo accounts are there in demo mode only; their passwords were shown on a screen."""
    return account.is_active and (settings.ANSIM.demo or not account.is_demo)


def needed(account: Account) -> bool:
    """Whether this account must have a second factor: everybody, but not the demo's own accounts
    in demo mode, unless ``ANSIM_SECOND_FACTOR=everybody``."""
    exempt = account.is_demo and settings.ANSIM.demo
    return not exempt or settings.ANSIM.second_factor == "everybody"


def enrolled(account: Account) -> bool:
    """Whether this account has an app or a passkey (recovery codes alone do not count)."""
    return Authenticator.objects.filter(user_id=account.pk, type__in=FACTORS).exists()


def shown(request: HttpRequest) -> bool:
    """Whether a second factor was shown in this session."""
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    return any(record.get("method") == "mfa" for record in records)


def locked_out(request: HttpRequest, account: Account) -> bool:
    """Whether too many failures lock this name for this address. Then the answer will be the page
    that says so, whatever the view makes."""
    if AxesProxyHandler.is_allowed(request, {"username": account.get_username()}):
        return False
    request.axes_locked_out = True  # type: ignore[attr-defined]
    return True


def failed(request: HttpRequest, account: Account, step: str) -> None:
    """A wrong code counts like a wrong password: five of them lock."""
    user_login_failed.send(
        sender=__name__,
        credentials={"username": account.get_username(), "step": step},
        request=request,
    )


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc, unused-ignore]
    """No sign-up, no mail, no texts of allauth's; a change of factors asks for the factor again."""

    error_messages = {  # noqa: RUF012 - as allauth declares it
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": _("비밀번호가 맞지 않습니다. 다시 확인해 주세요."),
        "too_many_login_attempts": _("여러 번 맞지 않았습니다. 잠시 뒤에 다시 해 주세요."),
        "rate_limited": _("여러 번 맞지 않았습니다. 잠시 뒤에 다시 해 주세요."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Only words of our own: those from allauth's templates are left out."""
        if message is not None:
            super().add_message(request, level, extra_tags=extra_tags, message=message)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The audit log has it; no mail goes out."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        return None if may_log_in(user) else self.respond_user_inactive(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        from django.contrib import messages

        messages.error(request, _("이 계정으로는 들어올 수 없습니다. 관리자에게 물어봐 주세요."))
        return redirect("console:log_in")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has a second factor showed it in the last five minutes, or is asked for it; who has
        none yet has just logged in, or is asked for the password."""
        request = self.request
        records = get_authentication_records(request, request.user)
        if isinstance(request.user, Account) and enrolled(request.user):
            records = [record for record in records if record.get("method") == "mfa"]
        age = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        now = timezone.now().timestamp()
        return not any(now - record.get("at", 0) < age for record in records)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """A password alone changes no second factor."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if isinstance(user, Account) and enrolled(user):
            methods = [one for one in methods if one["id"] != "reauthenticate"]
        return methods

    def get_client_ip(self, request: HttpRequest) -> str:
        """As the server saw it; behind a proxy uvicorn has put the right one there."""
        return request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104 - unknown, not bound


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc, unused-ignore]
    """Secrets are sealed in the database; names shown by an app or a passkey are the agency's."""

    error_messages = {  # noqa: RUF012 - as allauth declares it
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("맞지 않습니다. 새 번호로 다시 해 주세요."),
        "cannot_generate_recovery_codes": _("먼저 인증 앱이나 패스키를 등록해 주세요."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_issuer(self) -> str:
        return agency()

    def _get_site_name(self) -> str:
        return agency()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return str(_("패스키 %(number)d")) % {"number": number}
