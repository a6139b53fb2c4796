"""The way out of the Kakao channel: a counsellor's words wait for the young person's next request,
or go at once where Kakao left an address open or may be asked to call the person."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from urllib.parse import quote

import msgspec

from ansim.sources import posting
from ansim.sources.contract import Delivery, DeliveryState, Intake, Outgoing, Revoked
from ansim.sources.kakao import API, DECLARATION, skill
from ansim.sources.kakao.pasted import giver
from ansim.sources.kakao.words import Word, Words
from ansim.sources.wiring import Opening

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address

BEAT_SECONDS = 5.0
"""Between two marks that we are there: what lies before the first of a run may be a gap."""
NO_GAP_SECONDS = 1.0
WAIT_SECONDS = 7 * 24 * 3600.0
"""Words that nobody came back for are given up after this."""
HANDING_SECONDS = 60.0
"""An answer that has not gone out by then never will."""

SHORTEST_TOKEN = 16
TOO_SHORT = (
    "주소 비밀이 너무 짧아 아무것도 받지 않습니다; 32자 이상으로 바꿔 주세요 / "
    "the secret part of the address is too short and nothing is taken: enter at least 32 characters"
)
WAITS = (
    "청소년이 채널에 다시 말을 걸면 전해집니다 / given when the young person next writes to the "
    "channel"
)
HANDED = "카카오톡 채널로 전했습니다 / given to KakaoTalk"
CALLED_BACK = "카카오톡 채널로 바로 전했습니다 / brought to KakaoTalk at once"
NOT_OURS = "이 채널의 대화가 아닙니다 / not a conversation of this channel"
NOT_THEM = (
    "붙여 넣은 대화의 상대에게는 보낼 수 없습니다; 대화를 준 청소년에게만 닿습니다 / words cannot "
    "reach the people in a pasted conversation, only who gave it"
)
TOO_LONG = "너무 깁니다: 말풍선 세 개(약 3,000자)까지입니다 / too long: three bubbles at most"
CUT_SHORT = "전하는 중에 끊겨 닿았는지 알 수 없습니다 / cut short while being handed out"
NOBODY_CAME = "7일 동안 다시 말을 걸지 않아 전하지 못했습니다 / nobody wrote again for 7 days"
AWAY = (
    "이 시간에 채널에 온 말은 듣지 못했을 수 있습니다; 카카오는 지난 말을 다시 주지 않습니다 / "
    "what was written to the channel then may not have been heard: Kakao does not repeat it"
)


_BECAME = {
    "handing": Delivery(DeliveryState.WAITING, WAITS),
    "handed": Delivery(DeliveryState.SENT, HANDED),
    "unknown": Delivery(DeliveryState.UNKNOWN, CUT_SHORT),
    "given_up": Delivery(DeliveryState.FAILED, NOBODY_CAME),
}


class KakaoConnector:
    """The connector ``kakao`` of one source. What comes in goes through ``routes.py``."""

    declaration = DECLARATION

    def __init__(self, opening: Opening, clock: Callable[[], float] = time.time) -> None:
        self._opening = opening
        self._clock = clock
        self.words = Words(opening, clock)

    async def receive(self, intake: Intake) -> None:
        """Marks, until cancelled, that the door is open. Raises ConnectionError, or Revoked where
        anybody could guess its address."""
        if len(self._opening.wiring.entry("token")) < SHORTEST_TOKEN:
            raise Revoked(TOO_SHORT)
        memory, health = self._opening.memory, self._opening.health
        now = self._clock()
        last = await memory.get("alive")
        if last is not None and now - float(last) > NO_GAP_SECONDS:
            health.gap(float(last), now, AWAY)
        await memory.put("alive", str(now).encode())
        health.connected()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await memory.put("alive", str(self._clock()).encode())

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Lays the words ready, once for each id; later calls tell what became of them."""
        user = giver(outgoing.conversation)
        if not user:
            return Delivery(DeliveryState.FAILED, NOT_OURS)
        if outgoing.recipient and outgoing.recipient != user:
            return Delivery(DeliveryState.FAILED, NOT_THEM)
        word = await self.words.word(outgoing.id)
        if word is None:
            parts = skill.cut(f"[{outgoing.agency}] {outgoing.text}")
            if len(parts) > skill.MOST_BUBBLES:
                return Delivery(DeliveryState.FAILED, TOO_LONG)
            word = Word(id=outgoing.id, user=user, parts=parts, at=self._clock())
        else:
            settled = await self._settled(word)
            if settled is not None:
                return settled
        callback = ""
        async with self.words.lock():
            there = await self.words.word(outgoing.id)
            if there is None:
                await self.words.keep(word)
            elif there.state != "waiting":  # an answer took them meanwhile
                return Delivery(DeliveryState.WAITING, WAITS)
            await self.words.line_up(word)
            if await self._first(word):
                callback = await self.words.use_callback(user)
            if callback:
                await self.words.hand_out(word)
        if callback:
            return await self._call_back(callback, word)
        await self._call_person(word)
        return Delivery(DeliveryState.WAITING, WAITS)

    async def _settled(self, word: Word) -> Delivery | None:
        """What became of words laid ready earlier; None: they wait."""
        now = self._clock()
        if word.state == "handing" and now - word.since > HANDING_SECONDS:
            await self.words.finish(word, "unknown")
        elif word.state == "waiting" and now - word.at > WAIT_SECONDS:
            await self.words.finish(word, "given_up")
        return None if word.state == "waiting" else _BECAME[word.state]

    async def _first(self, word: Word) -> bool:
        """Whether nothing that was written earlier still waits for this person."""
        return await self.words.first(word.user) == word.id

    async def _call_back(self, address: str, word: Word) -> Delivery:
        try:
            if not self.may_call(address):
                raise posting.AddressRefused("not Kakao's")
            reply = await self._ask(address, skill.bubbles(word.parts), {})
        except (posting.AddressRefused, posting.NotSent):
            await self.words.take_back([word])
            return Delivery(DeliveryState.WAITING, WAITS)
        except posting.MaybeSent:
            await self.words.finish(word, "unknown")
            return Delivery(DeliveryState.UNKNOWN, CUT_SHORT)
        if 200 <= reply.status < 300 and reply.said().get("status", "SUCCESS") == "SUCCESS":
            await self.words.finish(word, "handed")
            return Delivery(DeliveryState.SENT, CALLED_BACK)
        await self.words.take_back([word])  # its minute was over, or it was used
        return Delivery(DeliveryState.WAITING, WAITS)

    def may_call(self, address: str) -> bool:
        """Whether an address that came with a request is Kakao's own."""
        try:
            url = posting.check(address, allow_http=True)
            ours = posting.check(self._api(), allow_http=True)
        except posting.AddressRefused:
            return False
        same = (url.scheme, url.host, url.port) == (ours.scheme, ours.host, ours.port)
        return same or (url.scheme == "https" and url.host.endswith(".kakao.com"))

    async def _call_person(self, word: Word) -> None:
        """Asks Kakao, once for each text, to run the block that fetches the words (Event API)."""
        wiring = self._opening.wiring
        bot, event, key = (wiring.entry(n) for n in ("bot_id", "event_name", "event_api_key"))
        if not (bot and event and key) or word.called:
            return
        address = f"{self._api()}/v2/bots/{quote(bot, safe='!')}/talk"
        body = msgspec.json.encode(
            {"event": {"name": event}, "user": [{"type": "botUserKey", "id": word.user}]}
        )
        try:
            reply = await self._ask(address, body, {"Authorization": f"KakaoAK {key}"})
        except (posting.NotSent, posting.AddressRefused):
            return self._trouble("")  # asked again when the words are asked after
        except posting.MaybeSent:
            reply = posting.Reply(200, b"")  # a second call would only cost money
        if reply.status == 429 or reply.status >= 500:
            return self._trouble(str(reply.status))
        if reply.status >= 400 or reply.said().get("status", "SUCCESS") != "SUCCESS":
            self._trouble(str(reply.status))  # a person has to look; the words wait as they did
        else:
            self._opening.health.connected()
        async with self.words.lock():
            still = await self.words.word(word.id)
            if still is not None:
                still.called = True
                await self.words.keep(still)

    def _trouble(self, why: str) -> None:
        self._opening.health.trouble(
            "카카오 Event API가 청소년을 부르지 못했습니다 / Kakao's Event API did not call the "
            f"young person {why}".rstrip()
        )

    async def _ask(self, address: str, body: bytes, headers: dict[str, str]) -> posting.Reply:
        near = self._api().startswith("http://")  # a stand-in on this machine
        return await posting.post(address, body, headers, allow_http=near)

    def _api(self) -> str:
        return (self._opening.wiring.entry("api") or API).rstrip("/")


def connect(opening: Opening) -> KakaoConnector:
    return KakaoConnector(opening)
