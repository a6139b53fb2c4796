"""Keeps the watch while the console runs: every few seconds the timers, then the calls."""

from __future__ import annotations

import logging
import threading

from django.utils import timezone

from ansim.console.processes import Alone

log = logging.getLogger(__name__)

ROUND_SECONDS = 5.0
CHAIN_ROUNDS = 12
"""Every so many rounds the audit chain is looked after: left-overs, past months, old segments."""


_watch = Alone("watch")


class Keeper:
    """One thread a process. Several processes may keep watch, on one machine in turn; each thing is
    done once."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends after the round that is on; a call that is under way is not waited for."""
        self._over.set()

    def _keep(self) -> None:
        from django.db import connections

        rounds = 0
        while not self._over.wait(ROUND_SECONDS):
            try:
                if not _watch.acquire(timeout=0):
                    continue  # another process of ours is at it
                try:
                    _look(with_chain=rounds % CHAIN_ROUNDS == 0)
                finally:
                    _watch.release()
                rounds += 1
            except Exception as error:
                # The database may be away for a while: the next round tries again.
                log.warning("the watch could not look: %s", type(error).__name__)
                connections.close_all()
        connections.close_all()


def _look(*, with_chain: bool) -> None:
    """One round."""
    from django.db import close_old_connections

    from ansim.casework.actions import audit_chain, donor_notices, notices, repeats, watch
    from ansim.console import preparing

    close_old_connections()
    watch.keep(timezone.now())
    notices.deliver()
    donor_notices.deliver()
    preparing.sweep()
    repeats.keep()
    if with_chain:
        audit_chain.keep(timezone.now())


keeper = Keeper()
