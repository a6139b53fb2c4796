"""How much comes in from services that have to be asked: Mastodon, Bluesky and YouTube.

``python -m bench.asked`` prints it: threads that were written while nobody listened, read by
connector, library and the stand-in of the service in one process on one core, by an intake that
only counts. The services themselves allow far fewer requests; how many were needed is said too.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time

from tests.connectors.platforms import bluesky, mastodon, youtube
from tests.connectors.running import Running, until

Row = tuple[str, str, str]
Asked = mastodon.Service | bluesky.Service | youtube.Service
ANSWERS = 24
"""In every thread."""


async def heard(name: str, service: Asked, threads: int) -> list[Row]:
    """All that was written before, in threads that are found and looked at one after another."""
    await service.start()
    try:
        wanted = []
        for _ in range(threads):
            room = await service.room()
            wanted += [room, *[await service.say(room, n % 2, f"{n}번째") for n in range(ANSWERS)]]
        start = time.perf_counter()
        async with Running(service) as running:
            await until(lambda: len(running.intake.handed) >= len(wanted), "all is heard", 300)
            took = time.perf_counter() - start
            needed = len(_requests(service))
            assert {each.id for each in running.intake.handed} == set(wanted)
        count = f"{threads} threads of {ANSWERS + 1}, {needed} requests, stand-in included"
        return [(f"{name}: after an absence", f"{len(wanted) / took:,.0f}", f"messages/s; {count}")]
    finally:
        await service.stop()


def _requests(service: Asked) -> list[str]:
    if isinstance(service, mastodon.Service):
        return service.mastodon.asked
    return service.bluesky.asked if isinstance(service, bluesky.Service) else service.youtube.asked


async def measure(seconds: float) -> list[Row]:
    """For about so many seconds each."""
    rows: list[Row] = []
    threads = max(5, int(seconds * 10))
    for name, service in (
        ("Mastodon", mastodon.Service()),
        ("Bluesky", bluesky.Service()),
        ("YouTube", youtube.Service()),
    ):
        rows += await heard(name, service, threads)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.asked", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    for name, value, unit in asyncio.run(measure(given.seconds)):
        print(f"{name}: {value} {unit}")


if __name__ == "__main__":
    main()
