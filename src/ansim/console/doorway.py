"""How much anybody may hand in: counted before Django sees it, so that nobody can fill a disk.

Django reads a whole body before it asks who sends it; what is larger than fits its memory goes to
a file in clear. Behind this door nothing larger arrives (see FILE_UPLOAD_MAX_MEMORY_SIZE).
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from ansim.console.live import Application, Receive, Scope, Send

MOST_BYTES = 1024 * 1024
MOST_BYTES_OF_A_FILE = 17 * 1024 * 1024
"""A file of 16 MiB (console/donated.py) with its form around it."""
FILES_ARRIVE_AT = re.compile(r"/upload/|/hand-over/|/cases/\d{1,18}/documents/")

_SENTENCE = (
    "보내신 내용이 너무 큽니다. 대화 파일과 화면 그림은 모두 합쳐 16 MiB까지 읽을 수 있습니다. "
    "뒤로 돌아가 나누어 올려 주세요.\n"
    "What you sent is too large. A chat file, or all screenshots together, can be up to 16 MiB. "
    "Go back and send them in parts.\n"
).encode()


class TooLarge(Exception):
    """More came than may come."""


def with_limits(application: Any) -> Application:
    """Answers 413 to a body over its limit, by what it declares and again while it comes in."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        most = MOST_BYTES_OF_A_FILE if FILES_ARRIVE_AT.fullmatch(scope["path"]) else MOST_BYTES
        if _declared(scope) > most:
            await _refuse(send)
            return
        come = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise TooLarge
            return message

        try:
            await application(scope, counted, send)
        except TooLarge:  # Django reads all of a body before it answers anything
            await _refuse(send)

    return wrapped


def _declared(scope: Scope) -> int:
    """Bytes that the request says it has, 0 where it says nothing that is a number."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(_SENTENCE)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),  # the rest of what was sent is not wanted
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _SENTENCE})
