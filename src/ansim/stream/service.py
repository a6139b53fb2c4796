"""Puts a worker together from the settings: detector, key, casework."""

from __future__ import annotations

from collections.abc import Sequence

from ansim import casework, config
from ansim.chat import Message
from ansim.detection.detector import Detector
from ansim.keys import Keyring
from ansim.stream.reader import Gap
from ansim.stream.worker import Worker


def worker_from_environment() -> Worker:
    """A worker with the real casework behind it.

    Raises KeyLost, ConfigError or ModelUnavailable, each with what to do.
    """
    settings = config.load()
    casework.ready()
    from django.db import close_old_connections
    from django.utils import timezone

    from ansim.casework.actions import alerts, gaps, retention
    from ansim.casework.actions.reports import AlertReport

    def commit(reports: Sequence[AlertReport]) -> None:
        close_old_connections()
        alerts.raise_or_update(reports)

    def on_gap(partition: int, gap: Gap | str) -> None:
        close_old_connections()
        what = gap if isinstance(gap, str) else f"items {gap.first} to {gap.last} are gone"
        gaps.record(partition, what)

    def housekeeping() -> None:
        close_old_connections()
        retention.purge(timezone.now())

    keyring = Keyring.load(settings.keys_path)
    return Worker(settings, keyring, warm(Detector.load()), commit, on_gap, housekeeping)


def warm(detector: Detector) -> Detector:
    """The same detector, its inner loops compiled: seconds at the very first start, then cached.

    A worker takes no partition before, so that no message waits for the compiler.
    """
    greeting = Message(id="1", source="", conversation="", author="", at=0.0, text="안녕")
    detector.assess({}, [greeting])
    return detector
