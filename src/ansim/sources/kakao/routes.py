"""The way in of the Kakao channel: Kakao calls these addresses for every text a young person sends
and waits five seconds for what is to be said."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from litestar import Response, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath

from ansim.sources.contract import Incoming
from ansim.sources.doorway import Door
from ansim.sources.fitting import fit_attachment
from ansim.sources.kakao import pasted, skill
from ansim.sources.kakao.desk import AnyRequest, Desk, No
from ansim.sources.kakao.words import Word, Words
from ansim.sources.telling import notice
from ansim.sources.wiring import NoticeKind, Opening

PASTED = "붙여 넣은 대화 / pasted conversation"
"""What the agency is told was handed over, where the words themselves are another conversation."""

PATIENCE = 2.0
"""Seconds for a picture: Kakao waits five for the whole answer."""
LOOK_SECONDS = 1.0
NOT_APPROVED = (
    "첫 안내(HELLO)를 책임자가 아직 승인하지 않아 아무 말도 받지 않습니다 / "
    "nothing is taken until a supervisor has approved the first answer (HELLO)"
)


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
            asked = await desk.asked(request, opening)
            before = desk.again(source, asked)
            if before is not None:
                return _answer(before, asked.id)
            hello = _hello(opening, asked)
            messages = _messages(asked, time.time())
            await desk.store(opening, messages)
        except No as no:
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
            asked = await desk.asked(request, opening)
            hello = _hello(opening, asked)
        except No as no:
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
        raise No(503, "not_ready", "no first answer has been approved for this channel")
    return skill.cut(text)[: skill.MOST_BUBBLES]


def _messages(asked: skill.Asked, now: float) -> list[Incoming]:
    """What the person wrote to the agency, and a conversation of its own where they pasted one."""
    found = pasted.find(asked.text, now)
    words = asked.text if found is None else found.words
    messages = pasted.messages(found.turns, asked.user, now) if found is not None else []
    # Whoever pastes a conversation and says nothing else has turned to the agency all the same.
    copied = (fit_attachment(PASTED, kind="other"),) if messages else ()
    return [
        *messages,
        Incoming(
            id=asked.id,
            conversation=f"agency:{asked.user}",
            author=asked.user,
            at=now,
            text=words,
            attachments=(*asked.attachments, *copied),
            contents=asked.contents,
            patience=PATIENCE,
            to_agency=True,
        ),
    ]


def _answer(body: bytes, message: str, after: BackgroundTask | None = None) -> Response[bytes]:
    return Response(
        body,
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Ansim-Message": message},
        background=after,
    )
