"""Pages for what went wrong, in words that say what to do next."""

from __future__ import annotations

import logging
import threading
import time

from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ansim.keys import KeyLost

log = logging.getLogger(__name__)

REPORT_SECONDS = 60.0


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "console/error.html", {"kind": "not_found"}, status=404)


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    kind = "too_many" if isinstance(exception, TooManyFilesSent) else "not_understood"
    return render(request, "console/error.html", {"kind": kind}, status=400)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "console/error.html", {"kind": "broken"}, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "console/error.html", {"kind": "stale"}, status=403)


class KeyLostMiddleware(MiddlewareMixin):
    """Names a lost key as loss, on the page and, with its id, in the log; no words of anybody.

    Comes last, and keeps to one thread: so all the others do, and no page changes threads with
    every one of them.
    """

    async_capable = False

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, KeyLost):
            return None
        log.error("a page cannot be shown: %s; see `ansim keys status`", exception)
        return render(request, "console/error.html", {"kind": "key_lost"}, status=500)


class _Breaches:
    """Counts reports between two lines of the log."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._untold = 0

    def tell(self, now: float) -> None:
        with self._lock:
            self._untold += 1
            if now < self._next:
                return
            number, self._untold, self._next = self._untold, 0, now + REPORT_SECONDS
        log.warning("browsers report breaches of the content security policy: %d", number)


_breaches = _Breaches()


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """A browser says that the policy stopped something. Its content is not trusted, so only the
    fact is logged; and as anybody can say so, at most one line a minute."""
    _breaches.tell(time.monotonic())
    return HttpResponse(status=204)
