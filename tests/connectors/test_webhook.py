"""What is special about the webhook: proofs, replays, idempotent words, and where they may go."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Response

from ansim.sources import posting
from ansim.sources.contract import DeliveryState, Outgoing, Revoked
from ansim.sources.doorway import TurnedAway
from ansim.sources.webhook import routes, signing
from ansim.sources.webhook.connector import CONFIRM_SECONDS, WebhookConnector
from ansim.sources.wiring import MemoryInProcess, Wiring
from tests.connectors.certificates import certificate, pem
from tests.connectors.platforms.webhook import ID, SECRET, Service
from tests.connectors.running import Running, port_of, until

OLD_SECRET = "the-secret-before-it-was-changed"


@pytest.fixture
async def platform() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


@pytest.fixture
async def running(platform: Service) -> AsyncIterator[Running]:
    wiring = platform.wiring()
    wiring.credentials["secret_before"] = OLD_SECRET
    async with Running(platform, wiring=wiring) as connector:
        yield connector


def item(number: int, **changes: Any) -> dict[str, Any]:
    at = 1_700_000_000 + number
    return {
        "id": f"m{number}",
        "conversation": "r",
        "author": "a",
        "at": at,
        "text": "안녕",
    } | changes


def proof(body: bytes, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """Made here by hand from what the page says, not by our own code."""
    timestamp = str(int(time.time() if at is None else at))
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return {"X-Ansim-Timestamp": timestamp, "X-Ansim-Signature": f"v1={mac.hexdigest()}"}


async def post(
    running: Running, body: bytes, headers: dict[str, str], path: str = "", source: str = ID
) -> httpx.Response:
    base = f"http://127.0.0.1:{port_of(running.platform)}"
    sort = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        return await client.post(
            f"{base}/v1/webhook/{source}{path}", content=body, headers=sort | headers
        )


def words(number: int = 1, **changes: Any) -> Outgoing:
    given = {
        "id": f"w{number}",
        "source": ID,
        "conversation": "r",
        "text": "혹시 괜찮아요?",
        "language": "ko",
        "agency": "안심아이 상담센터",
        "author": "counsellor",
    }
    return Outgoing(**(given | changes))


async def test_a_signed_batch_is_taken_and_one_bad_item_does_not_stop_the_others(
    running: Running,
) -> None:
    body = json.dumps([item(1), {"id": "broken"}, item(2)]).encode()
    answer = await post(running, body, proof(body))
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert answer.json()["results"][0]["index"] == 1
    assert [each.id for each in running.heard("r")] == ["m1", "m2"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda headers: headers.pop("X-Ansim-Signature"), "send X-Ansim-Signature"),
        (lambda headers: headers.pop("X-Ansim-Timestamp"), "send X-Ansim-Timestamp"),
        (lambda headers: headers.update({"X-Ansim-Timestamp": "now"}), "send X-Ansim-Timestamp"),
        (lambda headers: headers.update({"X-Ansim-Signature": "v1=" + "0" * 64}), "does not fit"),
        (lambda headers: headers.update({"X-Ansim-Signature": "v9=" + "0" * 64}), "v1="),
    ],
)
async def test_a_request_without_a_proof_is_refused_and_the_refusal_told(
    running: Running, change: Any, says: str
) -> None:
    body = json.dumps(item(1)).encode()
    headers = proof(body)
    change(headers)
    answer = await post(running, body, headers)
    assert answer.status_code == 401
    assert says in answer.json()["detail"]
    assert running.door.refusals == ["a webhook request whose signature does not hold"]
    assert not running.intake.handed


async def test_a_changed_body_or_time_breaks_the_proof(running: Running) -> None:
    body = json.dumps(item(1)).encode()
    assert (await post(running, body + b" ", proof(body))).status_code == 401
    headers = proof(body)
    headers["X-Ansim-Timestamp"] = str(int(headers["X-Ansim-Timestamp"]) + 1)
    assert (await post(running, body, headers)).status_code == 401
    assert not running.intake.handed


@pytest.mark.parametrize("shift", [-330, 330])
async def test_a_proof_from_outside_five_minutes_is_refused(running: Running, shift: int) -> None:
    body = json.dumps(item(1)).encode()
    assert (await post(running, body, proof(body, at=time.time() + shift))).status_code == 401
    assert (await post(running, body, proof(body, at=time.time() - 200))).status_code == 202


async def test_both_secrets_hold_while_one_is_being_changed_and_several_signatures_may_come(
    running: Running,
) -> None:
    first, second = json.dumps(item(1)).encode(), json.dumps(item(2)).encode()
    assert (await post(running, first, proof(first, secret=OLD_SECRET))).status_code == 202
    headers = proof(second)
    unknown = proof(second, secret="of nobody")["X-Ansim-Signature"]
    headers["X-Ansim-Signature"] = f"{unknown}, {headers['X-Ansim-Signature']}"
    assert (await post(running, second, headers)).status_code == 202
    # An empty former secret is no secret at all.
    body = json.dumps(item(3)).encode()
    assert (await post(running, body, proof(body, secret=""))).status_code == 401


async def test_a_replay_inside_the_window_gets_the_same_answer_and_does_nothing(
    running: Running,
) -> None:
    body = json.dumps(item(1)).encode()
    headers = proof(body)
    first = await post(running, body, headers)
    again = await post(running, body, headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len(running.intake.handed) == 1


async def test_a_request_that_could_not_be_stored_is_taken_when_it_is_repeated(
    running: Running,
) -> None:
    body = json.dumps(item(1)).encode()
    headers = proof(body)
    running.intake.busy = 1
    first = await post(running, body, headers)
    assert first.status_code == 503
    assert "retry-after" in first.headers
    assert (await post(running, body, headers)).status_code == 202
    assert len(running.heard("r")) == 1


async def test_no_other_source_and_no_other_encoding_comes_in(running: Running) -> None:
    body = json.dumps(item(1)).encode()
    assert (await post(running, body, proof(body), source="somebody")).status_code == 404
    packed = proof(body) | {"Content-Encoding": "gzip"}
    assert (await post(running, body, packed)).status_code == 415
    assert (await post(running, b"[", proof(b"["))).status_code == 400


def test_bodies_of_nobody_known_take_only_their_own_room() -> None:
    strangers = routes.Strangers()
    most = routes.MOST_BYTES
    with strangers.room(str(most), most), strangers.room("", most) as proved:
        with pytest.raises(TurnedAway), strangers.room("1", most):
            pass
        proved()
        with strangers.room("1", most), strangers.room("9" * 30, 16):
            pass
    with strangers.room(str(most), most), strangers.room(str(most), most):
        pass


async def test_words_are_posted_once_signed_and_under_the_agencys_name(
    running: Running, platform: Service
) -> None:
    assert (await running.send(words())).state is DeliveryState.SENT
    assert (await running.send(words())).state is DeliveryState.SENT
    assert await platform.seen("r", 0) == ["안심아이 상담센터: 혹시 괜찮아요?"]
    assert [each["idempotency-key"] for each in platform.posted] == ["w1", "w1"]
    assert "v1=" in platform.posted[0]["x-ansim-signature"]


async def test_words_that_wait_are_confirmed_later_and_once(
    running: Running, platform: Service
) -> None:
    platform.answer_with = Response({"state": "waiting"}, status_code=202)
    assert (await running.send(words())).state is DeliveryState.WAITING
    assert (await running.send(words())).state is DeliveryState.WAITING
    assert len(platform.posted) == 1, "what lies at the platform is not posted again"
    unknown = b'{"id": "w2", "state": "sent"}'
    assert (await post(running, unknown, proof(unknown), "/delivered")).status_code == 404
    told = b'{"id": "w1", "state": "sent"}'
    assert (await post(running, told, proof(told, secret="x"), "/delivered")).status_code == 401
    assert (await post(running, told, proof(told), "/delivered")).status_code == 200
    other = b'{"id": "w1", "state": "failed", "reason": "late"}'
    answer = await post(running, other, proof(other), "/delivered")
    assert answer.json() == {"id": "w1", "state": "sent"}, "the first word counts"
    assert running.door.recorded["w1"].state is DeliveryState.SENT


async def test_a_platform_may_say_why_it_could_not_show_words(
    running: Running, platform: Service
) -> None:
    platform.answer_with = Response({"state": "waiting"}, status_code=202)
    await running.send(words())
    told = json.dumps({"id": "w1", "state": "failed", "reason": "방이\x00 닫혔어요"}).encode()
    assert (await post(running, told, proof(told), "/delivered")).status_code == 200
    assert running.door.recorded["w1"].state is DeliveryState.FAILED
    assert running.door.recorded["w1"].detail == "방이  닫혔어요"


async def test_words_nobody_confirms_are_given_up_after_a_day(platform: Service) -> None:
    now = [1_790_000_000.0]
    running = Running(platform)
    connector = WebhookConnector(running.opening, clock=lambda: now[0])
    platform.answer_with = Response({"state": "waiting"}, status_code=202)
    # The stand-in checks the signature's time, so it is not asked to here.
    platform.take = _answering(202, {"state": "waiting"})  # type: ignore[method-assign]
    assert (await connector.send(words())).state is DeliveryState.WAITING
    now[0] += CONFIRM_SECONDS + 1
    assert (await connector.send(words())).state is DeliveryState.FAILED


def _answering(status: int, body: Any, headers: dict[str, str] | None = None) -> Any:
    async def take(request: Any) -> Response[Any]:
        return Response(body, status_code=status, headers=headers or {})

    return take


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, {"reason": "그런 방이 없어요"}, "그런 방이 없어요"),
        (400, {"reason": 3}, "400"),
        (410, [], "410"),
        (401, {}, "서명"),
        (403, {}, "서명"),
        (307, {}, "주소"),
    ],
)
async def test_what_the_platform_will_not_show_has_failed_with_its_reason(
    running: Running, platform: Service, status: int, body: Any, says: str
) -> None:
    headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    platform.answer_with = Response(body, status_code=status, headers=headers)
    delivery = await running.send(words())
    assert delivery.state is DeliveryState.FAILED
    assert says in delivery.detail
    assert len(platform.posted) == 1, "no redirect was followed"


@pytest.mark.parametrize("status", [500, 503, 408, 409])
async def test_a_platform_in_trouble_gets_the_same_words_later(
    running: Running, platform: Service, status: int
) -> None:
    platform.answer_with = Response({}, status_code=status)
    with pytest.raises(ConnectionError):
        await running.send(words())
    assert running.told.troubles
    platform.answer_with = None
    assert (await running.send(words())).state is DeliveryState.SENT
    assert len(platform.shown) == 1


async def test_slow_down_is_obeyed_shortly_inside_and_longer_outside_of_one_sending(
    running: Running, platform: Service
) -> None:
    started = time.monotonic()
    await platform.limit(1.0)
    assert (await running.send(words())).state is DeliveryState.SENT
    assert time.monotonic() - started >= 1.0
    platform.answer_with = Response({}, status_code=429, headers={"Retry-After": "60"})
    with pytest.raises(ConnectionError):
        await running.send(words(2))
    platform.answer_with = None
    posted = len(platform.posted)
    with pytest.raises(ConnectionError):
        await running.send(words(2))
    assert len(platform.posted) == posted, "nothing is posted before the minute is over"


async def test_a_platform_that_is_away_or_silent_gets_the_words_later(
    running: Running, platform: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await platform.cut()
    with pytest.raises(ConnectionError):
        await running.send(words())
    await platform.mend()
    assert (await running.send(words())).state is DeliveryState.SENT


@pytest.mark.parametrize(
    ("address", "allow"),
    [
        ("http://example.org/words", "no"),
        ("http://127.0.0.1:9/words", "no"),
        ("http://8.8.8.8/words", "yes"),
        ("http://169.254.169.254/latest/meta-data", "yes"),
        ("https://169.254.169.254/latest/meta-data", "yes"),
        ("https://[fe80::1]/words", "yes"),
        ("https://[::ffff:169.254.169.254]/words", "yes"),
        ("https://0.0.0.0/words", "yes"),
        ("https://224.0.0.1/words", "yes"),
        ("https://user:word@example.org/words", "yes"),
        ("ftp://example.org/words", "yes"),
        ("file:///etc/passwd", "yes"),
        ("not an address", "yes"),
        ("https://[", "yes"),
    ],
)
async def test_words_go_to_no_address_that_is_open_or_a_machines_own(
    address: str, allow: str
) -> None:
    platform = Service()
    settings = {"address": address, "allow_http": allow}
    wiring = Wiring(settings=settings, credentials={"secret": SECRET})
    running = Running(platform, wiring=wiring)
    delivery = await WebhookConnector(running.opening).send(words())
    assert delivery.state is DeliveryState.FAILED
    assert "word@" not in delivery.detail
    memory = running.memory
    assert isinstance(memory, MemoryInProcess)
    assert memory.held == {}


async def test_the_name_behind_an_address_is_looked_at_not_only_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolved(host: str, port: int) -> list[posting.IpAddress]:
        import ipaddress

        return [ipaddress.ip_address("169.254.169.254")]

    monkeypatch.setattr(posting, "_reach", resolved)
    with pytest.raises(posting.AddressRefused):
        await posting.post("https://looks.example/words", b"{}", {})


async def test_without_an_address_nothing_can_be_sent(platform: Service) -> None:
    wiring = Wiring(credentials={"secret": SECRET})
    running = Running(platform, wiring=wiring)
    delivery = await WebhookConnector(running.opening).send(words())
    assert delivery.state is DeliveryState.FAILED


@pytest.mark.parametrize(("name", "holds"), [("localhost", True), ("another.example", False)])
async def test_over_https_the_certificate_must_be_of_the_name_that_was_entered(
    name: str, holds: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, key = certificate(name, None)
    shown, both = tmp_path / "shown.pem", tmp_path / "both.pem"
    shown.write_bytes(pem(its))
    both.write_bytes(pem(key) + pem(its))
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    posting._trusted.cache_clear()
    try:
        if holds:
            reply = await posting.post(f"https://localhost:{port}/words", b"{}", {})
            assert reply.status == 204
            assert f"Host: localhost:{port}".encode().lower() in asked[0].lower()
        else:
            with pytest.raises(posting.NotSent):
                await posting.post(f"https://localhost:{port}/words", b"{}", {})
            assert not asked
    finally:
        posting._trusted.cache_clear()
        server.close()
        await server.wait_closed()


async def test_a_secret_that_can_be_guessed_opens_nothing(platform: Service) -> None:
    wiring = platform.wiring()
    wiring.credentials["secret"] = "short"
    async with Running(platform, wiring=wiring) as running:
        await until(lambda: running.ended, "only a person can help")
        assert isinstance(running.ended, Revoked)
        body = json.dumps(item(1)).encode()
        assert (await post(running, body, proof(body, secret="short"))).status_code == 401


async def test_secrets_and_texts_stay_out_of_the_log(
    running: Running, platform: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    body = json.dumps(item(1, text="비밀 이야기")).encode()
    await post(running, body, proof(body))
    platform.answer_with = Response({}, status_code=500)
    with pytest.raises(ConnectionError):
        await running.send(words(text="비밀 대답"))
    ours = [record for record in caplog.records if record.name.startswith("ansim")]
    told = " ".join([*(record.getMessage() for record in ours), *running.told.troubles])
    assert "비밀" not in caplog.text
    assert SECRET not in caplog.text + told


async def test_the_stand_in_repeats_until_it_is_taken(running: Running, platform: Service) -> None:
    running.intake.busy = 2
    first = await platform.say("r2", 0, "하나")
    second = await platform.say("r2", 1, "둘")
    await until(lambda: len(running.heard("r2")) == 2, "both messages")
    assert [each.id for each in running.heard("r2")] == [first, second]
    await platform.edit("r2", 0, first, "하나 고침")
    await platform.delete("r2", 1, second)
    await until(lambda: len(running.heard("r2")) == 4, "what was changed")
    changed, gone = running.heard("r2")[2:]
    assert (changed.replaces, changed.text, gone.replaces, gone.deleted) == (
        first,
        "하나 고침",
        second,
        True,
    )


def test_our_signatures_and_the_clients_are_the_same() -> None:
    from ansim.client import sign

    body = msgspec.json.encode({"a": 1})
    made = sign(SECRET, body, now=1_790_000_000)
    assert made[signing.SIGNATURE] == signing.sign([SECRET], made[signing.TIMESTAMP], body)
