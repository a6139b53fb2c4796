"""What the processes of one console owe each other (``ANSIM_CONSOLE_PROCESSES``): some things only
one of them does at a time, limits hold for all of them together, and none outlives the first."""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import os
import signal
import threading
import time
from io import BufferedWriter

from django.conf import settings

_LOOK_SECONDS = 0.2


class Alone:
    """A lock that one thread of one process on this machine holds at a time. It lies in the home
    folder, and is free again when its process ends, however that ends."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._here = threading.Lock()
        self._file: BufferedWriter | None = None

    def acquire(self, timeout: float = -1.0) -> bool:
        """Waits for it, at most ``timeout`` seconds where that is not negative."""
        until = time.monotonic() + timeout if timeout >= 0 else None
        if not self._here.acquire(timeout=timeout):
            return False
        try:
            self._file = self._taken(until)
        finally:
            if self._file is None:
                self._here.release()
        return self._file is not None

    def release(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
        self._here.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _taken(self, until: float | None) -> BufferedWriter | None:
        folder = settings.ANSIM.home / "locks"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (folder / self._name).open("ab")
        try:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if until is not None and time.monotonic() >= until:
                        break
                    time.sleep(_LOOK_SECONDS)
                else:
                    return file
        except BaseException:
            file.close()
            raise
        file.close()
        return None


def share(limit: int) -> int:
    """What one process may let pass of something that all of them together limit: each counts for
    itself, and a caller may meet any of them."""
    return max(1, limit // int(settings.ANSIM.page_processes))


def settle() -> None:
    """What is loaded by now stays for good: the collector of garbage, for which all pages stop,
    need not look through it again and again."""
    gc.collect()
    gc.freeze()


def end_with_the_first() -> None:
    """Ends this process, as SIGTERM does, when the one that started it is gone."""
    first = multiprocessing.parent_process()
    if first is None:
        return

    def wait() -> None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="first process", daemon=True).start()
