"""Alerts, what people did about them, and who did it: the records of the counselling service.

``actions`` is the only writer. Code outside Django calls ``ready()`` before importing anything
else from here.
"""

from __future__ import annotations

import os


def ready() -> None:
    """Sets Django up in this process and makes the home folder. Calling it again is harmless."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ansim.settings")
    import django
    from django.apps import apps
    from django.conf import settings

    settings.ANSIM.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not apps.ready:
        django.setup()
