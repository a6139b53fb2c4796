"""The page without log-in where a young person checks by code that a message is real (R20).

It asks for the code alone, keeps nothing, and tells neither words nor names.
"""

from __future__ import annotations

import time

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from ansim.casework import checking
from ansim.casework.actions import interventions
from ansim.casework.sealing import keyring
from ansim.console.processes import share

TRIES = 20
"""Codes that one address may try in ten minutes; all together ``ALL_TRIES``."""
ALL_TRIES = 2000
MINUTES = 10


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """GET asks for a code; POST says whether it is real. 429 after too many tries."""
    if request.method == "GET":
        return render(request, "console/check.html")
    if _too_many(request.META.get("REMOTE_ADDR", "")):
        return render(request, "console/check.html", {"too_many": True}, status=429)
    typed = request.POST.get("code", "")[:60]
    found = interventions.check_code(typed)
    shown = {"asked": True, "found": found, "typed": checking.plain(typed)}
    return render(request, "console/check.html", shown)


def _too_many(address: str) -> bool:
    """Counts this try, under a pseudonym of the address that is forgotten after the window."""
    window = int(time.time() // (60 * MINUTES))
    who = keyring().pseudonym("check address", address, str(window))
    counts = []
    for key in (f"check:{who}", f"check:all:{window}"):
        cache.add(key, 0, 60 * MINUTES)
        counts.append(cache.incr(key))
    return counts[0] > share(TRIES) or counts[1] > share(ALL_TRIES)
