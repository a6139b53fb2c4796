"""The live path and ``ansim score`` find the same: one detector, whatever road a message takes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ansim.chat import Message
from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.publishing import Publisher
from ansim.stream.server import EmbeddedServer

from .house import Workers, alerts_in_database, final_states, make_database, until_kept
from .traffic import corpus

pytestmark = pytest.mark.nats

SAMPLE = 60
"""Conversations of each kind."""


async def test_live_and_score_agree_turn_by_turn(
    config: Config, keyring: Keyring, server: EmbeddedServer, tmp_path: Path
) -> None:
    talks = corpus("grooming")[:SAMPLE] + corpus("benign")[:SAMPLE]
    scored = score(talks, tmp_path)
    config = replace(config, snapshot_seconds=1.0)
    make_database(config)
    end = time.time()
    messages = [live(number, talk, end) for number, talk in enumerate(talks)]
    publisher = await Publisher.connect(config, keyring)
    workers = Workers(config, tmp_path / "workers.log")
    workers.start()
    try:
        for talk in messages:
            await publisher.publish(talk)
        await until_kept(config, keyring)
        workers.stop()
    finally:
        await publisher.close()
        for index in reversed(range(len(workers.running))):
            workers.kill(index)
    states = await final_states(config, keyring)
    alerts = alerts_in_database(config)
    alerted = compared = 0
    for number, result in enumerate(scored):
        state = states[f"talk-{number}"]
        turns = {turn.id: turn for turn in state.turns}
        for index, row in enumerate(result["turns"]):
            turn = turns.get(f"{index:04}")
            if turn is None:
                continue  # left the window, as it would have in score
            assert turn.risk == pytest.approx(row["risk"], abs=1e-4)
            assert turn.tactics.keys() >= row["tactics"].keys()
            for tactic, probability in row["tactics"].items():
                assert turn.tactics[tactic] == pytest.approx(probability, abs=1e-3)
            if turn.text is not None:  # spans go with the text when its time is over
                compared += 1
                assert [[s.start, s.end, s.tactic] for s in turn.spans] == row["spans"]
        first = [about for room, about, episode in alerts if room == f"talk-{number}"]
        assert bool(first) is (result["alert_at"] is not None)
        if first:
            alerted += 1
            assert result["about"] in first
    assert alerted > SAMPLE / 4
    assert compared > 5 * len(talks)


def score(talks: list[list[dict[str, object]]], folder: Path) -> list[dict[str, object]]:
    """What ``ansim score`` says of them."""
    source, target = folder / "in.jsonl", folder / "out.jsonl"
    source.write_text(
        "".join(
            json.dumps({"id": str(number), "channel": "test", "turns": talk}) + "\n"
            for number, talk in enumerate(talks)
        ),
        "utf-8",
    )
    subprocess.run(
        [sys.executable, "-m", "ansim.cli", "score", str(source), "--out", str(target)], check=True
    )
    return [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def live(number: int, talk: list[dict[str, object]], end: float) -> list[Message]:
    """The same conversation as messages, ending now, with the same names."""
    last = float(str(talk[-1]["at"]))
    return [
        Message(
            id=f"{index:04}",
            source="test",
            conversation=f"talk-{number}",
            author=str(turn["from"]),
            at=end - last + float(str(turn["at"])),
            text=str(turn["text"]),
            received_at=end,
        )
        for index, turn in enumerate(talk)
    ]
