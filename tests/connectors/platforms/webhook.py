"""A platform that connects by signed requests: its own side is ``ansim.client`` and a small server
that takes counsellors' words, as docs/connectors/webhook.md asks of it."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, post

from ansim.chat import Source, SourceKind
from ansim.client import AsyncAnsimClient, Attachment, Message, NotFromAnsim, Words, verify
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.files import CONTENT
from tests.stream.conftest import free_port

SECRET = "a-secret-of-the-platform-and-the-agency"
ID = "game-chat"


class Service(Ordinary):
    """The platform keeps what it could not send and repeats it until it is taken, in order."""

    can = frozenset(
        {
            *(Can.EDIT, Can.DELETE, Can.ATTACH, Can.CONTENT, Can.PRIVATE),
            *(Can.HISTORY, Can.LIMIT, Can.CUT),
        }
    )

    def __init__(self) -> None:
        self.secret = SECRET
        self.posted: list[dict[str, str]] = []
        """Headers of every request that brought words, repeats too."""
        self.shown: dict[str, Words] = {}
        self.answer_with: Response[Any] | None = None
        """What words are answered with instead of being shown."""
        self._port = free_port()
        self._numbers = count(1)
        self._base = ""
        self._cut = False
        self._limited_until = 0.0
        self._queue: asyncio.Queue[Message] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._serve()

    async def stop(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
        await self._unserve()

    def at(self, base: str) -> None:
        self._base = base
        self._sender = asyncio.create_task(self._send())

    def source(self) -> Source:
        return Source(
            id=ID,
            name="A game's chat",
            kind=SourceKind.PLATFORM_PARTNER,
            legal_basis="terms of use and the operator's duty to protect",
            connector="webhook",
            private_messages=True,
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={"address": f"http://127.0.0.1:{self._port}/words", "allow_http": "yes"},
            credentials={"secret": SECRET},
        )

    async def room(self) -> str:
        return f"room-{next(self._numbers)}"

    def account(self, who: int) -> str:
        return f"account-{who}"

    async def say(self, room: str, who: int, text: str) -> str:
        return self._put(room, who, text=text)

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        self._put(room, who, text=text, replaces=message)

    async def delete(self, room: str, who: int, message: str) -> None:
        self._put(room, who, text="", replaces=message, deleted=True)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        held = CONTENT if content else b""
        picture = Attachment(kind="image", name=name, content=held)
        return self._put(room, who, text="", attachments=[picture])

    async def answer(self, room: str, who: int, text: str) -> str:
        return self._put(room, who, text=text, to_agency=True)

    def _put(self, room: str, who: int, **rest: Any) -> str:
        message = Message(
            id=f"m{next(self._numbers)}", conversation=room, author=self.account(who), **rest
        )
        self._queue.put_nowait(message)
        return message.id

    async def join(self, room: str, who: int) -> None: ...

    async def seen(self, room: str, who: int) -> list[str]:
        return [
            _shown(each)
            for each in self.shown.values()
            if each.conversation == room and (each.to is None or each.to == self.account(who))
        ]

    async def seen_privately(self, who: int) -> list[str]:
        return [_shown(each) for each in self.shown.values() if each.to == self.account(who)]

    async def cut(self) -> None:
        self._cut = True
        await self._unserve()

    async def mend(self) -> None:
        await self._serve()
        self._cut = False

    async def limit(self, seconds: float) -> None:
        self._limited_until = time.monotonic() + seconds

    async def revoke(self) -> None:
        self.secret = "another secret"

    async def _send(self) -> None:
        async with AsyncAnsimClient(self._base, source=ID, secret=SECRET) as client:
            while True:
                message = await self._queue.get()
                while self._cut:
                    await asyncio.sleep(0.05)
                await client.send([message])

    async def take(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Words of a counsellor: proved, shown once, confirmed."""
        headers = dict(request.headers)
        self.posted.append(headers)
        if time.monotonic() < self._limited_until:
            left = self._limited_until - time.monotonic()
            return Response({}, status_code=429, headers={"Retry-After": str(int(left) + 1)})
        try:
            words = verify(headers, await request.body(), self.secret)
        except NotFromAnsim:
            return Response({"reason": "bad signature"}, status_code=401)
        if self.answer_with is not None:
            return self.answer_with
        assert headers["idempotency-key"] == words.id
        self.shown.setdefault(words.id, words)
        return Response({}, status_code=200)

    async def _serve(self) -> None:
        @post("/words")
        async def words(request: Request[Any, Any, Any]) -> Response[Any]:
            return await self.take(request)

        self._server = uvicorn.Server(
            uvicorn.Config(
                Litestar([words], openapi_config=None, logging_config=None),
                host="127.0.0.1",
                port=self._port,
                log_level="warning",
                lifespan="off",
            )
        )
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            assert not self._serving.done()
            await asyncio.sleep(0.02)

    async def _unserve(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
            self._server = None


def _shown(words: Words) -> str:
    return f"{words.agency}: {words.text}"
