"""Logging in as tests do it: what an app shows now, and what is on record afterwards."""

from __future__ import annotations

from typing import Any

from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.utils import timezone

from ansim.casework.models import AuditEvent

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WRONG = '{"id": "x"}'
STAR = {"username": "star", "password": "right"}


def code(at: int = 0, secret: str = SECRET) -> str:
    """What an app shows now, or ``at`` half minutes from now."""
    now = int(timezone.now().timestamp()) // 30
    return totp.format_hotp_value(totp.hotp_value(secret, now + at))


def wrong() -> str:
    """Six digits that no app shows about now."""
    near = {code(at) for at in range(-3, 4)}
    return next(text for text in map("{:06}".format, range(10)) if text not in near)


def enter(given: str | None = None, **headers: str) -> Client:
    """A browser in which star has logged in."""
    client = Client(**headers)  # type: ignore[arg-type]
    assert client.post("/log-in/", STAR)["Location"] == "/log-in/second/"
    answer = client.post("/log-in/second/", {"code": given or code()})
    assert answer.status_code == 302, answer.content.decode()
    return client


def on_record(prefix: str = "account.") -> list[tuple[str, dict[str, Any]]]:
    rows = AuditEvent.objects.filter(action__startswith=prefix).order_by("pk")
    return [(row.action, row.details) for row in rows]
