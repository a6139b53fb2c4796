"""A gateway process with the toy connector and a ledger in memory, to be killed.

``python -m tests.gateway.toy_gateway FOLDER``: FOLDER is the toy's platform.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from ansim import config
from ansim.sources import registry
from ansim.stream.gateway import app, turn
from ansim.stream.gateway.ledger import MemoryLedger
from tests.gateway import toy
from tests.gateway.toy import ToyPlatform


def main() -> None:
    turn.TURN_SECONDS = 2.0  # the next one takes over sooner
    settings = config.load()
    registry.CONNECTORS["toy"] = toy.DECLARATION
    registry.connect = toy.connect
    platform = ToyPlatform(Path(sys.argv[1]))
    ledger = MemoryLedger([(platform.source(), "")])
    ledger.wired = {"toy": platform.wiring()}
    application = app.create(settings, ledger=ledger)
    uvicorn.run(application, host=settings.host, port=settings.intake_port, log_level="warning")


if __name__ == "__main__":
    main()
