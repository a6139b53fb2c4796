"""Kakao's side of an agency's channel: it calls the skill for every text of a person and shows the
bubbles that come back; its Event API runs the block that fetches a counsellor's words.

Built after Kakao's documentation of skills, callbacks and the Event API (docs/connectors/kakao.md
says where). It repeats nothing: what the skill did not take is lost, and the person sees an error.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import Any

import httpx
import uvicorn
from litestar import Litestar, Request, Response, post
from litestar.params import FromPath

from ansim.chat import Consent, Source, SourceKind
from ansim.sources.kakao import skill
from ansim.sources.wiring import NoticeKind, Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.files import Files
from tests.stream.conftest import free_port

ID = "kakao-channel"
TOKEN = "token-in-the-address-of-the-skill"
API_KEY = "rest-api-key"
BOT, EVENT = "bot-1", "counsellor_answered"
HELLO = "안녕하세요, {agency}입니다. 보내 준 내용은 상담 선생님이 읽고 여기로 답할게요."
SKILL_SECONDS = 60.0
"""So long a request of Kakao waits. The real one waits for five seconds, which are no measure on a
machine that does other work too."""
CALLBACK_SECONDS = 60.0


class Service(Ordinary):
    """One channel. A room is one person's talk with it."""

    can = frozenset({Can.ATTACH, Can.CONTENT, Can.FILES, Can.PRIVATE})
    people = 1

    def __init__(self) -> None:
        self.events = True
        """Whether the operator entered what the Event API needs."""
        self.callbacks = False
        self.bubbles: dict[str, list[str]] = {}
        self.errors = 0
        """Requests that Kakao showed its own error for."""
        self.calls: list[dict[str, Any]] = []
        self.event_status = 200
        self._open: dict[str, tuple[str, float]] = {}
        self._port = free_port()
        self.cable = Cable()
        self.files = Files()
        self._numbers = count(1)
        self._person = 0
        self._base = ""
        self._client = httpx.AsyncClient(timeout=SKILL_SECONDS, trust_env=False)
        self._running: set[asyncio.Task[None]] = set()
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        @post("/v2/bots/{bot:str}/talk")
        async def talk(request: Request[Any, Any, Any], bot: FromPath[str]) -> Response[Any]:
            return self._talk(request.headers.get("authorization", ""), bot, await request.json())

        @post("/callback/{number:str}")
        async def callback(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
            return self._called_back(number, await request.json())

        self._server = uvicorn.Server(
            uvicorn.Config(
                Litestar([talk, callback], openapi_config=None, logging_config=None),
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
        self.files.start()
        self.cable.lead_files(self.files.port, "/talkm/")
        await self.cable.lay(self._port)

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await self._client.aclose()
        await self.cable.cut()
        self.files.stop()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)

    @property
    def address(self) -> str:
        """Of its API and of its files."""
        return f"http://127.0.0.1:{self.cable.port}"

    def at(self, base: str) -> None:
        self._base = base

    def source(self) -> Source:
        return Source(
            id=ID,
            name="The agency's channel",
            kind=SourceKind.DONATED,
            legal_basis="who writes to the channel speaks to the agency",
            consent=Consent(given_by="participant", given_at=1_790_000_000.0, how="fixed answer"),
            connector="kakao",
            private_messages=True,
        )

    def wiring(self) -> Wiring:
        settings = {"api": self.address}
        credentials = {"token": TOKEN}
        if self.events:
            settings |= {"bot_id": BOT, "event_name": EVENT}
            credentials["event_api_key"] = API_KEY
        if self.callbacks:
            settings["callback"] = "yes"
        notices = {NoticeKind.HELLO.value: {"ko": HELLO}}
        return Wiring(settings=settings, credentials=credentials, notices=notices)

    async def room(self) -> str:
        self._person = next(self._numbers)
        return f"agency:{self.account(0)}"

    def account(self, who: int) -> str:
        return f"person-{self._person}-{who}"

    async def say(self, room: str, who: int, text: str) -> str:
        return await self.speak(room.partition(":")[2], text)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        address = f"http://dn-m.talk.kakao.com/talkm/folder/{name}"
        if content:
            address = f"{self.address}/talkm/folder/{content}.jpg"
        media = {"media": {"type": "image", "url": address}}
        return await self.speak(room.partition(":")[2], address, params=media)

    async def speak(self, user: str, text: str, **more: Any) -> str:
        """A person writes; returns the id that the message will have."""
        number = f"n{next(self._numbers)}"
        callback = f"{self.address}/callback/{number}"
        self._open[number] = (user, time.monotonic() + CALLBACK_SECONDS)
        await self.call("", payload(user, text, callbackUrl=callback, **more))
        return skill.once(callback)

    async def call(self, path: str, body: dict[str, Any]) -> httpx.Response | None:
        """Kakao calls the skill and shows what it answers in time, or its own error."""
        user = body["userRequest"]["user"]["id"]
        started = time.monotonic()
        try:
            address = f"{self._base}/v1/kakao/{ID}/{TOKEN}{path}"
            answer = await self._client.post(address, json=body)
        except httpx.HTTPError:
            self.errors += 1
            return None
        if answer.status_code != 200 or time.monotonic() - started > SKILL_SECONDS:
            self.errors += 1
            return answer
        said = answer.json()
        assert said["version"] == "2.0"
        if said.get("useCallback"):
            self.bubbles.setdefault(user, []).append(said["data"]["text"])
        else:
            self._show(user, said)
        return answer

    def _show(self, user: str, said: dict[str, Any]) -> None:
        outputs = said["template"]["outputs"]
        assert 1 <= len(outputs) <= 3
        for output in outputs:
            text = output["simpleText"]["text"]
            assert 1 <= len(text.encode("utf-16-le")) // 2 <= 1000
            self.bubbles.setdefault(user, []).append(text)

    def _talk(self, authorization: str, bot: str, body: dict[str, Any]) -> Response[Any]:
        self.calls.append(body)
        if self.event_status != 200:
            return Response({"status": "FAIL"}, status_code=self.event_status)
        if authorization != f"KakaoAK {API_KEY}" or bot != BOT:
            return Response({"status": "FAIL"}, status_code=401)
        assert body["event"] == {"name": EVENT}
        for each in body["user"]:
            assert each["type"] == "botUserKey"
            task = asyncio.create_task(self._run_block(each["id"]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return Response({"taskId": "task-1", "status": "SUCCESS"}, status_code=200)

    async def _run_block(self, user: str) -> None:
        await self.call("/event", payload(user, EVENT))

    def _called_back(self, number: str, body: dict[str, Any]) -> Response[Any]:
        user, until = self._open.pop(number, ("", 0.0))
        if not user or time.monotonic() > until:
            return Response({"status": "FAIL", "message": "expired"}, status_code=400)
        self._show(user, body)
        return Response({"taskId": "task-2", "status": "SUCCESS"}, status_code=200)

    async def seen(self, room: str, who: int) -> list[str]:
        return list(self.bubbles.get(room.partition(":")[2], []))

    async def seen_privately(self, who: int) -> list[str]:
        return list(self.bubbles.get(self.account(who), []))

    async def answer(self, room: str, who: int, text: str) -> str:
        return await self.say(room, who, text)

    async def edit(self, room: str, who: int, message: str, text: str) -> None: ...

    async def delete(self, room: str, who: int, message: str) -> None: ...

    async def join(self, room: str, who: int) -> None: ...

    async def cut(self) -> None: ...

    async def mend(self) -> None: ...

    async def limit(self, seconds: float) -> None: ...

    async def revoke(self) -> None: ...


def payload(user: str, text: str, **more: Any) -> dict[str, Any]:
    """A request of a skill as Kakao documents it."""
    return {
        "intent": {"id": "block-1", "name": "폴백 블록"},
        "userRequest": {
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend", **more.pop("params", {})},
            "block": {"id": "block-1", "name": "폴백 블록"},
            "utterance": text,
            "lang": None,
            "user": {
                "id": user,
                "type": "botUserKey",
                "properties": {"botUserKey": user, "plusfriendUserKey": f"plus-{user}"},
            },
            **more,
        },
        "bot": {"id": BOT, "name": "상담 채널"},
        "action": {"name": "skill", "clientExtra": None, "params": {}, "id": "a1"},
    }
