"""The page without log-in on which somebody who handed a conversation in reads and answers (R04).

It asks for the code alone and remembers nothing in the browser: every step brings the code again.
"""

from __future__ import annotations

import time
from uuid import UUID, uuid4

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ansim.casework import letterbox
from ansim.casework.actions import donors
from ansim.casework.errors import Refused
from ansim.casework.sealing import keyring
from ansim.console.processes import share

TRIES = 20
"""Wrong codes that one address may try in ten minutes. A code is 77 bits: a limit over all would
stop nobody who guesses, and could be used to shut everybody else out."""
MINUTES = 10


@require_http_methods(["GET", "POST"])
def letters(request: HttpRequest) -> HttpResponse:
    """GET asks for a code; POST opens what it opens, and with a step "answer" or "end" does so.

    422 for an answer that cannot be taken, 429 after too many wrong codes.
    """
    if request.method == "GET":
        return _page(request)
    tries = _Tries(request.META.get("REMOTE_ADDR", ""))
    if tries.over:
        return _page(request, 429, too_many=True)
    typed = request.POST.get("code", "")[:60]
    step = request.POST.get("step", "")
    if step == "end" and donors.end(typed):
        return _page(request, ended=True)
    wrote = request.POST.get("text", "") if step == "answer" else ""
    error, told = "", ""
    try:
        if step == "answer" and donors.answer(typed, wrote, _id(request)) is not None:
            told = _("보냈어요. 상담원만 볼 수 있어요.")
    except Refused as refused:
        error = str(refused)
    opened = donors.look(typed)
    if opened is None:
        tries.count()
        return _page(request, unknown=True, typed=letterbox.plain(typed))
    return _page(
        request,
        422 if error else 200,
        opened=opened,
        code=letterbox.plain(typed),
        answer_id=uuid4(),
        kept_back=wrote if error else "",
        error=error,
        told=told,
    )


def _page(request: HttpRequest, status: int = 200, **shown: object) -> HttpResponse:
    response = render(request, "console/letters.html", shown, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _id(request: HttpRequest) -> UUID:
    """The id that the page gave this answer, so that a second press writes nothing more."""
    try:
        return UUID(request.POST.get("answer", ""))
    except ValueError:
        return uuid4()


class _Tries:
    """Wrong codes of one address, under a pseudonym that is forgotten after the window."""

    def __init__(self, address: str) -> None:
        window = int(time.time() // (60 * MINUTES))
        who = keyring().pseudonym("letters address", address, str(window))
        self._key = f"letters:{who}"

    @property
    def over(self) -> bool:
        return bool(cache.get(self._key, 0) >= share(TRIES))

    def count(self) -> None:
        cache.add(self._key, 0, 60 * MINUTES)
        cache.incr(self._key)
