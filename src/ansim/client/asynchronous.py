"""The client for programs with an event loop: as ``blocking``, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from urllib.parse import quote

import httpx
import msgspec

from ansim.client import exchange
from ansim.client.exchange import Account, Outbox, Patience
from ansim.client.values import AnsimError, Message, Sent, Unavailable, Words


class AsyncAnsimClient:
    """One source of one Ansim Eye. Give ``source`` and ``secret`` for a webhook, or ``key`` for an
    http source.

    ``patience`` is how many seconds one call waits, over all its tries, while Ansim Eye cannot be
    reached or is busy. ``http`` brings a client of your own (certificates, proxies).
    """

    def __init__(
        self,
        base: str,
        *,
        source: str = "",
        secret: str = "",
        key: str = "",
        patience: float = 300.0,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._account = Account(base, source, secret, key)
        self._patience = patience
        self._http = http or httpx.AsyncClient(timeout=60.0)

    async def __aenter__(self) -> AsyncAnsimClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, messages: Sequence[Message]) -> Sent:
        """Sends messages in the order given; returns when all that were taken are durable.

        Busy or away: tried again with the same ids, as long as ``patience`` lasts. Raises Refused,
        or Unavailable with what is left to send.
        """
        sent = Sent()
        for start, _end, body in exchange.bodies(messages):
            try:
                sent = exchange.taken(await self._insist("POST", "", body), start, sent)
            except Unavailable as away:
                raise Unavailable(away.reason, sent, messages[start:]) from None
        return sent

    async def shown(self, message: str) -> None:
        """Words of a counsellor were shown, after your webhook answered that they wait, or from
        the outbox. Raises Refused or Unavailable."""
        await self._confirm(message, shown=True, reason="")

    async def not_shown(self, message: str, reason: str) -> None:
        """Words could not be shown; the counsellor reads ``reason``."""
        await self._confirm(message, shown=False, reason=reason)

    async def outbox(self) -> AsyncIterator[Words]:
        """Words for your conversations, as they come, for as long as you iterate (http sources).

        Confirm each with ``shown`` or ``not_shown``: what is not confirmed comes again when you
        start anew.
        """
        if not self._account.key:
            raise AnsimError("a webhook's words are posted to your address; see verify()")
        cursor = 0
        while True:
            path = f"/outbox?after={cursor}&wait={exchange.POLL_SECONDS}"
            response = await self._insist("GET", path, b"")
            if response.status_code != 200:
                raise exchange.refused(response)
            found = msgspec.json.decode(response.content, type=Outbox)
            for words in found.messages:
                yield words
            cursor = found.cursor

    async def _confirm(self, message: str, *, shown: bool, reason: str) -> None:
        if self._account.key:
            path = f"/outbox/{quote(message, safe='')}/{'ack' if shown else 'fail'}"
            body = b"" if shown else msgspec.json.encode({"reason": reason or "not shown"})
        else:
            path, body = "/delivered", exchange.confirmation(message, shown=shown, reason=reason)
        response = await self._insist("POST", path, body)
        if response.status_code != 200:
            raise exchange.refused(response)

    async def _insist(self, method: str, path: str, body: bytes) -> httpx.Response:
        """An answer that another try would not change. Raises Unavailable."""
        patience = Patience(self._patience)
        while True:
            response: httpx.Response | None = None
            try:
                response = await self._http.request(
                    method,
                    self._account.address(path),
                    content=body,
                    headers=self._account.headers(body),
                )
                if response.status_code not in exchange.PASSING:
                    return response
                why = f"answered {response.status_code}"
            except httpx.TransportError as error:
                why = type(error).__name__
            pause = patience.pause(response)
            if pause is None:
                raise Unavailable(f"Ansim Eye cannot take it now ({why})", Sent())
            await asyncio.sleep(pause)
