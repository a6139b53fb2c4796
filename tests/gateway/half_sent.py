"""A gateway whose platform takes the words and then never answers, to be killed in mid-send.

``python -m tests.gateway.half_sent MARKER once|repeats``: appends a line to MARKER for each send.
With ``once`` it is the real outbox, which says an id once; with ``repeats`` a platform that would
say it again.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import uvicorn

from ansim import config
from ansim.sources.contract import Delivery, Outgoing
from ansim.sources.http import HttpConnector
from ansim.stream.gateway import app
from ansim.stream.gateway.process import Gateway


class Hanging(HttpConnector):
    """Sends, and never comes back."""

    def __init__(self, marker: Path, real: HttpConnector, *, sends_once: bool) -> None:
        super().__init__()
        self._marker = marker
        self._real = real
        self.declaration = replace(HttpConnector.declaration, sends_once=sends_once)

    async def send(self, outgoing: Outgoing) -> Delivery:
        if self.declaration.sends_once:
            await self._real.send(outgoing)
        with self._marker.open("a") as file:
            file.write(f"{outgoing.id}\n")
        await asyncio.sleep(3600)
        raise AssertionError


def main() -> None:
    marker, mode = Path(sys.argv[1]), sys.argv[2]
    settings = config.load()
    application = app.create(settings)
    gateway: Gateway = application.state.gateway
    hanging = Hanging(marker, gateway.http, sends_once=mode == "once")
    gateway.connectors["http"] = hanging
    uvicorn.run(application, host=settings.host, port=settings.intake_port, log_level="warning")


if __name__ == "__main__":
    main()
