"""Puts a worker together from the settings: detector, key, casework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansim import casework, config
from ansim.chat import Message
from ansim.detection.detector import Detector
from ansim.keys import Keyring
from ansim.stream.reviewer_settings import reviewer_settings
from ansim.stream.second_opinion import SecondMind
from ansim.stream.worker import Worker

if TYPE_CHECKING:
    from ansim.casework.actions.opinions import OpinionReport
    from ansim.casework.actions.reports import AlertReport


def worker_from_environment() -> Worker:
    """A worker with the real casework behind it.

    Raises KeyLost, ConfigError or ModelError, each with what to do.
    """
    settings = config.load()
    chosen = reviewer_settings(settings)
    casework.ready()
    keyring = Keyring.load(settings.keys_path)
    try:
        detector = Detector.load(
            threshold=settings.alert_threshold or None, words=settings.sexual_talk_path
        )
    except ValueError as error:
        raise config.ConfigError(str(error)) from None
    desk = DjangoCasework()
    second = None
    if chosen is not None:
        second = SecondMind(settings, chosen, detector.threshold, desk, keyring)
    return Worker(settings, keyring, warm(detector), desk, second)


class DjangoCasework:
    """Casework's own actions, called from threads of a process that serves no requests."""

    def raise_or_update(self, reports: Sequence[AlertReport]) -> object:
        from ansim.casework.actions import alerts

        _fresh_connection()
        return alerts.raise_or_update(reports)

    def is_passing(self, error: Exception) -> bool:
        from django.db import InterfaceError, OperationalError

        return isinstance(error, OperationalError | InterfaceError | OSError)

    def refused(self, report: AlertReport, error: Exception) -> None:
        from ansim.casework.actions import gaps

        _fresh_connection()
        gaps.record_refusal(report.source, f"{type(error).__name__}: {error}")

    def gap(self, partition: int, what: str) -> None:
        from ansim.casework.actions import gaps

        _fresh_connection()
        gaps.record(partition, what)

    def add_opinions(self, reports: Sequence[OpinionReport]) -> object:
        from ansim.casework.actions import opinions

        _fresh_connection()
        return opinions.add(reports)

    def tell_reviewer(
        self, worker: str, condition: str, model: str, counts: dict[str, int | float]
    ) -> None:
        from ansim.casework.actions import opinions

        _fresh_connection()
        opinions.tell(worker, condition, model, counts)

    def reviewer_stopped(self, worker: str) -> None:
        from ansim.casework.actions import opinions

        _fresh_connection()
        opinions.withdraw(worker)

    def keep_house(self) -> None:
        from django.utils import timezone

        from ansim.casework.actions import donor_notices, notices, retention, watch

        _fresh_connection()
        retention.purge(timezone.now())
        # The console does so every few seconds; if none runs, alerts still do not wait unheard.
        watch.keep(timezone.now())
        notices.deliver()
        donor_notices.deliver()


def _fresh_connection() -> None:
    """Drops a database connection of this thread that broke since it was last used."""
    from django.db import close_old_connections

    close_old_connections()


def warm(detector: Detector) -> Detector:
    """The same detector, its inner loops compiled: seconds at the very first start, then cached.

    A worker takes no partition before, so that no message waits for the compiler.
    """
    greeting = Message(id="1", source="", conversation="", author="", at=0.0, text="안녕")
    detector.assess({}, [greeting])
    return detector
