"""Registers the console with Django, and puts log-ins and log-outs on record."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "ansim.console"
    label = "console"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        user_logged_in.connect(_logged_in, dispatch_uid="ansim.logged_in")
        user_logged_out.connect(_logged_out, dispatch_uid="ansim.logged_out")


def _logged_in(user: Any, **_: Any) -> None:
    from ansim.casework.actions import accounts

    accounts.record_log_in(user)


def _logged_out(user: Any, **_: Any) -> None:
    from ansim.casework.actions import accounts

    if user is not None:
        accounts.record_log_out(user)
