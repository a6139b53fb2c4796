"""What a platform may send, and what it hears back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from typing import Any

import msgspec
import pytest

from ansim.chat import Attachment, AttachmentKind, Message, SourceKind
from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.contract import Incoming
from ansim.stream import layout
from ansim.stream.codec import decode
from ansim.stream.connection import connect
from ansim.stream.gateway import limits
from ansim.stream.gateway.ledger import MemoryLedger
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
from tests.lying_files import contents

pytestmark = pytest.mark.nats


async def stored(config: Config, keyring: Keyring) -> list[Message]:
    """Every message in the stream, partition by partition, in stream order."""
    client = await connect(config, keyring, "test")
    js = client.jetstream()
    found: list[Message] = []
    for partition in range(config.partitions):
        info = await js.stream_info(layout.chat_stream(partition))
        for sequence in range(info.state.first_seq, info.state.last_seq + 1):
            raw = await js.get_msg(layout.chat_stream(partition), seq=sequence)
            message = decode(raw.data or b"")
            assert isinstance(message, Message)
            found.append(message)
    await client.close()
    return found


async def test_one_message_is_durable_and_pseudonymous(
    running: Running, config: Config, keyring: Keyring
) -> None:
    answered = await running.send(item(1, at="2026-01-05T20:15:00+09:00"))
    assert answered.status_code == 202
    assert answered.json() == {"accepted": 1, "duplicates": 0, "rejected": 0}
    (message,) = await stored(config, keyring)
    assert message.source == "partner"
    assert message.text == "오늘 급식 뭐 나와? 1"
    assert message.at == 1_767_611_700.0
    assert message.received_at > message.at
    assert message.conversation == keyring.pseudonym(CONVERSATION, "partner", "room-1")
    assert message.author == keyring.pseudonym(ACCOUNT, "partner", "account-1")


async def test_names_can_be_found_again_but_are_nowhere_in_clear(
    running: Running, config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    room, account = "비밀스러운-대화방-이름", "someone@platform.example"
    answered = await running.send(item(1, conversation=room, author=account))
    assert answered.status_code == 202
    routing = running.gateway.link.routing
    pseudonym = keyring.pseudonym(CONVERSATION, "partner", room)
    assert await routing.raw(CONVERSATION, pseudonym) == room
    assert await routing.raw(ACCOUNT, keyring.pseudonym(ACCOUNT, "partner", account)) == account
    assert await routing.raw(ACCOUNT, "nobody") is None
    client = await connect(config, keyring, "test")
    raw = await client.jetstream().get_msg(
        "KV_routing", subject=f"$KV.routing.{CONVERSATION}.{pseudonym}"
    )
    await client.close()
    assert raw.data is not None
    assert room.encode() not in raw.data
    files = dict(contents(config.home))
    assert any("KV_routing" in str(each) for each in files)
    for each, content in files.items():
        assert room.encode() not in content, each
        assert account.encode() not in content, each


async def test_an_array_and_ndjson_are_taken_alike(
    running: Running, config: Config, keyring: Keyring
) -> None:
    array = await running.send([item(1), item(2)])
    lines = b"\r\n".join(json.dumps(item(n)).encode() for n in (3, 4)) + b"\n\n"
    ndjson = await running.send(
        lines, headers={"Content-Type": "application/x-ndjson; charset=utf-8"}
    )
    assert array.json()["accepted"] == ndjson.json()["accepted"] == 2
    assert [message.id for message in await stored(config, keyring)] == ["m-1", "m-2", "m-3", "m-4"]


async def test_order_within_a_conversation_is_that_of_the_request(
    running: Running, config: Config, keyring: Keyring
) -> None:
    first = [item(n, conversation=f"room-{n % 7}", author="a") for n in range(700)]
    second = [item(n, conversation=f"room-{n % 7}", author="b", id=f"z-{n}") for n in range(700)]
    answers = await asyncio.gather(running.send(first), running.send(second))
    assert [answer.json()["accepted"] for answer in answers] == [700, 700]
    messages = await stored(config, keyring)
    assert len(messages) == 1400
    conversations = {message.conversation for message in messages}
    assert len(conversations) == 7
    for conversation in conversations:
        for prefix in "mz":
            numbers = [
                int(message.id[2:])
                for message in messages
                if message.conversation == conversation and message.id[0] == prefix
            ]
            assert numbers == sorted(numbers)


async def test_the_same_id_twice_is_one_message(
    running: Running, config: Config, keyring: Keyring
) -> None:
    again = [item(1), item(1, text="다른 말"), item(1, conversation="room-2")]
    assert (await running.send(again)).json() == {"accepted": 2, "duplicates": 1, "rejected": 0}
    assert (await running.send(again)).json() == {"accepted": 0, "duplicates": 3, "rejected": 0}
    assert len(await stored(config, keyring)) == 2


async def test_who_could_read_a_message_is_kept_and_unknown_stays_unknown(
    running: Running, config: Config, keyring: Keyring
) -> None:
    said = [item(1, to_agency=True), item(2, to_agency=False), item(3), item(4, to_agency=None)]
    assert (await running.send(said)).json()["accepted"] == 4
    messages = await stored(config, keyring)
    assert [message.to_agency for message in messages] == [True, False, None, None]


async def test_an_edit_and_a_deletion_say_which_message_they_are_of(
    running: Running, config: Config, keyring: Keyring
) -> None:
    said = [
        item(1),
        item(2, replaces="m-1", text="오늘 저녁 뭐 먹지?"),
        item(3, replaces="m-1", deleted=True, text=""),
        item(4, replaces=None, deleted=False),
    ]
    assert (await running.send(said)).json()["accepted"] == 4
    assert (await running.send(said)).json()["duplicates"] == 4
    messages = await stored(config, keyring)
    assert [(each.replaces, each.deleted, each.text) for each in messages] == [
        ("", False, "오늘 급식 뭐 나와? 1"),
        ("m-1", False, "오늘 저녁 뭐 먹지?"),
        ("m-1", True, ""),
        ("", False, "오늘 급식 뭐 나와? 4"),
    ]


async def test_a_deletion_carries_no_words_whatever_a_connector_hands_over(
    running: Running, config: Config, keyring: Keyring
) -> None:
    gone = Incoming(
        id="d",
        conversation="room-1",
        author="a",
        at=1_767_611_700.0,
        text="아직 남은 말",
        attachments=(Attachment(kind=AttachmentKind.IMAGE),),
        replaces="m-1",
        deleted=True,
    )
    await running.gateway.intake("partner", [gone])
    (message,) = await stored(config, keyring)
    assert (message.text, message.attachments, message.deleted) == ("", (), True)


BAD: list[tuple[Any, str, str]] = [
    (item(1, extra=1), "unknown_field", "extra"),
    (item(1, by_agency=True), "unknown_field", "by_agency"),
    ({k: v for k, v in item(1).items() if k != "author"}, "missing_field", "author"),
    (item(1, id=""), "empty", "id"),
    (item(1, id="x" * 201), "too_long", "200"),
    (item(1, conversation="x" * 501), "too_long", "500"),
    (item(1, author=7), "wrong_type", "author"),
    (item(1, text=None), "wrong_type", "text"),
    (item(1, text="가" * 21846), "text_too_long", "65536"),
    (item(1, at=True), "wrong_type", "at"),
    (item(1, at="어제"), "invalid_at", "RFC 3339"),
    (item(1, at="2026-01-05T20:15:00"), "invalid_at", "offset"),
    (item(1, at=1_000_000_000), "at_out_of_range", "2005"),
    (item(1, at="9999-12-31T23:59:59Z"), "at_out_of_range", "5 minutes"),
    (item(1, at=-1e300), "at_out_of_range", "2005"),
    (item(1, author="a\u0000b"), "invalid_character", "author"),
    (item(1, id="a\nb"), "invalid_character", "id"),
    (item(1, text="\ud800 혼자"), "invalid_unicode", "text"),
    (item(1, author="\udfff"), "invalid_unicode", "author"),
    (item(1, attachments=[{"kind": "weapon"}]), "unknown_kind", "image"),
    (item(1, attachments=[{"kind": "image"}] * 21), "too_many", "20"),
    (
        item(1, attachments=[{"kind": "image", "url": "x"}]),
        "unknown_field",
        "attachments.url",
    ),
    (item(1, attachments=[{"kind": "image", "content": "x"}]), "invalid_content", "base64"),
    (item(1, attachments=[{"kind": "image", "content": 7}]), "wrong_type", "content"),
    (item(1, attachments=[{"kind": "file", "name": "x" * 301}]), "too_long", "300"),
    (item(1, attachments={"kind": "image"}), "wrong_type", "attachments"),
    (item(1, to_agency=1), "wrong_type", "to_agency"),
    (item(1, to_agency="yes"), "wrong_type", "to_agency"),
    (item(1, replaces=7), "wrong_type", "replaces"),
    (item(1, replaces=""), "empty", "replaces"),
    (item(1, replaces="x" * 201), "too_long", "200"),
    (item(1, replaces="a\u0000b"), "invalid_character", "replaces"),
    (item(1, replaces="\udfff"), "invalid_unicode", "replaces"),
    (item(1, replaces="m-1"), "replaces_itself", "id"),
    (item(1, replaces="m-0", deleted="yes"), "wrong_type", "deleted"),
    (item(1, replaces="m-0", deleted=None, text=""), "wrong_type", "deleted"),
    (item(1, deleted=True, text=""), "nothing_replaced", "replaces"),
    (item(1, replaces="m-0", deleted=True), "not_empty", "text"),
    (
        item(1, replaces="m-0", deleted=True, text="", attachments=[{"kind": "image"}]),
        "not_empty",
        "attachments",
    ),
    (item(1, text="x", filler="y" * 530_000), "item_too_large", "512 KiB"),
    ("just a string", "not_an_object", "object"),
    (None, "not_an_object", "object"),
    ([], "not_an_object", "object"),
]


async def test_bad_items_are_answered_by_index_and_hold_nothing_back(
    running: Running, config: Config, keyring: Keyring
) -> None:
    batch: list[Any] = [item(1000)]
    for bad, _, _ in BAD:
        batch += [bad, item(1000 + len(batch))]
    answered = await running.send(json.dumps(batch))
    assert answered.status_code == 202
    body = answered.json()
    assert (body["accepted"], body["rejected"]) == (len(BAD) + 1, len(BAD))
    assert [result["index"] for result in body["results"]] == [2 * n + 1 for n in range(len(BAD))]
    for result, (bad, code, word) in zip(body["results"], BAD, strict=True):
        assert result["error"] == code, (bad, result)
        assert word in result["detail"]
    assert len(await stored(config, keyring)) == len(BAD) + 1


async def test_nothing_but_bad_items_is_422(running: Running) -> None:
    for bad, code, _ in BAD:
        answered = await running.send(json.dumps([bad]))
        assert answered.status_code == 422, code
        assert answered.json()["results"][0]["error"] == code


async def test_errors_do_not_repeat_what_was_said(running: Running) -> None:
    secret = "여기 적은 말은 어디에도 나오면 안 된다"
    for bad in (
        item(1, text=secret, at="bad"),
        item(1, text=[secret]),
        item(1, at=secret),
        item(1, attachments=[{"kind": secret}]),
        {**item(1), secret: 1},
    ):
        answered = await running.send(json.dumps(bad, ensure_ascii=False))
        assert answered.status_code == 422
        assert secret not in answered.text
        assert secret not in answered.json()["results"][0]["detail"]
        assert KEY not in answered.text


NO_BATCH = [
    b"",
    b"   ",
    b"not json",
    b"{",
    b'{"id": ',
    b"[1,",
    b"[{}",
    b'"text"',
    b"17",
    b"[1] x",
    b"\xff\xfe",
    b"[" * 200_000,
    b'[{"a":' * 100_000,
]


async def test_what_is_no_batch_is_400(running: Running) -> None:
    for body in NO_BATCH:
        answered = await running.send(body)
        assert answered.status_code == 400, body[:20]
        assert answered.json()["error"] == "not_a_batch"


async def test_a_broken_line_does_not_spoil_the_others(running: Running) -> None:
    lines = [json.dumps(item(1)), "{broken", "", "[]", json.dumps(item(2)), '{"id": "\\ud800"}']
    answered = await running.send(
        "\n".join(lines), headers={"Content-Type": "application/x-ndjson"}
    )
    assert answered.status_code == 202
    body = answered.json()
    assert (body["accepted"], body["rejected"]) == (2, 3)
    assert [(r["index"], r["error"]) for r in body["results"]] == [
        (1, "not_json"),
        (2, "not_an_object"),
        (4, "missing_field"),
    ]


async def test_an_array_with_one_broken_character_keeps_its_good_items(running: Running) -> None:
    good = [json.dumps(item(n)) for n in range(3)]
    bad = json.dumps(item(9)).replace('"account-1"', '"\\ud800"')
    broken = json.dumps(item(10)).encode().replace(b"account-1", b"\xff\xfe")
    body = ", ".join([good[0], bad, good[1]]).encode() + b" ,\n" + broken + b"," + good[2].encode()
    answered = await running.send(b" [" + body + b"] ")
    assert answered.status_code == 202
    assert answered.json()["accepted"] == 3
    assert [(r["index"], r["error"]) for r in answered.json()["results"]] == [
        (1, "invalid_unicode"),
        (3, "invalid_unicode"),
    ]


async def test_a_full_batch_is_taken_and_one_item_more_is_not(running: Running) -> None:
    encoded = [json.dumps(item(n)) for n in range(limits.MAX_BATCH_ITEMS + 1)]
    full = "[" + ",".join(encoded[:-1]) + "]"
    answered = await running.send(full)
    assert answered.json() == {"accepted": 10_000, "duplicates": 0, "rejected": 0}
    for body, kind in (
        ("[" + ",".join(encoded) + "]", "application/json"),
        ("\n".join(encoded), "application/x-ndjson"),
        ("[" + "0," * 400_000 + "0]", "application/json"),
        ("\n" * 400_000, "application/x-ndjson"),
    ):
        answered = await running.send(body, headers={"Content-Type": kind})
        assert answered.status_code == 413
        assert "10000" in answered.json()["detail"]


async def test_sixteen_mebibytes_are_the_limit_whatever_the_length_says(running: Running) -> None:
    too_much = b" " * (limits.MAX_BATCH_BYTES + 1)
    answered = await running.send(too_much)
    assert answered.status_code == 413
    assert "16 MiB" in answered.json()["detail"]

    async def drip() -> AsyncIterator[bytes]:  # no Content-Length at all
        for _ in range(17 * 16):
            yield b" " * 65_536

    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    answered = await running.client.post("/v1/messages", content=drip(), headers=headers)
    assert answered.status_code == 413
    assert running.gateway.in_flight.bytes == 0


async def test_too_much_in_work_is_429(running: Running) -> None:
    running.gateway.in_flight.limit = 1000
    answered = await running.send([item(n) for n in range(50)])
    assert answered.status_code == 429
    assert int(answered.headers["retry-after"]) > 0
    assert running.gateway.in_flight.bytes == 0
    assert (await running.send(item(1))).status_code == 202


async def test_a_backlog_over_the_limit_is_429(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    async with serve(replace(config, max_backlog=20), keyring, ledger) as running:
        assert (await running.send([item(n) for n in range(30)])).status_code == 202
        await until(lambda: running.gateway.link.backlog > 20)  # no worker reads here
        answered = await running.send(item(99))
        assert answered.status_code == 429
        assert int(answered.headers["retry-after"]) > 0


async def test_only_a_known_key_is_let_in_and_others_are_audited(
    running: Running, ledger: MemoryLedger
) -> None:
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        answered = await running.client.post("/v1/messages", json=item(1), headers=headers)
        assert answered.status_code == 401
        assert "bearer" in answered.headers["www-authenticate"].lower()
    assert ledger.refusals == []
    for _ in range(3):
        answered = await running.send(item(1), key="wrong")
        assert answered.status_code == 401
        assert "wrong" not in answered.text
    assert ledger.refusals == [(None, "a request with an unknown API key")]


UNREADABLE = [
    (msgspec.structs.replace(PARTNER, kind=None), "declares no kind"),
    (msgspec.structs.replace(PARTNER, legal_basis=" "), "no legal basis"),
    (msgspec.structs.replace(PARTNER, kind=SourceKind.VISIBLE_BOT), "no consent record"),
    (msgspec.structs.replace(PARTNER, active=False), "switched off"),
    (msgspec.structs.replace(PARTNER, connector="demo"), "not http"),
    (msgspec.structs.replace(PARTNER, connector="other"), "not http"),
]


async def test_a_source_that_may_not_be_read_is_refused_and_audited(
    running: Running, ledger: MemoryLedger, config: Config, keyring: Keyring
) -> None:
    for source, words in UNREADABLE:
        ledger.declared = [(source, digest(KEY))]
        ledger.refusals.clear()
        running.gateway.admission._audited.clear()
        await running.gateway.admission.refresh()
        for _ in range(2):
            answered = await running.send(item(1))
            assert answered.status_code == 403
            assert words in answered.json()["detail"]
        ((refused, reason),) = ledger.refusals
        assert refused == "partner"
        assert words in reason
    assert await stored(config, keyring) == []


async def test_a_source_switched_off_is_refused_within_seconds(
    running: Running, ledger: MemoryLedger
) -> None:
    assert (await running.send(item(1))).status_code == 202
    ledger.declared = [(msgspec.structs.replace(PARTNER, active=False), digest(KEY))]
    async with asyncio.timeout(120):
        while (await running.send(item(2))).status_code != 403:
            await asyncio.sleep(0.1)


async def test_sources_that_cannot_be_read_for_a_minute_are_no_longer_trusted(
    running: Running,
) -> None:
    # A minute passes between any two looks, so that a reading just made is too old as well.
    running.gateway.admission._clock = map(float, count(10**9, 61)).__next__
    answered = await running.send(item(1))
    assert answered.status_code == 503
    assert "retry-after" in answered.headers


async def test_two_sources_with_the_same_names_stay_apart(
    running: Running, config: Config, keyring: Keyring
) -> None:
    await running.send(item(1))
    await running.send(item(1), key=OTHER_KEY)
    messages = await stored(config, keyring)
    assert len({message.conversation for message in messages}) == 2
    assert len({message.author for message in messages}) == 2


async def test_without_nats_it_is_503_and_with_it_again_202(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    async with serve(config, keyring, ledger) as running:
        assert (await running.send(item(1))).status_code == 202
        server.kill()
        for _ in range(2):
            answered = await running.send([item(2), item(3)])
            assert answered.status_code == 503
            assert int(answered.headers["retry-after"]) > 0
            body = answered.json()
            told = "nothing of this batch was stored" in body.get("detail", "") or [
                result["index"] for result in body["results"] if result["error"] == "not_stored"
            ] == [0, 1]
            assert told, body
        assert (await running.client.get("/healthz")).status_code == 503
        server.start()
        await until(lambda: running.gateway.link.up)
        answered = await running.send([item(2), item(3)])
        assert answered.status_code == 202
        assert answered.json()["rejected"] == 0


async def test_a_gateway_may_start_before_nats(
    config: Config, keyring: Keyring, ledger: MemoryLedger
) -> None:
    nats = EmbeddedServer(config, keyring)
    async with serve(config, keyring, ledger, wait=False) as running:
        await until(lambda: running.gateway.admission.ready)
        assert (await running.send(item(1))).status_code == 503
        nats.start()
        try:
            await until(lambda: running.gateway.link.up)
            assert (await running.send(item(1))).status_code == 202
        finally:
            nats.stop()


async def test_logs_hold_neither_words_nor_names_nor_keys(
    running: Running,
    server: EmbeddedServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("비밀스러운 말", "비밀스러운 방", "비밀스러운 사람")
    said = item(1, text=secrets[0], conversation=secrets[1], author=secrets[2])
    assert (
        await running.send([said, said | {secrets[0]: 1}, said | {"at": secrets[0]}])
    ).is_success

    async def broken(_source: str, messages: list[Any]) -> list[Any]:
        raise ValueError(f"cannot store {messages!r}")

    with monkeypatch.context() as patched:
        patched.setattr(running.gateway.http, "take", broken)
        answered = await running.send(said)
    assert answered.status_code == 500
    assert answered.json()["error"] == "internal"
    assert "ValueError" in caplog.text
    server.kill()
    await running.send(said)
    for secret in (*secrets, KEY):
        assert secret not in caplog.text
        assert secret not in answered.text
