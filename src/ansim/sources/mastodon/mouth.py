"""What the agency says on Mastodon: a public answer in the thread, under the agency's name.

The server takes a key with every post and makes one post of a key for an hour; after that hour our
own last posts are looked through before anything is said again.
"""

from __future__ import annotations

import asyncio
import re
import time

import msgspec
from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNotFoundError,
    MastodonRatelimitError,
    MastodonUnauthorizedError,
)

from ansim.sources.contract import Delivery, DeliveryState, Outgoing
from ansim.sources.fitting import fields
from ansim.sources.mastodon.line import line, status_of, until_reset
from ansim.sources.mastodon.spoken import number, words
from ansim.sources.threads import Thread, remembered
from ansim.sources.wiring import Opening, Remembered

MAX_CHARACTERS = 500
"""Mastodon's own limit; a server may allow more and says so."""
MOST_CALLED = 5
"""People of the thread who are called by name, so that they notice the answer."""
WAIT_SECONDS = 6.0
KEY_SECONDS = 50 * 60.0
"""Keys are kept for an hour."""
TRIES_KEPT = 200
OUR_LAST = 40

SENT = "글타래에 공개 답글로 올렸습니다 / posted as a public answer in the thread"
REVOKED = (
    "Mastodon 서버가 액세스 토큰을 받지 않습니다. 관리자가 새 토큰을 넣어야 합니다 / "
    "not sent: the Mastodon server does not accept the access token any more"
)
NOT_THERE = (
    "답할 글이 더는 없거나 보이지 않아 보내지 못했습니다 / "
    "not sent: the post to be answered is gone or cannot be seen"
)
NOT_ALLOWED = (
    "기관 계정에 쓸 권한이 없습니다 (토큰의 write:statuses, 계정 정지) / "
    "not sent: the agency's account may not write (write:statuses of the token, a suspension)"
)
TOO_LONG = (
    "이 서버는 기관 이름까지 {limit}자까지만 받습니다. 줄이거나 나누어 보내 주세요 / "
    "not sent: this server takes {limit} characters, the agency's name among them; shorten it"
)
REFUSED = (
    "Mastodon 서버가 이 글을 받지 않았습니다 / not sent: the server did not accept these words"
)
_NUMBER = re.compile(r"[0-9A-Za-z]{1,64}")
_ACCOUNT = re.compile(r"[A-Za-z0-9_.-]+(@[A-Za-z0-9_.:-]+)?")


class Tries(msgspec.Struct):
    """When words were first tried, by their id: seconds since 1970."""

    first: dict[str, float] = {}


class Mouth:
    """Says words through the API of one server."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._client: Mastodon | None = None
        self._limit = 0
        self._lock = asyncio.Lock()

    async def send(self, outgoing: Outgoing) -> Delivery:
        """As ``Connector.send``."""
        if not _NUMBER.fullmatch(outgoing.conversation):
            return Delivery(DeliveryState.FAILED, NOT_THERE)
        if self._client is None:
            self._client = line(self._opening)
        try:
            return await self._send(self._client, outgoing)
        except MastodonUnauthorizedError:
            return Delivery(DeliveryState.FAILED, REVOKED)
        except MastodonNotFoundError:
            return Delivery(DeliveryState.FAILED, NOT_THERE)
        except MastodonAPIError as error:
            status = status_of(error)
            if status in (401, 403):
                return Delivery(DeliveryState.FAILED, NOT_ALLOWED)
            if status in range(400, 500):
                return Delivery(DeliveryState.FAILED, REFUSED)
            raise ConnectionError("the Mastodon server cannot take words now") from None
        except MastodonError as error:
            raise ConnectionError(f"Mastodon: {type(error).__name__}") from None

    async def _send(self, client: Mastodon, outgoing: Outgoing) -> Delivery:
        thread = await remembered(self._opening.memory, outgoing.conversation)
        limit = await self._most_characters(client)
        text = f"[{outgoing.agency}] {outgoing.text}"
        if length(text) > limit:
            return Delivery(DeliveryState.FAILED, TOO_LONG.format(limit=limit))
        async with self._lock:
            tried = await self._tried(outgoing.id)
        if time.time() - tried > KEY_SECONDS and await self._was_said(client, text, tried):
            return Delivery(DeliveryState.SENT, SENT)
        text = with_names(text, thread, limit)
        alive = thread.alive()
        try:
            await self._post(
                client, text, alive[0][0] if alive else outgoing.conversation, outgoing
            )
        except MastodonNotFoundError:  # taken back just now
            await self._post(client, text, outgoing.conversation, outgoing)
        return Delivery(DeliveryState.SENT, SENT)

    async def _post(self, client: Mastodon, text: str, to: str, outgoing: Outgoing) -> None:
        """Posts with the key; waits for a short limit."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                await asyncio.to_thread(
                    lambda: client.status_post(
                        text,
                        in_reply_to_id=to,
                        visibility="public",
                        language=outgoing.language[:2] or None,
                        idempotency_key=f"ansim-{outgoing.id}",
                    )
                )
                return
            except MastodonRatelimitError:
                wait = until_reset(client)
                if time.monotonic() + wait > end:
                    raise
                await asyncio.sleep(wait + 0.05)

    async def _most_characters(self, client: Mastodon) -> int:
        """The server's limit, asked once."""
        if not self._limit:
            try:
                about = await asyncio.to_thread(client.instance_v2)
            except (MastodonUnauthorizedError, MastodonRatelimitError):
                raise
            except MastodonAPIError:
                return MAX_CHARACTERS
            statuses = fields(fields(fields(about).get("configuration")).get("statuses"))
            most = statuses.get("max_characters")
            self._limit = most if isinstance(most, int) and most > 0 else MAX_CHARACTERS
        return self._limit

    async def _tried(self, name: str) -> float:
        """When these words were first tried; now, where they never were. Durable."""
        tries = await Remembered.read(self._opening.memory, "tries", Tries)
        if name not in tries.first:
            tries.first[name] = time.time()
            while len(tries.first) > TRIES_KEPT:
                del tries.first[next(iter(tries.first))]
            await Remembered.write(self._opening.memory, "tries", tries)
        return tries.first[name]

    async def _was_said(self, client: Mastodon, text: str, since: float) -> bool:
        """Whether our account said this since then."""
        me = await asyncio.to_thread(client.account_verify_credentials)
        ours = await asyncio.to_thread(
            lambda: client.account_statuses(number(me), limit=OUR_LAST, exclude_reblogs=True)
        )
        wanted = _plainly(text)
        return any(
            _plainly(words(each)).startswith(wanted)
            for each in ours
            if int(number(each) or 0) >> 16 >= (since - 60.0) * 1000
        )


def length(text: str) -> int:
    """Characters as Mastodon counts them: an address counts as 23."""
    return len(re.sub(r"https?://\S+", "x" * 23, text))


def with_names(text: str, thread: Thread, limit: int) -> str:
    """The words, and below them whom they are for: nobody is told of an answer that does not name
    them. As many as there is room for, those who spoke last first."""
    called: list[str] = []
    for _, post in thread.alive():
        name = f"@{post.author}"
        line_of_names = " ".join([*called, name])
        if (
            len(called) >= MOST_CALLED
            or name in called
            or not _ACCOUNT.fullmatch(post.author)
            or length(text) + 2 + len(line_of_names) > limit
        ):
            continue
        called.append(name)
    return f"{text}\n\n{' '.join(called)}" if called else text


def _plainly(text: str) -> str:
    return "".join(text.split())
