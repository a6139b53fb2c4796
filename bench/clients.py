"""Sends made-up traffic to the intake API as a platform would."""

from __future__ import annotations

import http.client
import threading
import time
import zlib
from collections.abc import Sequence

import msgspec

from ansim.chat import Message

_encoder = msgspec.json.Encoder()


def item(message: Message) -> bytes:
    """One message as the API takes it."""
    return _encoder.encode(
        {
            "id": message.id,
            "conversation": message.conversation,
            "author": message.author,
            "at": message.at,
            "text": message.text,
        }
    )


class Connection:
    """One kept-alive connection that posts NDJSON and obeys 429."""

    def __init__(self, port: int, key: str) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/x-ndjson",
        }
        self.refused = 0

    def post(self, body: bytes, count: int) -> None:
        """Posts until accepted. Raises AssertionError for anything but 202 and 429."""
        while True:
            self._http.request("POST", "/v1/messages", body, self._headers)
            answer = self._http.getresponse()
            content = answer.read()
            if answer.status == 429:
                self.refused += 1
                time.sleep(float(answer.headers.get("Retry-After", "1")))
                continue
            assert answer.status == 202, (answer.status, content[:300])
            result = msgspec.json.decode(content)
            assert result["accepted"] == count, content[:300]
            return


def split(messages: Sequence[Message], parts: int) -> list[list[Message]]:
    """Whole conversations to each part, so that every one keeps its order."""
    result: list[list[Message]] = [[] for _ in range(parts)]
    for message in messages:
        result[zlib.crc32(message.conversation.encode()) % parts].append(message)
    return result


def flood(
    messages: Sequence[Message], port: int, key: str, *, batch: int, connections: int
) -> float:
    """Sends everything as fast as it is taken. Returns the seconds until the last 202."""
    lanes = [
        [
            (b"\n".join(item(m) for m in lane[i : i + batch]), len(lane[i : i + batch]))
            for i in range(0, len(lane), batch)
        ]
        for lane in split(messages, connections)
    ]
    failures: list[BaseException] = []

    def send(bodies: list[tuple[bytes, int]]) -> None:
        try:
            connection = Connection(port, key)
            for body, count in bodies:
                connection.post(body, count)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(lane,)) for lane in lanes]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - started


def paced(
    messages: Sequence[Message], port: int, key: str, *, rate: float, connections: int
) -> tuple[dict[str, float], float]:
    """One message a request, ``rate`` a second in all, spread over connections.

    Returns when the request of each message id began (monotonic), and the rate reached.
    """
    began: dict[str, float] = {}
    lanes = split(messages, connections)
    place = {message.id: index for index, message in enumerate(messages)}
    start = time.monotonic() + 0.2
    failures: list[BaseException] = []

    def send(lane: list[Message]) -> None:
        try:
            connection = Connection(port, key)
            for message in lane:
                due = start + place[message.id] / rate
                time.sleep(max(0.0, due - time.monotonic()))
                began[message.id] = time.monotonic()
                connection.post(item(message), 1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return began, len(messages) / (time.monotonic() - start)
