"""Puts a worker together from the settings: detector, key, casework."""

from __future__ import annotations

from ansim import casework, config
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

    from ansim.casework.actions import alerts, stream_commands

    def commit(reports: object) -> object:
        close_old_connections()
        return alerts.raise_or_update(reports)  # type: ignore[arg-type]

    def on_gap(partition: int, gap: Gap | str) -> None:
        close_old_connections()
        what = gap if isinstance(gap, str) else f"items {gap.first} to {gap.last} are gone"
        stream_commands.record_gap(partition, what)

    return Worker(settings, Keyring.load(settings.keys_path), Detector.load(), commit, on_gap)
