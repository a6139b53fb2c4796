"""Pictures are opened in a process apart, one for each request, that ends with its answer.

A picture that breaks a decoder, eats memory or never ends takes that process with it and nothing
else: it has its own session, no environment, no files to write, and is killed with all it started
when its time is up. Few run at once, and few wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from ansim.pictures import letters, sniffing
from ansim.pictures.exchange import Answer, Request, talk
from ansim.pictures.values import Limits, Unread, Wanted, Why

T = TypeVar("T")

_HANDED_ON = ("PATH", "TESSDATA_PREFIX")
"""All that the reading process learns of our environment: where Tesseract is."""
_CALM = {"LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}


class Apart:
    """Asks processes apart about pictures: ``at_once`` in work, ``waiting`` more in line.

    Safe to use from many threads. ``close`` lets nothing of it run on.
    """

    def __init__(
        self, limits: Limits | None = None, *, at_once: int = 1, waiting: int = 32
    ) -> None:
        self.limits = limits or Limits()
        self._room = threading.Semaphore(at_once)
        self._most = at_once + waiting
        self._taken = 0
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._threads: ThreadPoolExecutor | None = None

    def ask(
        self,
        task: str,
        pictures: Sequence[bytes],
        answer: type[T],
        wanted: Wanted | None = None,
    ) -> T:
        """What ``task`` says of the pictures. Raises Unread; waits for its turn."""
        self._enter()
        try:
            return self._ask(task, list(pictures), answer, wanted or Wanted())
        finally:
            self._leave()

    async def ask_async(
        self,
        task: str,
        pictures: Sequence[bytes],
        answer: type[T],
        wanted: Wanted | None = None,
    ) -> T:
        """As ``ask``, while the event loop goes on. A reading once begun runs to its limit."""
        self._enter()
        try:
            with self._lock:
                if self._threads is None:
                    self._threads = ThreadPoolExecutor(self._most, "pictures")
                threads = self._threads
            job = threads.submit(self._ask, task, list(pictures), answer, wanted or Wanted())
        except BaseException:
            self._leave()
            raise
        job.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Ends what runs; who waits for it gets ``busy`` or ``broke``."""
        with self._lock:
            self._closed = True
            running = list(self._running)
            threads, self._threads = self._threads, None
        for child in running:
            _kill(child)
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter(self) -> None:
        with self._lock:
            if self._closed or self._taken >= self._most:
                raise Unread(Why.BUSY)
            self._taken += 1

    def _leave(self) -> None:
        with self._lock:
            self._taken -= 1

    def _ask(self, task: str, pictures: list[bytes], answer: type[T], wanted: Wanted) -> T:
        sniffing.check_all(pictures, self.limits)
        request = msgspec.msgpack.encode(
            Request(task=task, pictures=pictures, wanted=wanted, limits=self.limits)
        )
        if not self._room.acquire(timeout=self.limits.turn):
            raise Unread(Why.BUSY)
        try:
            said = self._exchange(request, self.limits.wall_for(len(pictures)))
        finally:
            self._room.release()
        try:
            told = msgspec.msgpack.decode(said, type=Answer)
            if told.why:
                raise Unread(Why(told.why), told.picture)
            return msgspec.msgpack.decode(told.body, type=answer)
        except (msgspec.DecodeError, ValueError):
            raise Unread(Why.BROKE) from None

    def _exchange(self, request: bytes, wall: float) -> bytes:
        deadline = time.monotonic() + wall
        child = self._start(wall)
        assert child.stdin is not None  # noqa: S101 - both were asked for
        assert child.stdout is not None  # noqa: S101
        try:
            return talk(request, child.stdin, child.stdout, deadline, self.limits.answer_bytes)
        finally:
            _kill(child)  # also when it answered: it has nothing more to say
            child.stdout.close()
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            child.wait()
            with self._lock:
                self._running.discard(child)

    def _start(self, wall: float) -> subprocess.Popen[bytes]:
        # Written here, since the process apart may write no file.
        given = letters.told({name: os.environ[name] for name in _HANDED_ON if name in os.environ})
        with self._lock:
            if self._closed:
                raise Unread(Why.BUSY)
            child = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-B", "-m", "ansim.pictures.child"),
                    *(str(os.getpid()), str(self.limits.memory), str(int(wall) + 1)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_CALM | given,
                cwd="/",
                start_new_session=True,
            )
            self._running.add(child)
            return child


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kills the process and all of its session; it may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
