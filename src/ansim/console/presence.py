"""Notices who is at the desk: any request somebody makes, but not one that a page makes by itself.

The parts of an open page that refresh themselves count only while its reader types or moves
(``X-Ansim-Active``, console.js): a page forgotten on a screen keeps no alert from coming back.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from ansim.casework.actions import shifts
from ansim.casework.models import Account

ACTIVE = "X-Ansim-Active"
STREAM = "/events/"
LEFT = "/account/left/"


def somebody_acts(request: HttpRequest) -> bool:
    """Whether a person made this request, or sits in front of the page that made it."""
    by_itself = request.path in (STREAM, LEFT) or (
        request.method == "GET" and request.headers.get("HX-Request")
    )
    return bool(not by_itself or request.headers.get(ACTIVE))


class PresenceMiddleware(MiddlewareMixin):
    """Comes after the log-in is known."""

    def process_request(self, request: HttpRequest) -> None:
        if not somebody_acts(request):
            return
        if isinstance(request.user, Account) and request.user.is_authenticated:
            shifts.note_activity(request.user)
