"""The way in of the Kakao channel: Kakao calls these addresses for every text a young person sends
and waits five seconds for what is to be said."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections import OrderedDict
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.params import FromPath

from ansim.sources.contract import Delivery, DeliveryState, Incoming, IntakeRefused
from ansim.sources.doorway import Door, TurnedAway
from ansim.sources.handing import hand
from ansim.sources.kakao import DECLARATION, pasted, skill
from ansim.sources.kakao.connector import AWAY, HANDED
from ansim.sources.kakao.words import Word, Words
from ansim.sources.telling import notice
from ansim.sources.wiring import NoticeKind, Opening

log = logging.getLogger(__name__)

MOST_BYTES = 512 * 1024
STORE_SECONDS = 2.5
LOOK_SECONDS = 1.0
"""Together well under Kakao's five seconds."""
INSIST_SECONDS = 600.0
MOST_AT_WORK = 200
"""Texts that wait for the store after their request was turned away."""
MOST_ANSWERS = 1000
ANSWER_SECONDS = 60.0
NOT_APPROVED = (
    "첫 안내(HELLO)를 책임자가 아직 승인하지 않아 아무 말도 받지 않습니다 / "
    "nothing is taken until a supervisor has approved the first answer (HELLO)"
)

AnyRequest = Request[Any, Any, State]


class _No(Exception):
    """The answer that sends a request away; Kakao shows its own error instead."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(error)
        self.response = Response(
            msgspec.json.encode({"error": error, "detail": detail}),
            status_code=status,
            media_type="application/json",
        )


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
        """The source, where the request carries its secrets. Raises _No."""
        opening = self.door.opening(source, DECLARATION.name)
        expected = opening.wiring.entry("token") if opening is not None else ""
        if opening is None or not expected or not _same(token, expected):
            await self.door.refused(None, "a Kakao request to an address that is not there")
            raise _No(404, "not_found", "there is no channel at this address")
        header, value = opening.wiring.entry("header_name"), opening.wiring.entry("header_value")
        if value and not _same(request.headers.get(header or "X-Ansim-Key", ""), value):
            await self.door.refused(source, "a Kakao request without its proving header")
            raise _No(401, "unauthorized", "the header entered for this source is missing")
        return opening

    async def asked(self, request: AnyRequest) -> skill.Asked:
        """What is asked, with its body inside the limits. Raises _No."""
        declared = request.headers.get("content-length")
        try:
            async with self.door.body(request.stream(), declared, MOST_BYTES) as body:
                return skill.read(body, self.fresh_id())
        except TurnedAway as turned:
            no = _No(turned.answer.status, "", "")
            no.response.content = turned.answer.body
            raise no from None
        except skill.NotASkillRequest as wrong:
            raise _No(400, "not_a_skill_request", str(wrong)) from None

    async def store(self, opening: Opening, messages: list[Incoming]) -> None:
        """Durable when it returns. Raises _No: then the person is not told that anybody reads."""
        if len(self.at_work) >= MOST_AT_WORK:
            raise _No(503, "overloaded", "too much is in work; try again")
        task = asyncio.create_task(self._insist(opening, messages))
        self.at_work.add(task)
        task.add_done_callback(self._done)
        try:
            await asyncio.wait_for(asyncio.shield(task), STORE_SECONDS)
        except IntakeRefused as refused:
            raise _No(403, "refused", str(refused)) from None
        except TimeoutError:
            raise _No(503, "unavailable", "could not be stored in time; try again") from None

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


def routes(door: Door) -> list[Any]:
    """The addresses under ``/v1/kakao/``. See docs/connectors/kakao.md."""
    desk = Desk(door)

    @post("/v1/kakao/{source:str}/{token:str}", status_code=200)
    async def said(
        request: AnyRequest, source: FromPath[str], token: FromPath[str]
    ) -> Response[bytes]:
        """A young person wrote: it is taken, and answered with the fixed words."""
        try:
            opening = await desk.admit(request, source, token)
            asked = await desk.asked(request)
            before = desk.again(source, asked)
            if before is not None:
                return _answer(before, asked.id)
            hello = _hello(opening, asked)
            messages = _messages(asked, time.time())
            await desk.store(opening, messages)
        except _No as no:
            return no.response
        words = Words(opening)
        taken = await _look(words, asked.user, skill.MOST_BUBBLES - len(hello))
        if opening.wiring.entry("callback") == "yes" and asked.callback and not taken:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await words.open_callback(asked.user, asked.callback)
                answer = skill.later("\n".join(hello))
            except (ConnectionError, TimeoutError):
                answer = skill.bubbles(hello)
        else:
            answer = skill.bubbles(_composed(hello, taken))
        desk.remember(source, asked, answer)
        return _answer(answer, asked.id, BackgroundTask(desk.settle, opening, taken))

    @post("/v1/kakao/{source:str}/{token:str}/event", status_code=200)
    async def called(
        request: AnyRequest, source: FromPath[str], token: FromPath[str]
    ) -> Response[bytes]:
        """Kakao runs the block that we asked for: it gets what waits for this person. Nothing in
        such a request was said by anybody."""
        try:
            opening = await desk.admit(request, source, token)
            asked = await desk.asked(request)
            hello = _hello(opening, asked)
        except _No as no:
            return no.response
        taken = await _look(Words(opening), asked.user, skill.MOST_BUBBLES)
        answer = skill.bubbles(_composed([], taken) if taken else hello)
        return _answer(answer, asked.id, BackgroundTask(desk.settle, opening, taken))

    return [said, called]


async def _look(words: Words, user: str, bubbles: int) -> list[Word]:
    """What waits for this person, as far as it can be seen in time."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await words.take(user, bubbles, skill.MOST_BUBBLES)
    except (ConnectionError, TimeoutError):
        return []


def _composed(hello: list[str], taken: list[Word]) -> list[str]:
    """The fixed words and those of a counsellor; a long text of theirs goes before the fixed."""
    said = [part for word in taken for part in word.parts]
    return [*hello, *said] if len(hello) + len(said) <= skill.MOST_BUBBLES else said


def _hello(opening: Opening, asked: skill.Asked) -> list[str]:
    text = notice(opening, NoticeKind.HELLO, asked.language)
    if not text:
        opening.health.trouble(NOT_APPROVED)
        raise _No(503, "not_ready", "no first answer has been approved for this channel")
    return skill.cut(text)[: skill.MOST_BUBBLES]


def _messages(asked: skill.Asked, now: float) -> list[Incoming]:
    """What the person wrote to the agency, and a conversation of its own where they pasted one."""
    found = pasted.find(asked.text, now)
    words = asked.text if found is None else found.words
    messages = pasted.messages(found.turns, asked.user, now) if found is not None else []
    if words.strip() or asked.attachments or not messages:
        messages.append(
            Incoming(
                id=asked.id,
                conversation=f"agency:{asked.user}",
                author=asked.user,
                at=now,
                text=words,
                attachments=asked.attachments,
                to_agency=True,
            )
        )
    return messages


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def _answer(body: bytes, message: str, after: BackgroundTask | None = None) -> Response[bytes]:
    return Response(
        body,
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Ansim-Message": message},
        background=after,
    )
