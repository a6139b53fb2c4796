"""The way back for platforms: words lie ready, are fetched, and are confirmed once."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources import http
from ansim.stream.connection import connect
from ansim.stream.gateway.ledger import MemoryLedger, Queued
from ansim.stream.routing import ACCOUNT, CONVERSATION
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import (
    KEY,
    OTHER_KEY,
    PARTNER,
    Running,
    digest,
    item,
    serve,
    until,
)

pytestmark = pytest.mark.nats
WORDS = "안녕하세요, 안심아이 상담센터입니다. 잘못한 것은 없어요."


def words(keyring: Keyring, number: int = 1, room: str = "room-1", language: str = "ko") -> Queued:
    return Queued(
        id=f"00000000-0000-4000-8000-{number:012d}",
        source="partner",
        conversation=keyring.pseudonym(CONVERSATION, "partner", room),
        text=WORDS,
        language=language,
        author="7",
    )


async def fetched(running: Running, count: int = 1) -> list[dict[str, Any]]:
    """The words that lie ready, as soon as there are so many."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(120):
        while len(found) < count:
            after = found[-1]["cursor"] if found else 0
            found += (await running.get(f"/v1/outbox?wait=10&after={after}")).json()["messages"]
    return found


async def test_words_are_fetched_by_their_own_platform_and_confirmed(
    running: Running, ledger: MemoryLedger, keyring: Keyring, config: Config
) -> None:
    await running.send(item(1))
    message = words(keyring)
    ledger.queued.append(message)
    (found,) = await fetched(running)
    answered = await running.get("/v1/outbox?after=0&wait=10")
    assert answered.status_code == 200
    assert answered.json()["messages"] == [found]
    assert found["id"] == message.id
    assert found["conversation"] == "room-1"
    assert found["text"] == WORDS
    assert found["agency"] == config.agency_ko
    assert answered.json()["cursor"] == found["cursor"]
    assert ledger.deliveries == {}
    assert message.id in ledger.sending

    assert (await running.get("/v1/outbox?wait=0", key=OTHER_KEY)).json()["messages"] == []
    for act in ("ack", "fail"):
        path = f"/v1/outbox/{message.id}/{act}"
        other = await running.post(path, key=OTHER_KEY, json={"reason": "x"})
        assert other.status_code == 404
    assert ledger.deliveries == {}

    assert (await running.get("/v1/outbox?after=0")).json()["messages"] == [found]
    assert (await running.get(f"/v1/outbox?after={found['cursor']}")).json()["messages"] == []
    for _ in range(2):  # a platform that did not hear the answer asks again
        confirmed = await running.post(f"/v1/outbox/{message.id}/ack")
        assert confirmed.status_code == 200
        assert confirmed.json() == {"id": message.id, "state": "sent"}
    assert ledger.deliveries[message.id][0] == "sent"
    assert (await running.get("/v1/outbox?after=0")).json()["messages"] == []
    late = await running.post(f"/v1/outbox/{message.id}/fail", json={"reason": "zu spät"})
    assert late.json()["state"] == "sent"


async def test_a_platform_says_why_words_could_not_be_shown(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    await running.send(item(1))
    message = words(keyring)
    ledger.queued.append(message)
    assert await fetched(running)
    path = f"/v1/outbox/{message.id}/fail"
    for bad in (b"", b"{}", b'{"reason": ""}', b"[" * 16_000, b'{"reason": "\xff"}'):
        assert (await running.post(path, content=bad)).status_code == 400
    assert (await running.post(path, content=b" " * 20_000)).status_code == 413
    failed = await running.post(path, json={"reason": "방이 닫혔습니다\u001b[31m"})
    assert failed.status_code == 200
    assert ledger.deliveries[message.id] == ("failed", "방이 닫혔습니다 [31m")


async def test_the_agencys_name_is_in_the_language_of_the_words(
    running: Running, ledger: MemoryLedger, keyring: Keyring, config: Config
) -> None:
    await running.send(item(1))
    ledger.queued.append(words(keyring, language="en"))
    (found,) = await fetched(running)
    assert found["agency"] == config.agency_en


async def test_words_for_one_account_name_it_and_others_name_nobody(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    private = msgspec.structs.replace(PARTNER, private_messages=True)
    ledger.declared = [(private, digest(KEY))]
    await running.gateway.admission.refresh()
    await running.send(item(1, author="account-7"))
    reader = keyring.pseudonym(ACCOUNT, "partner", "account-7")
    ledger.queued += [
        words(keyring, 1),
        msgspec.structs.replace(words(keyring, 2), recipient=reader),
    ]
    await until(lambda: len(ledger.sending) == 2)
    found = await fetched(running, 2)
    assert [each["to"] for each in found] == [None, "account-7"]


async def test_a_long_poll_hears_at_once_and_otherwise_ends_in_time(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    await running.send(item(1))
    started = time.monotonic()
    assert (await running.get("/v1/outbox?wait=0.5")).json() == {"messages": [], "cursor": 0}
    assert time.monotonic() - started > 0.4
    started = time.monotonic()
    poll = asyncio.create_task(running.get("/v1/outbox?wait=30"))
    await until(lambda: running.gateway.long_polls == 1)
    ledger.queued.append(words(keyring))
    assert len((await poll).json()["messages"]) == 1
    assert time.monotonic() - started < 30, "as long as the poll"


BAD_QUERIES = [
    "after=-1",
    "after=x",
    "after=１",
    "after=999999999999999999999999",
    "wait=31",
    "wait=-1",
    "wait=nan",
    "wait=inf",
    "wait=1.2.3",
    "wait=1_0.0e5",
]


async def test_a_query_that_cannot_be_used_is_400(running: Running) -> None:
    for query in BAD_QUERIES:
        assert (await running.get(f"/v1/outbox?{query}")).status_code == 400, query


async def test_an_unknown_message_is_404(running: Running) -> None:
    for name in ("nope", "a.b", "a%20b", "x" * 65, "%2e%2e", ">", "*"):
        assert (await running.post(f"/v1/outbox/{name}/ack")).status_code == 404, name


async def test_the_outbox_needs_a_key(running: Running) -> None:
    assert (await running.get("/v1/outbox", key="wrong")).status_code == 401
    assert (await running.post("/v1/outbox/x/ack", key="wrong")).status_code == 401
    assert (await running.post("/v1/outbox/x/fail", key="wrong")).status_code == 401


async def test_words_outlast_the_gateway_and_lie_sealed(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    message = words(keyring)
    async with serve(config, keyring, ledger) as running:
        await running.send(item(1))
        ledger.queued.append(message)
        assert len(await fetched(running)) == 1
    client = await connect(config, keyring, "test")
    raw = await client.jetstream().get_msg("KV_outbox", subject=f"$KV.outbox.{message.id}")
    assert raw.data is not None
    assert WORDS.encode() not in raw.data
    assert b"room-1" not in raw.data
    await client.close()
    async with serve(config, keyring, ledger) as running:
        assert len(await fetched(running)) == 1
        assert (await running.post(f"/v1/outbox/{message.id}/ack")).status_code == 200
        assert ledger.deliveries[message.id][0] == "sent"
    assert ledger.sending == {}


async def test_two_gateways_serve_one_outbox(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    async with serve(config, keyring, ledger) as one, serve(config, keyring, ledger) as two:
        await one.send(item(1))
        messages = [words(keyring, number) for number in range(5)]
        ledger.queued += messages
        await until(lambda: len(ledger.sending) == 5)
        for gateway in (one, two):
            await until(lambda gateway=gateway: len(gateway.gateway.http.outbox._waiting) == 5)  # type: ignore[misc]
            found = (await gateway.get("/v1/outbox?wait=5")).json()["messages"]
            assert sorted(each["id"] for each in found) == [each.id for each in messages]
        answers = await asyncio.gather(
            *(each.post(f"/v1/outbox/{messages[0].id}/ack") for each in (one, two) * 3)
        )
        assert {answer.status_code for answer in answers} == {200}
        await until(lambda: len(two.gateway.http.outbox._waiting) == 4)  # type: ignore[union-attr]
        await until(lambda: len(one.gateway.http.outbox._waiting) == 4)  # type: ignore[union-attr]


async def test_words_nobody_collects_in_a_day_are_given_up(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    await running.send(item(1))
    message = words(keyring)
    ledger.queued.append(message)
    assert await fetched(running)
    assert running.gateway.http.outbox is not None
    running.gateway.http.outbox._clock = lambda: time.time() + http.COLLECT_SECONDS + 1
    running.gateway.courier._recheck_at = 0.0
    await until(lambda: ledger.deliveries)
    assert ledger.deliveries[message.id] == ("failed", http.NOT_COLLECTED)
    assert (await running.get("/v1/outbox?after=0")).json()["messages"] == []
    assert (await running.post(f"/v1/outbox/{message.id}/ack")).json()["state"] == "failed"
