"""A server that speaks the protocol of a model's server, well or badly, on a random port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

Messages = list[dict[str, Any]]

MANNERS = frozenset(
    {
        *("streams", "whole", "dawdles", "silent", "stalls", "hangs_up", "truncates"),
        *("cut_by_length", "floods", "floods_whole", "html", "other_json", "not_json", "zipped"),
        *("moves", "error_in_stream", "empty", "no_schema", "no_form_at_all", "half_a_header"),
        *("breaks_on_schema", "ends_before_a_word"),
        *("400", "401", "403", "404", "422", "429", "500", "503"),
    }
)


class StandIn:
    """``says`` makes the words of an answer from the messages; ``manner`` is how they are sent."""

    def __init__(self, says: Callable[[Messages], str], manner: str = "streams") -> None:
        self.says = says
        self.manner = manner
        self.questions: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.released = asyncio.Event()
        """Set to let those who wait for a silent server go on."""
        self._server: asyncio.Server | None = None
        self.url = ""

    async def __aenter__(self) -> StandIn:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1/chat/completions"
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self.released.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(
                int(line.partition(":")[2])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            )
            question = json.loads(await reader.readexactly(length))
            self.headers.append(head)
            self.questions.append(question)
            await self._answer(question, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, question: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        assert self.manner in MANNERS
        form = (question.get("response_format") or {}).get("type")
        if self.manner == "half_a_header":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-")
            return
        if self.manner == "silent":
            await self.released.wait()
            return
        if self.manner == "moves":
            writer.write(
                b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/elsewhere\r\n"
                b"Content-Length: 0\r\n\r\n"
            )
            return
        if self.manner.isdigit():
            self._send(writer, int(self.manner), "application/json", b'{"error": "no"}')
            return
        if (self.manner == "no_schema" and form == "json_schema") or (
            self.manner == "no_form_at_all" and form
        ):
            self._send(writer, 400, "application/json", b'{"error": "response_format"}')
            return
        if self.manner == "breaks_on_schema" and form == "json_schema":
            self._send(writer, 500, "application/json", b'{"error": "1 validation error"}')
            return
        text = self.says(question["messages"])
        if self.manner == "whole":
            self._send(writer, 200, "application/json", whole(text))
        elif self.manner == "html":
            self._send(writer, 200, "text/html", b"<h1>Welcome</h1>")
        elif self.manner == "other_json":
            self._send(writer, 200, "application/json", b'{"status": "fine"}')
        elif self.manner == "not_json":
            self._send(writer, 200, "application/json", b'{"choices": [')
        elif self.manner == "zipped":
            self._send(writer, 200, "application/json", whole(text), b"Content-Encoding: gzip\r\n")
        elif self.manner == "floods_whole":
            self._send(writer, 200, "application/json", whole("x" * 2_000_000))
        else:
            await self._stream(writer, text)

    def _send(
        self, writer: asyncio.StreamWriter, status: int, kind: str, body: bytes, more: bytes = b""
    ) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + more + b"Connection: close\r\n\r\n" + body)

    async def _stream(self, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        if self.manner == "empty":
            _chunk(writer, b"data: [DONE]\n\n")
            writer.write(b"0\r\n\r\n")
            return
        if self.manner == "ends_before_a_word":
            writer.write(b"0\r\n\r\n")
            return
        if self.manner == "error_in_stream":
            _chunk(writer, b'data: {"error": {"message": "out of memory"}}\n\n')
            writer.write(b"0\r\n\r\n")
            return
        pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
        for number, piece in enumerate(pieces):
            event = json.dumps({"choices": [{"delta": {"content": piece}}]}, ensure_ascii=False)
            line = f": keep-alive\n\ndata: {event}\r\n\r\n".encode()
            # Cut in the middle of a syllable, as networks do.
            _chunk(writer, line[: len(line) // 2])
            await writer.drain()
            _chunk(writer, line[len(line) // 2 :])
            if number == len(pieces) // 2:
                if self.manner == "stalls":
                    await writer.drain()
                    await self.released.wait()
                    return
                if self.manner == "hangs_up":
                    await writer.drain()
                    return  # without the end that chunks must have
                if self.manner == "truncates":
                    writer.write(b"0\r\n\r\n")
                    return
                if self.manner == "floods":
                    while not self.released.is_set():
                        _chunk(writer, line * 200)
                        await writer.drain()
                    return
                if self.manner == "dawdles":
                    await asyncio.sleep(0.05)
        reason = "length" if self.manner == "cut_by_length" else "stop"
        end = json.dumps({"choices": [{"delta": {}, "finish_reason": reason}]})
        _chunk(writer, f"data: {end}\n\ndata: [DONE]\n\n".encode())
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def whole(text: str) -> bytes:
    """An answer in one piece."""
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()


def _chunk(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
