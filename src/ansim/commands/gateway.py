"""``ansim gateway``: intake of messages, demo room and courier, in one process."""

from __future__ import annotations

import argparse
import logging
import sys
from types import FrameType


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim gateway``."""
    verb = subparsers.add_parser(
        "gateway", help="take messages in and carry words out", description=__doc__
    )
    verb.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Serves on ANSIM_HOST:ANSIM_INTAKE_PORT until SIGINT or SIGTERM."""
    import uvicorn

    from ansim import config as settings
    from ansim.keys import KeyLost
    from ansim.stream.gateway import app

    logging.basicConfig(level=logging.INFO, format="gateway %(levelname)s %(message)s")
    try:
        config = settings.load()
        application = app.create(config)
    except (settings.ConfigError, KeyLost) as error:
        print(f"ansim: {error}", file=sys.stderr)
        return 2
    end_streams = app.closer(application)

    class Server(uvicorn.Server):
        """Ends long polls and event streams first: otherwise stopping would wait for them."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            end_streams()
            super().handle_exit(sig, frame)

    server = Server(
        uvicorn.Config(
            application,
            host=config.host,
            port=config.intake_port,
            lifespan="on",
            access_log=False,  # addresses of demo rooms are names of conversations
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )
    server.run()
    return 0 if server.started else 1
