"""The page without log-in on which a young person, a parent or a teacher shows a conversation.

What is found is told to counsellors alone: a risk that a machine estimates answers nobody's fear,
and would teach those who mean harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ansim.casework import letterbox
from ansim.casework.sealing import keyring
from ansim.console.processes import Alone, share
from ansim.console.templatetags.ansim import language
from ansim.console.views.giving import GivenForm

TRIES = 10
"""Readings that one address may ask for in an hour (a school has one address); all together
``ALL_TRIES``, which keeps the machine for the counsellors."""
ALL_TRIES = 60
MINUTES = 60
MOST_WAITING = 4
"""People in each process whose conversation waits for another's to be read."""
WAIT_SECONDS = 60.0
MOST_REMARKS = 8

_one_at_a_time = Alone("handed-over")
_waiting = threading.BoundedSemaphore(MOST_WAITING)


def is_open() -> bool:
    """Whether the agency opened the page, and there is one on which answers are read."""
    house = settings.ANSIM
    return bool((house.hand_over or house.demo) and letterbox.address())


class HandOverForm(GivenForm):
    """As somebody fills it in by themselves."""

    how = "page without log-in"
    reachable = True  # a code is shown wherever there is an alert; nobody need ask for it

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["given_by"].choices = [  # type: ignore[attr-defined]
            ("participant", _("이 대화를 한 사람이 나예요.")),
            ("guardian", _("이 대화를 한 아이의 보호자예요.")),
            ("teacher", _("이 대화를 한 학생을 돕는 선생님이에요 (상담교사 등).")),
        ]
        for field, label in (
            ("given_by", _("나는 누구인가요?")),
            ("consent", _("위의 안내를 읽었고, 이 대화를 읽어도 괜찮아요.")),
            ("student", _("선생님이면: 그 학생도 이 대화를 보여 주기로 했어요.")),
            ("under_14", _("이 대화를 한 아이는 만 14세가 안 됐어요.")),
            ("guardian", _("만 14세가 안 됐으면: 보호자(부모님 등)도 괜찮다고 했어요.")),
            ("address", _("답이 오면 알려 줄 이메일 주소 (안 적어도 돼요)")),
            ("file", _("대화 화면을 찍은 그림들, 또는 메신저에서 내보낸 대화 파일 하나")),
        ):
            self.fields[field].label = label

    def clean_address(self) -> str:
        """Kept only where one was left."""
        return self.checked_address() if self.cleaned_data["address"] else ""


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    """GET asks for a conversation; POST reads it and says what happens next, never what was found.

    404 where the agency did not open the page, 422 for what cannot be read, 429 after too many, 503
    while others' conversations are being read.
    """
    if not is_open():
        raise Http404
    if request.method == "GET":
        return _page(request, HandOverForm())
    form = HandOverForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, 422)
    with _turn() as mine:
        if not mine:
            return _page(request, form, 503, busy=True)
        if _too_many(request.META.get("REMOTE_ADDR", "")):
            return _page(request, form, 429, too_many=True)
        taken = form.taken(None)
    if taken is None:
        return _page(request, form, 422)
    found, received = taken
    shown = {
        "code": received.code,
        "address": letterbox.address(),
        "messages_read": found.messages,
        "assessed": found.assessed,
        "remarks": [remark.sentence(language()) for remark in found.warnings[:MOST_REMARKS]],
    }
    return _unlisted(render(request, "console/handed_over.html", shown))


def _page(
    request: HttpRequest, form: HandOverForm, status: int = 200, **shown: object
) -> HttpResponse:
    shown |= {"form": form, "held": form.held}
    return _unlisted(render(request, "console/hand_over.html", shown, status=status))


def _unlisted(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@contextmanager
def _turn() -> Iterator[bool]:
    """One conversation at a time is read for people without an account, so that the counsellors'
    pages are made all the while. Gives whether it is one's turn."""
    if not _waiting.acquire(blocking=False):
        yield False
        return
    try:
        if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
            yield False
            return
        try:
            yield True
        finally:
            _one_at_a_time.release()
    finally:
        _waiting.release()


def _window() -> int:
    """Number of the hour."""
    return int(time.time() // (60 * MINUTES))


def _too_many(address: str) -> bool:
    """Counts this reading, under a pseudonym of the address that is forgotten after the window.
    One that is refused to an address takes nothing from the others."""
    window = _window()
    who = keyring().pseudonym("hand-over address", address, str(window))
    for key, most in ((f"hand-over:{who}", TRIES), (f"hand-over:all:{window}", ALL_TRIES)):
        cache.add(key, 0, 60 * MINUTES)
        if cache.incr(key) > share(most):
            return True
    return False
