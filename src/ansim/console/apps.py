"""Registers the console with Django, and puts what happens at the way in on record."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "ansim.console"
    label = "console"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import (
            user_logged_in,
            user_logged_out,
            user_login_failed,
        )
        from django.db.models.signals import post_delete, post_save

        user_logged_in.connect(_logged_in, dispatch_uid="ansim.logged_in")
        user_logged_out.connect(_logged_out, dispatch_uid="ansim.logged_out")
        user_login_failed.connect(_failed, dispatch_uid="ansim.log_in_failed")
        user_locked_out.connect(_locked_out, dispatch_uid="ansim.locked_out")
        # From the model, not from allauth's own signals: those come after the transaction.
        post_save.connect(_factor_saved, Authenticator, dispatch_uid="ansim.factor_saved")
        post_delete.connect(_factor_gone, Authenticator, dispatch_uid="ansim.factor_gone")


def _logged_in(user: Any, request: Any = None, **_: Any) -> None:
    from allauth.account.internal.flows.login import get_authentication_records

    from ansim.casework.actions import accounts

    records = get_authentication_records(request, user) if request is not None else []
    kinds = [record.get("type", "") for record in records if record.get("method") == "mfa"]
    accounts.record_log_in(user, kinds[-1] if kinds else "")


def _logged_out(user: Any, request: Any = None, **_: Any) -> None:
    from allauth.usersessions.models import UserSession

    from ansim.casework.actions import accounts

    if user is not None:
        accounts.record_log_out(user, getattr(request, "why_logged_out", ""))
    if request is not None and request.session.session_key:
        UserSession.objects.filter(session_key=request.session.session_key).delete()


def _failed(credentials: Any = None, request: Any = None, **_: Any) -> None:
    from ansim.casework.actions import sign_in

    given = credentials or {}
    sign_in.record_failure(
        str(given.get("username") or ""), str(given.get("step") or "password"), _address(request)
    )


def _locked_out(request: Any = None, username: Any = None, **_: Any) -> None:
    from ansim.casework.actions import sign_in

    sign_in.record_lock_out(str(username or ""), _address(request))


def _address(request: Any) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""


def _factor_saved(instance: Any, created: bool = False, **_: Any) -> None:
    if created:
        _record_factor(instance, added=True)


def _factor_gone(instance: Any, **_: Any) -> None:
    _record_factor(instance, added=False)


def _record_factor(factor: Any, *, added: bool) -> None:
    from allauth.core import context

    from ansim.casework.actions import sign_in
    from ansim.casework.models import Account

    person = getattr(context.request, "user", None)
    sign_in.record_factor(factor, person if isinstance(person, Account) else None, added=added)
