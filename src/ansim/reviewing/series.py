"""One question about each of many windows, every answer saved before the next is asked for.

What is saved are numbers and codes: no word of a conversation, none of an answer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ansim.reviewing import answering
from ansim.reviewing.answering import Refused
from ansim.reviewing.asking import messages, prompt_version, window_hash
from ansim.reviewing.model import Model
from ansim.reviewing.reviewer import TRANSPORT
from ansim.reviewing.settings import Settings
from ansim.reviewing.values import Window

FAILURES = 4
"""Failures of the server in a row after which the run stops, to be taken up again."""


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one window."""

    id: str
    """The name under which it was asked about."""
    window: str
    model: str
    prompt: str
    risk: float | None = None
    """None where the answer was refused."""
    quoted: bool = False
    tactics: tuple[str, ...] = ()
    refused: str = ""
    seconds: float = 0.0


class Answers:
    """A file of ``Said``, one a line, added to and never rewritten."""

    def __init__(self, path: Path, model: str) -> None:
        self._path = path
        self._model = model
        self._said: dict[str, Said] = {}
        self.last_failure = ""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        if content and not content.endswith(b"\n"):
            # Cut off in the middle of a line: that window is asked about again.
            content = content[: content.rfind(b"\n") + 1]
            path.write_bytes(content)
        for number, line in enumerate(content.splitlines(), 1):
            try:
                said = msgspec.json.decode(line, type=Said)
            except msgspec.MsgspecError as error:
                raise ValueError(
                    f"{path}, line {number}: {error}; name another file with --answers"
                ) from None
            if said.model == model and said.prompt == prompt_version():
                self._said[said.id] = said

    def find(self, name: str, window: Window) -> Said | None:
        """What was said under that name, of just these words."""
        said = self._said.get(name)
        return said if said is not None and said.window == window_hash(window) else None

    def of(self, windows: Mapping[str, Window]) -> list[Said]:
        """All that was said of these, in their order."""
        found = (self.find(name, window) for name, window in windows.items())
        return [said for said in found if said is not None]

    def add(self, said: Said) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(said) + b"\n")
            file.flush()
        self._said[said.id] = said


async def ask_all(settings: Settings, windows: Mapping[str, Window], answers: Answers) -> bool:
    """Asks about all that are not answered yet. False where the server fell silent."""
    model = Model(settings)
    failures = 0
    try:
        left = [each for each in windows.items() if answers.find(*each) is None]
        for number, (name, window) in enumerate(left, 1):
            while True:
                said = await _ask(model, settings, name, window)
                if isinstance(said, Said):
                    break
                answers.last_failure = said
                failures += 1
                if failures >= FAILURES:
                    return False
            failures = 0
            answers.add(said)
            if number % 25 == 0 or number == len(left):
                print(f"review-eval: {number} of {len(left)} asked", file=sys.stderr)
    finally:
        await model.close()
    return True


async def _ask(model: Model, settings: Settings, name: str, told: Window) -> Said | str:
    """What was said, or why the server failed."""
    base = Said(
        id=name,
        window=window_hash(told),
        model=settings.model,
        prompt=prompt_version(),
    )
    started = time.monotonic()
    try:
        text = await model.ask(messages(told))
        seconds = round(time.monotonic() - started, 3)
        found = answering.read(text, told)
    except Refused as refused:
        seconds = round(time.monotonic() - started, 3)
        if refused.code in TRANSPORT:
            return refused.code.value
        return msgspec.structs.replace(base, refused=refused.code.value, seconds=seconds)
    return msgspec.structs.replace(
        base,
        risk=found.risk,
        quoted=bool(found.quotes),
        tactics=found.tactics,
        seconds=seconds,
    )
