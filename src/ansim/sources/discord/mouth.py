"""What the agency says on Discord: into a channel, or to one person privately.

A nonce makes Discord say the same words once within a few minutes; within that time what was cut
short is repeated, later nobody but a person may decide to say it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable

import aiohttp
import discord

from ansim.sources.contract import Delivery, DeliveryState, Outgoing
from ansim.sources.discord.line import Line
from ansim.sources.discord.spoken import snowflake, spoken_at
from ansim.sources.privately import Privately

log = logging.getLogger(__name__)

MAX_WORDS = 2000
"""Characters of one message."""
NONCE_SECONDS = 60.0
"""How long a repetition with the same nonce counts as safe; Discord promises "a few minutes"."""
SEND_SECONDS = 12.0
"""Below the fifteen after which the courier calls an attempt unknown."""
CANNOT_DM = 50007

SENT = "Discord에 올렸습니다 / posted on Discord"
SENT_PRIVATELY = "이 사람에게만 보냈습니다 / sent to this person alone"
NO_DM = (
    "이 사람은 봇의 개인 메시지를 받지 않게 해 두어 보내지 못했습니다 / "
    "not sent: this person does not accept private messages from the bot"
)
NOT_ALLOWED = (
    "봇이 이 채널에 쓸 권한이 없어 보내지 못했습니다 / not sent: the bot may not write here"
)
GONE = "채널이나 사람이 더 이상 없어 보내지 못했습니다 / not sent: the channel or person is gone"
REFUSED = "Discord가 이 글을 받지 않았습니다 / not sent: Discord did not accept these words"
REVOKED = (
    "Discord가 봇 토큰을 받지 않습니다. 관리자가 새 토큰을 넣어야 합니다 / "
    "not sent: Discord does not accept the bot token any more"
)
UNSURE = (
    "보내는 중에 끊겨 전달 여부를 알 수 없습니다 / cut short while sending; it may have arrived"
)
HALF = " (앞부분은 전달됨 / the first part was said)"


class Unsure(Exception):
    """An attempt was cut short: the words may have been said."""


class Mouth:
    """Says words through Discord's API; needs no connection to the gateway."""

    def __init__(
        self,
        token: str,
        api: str,
        privately: Privately,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token = token
        self._api = api
        self._privately = privately
        self._clock = clock
        self._line: Line | None = None
        self._opening = asyncio.Lock()
        self._unsure: dict[str, float] = {}

    async def send(self, outgoing: Outgoing) -> Delivery:
        """As ``Connector.send``."""
        began = self._clock()
        if began - self._unsure.get(outgoing.id, began) > NONCE_SECONDS:
            return self._settle(outgoing, DeliveryState.UNKNOWN, UNSURE)
        told = 0
        try:
            async with asyncio.timeout(SEND_SECONDS):
                channel = await self._channel(outgoing)
                for number, part in enumerate(parts(outgoing)):
                    await self.say(channel, part, nonce(outgoing.id, number))
                    told += 1
        except discord.HTTPException as error:
            why = refusal(error)
            if why == REVOKED:
                await self.close()  # nothing will be said any more
            return self._settle(outgoing, DeliveryState.FAILED, why + (HALF if told else ""))
        except (Unsure, TimeoutError):
            self._unsure.setdefault(outgoing.id, began)
            raise ConnectionError("Discord did not confirm; asking again with the nonce") from None
        except ConnectionError:
            if told:
                self._unsure.setdefault(outgoing.id, began)
            raise
        detail = SENT_PRIVATELY if outgoing.recipient else SENT
        return self._settle(outgoing, DeliveryState.SENT, detail)

    async def say(self, channel: int, text: str, nonce: str) -> discord.Message:
        """Posts once for a nonce. Raises ConnectionError where surely nothing was said, Unsure
        where it may have been, and the library's HTTPException where Discord refused."""
        line = await self.line()
        try:
            return await line.get_partial_messageable(channel).send(
                text, nonce=nonce, allowed_mentions=discord.AllowedMentions.none()
            )
        except discord.RateLimited:
            raise ConnectionError("Discord asks us to wait") from None
        except aiohttp.ClientConnectorError:
            raise ConnectionError("Discord cannot be reached") from None
        except discord.HTTPException as error:
            if error.status == 429:
                raise ConnectionError("Discord asks us to wait") from None
            if error.status >= 500:
                raise Unsure from None
            raise
        except (aiohttp.ClientError, OSError, TimeoutError, RuntimeError):
            raise Unsure from None

    async def notice(self, channel: int, text: str, pin: bool) -> float:
        """Says a fixed text, pinned where the bot may, and returns when by Discord's clock.

        Raises ConnectionError where it was not said for sure (said twice it does no harm), and
        PermissionError where the bot may not write."""
        # The same words again may be another notice: the nonce only holds back a quick repeat.
        mark = nonce(f"{channel}:{text}", int(time.time() // 10))
        try:
            message = await self.say(channel, text[:MAX_WORDS], mark)
        except discord.HTTPException as error:
            if error.status == 401:
                raise
            raise PermissionError("the bot may not write in a channel") from None
        except Unsure:
            raise ConnectionError("Discord did not confirm a notice") from None
        try:
            if pin:
                await message.pin()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("discord: a notice could not be pinned: %s", type(error).__name__)
        return spoken_at(message.id)

    async def line(self) -> Line:
        """Logged in. Raises ConnectionError, or HTTPException where the token is refused."""
        async with self._opening:
            if self._line is None:
                line = Line(self._api, discord.Intents.none())
                try:
                    await line.login(self._token)
                except BaseException as error:
                    await line.hang_up()
                    raise told_plainly(error) from None
                self._line = line
            return self._line

    async def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.hang_up()

    async def _channel(self, outgoing: Outgoing) -> int:
        if not outgoing.recipient:
            return snowflake(outgoing.conversation)
        line = await self.line()
        try:
            opened = await line.http.start_private_message(snowflake(outgoing.recipient))
        except Exception as error:
            raise told_plainly(error) from None
        # Before anything is said: the answer belongs to this conversation.
        await self._privately.remember(
            outgoing.recipient, str(snowflake(opened["id"])), outgoing.conversation
        )
        return snowflake(opened["id"])

    def _settle(self, outgoing: Outgoing, state: DeliveryState, detail: str) -> Delivery:
        self._unsure.pop(outgoing.id, None)
        return Delivery(state, detail)


def told_plainly(error: BaseException) -> BaseException:
    """What went wrong before anything was said: HTTPException where Discord refused us, else
    ConnectionError. LoginFailure hides the answer that it stands for."""
    if isinstance(error, discord.LoginFailure):
        cause = error.__cause__
        return cause if isinstance(cause, discord.HTTPException) else ConnectionError("no log-in")
    if isinstance(error, discord.HTTPException) and (error.status == 429 or error.status >= 500):
        return ConnectionError("Discord does not take requests now")
    if isinstance(
        error, discord.RateLimited | aiohttp.ClientError | OSError | TimeoutError | RuntimeError
    ):
        return ConnectionError("Discord cannot be reached")
    return error


def refusal(error: discord.HTTPException) -> str:
    """Why Discord did not take words, in a sentence for the counsellor."""
    if error.status == 401:
        return REVOKED
    if error.code == CANNOT_DM:
        return NO_DM
    return {403: NOT_ALLOWED, 404: GONE}.get(error.status, REFUSED)


def parts(outgoing: Outgoing) -> list[str]:
    """The words under the agency's name, in as many messages as Discord needs for them."""
    prefix = f"[{outgoing.agency}] "[: MAX_WORDS // 2]
    room = MAX_WORDS - len(prefix)
    words = outgoing.text
    return [prefix + words[at : at + room] for at in range(0, max(len(words), 1), room)]


def nonce(name: str, number: int) -> str:
    """The same for the same part of the same message; Discord takes 25 characters."""
    return hashlib.sha256(f"{name}/{number}".encode()).hexdigest()[:25]
