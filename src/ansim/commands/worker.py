"""``ansim worker``: reads partitions of the stream, detects, raises alerts."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim worker``."""
    verb = subparsers.add_parser(
        "worker", help="detect in the stream (any number may run)", description=__doc__
    )
    verb.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Works until SIGINT or SIGTERM; then saves its states and gives its partitions back."""
    from ansim.cli import CommandError
    from ansim.detection.weights import ModelError
    from ansim.stream.service import worker_from_environment

    logging.basicConfig(level=logging.INFO, format="worker  %(levelname)s %(message)s")
    try:
        worker = worker_from_environment()
    except ModelError as error:
        raise CommandError(str(error)) from None

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await worker.run(stop)

    import uvloop

    uvloop.run(work())
    return 0
