"""A process that asks a model about many conversations, as far as the hour's budget goes.

``python -m tests.stream.asking_process ADDRESS HOURLY NAME`` says ``spent`` on its output each time
it finds that no question is left. It ends when it is killed; with the name ``dies`` it kills itself
between the counting of its first question and the asking.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from ansim import config
from ansim.keys import Keyring
from ansim.reviewing.reviewer import Reviewer
from ansim.reviewing.settings import Settings
from ansim.reviewing.values import Declined, Opinion, Window
from ansim.stream import layout
from ansim.stream.connection import connect
from ansim.stream.questions import Questions
from tests.reviewing.talk import TALK, asked_about

ROOMS = 40


class Deadly:
    """In place of a model: who asks it is killed before a word goes out."""

    async def ask(self, messages: list[dict[str, object]]) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still here")

    async def close(self) -> None:
        pass


async def told(_window: Window, _said: Opinion | Declined) -> None:
    pass


async def main(address: str, hourly: int, name: str) -> None:
    settings = config.load()
    client = await connect(settings, Keyring.load(settings.keys_path), name)
    await layout.ensure(client.jetstream(), settings)
    questions = Questions(hourly)
    questions.connect(client)
    asks = Settings(url=address, model="stand-in", at_once=2, timeout=600.0)
    reviewer = Reviewer(asks, told, questions, model=Deadly() if name == "dies" else None)
    for number in range(ROOMS):
        talk = [*TALK, ("youth", f"{name} {number}")]
        reviewer.submit(asked_about(talk, name=f"{name}-{number}"))
    asking = asyncio.create_task(reviewer.run())
    while not asking.done():
        await questions.look()
        if not questions.left:
            print("spent", flush=True)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
