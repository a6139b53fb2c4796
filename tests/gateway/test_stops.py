"""Whoever asked to be read no more is refused at the door; nothing of theirs is stored (R07)."""

from __future__ import annotations

import pytest

from ansim.keys import Keyring
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.routing import ACCOUNT, CONVERSATION
from tests.gateway.conftest import OTHER_KEY, Running, item, until

pytestmark = pytest.mark.nats


async def stop(running: Running, ledger: MemoryLedger, kind: str, pseudonym: str) -> None:
    ledger.stops.add(("partner", kind, pseudonym))
    await until(lambda: (kind, pseudonym) in running.gateway.admission.unread("partner"))


async def test_of_a_batch_the_others_are_stored_and_the_stopped_ones_named(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    await stop(running, ledger, ACCOUNT, keyring.pseudonym(ACCOUNT, "partner", "account-2"))
    batch = [item(1), item(2, author="account-2"), item(3), item(4, author="account-2")]
    answer = await running.send(batch)
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["rejected"], told["duplicates"]) == (2, 2, 0)
    assert [(row["index"], row["error"]) for row in told["results"]] == [
        (1, "reading_stopped"),
        (3, "reading_stopped"),
    ]
    again = (await running.send(batch)).json()
    assert (again["accepted"], again["rejected"], again["duplicates"]) == (0, 2, 2)
    held = await running.gateway.link.routing.raw(
        ACCOUNT, keyring.pseudonym(ACCOUNT, "partner", "account-2")
    )
    assert held is None, "not even the name was written down"


async def test_a_stopped_conversation_is_read_of_nobody_and_others_go_on(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    room = keyring.pseudonym(CONVERSATION, "partner", "room-1")
    await stop(running, ledger, CONVERSATION, room)
    told = (await running.send([item(1), item(2, author="account-2")])).json()
    assert (told["accepted"], told["rejected"]) == (0, 2)
    told = (await running.send([item(3, conversation="room-2")])).json()
    assert told["accepted"] == 1
    ledger.stops.clear()
    await until(lambda: not running.gateway.admission.unread("partner"))
    assert (await running.send([item(1)])).json()["accepted"] == 1


async def test_a_stop_holds_for_its_source_alone(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    await stop(running, ledger, ACCOUNT, keyring.pseudonym(ACCOUNT, "partner", "account-1"))
    assert (await running.send([item(1)])).json()["accepted"] == 0
    assert (await running.send([item(1)], OTHER_KEY)).json()["accepted"] == 1
