"""Thousands of spoilt pictures: each is read or says why, and nothing is left of any of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest
from PIL import Image

from ansim.pictures.apart import Apart
from ansim.pictures.values import RENDERED_SIDE, Limits, Looks, Unread, Wanted, Why
from tests.pictures.drawn import code, encoded, shapes, words
from tests.pictures.test_apart import readers

EXPECTED = {Why.UNKNOWN_TYPE, Why.DAMAGED, Why.TOO_MANY_PIXELS, Why.TOO_COSTLY, Why.TOO_SLOW}
"""What a spoilt file may come to; ``broke`` would be a reader that fell over."""

WANTED = Wanted(words=False, rendered=RENDERED_SIDE)


def seeds() -> list[bytes]:
    drawing = Image.fromarray(shapes(11, 90, 120))
    print_ = words(("오늘 급식 뭐야",), 14)
    moving = [Image.new("P", (40, 30), colour) for colour in (1, 90, 200)]
    return [
        encoded(drawing, "PNG"),
        encoded(print_.convert("P"), "PNG"),
        encoded(drawing, "JPEG", progressive=True),
        encoded(print_, "JPEG", quality=30),
        encoded(moving[0], "GIF", save_all=True, append_images=moving[1:]),
        encoded(drawing, "WEBP"),
        encoded(drawing, "WEBP", lossless=True),
        encoded(drawing, "BMP"),
        encoded(code("https://example.org/"), "PNG"),
    ]


def mutated(number: int) -> Iterator[bytes]:
    """Files spoilt by flipped, lost, doubled, swapped and foreign bytes; the same every time."""
    dice = np.random.default_rng(2024)
    whole = seeds()
    for _ in range(number):
        file = bytearray(whole[dice.integers(len(whole))])
        for _ in range(dice.integers(1, 5)):
            # Half of the harm is done near the head, where sizes and tables are.
            near = len(file) if dice.random() < 0.5 else min(64, len(file))
            at, span = int(dice.integers(near)), int(dice.integers(1, 40))
            match dice.integers(6):
                case 0:
                    file[at] ^= 1 << int(dice.integers(8))
                case 1:
                    file[at : at + span] = dice.bytes(span)
                case 2:
                    del file[at : at + span]
                case 3:
                    file[at:at] = file[at : at + span]
                case 4:
                    file[at : at + 4] = b"\xff\xff\xff\xff"
                case 5:
                    file[at : at + span] = bytes(span)
            file = file or bytearray(b"\0")
        if dice.random() < 0.1:
            file = file[: int(dice.integers(1, len(file) + 1))]
        yield bytes(file)


def read_all(number: int) -> dict[str, int]:
    """Reads so many spoilt files; how many came to what. Memory and processes are looked at."""
    outcomes: dict[str, int] = {}
    here = psutil.Process()
    with Apart(Limits(pixels=4_000_000), at_once=2) as apart, ThreadPoolExecutor(2) as two:

        def read(file: bytes) -> str:
            try:
                looks = apart.ask("look", [file], Looks, WANTED).looks
            except Unread as problem:
                return problem.why.value
            assert looks[0].unread or looks[0].rendered, "what was read has a small copy"
            return looks[0].unread or "read"

        for outcome in two.map(read, mutated(50)):
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        before = here.memory_info().rss
        for outcome in two.map(read, list(mutated(number))[50:]):
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        assert here.memory_info().rss - before < 48 * 1024**2
    assert readers() == []
    return outcomes


def test_two_hundred_spoilt_files_break_nothing() -> None:
    outcomes = read_all(200)
    assert sum(outcomes.values()) == 200
    assert set(outcomes) <= {"read", *(why.value for why in EXPECTED)}, outcomes
    assert outcomes["read"] > 20, "some are hardly spoilt"
    assert outcomes["damaged"] > 20


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_five_thousand_spoilt_files_break_nothing() -> None:
    outcomes = read_all(5_000)
    assert sum(outcomes.values()) == 5_000
    assert set(outcomes) <= {"read", *(why.value for why in EXPECTED)}, outcomes
