"""A server on a free port of this machine that answers as a test says, well or badly.

For whatever we ask by HTTP and must not trust: hosts of files, services that transcribe.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Self

LONGEST_SECONDS = 120.0
"""So long it stalls or drips where nobody ends it."""


class Coming(StrEnum):
    """How an answer's body comes."""

    WHOLE = "whole"
    WITHOUT_END = "without end"
    """Again and again, until the other side hangs up."""
    IN_DRIPS = "in drips"
    """A byte now and then, never all of it."""
    NEVER = "never"
    """Nothing is answered at all."""


@dataclass(frozen=True)
class Answer:
    """``headers`` go before what is said by itself: they may lie about the length."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    coming: Coming = Coming.WHOLE


@dataclass(frozen=True)
class Asked:
    """A request; the names of its ``headers`` in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def name(self) -> str:
        """The last part of its path, without an ending."""
        return self.path.partition("?")[0].rpartition("/")[2].partition(".")[0]


class Host(ThreadingHTTPServer):
    """``with Host(answer) as host``: what was ``asked`` so far, in order."""

    daemon_threads = True

    def __init__(
        self, answer: Callable[[Asked], Answer], secured: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Serving)
        if secured is not None:
            self.socket = secured.wrap_socket(self.socket, server_side=True)
        self.answer = answer
        self.asked: list[Asked] = []
        self.go_on = Event()
        """Ends what stalls and drips."""
        self._thread = Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.go_on.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is no error here."""


class _Serving(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        asked = Asked(self.path, headers, body)
        self.server.asked.append(asked)
        answer = self.server.answer(asked)
        if answer.coming is Coming.NEVER:
            self.server.go_on.wait(LONGEST_SECONDS)
            return
        self.send_response(answer.status)
        length = {"Content-Length": str(len(answer.body))}
        without_end = answer.coming is Coming.WITHOUT_END
        for name, value in ({} if without_end else length | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if answer.coming is Coming.IN_DRIPS:
            for place in range(len(answer.body) - 1):
                self.wfile.write(answer.body[place : place + 1])
                if self.server.go_on.wait(0.05):
                    return
        elif without_end:
            while not self.server.go_on.is_set():
                self.wfile.write(answer.body)
        else:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        pass
