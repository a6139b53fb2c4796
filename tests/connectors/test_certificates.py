"""A service whose certificate nobody vouches for is named to people as just that."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from ansim.stream.gateway.health import SourceHealth
from ansim.stream.gateway.line import UNTRUSTED, Line
from tests.connectors.certificates import certificate, pem
from tests.connectors.conftest import service_of
from tests.connectors.running import Running, until

ADDRESSES = {
    "bluesky": "service",
    "discord": "api",
    "mastodon": "instance",
    "matrix": "homeserver",
    "telegram": "api",
    "youtube": "api",
}
"""By connector, the entry that says where its service is."""


@pytest.fixture
async def impostor(tmp_path: Path) -> AsyncIterator[str]:
    """Something that answers with TLS and a certificate of its own making."""
    its, key = certificate("localhost", certificate("authority.test", None))
    (tmp_path / "server.pem").write_bytes(pem(key) + pem(its))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}"
    server.close()
    assert not any(heard), "nothing is said to whom nobody vouches for"


@pytest.mark.parametrize("name", ADDRESSES)
async def test_a_certificate_that_is_not_trusted_is_named_to_people(
    name: str, impostor: str
) -> None:
    import_module(f"ansim.sources.{name}.connector")  # takes seconds
    service = service_of(name)
    await service.start()
    try:
        await service.room()
        before = service.wiring()
        settings = before.settings | {ADDRESSES[name]: impostor}
        wiring = msgspec.structs.replace(before, settings=settings)
        running = Running(service, wiring=wiring)
        health = SourceHealth(name, name, lambda _: None, time.time)
        line = Line(running.opening, health, running.intake)
        line.start()
        try:
            await until(lambda: health.sentence == UNTRUSTED, "it says what is wrong")
            assert health.state == "trouble", "it is tried again"
        finally:
            await line.stop()
    finally:
        await service.stop()
