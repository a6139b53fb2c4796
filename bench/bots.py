"""How much comes in through the bots of Discord and Telegram.

``python -m bench.bots`` prints it: connector, library and the stand-in of the service in one
process on one core, an intake that only counts. The services themselves allow far less: people
type, and Discord slows down who posts more than about one message a second in a channel.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time

from tests.connectors.platforms import Platform, discord, telegram
from tests.connectors.running import Running, until

Row = tuple[str, str, str]


async def heard(name: str, service: Platform, messages: int) -> list[Row]:
    """Live, as they are said, and after an outage, from what the service kept."""
    await service.start()
    try:
        room = await service.room()
        async with Running(service) as running:

            async def read() -> bool:
                await service.say(room, 0, "여기 누구 있어?")
                await asyncio.sleep(0.3)
                return bool(running.heard(room))

            await until(read, "the room is read")
            live = await rate(service, running, room, messages, away=False)
            missed = await rate(service, running, room, messages, away=True)
        return [
            (f"{name}: live", f"{live:,.0f}", "messages/s, one core, stand-in included"),
            (f"{name}: after an outage", f"{missed:,.0f}", "messages/s, connecting anew included"),
        ]
    finally:
        await service.stop()


async def rate(
    service: Platform, running: Running, room: str, messages: int, *, away: bool
) -> float:
    """Messages a second, from the first that could be heard until the last is handed over."""
    if away:
        await service.cut()
    start = time.perf_counter()
    wanted = {await service.say(room, n % 2, f"{n}번째 말이야") for n in range(messages)}
    if away:
        start = time.perf_counter()
        await service.mend()

    def all_there() -> bool:
        return wanted <= {each.id for each in running.intake.handed[-2 * messages :]}

    await until(all_there, "all is heard", 300)
    return messages / (time.perf_counter() - start)


async def rows(messages: int) -> list[Row]:
    found = await heard("Discord", discord.Service(), messages)
    return found + await heard("Telegram", telegram.Service(), messages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=5_000)
    logging.disable(logging.CRITICAL)
    for name, value, unit in asyncio.run(rows(parser.parse_args().messages)):
        print(f"{name:28} {value:>10}  {unit}")


if __name__ == "__main__":
    main()
