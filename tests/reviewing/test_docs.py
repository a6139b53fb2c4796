"""docs/reviewer.md tells the truth about refusals, bounds and settings."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ansim.config import Config, variable
from ansim.pictures.values import MOST_RENDERED_BYTES, RENDERED_SIDE
from ansim.reviewing import asking, breaker, eyes, queue, windows
from ansim.reviewing.values import Refusal
from ansim.reviewing.weighing import MOST_ADDED
from ansim.stream import shown
from ansim.stream.gateway import showing

PAGE = (Path(__file__).parents[2] / "docs/reviewer.md").read_text("utf-8")


def test_every_refusal_is_told() -> None:
    table = PAGE.split("| code | why |")[1].split("\n\n")[0]
    codes = {code for row in table.splitlines() for code in re.findall(r"`(\w+)`", row[:120])}
    assert codes == {refusal.value for refusal in Refusal}


def test_every_setting_is_told() -> None:
    wanted = {variable(one.name) for one in fields(Config) if one.name.startswith("reviewer_")}
    assert set(re.findall(r"ANSIM_REVIEWER_[A-Z_]+", PAGE)) == wanted


def test_bounds_and_limits_are_those_in_force() -> None:
    plain = " ".join(PAGE.split())
    for told in (
        f"at most **{MOST_ADDED:g}**",
        f"at most {windows.MOST_TURNS}, {windows.MOST_IN_A_TURN} characters a turn",
        f"{windows.MOST_CHARACTERS:,} in all",
        f"{asking.LONGEST_TEXT} characters or two sentences",
        f"{asking.LONGEST_QUOTE} in a quote, {asking.MOST_QUOTES} quotes",
        f"up to {asking.MOST_TOKENS:,} tokens",
        f"nothing is asked for {breaker.REST_SECONDS:g} seconds",
        f"at most {queue.MOST} and ten minutes",
    ):
        assert told in plain, told
    for told in (
        f"at most {windows.MOST_SHOWN} a question",
        f"at most {RENDERED_SIDE} pixels, at most {MOST_RENDERED_BYTES:,} bytes",
        f"the newest {shown.MOST_A_CONVERSATION} of a conversation, "
        f"{shown.MOST_BYTES // 1024**2} MiB in all",
    ):
        assert told in plain, told
    assert (shown.LIFE_SECONDS, showing.WAIT_SECONDS, eyes.SECONDS) == (900.0, 1.0, 3.0)
    assert (eyes.REFUSALS, eyes.REST_SECONDS) == (3, 3600.0)
    assert (breaker.FAILURES, breaker.LONGEST_REST_SECONDS) == (4, 900.0)
    assert (queue.OLDEST_SECONDS, queue.AGAIN_SECONDS) == (600.0, 60.0)


def test_every_test_named_there_exists() -> None:
    for name in re.findall(r"`((?:tests/\w+/)?test_\w+\.py)`", PAGE):
        path = name if "/" in name else f"tests/reviewing/{name}"
        assert (Path(__file__).parents[2] / path).exists(), path
