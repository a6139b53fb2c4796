"""What the agency says on Bluesky: a public answer in the thread, under the agency's name.

The key of a post is made of the words' own id, so that however often it is tried there is one post.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from datetime import UTC, datetime
from typing import Any

from atproto_client.exceptions import AtProtocolError, BadRequestError, RateLimitExceededError  # type: ignore[import-untyped]

from ansim.sources.bluesky.line import Line, wait_of
from ansim.sources.bluesky.spoken import POST, address
from ansim.sources.contract import Delivery, DeliveryState, Outgoing, Revoked
from ansim.sources.fitting import Fields, fields, listed
from ansim.sources.threads import remembered
from ansim.sources.wiring import Opening

MOST_CHARACTERS = 300
MOST_BYTES = 3000
WAIT_SECONDS = 6.0
LOOKED_AT = 24
"""Posts of a thread, newest first, among which the one to answer is looked for."""

SENT = "글타래에 공개 답글로 올렸습니다 / posted as a public answer in the thread"
REVOKED = (
    "Bluesky가 앱 비밀번호를 받지 않습니다. 관리자가 새로 넣어야 합니다 / "
    "not sent: Bluesky does not accept the app password any more"
)
NOT_THERE = (
    "답할 글이 더는 없거나 보이지 않아 보내지 못했습니다 / "
    "not sent: the post to be answered is gone or cannot be seen"
)
CLOSED = (
    "글쓴이가 답글을 받지 않도록 정한 글타래입니다 / "
    "not sent: the author of this thread takes no answers from strangers"
)
TOO_LONG = (
    f"Bluesky는 기관 이름까지 {MOST_CHARACTERS}자까지만 받습니다. 줄이거나 나누어 보내 주세요 / "
    f"not sent: Bluesky takes {MOST_CHARACTERS} characters, the agency's name among them; shorten "
    "it"
)
REFUSED = "Bluesky가 이 글을 받지 않았습니다 / not sent: Bluesky did not accept these words"
_ADDRESS = re.compile(rf"at://[a-z0-9.:%_-]+/{re.escape(POST)}/[A-Za-z0-9._:~-]+", re.IGNORECASE)
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_BEGIN = 1_704_067_200_000_000  # microseconds: 2024-01-01


class Mouth:
    """Says words as the agency's account."""

    def __init__(self, opening: Opening, line: Line) -> None:
        self._opening = opening
        self._line = line

    async def send(self, outgoing: Outgoing) -> Delivery:
        """As ``Connector.send``."""
        if not _ADDRESS.fullmatch(outgoing.conversation):
            return Delivery(DeliveryState.FAILED, NOT_THERE)
        text = f"[{outgoing.agency}] {outgoing.text}"
        if len(text.encode("utf-8", "replace")) > MOST_BYTES:
            return Delivery(DeliveryState.FAILED, TOO_LONG)
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return await self._send(outgoing, text)
            except Revoked:
                return Delivery(DeliveryState.FAILED, REVOKED)
            except RateLimitExceededError as limit:
                wait = wait_of(limit)
                if time.monotonic() + wait > end:
                    raise ConnectionError("Bluesky takes no more words for now") from None
                await asyncio.sleep(wait + 0.05)
            except BadRequestError:
                # What counts is what a reader sees as one character; Bluesky does the counting.
                too_long = len(text) > MOST_CHARACTERS
                return Delivery(DeliveryState.FAILED, TOO_LONG if too_long else REFUSED)
            except AtProtocolError as error:
                raise ConnectionError(f"Bluesky: {type(error).__name__}") from None

    async def _send(self, outgoing: Outgoing, text: str) -> Delivery:
        await self._line.begin()
        key = key_of(f"{outgoing.source}/{outgoing.id}")
        if await self._is_said(key):
            return Delivery(DeliveryState.SENT, SENT)
        above = await self._answered(outgoing.conversation)
        if above is None:
            return Delivery(DeliveryState.FAILED, NOT_THERE)
        if fields(above.get("viewer")).get("replyDisabled"):
            return Delivery(DeliveryState.FAILED, CLOSED)
        parent = {"uri": above.get("uri"), "cid": above.get("cid")}
        first = fields(fields(fields(above.get("record")).get("reply")).get("root"))
        top = {"uri": first.get("uri"), "cid": first.get("cid")} if first else parent
        record: dict[str, Any] = {
            "$type": POST,
            "text": text,
            "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "langs": [outgoing.language[:2]],
            "reply": {"root": top, "parent": parent},
        }
        await self._line.write(
            "com.atproto.repo.putRecord",
            repo=self._line.me,
            collection=POST,
            rkey=key,
            validate=True,
            record=record,
        )
        return Delivery(DeliveryState.SENT, SENT)

    async def _is_said(self, key: str) -> bool:
        """Whether an earlier try of the same words arrived."""
        try:
            await self._line.ask(
                "com.atproto.repo.getRecord", repo=self._line.me, collection=POST, rkey=key
            )
        except BadRequestError:
            return False
        return True

    async def _answered(self, conversation: str) -> Fields | None:
        """The newest post of the thread that is still there."""
        thread = await remembered(self._opening.memory, conversation)
        names = [name for name, _ in thread.alive()[:LOOKED_AT] if _ADDRESS.fullmatch(name)]
        wanted = list(dict.fromkeys([*names, conversation]))
        answer = await self._line.ask("app.bsky.feed.getPosts", uris=wanted)
        found = {address(each): each for each in listed(answer, "posts")}
        return next((found[name] for name in wanted if name in found), None)


def key_of(name: str) -> str:
    """A record key in Bluesky's form (TID), the same for the same words. Its time is no time."""
    dice = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8])
    number = ((_BEGIN + (dice & (1 << 45) - 1)) << 10) | (dice >> 54)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(60, -1, -5))
