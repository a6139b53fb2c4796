"""What every page knows: whose service this is, and what the person in front of it may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from ansim.casework.actions import case_notes, rights, wellbeing
from ansim.casework.roles import Act, may, may_do


def agency() -> str:
    """The agency's name in the language of the page."""
    house = settings.ANSIM
    return str(house.agency_en if get_language() == "en" else house.agency_ko)


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context: ``agency``, ``demo``, ``break_due``, ``requests_due`` (requests about
    personal data to answer soon), ``tasks_late`` (one's own, in cases) and ``may.<act>`` for every
    act."""
    user = getattr(request, "user", None)
    # Who has no second factor yet can go nowhere: the page offers no way there.
    enrolling = getattr(request, "enrolling", False)
    return {
        "agency": agency(),
        "demo": settings.ANSIM.demo,
        "break_due": SimpleLazyObject(
            lambda: (
                may(user, Act.REVEAL_TEXT) and wellbeing.break_due(user)
                if user is not None
                else False
            )
        ),
        "requests_due": SimpleLazyObject(
            lambda: (
                rights.due_soon()
                if user is not None and not enrolling and may(user, Act.ANSWER_REQUESTS)
                else 0
            )
        ),
        "tasks_late": SimpleLazyObject(
            lambda: (
                case_notes.late(user)
                if user is not None and not enrolling and may(user, Act.WORK_CASES)
                else 0
            )
        ),
        "may": dict.fromkeys((act.value for act in Act), False)
        | {act.value: True for act in (may_do(user) if user is not None and not enrolling else ())},
    }
