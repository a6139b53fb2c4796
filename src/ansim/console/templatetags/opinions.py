"""Tags for what a reviewing model said, and for how it is."""

from __future__ import annotations

from django import template
from django.utils import timezone

from ansim.casework.actions import opinions
from ansim.casework.models import Alert
from ansim.console import second_opinion as opinion
from ansim.console.templatetags.ansim import language
from ansim.console.thread import Thread

register = template.Library()


@register.simple_tag
def second_opinion(alert: Alert, thread: Thread) -> opinion.Shown | None:
    """What the model said of this alert, its words only where those of the chat are shown."""
    return opinion.shown(alert, thread.speakers, revealed=thread.revealed, language=language())


@register.simple_tag
def reviewer() -> opinions.Standing | None:
    """How the reviewing model is; None where it is off."""
    return opinions.standing(timezone.now())
