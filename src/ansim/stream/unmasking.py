"""The platform's own names behind pseudonyms, for a person's act of taking evidence out (R05)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from nats.errors import Error as NatsError

from ansim.config import Config
from ansim.keys import KeyLost, Keyring
from ansim.stream.connection import connect
from ansim.stream.routing import ACCOUNT, CONVERSATION, Routing

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""For every account of a room; each takes a millisecond."""


def names(
    config: Config, keyring: Keyring, conversation: str, accounts: Sequence[str]
) -> dict[str, str] | None:
    """Names by pseudonym, those that are still known; None when NATS cannot be asked.

    Reads only; the caller has recorded who asks and why.
    """
    try:
        return asyncio.run(_names(config, keyring, conversation, accounts))
    except (NatsError, OSError, TimeoutError, KeyLost) as error:
        log.warning("names behind pseudonyms cannot be asked for: %s", type(error).__name__)
        return None


async def _names(
    config: Config, keyring: Keyring, conversation: str, accounts: Sequence[str]
) -> dict[str, str]:
    async with asyncio.timeout(CONNECT_SECONDS):  # ``connect`` by itself tries for ever
        client = await connect(config, keyring, "ansim-evidence")
    try:
        async with asyncio.timeout(READ_SECONDS):
            routing = await Routing.open(client.jetstream(), config, keyring)
            found: dict[str, str] = {}
            for kind, pseudonyms in ((CONVERSATION, [conversation]), (ACCOUNT, accounts)):
                for pseudonym in pseudonyms:
                    raw = await routing.raw(kind, pseudonym)
                    if raw is not None:
                        found[pseudonym] = raw
            return found
    finally:
        await client.close()
