"""The process apart: fences itself in, reads a request from stdin, and answers on stdout.

Run as ``python -m ansim.pictures.child PARENT MEMORY CPU`` by `apart`. Its own fences come before
any library that decodes: memory, processor time, no file written, no core, few descriptors, and
death with the process that started it. A task is given pictures already decoded; a new one is a
row in ``TASKS``.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from ansim.pictures.exchange import Answer, Request, framed
from ansim.pictures.values import Unread, Wanted, Why

if TYPE_CHECKING:
    from ansim.pictures.decoding import Picture

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38

Task = Callable[["list[Picture]", Wanted], msgspec.Struct]


def look_task(pictures: list[Picture], wanted: Wanted) -> msgspec.Struct:
    """`looking.task`: what is seen in each picture."""
    from ansim.pictures import looking

    return looking.task(pictures, wanted)


def screen_task(pictures: list[Picture], wanted: Wanted) -> msgspec.Struct:
    """``screens.child_task``: the conversation that screenshots show."""
    from ansim.pictures import screens  # type: ignore[attr-defined, unused-ignore]

    return screens.child_task(pictures, wanted)  # type: ignore[no-any-return, attr-defined, unused-ignore]


TASKS: dict[str, Task] = {"look": look_task, "screen": screen_task}


def die_with_parent(parent: int) -> None:
    """Has the kernel kill this process when ``parent`` ends, however that happens (Linux)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def fence(memory: int, seconds: int) -> None:
    """Bounds what this process and those it starts may take; ``memory`` in bytes."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def answer(request: Request) -> Answer:
    """Does the task. Whatever goes wrong becomes a reason; no word of the picture is in it."""
    import cv2

    from ansim.pictures.decoding import decode_all

    try:
        body = TASKS[request.task](decode_all(request.pictures, request.limits), request.wanted)
    except Unread as problem:
        return Answer(why=problem.why, picture=problem.picture)
    except MemoryError:
        return Answer(why=Why.TOO_COSTLY)
    except cv2.error as problem:
        if getattr(problem, "code", 0) != cv2.Error.STS_NO_MEM:
            raise
        return Answer(why=Why.TOO_COSTLY)
    return Answer(body=msgspec.msgpack.encode(body))


def main(arguments: list[str]) -> None:
    """Answers one request and ends."""
    parent, memory, seconds = (int(argument) for argument in arguments)
    die_with_parent(parent)
    fence(memory, seconds)
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    sys.stdout.buffer.write(framed(msgspec.msgpack.encode(answer(request))))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
