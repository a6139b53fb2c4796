"""Where a log-in ends: after a shift, after idleness, and before the second factor.

Every session has a row of allauth's ``UserSession``: when it began, when somebody last did
something in it, from where. One's own page shows them and ends the others.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from ansim.casework.models import Account
from ansim.console import presence, sign_in
from ansim.console.access import log_in_first, reload_page

TO_HALF_A_MINUTE = timedelta(seconds=30)
FREE = (
    *("/account/", "/log-in/", "/log-out/", "/language/", "/csp-report/", "/healthz"),
    *("/favicon.ico", "/check/"),
)
"""Where somebody may go who has no second factor yet. Other addresses lead to /account/."""


_BROWSERS = (
    *(("Edg", "Edge"), ("Whale", "Whale"), ("SamsungBrowser", "Samsung Internet")),
    *(("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Macintosh", "Mac"), ("Linux", "Linux")),
)


def device(user_agent: str) -> str:
    """Browser and system in two words, for people; empty when neither is known."""
    known = (
        next((name for mark, name in marks if mark in user_agent), "")
        for marks in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(name for name in known if name)


def row_of(request: HttpRequest) -> UserSession:
    """The row of this request's session, made now if a log-in left none."""
    row: UserSession | None = UserSession.objects.filter(
        session_key=request.session.session_key
    ).first()
    if row is None:
        UserSession.objects.create_from_request(request)
        row = UserSession.objects.get(session_key=request.session.session_key)
    return row


def seconds_left(row: UserSession) -> int:
    """Until this session ends by itself; 0 when it is over."""
    shift = row.created_at + timedelta(hours=settings.ANSIM.session_hours)
    idle = row.last_seen_at + timedelta(minutes=settings.ANSIM.idle_minutes)
    return max(0, int((min(shift, idle) - timezone.now()).total_seconds()))


def _of_a_page(request: HttpRequest) -> bool:
    """Whether a page that is open already asked for this, and not somebody for a page."""
    return bool(request.headers.get("HX-Request")) or request.path == presence.STREAM


class SessionLimits(MiddlewareMixin):
    """Comes after the log-in is known, and before anything is done for it."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if not isinstance(request.user, Account):
            return None
        if not sign_in.may_log_in(request.user):
            return self._over(request, "", _("이 계정으로는 들어올 수 없습니다."))
        row = row_of(request)
        now = timezone.now()
        if row.created_at + timedelta(hours=settings.ANSIM.session_hours) <= now:
            return self._over(
                request,
                "shift_over",
                _("한 근무 시간이 지나 로그아웃되었습니다. 다시 들어와 주세요."),
            )
        if row.last_seen_at + timedelta(minutes=settings.ANSIM.idle_minutes) <= now:
            return self._over(
                request, "idle", _("오래 아무 일도 없어 로그아웃되었습니다. 쓰던 글은 남아 있어요.")
            )
        if now - row.last_seen_at > TO_HALF_A_MINUTE and presence.somebody_acts(request):
            UserSession.objects.filter(pk=row.pk).update(last_seen_at=now)
        return self._second_factor(request, request.user)

    def _second_factor(self, request: HttpRequest, account: Account) -> HttpResponseBase | None:
        if sign_in.shown(request) or not sign_in.needed(account):
            return None
        if sign_in.enrolled(account):
            # Logged in before the factor was set up, perhaps by somebody else.
            return self._over(request, "second_factor", _("2단계 인증으로 다시 들어와 주세요."))
        request.enrolling = True  # type: ignore[attr-defined]
        if request.path.startswith(FREE):
            return None
        return reload_page() if _of_a_page(request) else redirect("console:account")

    def _over(self, request: HttpRequest, why: str, words: str) -> HttpResponseBase | None:
        if request.path == presence.LEFT:
            return None  # answers that there is nothing left
        if _of_a_page(request):
            # Several parts ask at once. The page, asked for again, ends the log-in and says why;
            # ended by a part, it would be anonymous by then and say nothing.
            return reload_page()
        request.why_logged_out = why  # type: ignore[attr-defined]
        logout(request)
        if request.path.startswith(("/log-in/", "/log-out/", "/check/", "/healthz")):
            return redirect("console:log_in")
        messages.warning(request, words)
        return log_in_first(request)
