"""What lies behind the addresses of the Kakao channel: who is admitted, what is stored, what went
out. Kakao waits five seconds for an answer and repeats nothing."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections import OrderedDict
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from ansim.sources.contract import Delivery, DeliveryState, Incoming, IntakeRefused
from ansim.sources.doorway import Door, TurnedAway
from ansim.sources.handing import hand
from ansim.sources.kakao import DECLARATION, skill
from ansim.sources.kakao.connector import AWAY, HANDED, SHORTEST_TOKEN
from ansim.sources.kakao.words import Word, Words
from ansim.sources.wiring import Opening

log = logging.getLogger(__name__)

MOST_BYTES = 512 * 1024
STORE_SECONDS = 2.5
"""With the look at waiting words after it well under Kakao's five seconds."""
INSIST_SECONDS = 600.0
MOST_AT_WORK = 200
"""Texts that wait for the store after their request was turned away."""
MOST_ANSWERS = 1000
ANSWER_SECONDS = 60.0

AnyRequest = Request[Any, Any, State]


class No(Exception):
    """The answer that sends a request away; Kakao shows its own error instead."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(error)
        self.response = Response(
            msgspec.json.encode({"error": error, "detail": detail}),
            status_code=status,
            media_type="application/json",
        )


def _turned_away(turned: TurnedAway) -> No:
    no = No(turned.answer.status, "", "")
    no.response.content = turned.answer.body
    return no


class Desk:
    """What all requests of one gateway share."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.at_work: set[asyncio.Task[Any]] = set()
        self._answers: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        self._newest = 0

    def fresh_id(self) -> str:
        """An id that sorts by time and is not given twice."""
        self._newest = max(time.time_ns(), self._newest + 1)
        return f"t{self._newest:x}"

    async def admit(self, request: AnyRequest, source: str, token: str) -> Opening:
        """The source, where the request carries its secrets. Raises No."""
        try:
            opening = self.door.opening(source, DECLARATION.name)
        except TurnedAway as turned:
            raise _turned_away(turned) from None
        expected = opening.wiring.entry("token") if opening is not None else ""
        short = len(expected) < SHORTEST_TOKEN
        if opening is None or short or not _same(token, expected):
            await self.door.refused(None, "a Kakao request to an address that is not there")
            raise No(404, "not_found", "there is no channel at this address")
        header, value = opening.wiring.entry("header_name"), opening.wiring.entry("header_value")
        if value and not _same(request.headers.get(header or "X-Ansim-Key", ""), value):
            await self.door.refused(source, "a Kakao request without its proving header")
            raise No(401, "unauthorized", "the header entered for this source is missing")
        return opening

    async def asked(self, request: AnyRequest, opening: Opening) -> skill.Asked:
        """What is asked, with its body inside the limits. Raises No."""
        declared = request.headers.get("content-length")
        try:
            async with self.door.body(request.stream(), declared, MOST_BYTES) as body:
                return skill.read(body, self.fresh_id(), opening.wiring.entry("api"))
        except TurnedAway as turned:
            raise _turned_away(turned) from None
        except skill.NotASkillRequest as wrong:
            raise No(400, "not_a_skill_request", str(wrong)) from None

    async def store(self, opening: Opening, messages: list[Incoming]) -> None:
        """Durable when it returns. Raises No: then the person is not told that anybody reads."""
        if len(self.at_work) >= MOST_AT_WORK:
            raise No(503, "overloaded", "too much is in work; try again")
        task = asyncio.create_task(self._insist(opening, messages))
        self.at_work.add(task)
        task.add_done_callback(self._done)
        try:
            await asyncio.wait_for(asyncio.shield(task), STORE_SECONDS)
        except IntakeRefused as refused:
            raise No(403, "refused", str(refused)) from None
        except TimeoutError:
            raise No(503, "unavailable", "could not be stored in time; try again") from None

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.at_work.discard(task)
        if not task.cancelled():
            task.exception()  # seen: who waited for it may be gone

    async def _insist(self, opening: Opening, messages: list[Incoming]) -> None:
        try:
            async with asyncio.timeout(INSIST_SECONDS):
                await hand(opening, self.door.intake, messages)
        except TimeoutError:
            times = [message.at for message in messages]
            opening.health.gap(min(times), max(times), AWAY)
        except IntakeRefused:
            raise
        except Exception as error:  # of the door itself; its words may be a user's
            log.error("kakao: could not be handed on: %s", type(error).__name__)
            raise TimeoutError from None

    def again(self, source: str, asked: skill.Asked) -> bytes | None:
        """The answer that this very request got before."""
        kept = self._answers.get((source, asked.id))
        return kept[1] if kept is not None and time.time() - kept[0] < ANSWER_SECONDS else None

    def remember(self, source: str, asked: skill.Asked, answer: bytes) -> None:
        if asked.callback:
            self._answers[source, asked.id] = (time.time(), answer)
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)

    async def settle(self, opening: Opening, taken: list[Word]) -> None:
        """The answer with these words went out."""
        words = Words(opening)
        for word in taken:
            try:
                await words.finish(word, "handed")
                await self.door.record(word.id, Delivery(DeliveryState.SENT, HANDED))
            except Exception as error:  # asked after later by whoever carries words
                log.warning("kakao: a delivery could not be recorded: %s", type(error).__name__)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )
