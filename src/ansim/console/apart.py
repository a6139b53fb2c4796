"""Large donated files are assessed in a process of their own, one at a time and at low priority:
a file of 16 MiB takes minutes and a gigabyte, and nobody else's queue may stand still for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import msgspec
from django.conf import settings

from ansim.console import donated, live
from ansim.console.processes import Alone
from ansim.sources.export import ExportError
from ansim.sources.exports import Held, SeveralConversations

SMALL_BYTES = 512 * 1024
"""Up to here (some seven thousand messages) a file is read on the spot."""

LONGEST_SECONDS = 15 * 60.0
"""The largest file takes minutes; what takes longer than this, with its waiting, is given up."""

_one_at_a_time = Alone("donated")
_running: set[subprocess.Popen[bytes]] = set()


class Stopped(Exception):
    """The process ended without an answer: out of memory, or the console is shutting down."""


class TooLong(Stopped):
    """It took longer than ``LONGEST_SECONDS``, or others' files before it did."""


class _Question(msgspec.Struct, frozen=True):
    data: bytes
    name: str
    number: int


class _Problem(msgspec.Struct, frozen=True):
    """An ExportError on its way back."""

    korean: str
    english: str
    line: int
    held: list[Held] = []
    """Of a file with several conversations."""


def assess(data: bytes, name: str, number: int = 0) -> donated.Outcome:
    """As ``donated.assess``. Raises ``ExportError`` likewise, ``Stopped`` and ``TooLong``."""
    if len(data) <= SMALL_BYTES:
        return donated.assess(data, name, number)
    until = time.monotonic() + LONGEST_SECONDS
    if not _one_at_a_time.acquire(timeout=LONGEST_SECONDS):
        raise TooLong
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "ansim.console.assessing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "ANSIM_HOME": str(settings.ANSIM.home)},
        )
        _running.add(process)
        try:
            said, _ = process.communicate(
                msgspec.msgpack.encode(_Question(data, name, number)),
                timeout=max(0.0, until - time.monotonic()),
            )
        except subprocess.TimeoutExpired:
            raise TooLong from None
        finally:
            process.kill()
            process.wait()
            _running.discard(process)
    finally:
        _one_at_a_time.release()
    if process.returncode != 0:
        raise Stopped
    return _understood(said)


def stop() -> None:
    """Ends what is being read: the console is shutting down."""
    for process in list(_running):
        process.kill()


def _understood(said: bytes) -> donated.Outcome:
    problem, rest = said[:1] == b"!", said[1:]
    if problem:
        told = msgspec.msgpack.decode(rest, type=_Problem)
        if told.held:
            raise SeveralConversations(told.held)
        raise ExportError(told.korean, told.english, told.line)
    return msgspec.msgpack.decode(rest, type=donated.Outcome)


def answer(question: bytes) -> bytes:
    """What the other process says to a question: "=" and an Outcome, or "!" and a problem."""
    asked = msgspec.msgpack.decode(question, type=_Question)
    try:
        return b"=" + msgspec.msgpack.encode(donated.assess(asked.data, asked.name, asked.number))
    except ExportError as error:
        held = error.held if isinstance(error, SeveralConversations) else []
        told = _Problem(error.korean, error.english, error.line, held)
        return b"!" + msgspec.msgpack.encode(told)


live.before_stop(stop)
