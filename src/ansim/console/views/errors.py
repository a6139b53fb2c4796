"""Pages for what went wrong, in words that say what to do next."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger(__name__)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "console/error.html", {"kind": "not_found"}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "console/error.html", {"kind": "broken"}, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "console/error.html", {"kind": "stale"}, status=403)


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """A browser says that the policy stopped something. Its content is not trusted, so only the
    fact is logged."""
    log.warning("a browser reports a breach of the content security policy")
    return HttpResponse(status=204)
