"""The connector ``discord``: brings the ear and the mouth of one source up."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import discord

from ansim.sources.contract import Connector, Delivery, Intake, Outgoing, Revoked
from ansim.sources.discord import DECLARATION
from ansim.sources.discord.hearing import Hearing
from ansim.sources.discord.line import Ear
from ansim.sources.discord.mouth import Mouth
from ansim.sources.privately import Privately
from ansim.sources.wiring import Opening

log = logging.getLogger(__name__)

LOGGED_OUT = (
    "Discord가 봇 토큰을 받지 않습니다. 개발자 포털에서 새 토큰을 받아 넣어 주세요 / "
    "Discord does not accept the bot token: enter a new one from the developer portal"
)
NO_INTENTS = (
    "개발자 포털의 Bot 화면에서 Server Members Intent와 Message Content Intent를 켜 주세요 / "
    "switch on the Server Members Intent and the Message Content Intent on the page “Bot”"
)
REVOKED_CLOSES = {4004: LOGGED_OUT, 4013: NO_INTENTS, 4014: NO_INTENTS}
"""Codes with which the gateway closes for good, and what a person can do about it."""


class DiscordConnector:
    """One source: a bot in the channels entered."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._token = opening.wiring.entry("token")
        self._api = opening.wiring.entry("api")
        self._privately = Privately(opening.memory)
        self._mouth = Mouth(self._token, self._api, self._privately)

    async def receive(self, intake: Intake) -> None:
        """The library resumes a connection that broke; where it cannot, this raises
        ConnectionError and the next call fetches from the history what was missed."""
        ear = Ear(self._api)
        tasks: list[asyncio.Task[None]] = []
        try:
            await ear.login(self._token)
            hearing = Hearing(self._opening, ear, self._mouth, self._privately, intake)
            tasks = [
                asyncio.create_task(hearing.run()),
                asyncio.create_task(ear.connect(reconnect=False)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    await task
            raise ConnectionError("Discord closed the connection")
        except discord.ConnectionClosed as closed:
            if closed.code in REVOKED_CLOSES:
                raise Revoked(REVOKED_CLOSES[closed.code]) from None
            raise ConnectionError(f"Discord closed the connection ({closed.code})") from None
        except discord.LoginFailure:
            raise Revoked(LOGGED_OUT) from None
        except discord.HTTPException as error:
            if error.status == 401:
                raise Revoked(LOGGED_OUT) from None
            raise ConnectionError(f"Discord answers with {error.status}") from None
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ConnectionError(f"Discord: {type(error).__name__}") from None
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            # The library fell over an event: a fresh connection does not show it again.
            log.error("discord: odd answer: %s", type(error).__name__)
            raise ConnectionError(f"Discord: odd answer, {type(error).__name__}") from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await ear.hang_up()
            await self._mouth.close()

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Raises ConnectionError only where the nonce makes a repetition safe, or nothing was
        said."""
        return await self._mouth.send(outgoing)

    async def close(self) -> None:
        """For who only ever sent: what listens closes by itself."""
        await self._mouth.close()


def connect(opening: Opening) -> Connector:
    return DiscordConnector(opening)
