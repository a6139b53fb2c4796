"""Nobody fills memory or disk with what they hand in, logged in or not."""

from __future__ import annotations

import asyncio
import http.client
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ansim.console import donated, doorway
from tests.console.serving import Console

MIB = 1024 * 1024


def sent(console: Console, path: str, size: int, *, declare: bool) -> bytes:
    """Sends a real body of up to ``size`` bytes, and returns how the answer begins."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
    head += f"Content-Length: {size}\r\n\r\n" if declare else "Transfer-Encoding: chunked\r\n\r\n"
    piece = b"a" * 65536
    framed = piece if declare else b"10000\r\n" + piece + b"\r\n"
    with socket.create_connection(("127.0.0.1", console.port), 120) as line:
        try:
            line.sendall(head.encode())
            for _ in range(size // len(piece)):
                line.sendall(framed)
            if not declare:
                line.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # it has heard enough
        try:
            return line.recv(64)
        except ConnectionResetError:
            return b""


def ask(path: str, pieces: list[bytes], sizes: list[int], **headers: str) -> int:
    """The status that a request gets from the doorway with Django's own reading behind it."""
    from django.core.handlers.asgi import ASGIHandler

    answers: list[Any] = []
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        answers.append(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        body = await ASGIHandler.read_body(ASGIHandler.__new__(ASGIHandler), receive)
        assert not body._rolled, "it went to disk"  # type: ignore[attr-defined]
        sizes.append(len(body.read()))
        await send({"type": "http.response.start", "status": 204, "headers": []})

    scope = {
        "type": "http",
        "path": path,
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
    }
    asyncio.run(doorway.with_limits(application)(scope, receive, send))
    return int(answers[0]["status"])


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/upload/", 17 * MIB),
        ("/hand-over/", 17 * MIB),
        ("/cases/12/documents/", 17 * MIB),
        ("/cases/12/documents/3/", MIB),
        ("/log-in/", MIB),
        ("/csp-report/", MIB),
    ],
)
def test_what_is_too_large_is_refused_and_what_is_not_stays_in_memory(path: str, most: int) -> None:
    handed_in: list[int] = []
    pieces = [b"a" * 65536] * (most // 65536)
    assert ask(path, pieces, handed_in) == 204
    assert ask(path, pieces, handed_in, content_length=str(most)) == 204
    assert handed_in == [most, most]
    assert ask(path, [*pieces, b"a"], handed_in) == 413
    assert ask(path, [b""], handed_in, content_length=str(most + 1)) == 413
    assert ask(path, [b""], handed_in, content_length="9" * 5000) == 413
    assert ask(path, [*pieces, b"a"], handed_in, content_length="-1") == 413
    assert handed_in == [most, most]


def test_the_largest_file_fits_through_the_door_and_into_memory() -> None:
    assert donated.MAX_BYTES < doorway.MOST_BYTES_OF_A_FILE
    assert doorway.MOST_BYTES_OF_A_FILE < settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    assert settings.FILE_UPLOAD_HANDLERS == [
        "django.core.files.uploadhandler.MemoryFileUploadHandler"
    ]


@pytest.mark.parametrize("declare", [True, False])
def test_a_strangers_hundred_megabytes_are_refused_and_written_nowhere(
    console: Console, declare: bool
) -> None:
    def written() -> int:
        told = Path(f"/proc/{console.process.pid}/io").read_text("ascii")
        return int(dict(line.split(": ") for line in told.splitlines())["wchar"])

    before = written()
    assert b" 413 " in sent(console, "/upload/", 100 * MIB, declare=declare)
    assert b" 413 " in sent(console, "/log-in/", 3 * MIB, declare=declare)
    assert written() - before < MIB, f"something was written, to {tempfile.gettempdir()} perhaps"


def test_a_connection_that_was_idle_is_still_there_for_the_next_request(tmp_path: Path) -> None:
    """A server that hangs up as early as its clients do loses what they send at that moment."""
    console = Console(tmp_path)
    try:
        line = http.client.HTTPConnection("127.0.0.1", console.port, timeout=120)
        line.connect()
        line.auto_open = 0  # never connected anew
        for pause in (0, 7):  # longer than the five seconds of common clients
            time.sleep(pause)
            line.request("GET", "/healthz")
            with line.getresponse() as answer:
                assert answer.status == 200
                answer.read()
        line.close()
    finally:
        console.stop()
