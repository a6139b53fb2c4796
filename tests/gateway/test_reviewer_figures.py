"""Figures of the reviewing model: summed over workers, gone with them, and never a word."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from ansim.config import Config
from ansim.keys import Keyring
from ansim.reviewing.values import Condition, Status
from ansim.stream import layout
from ansim.stream.connection import connect
from ansim.stream.gateway.reviewers import FORGOTTEN_SECONDS, Reviewers
from tests.gateway.conftest import Running

READY = Status(condition=Condition.READY, model="m", asked=3, answered=2, declined={"schema": 1})
DOWN = Status(condition=Condition.DOWN, model="m", asked=2, declined={"too_slow": 2})


class Shown(Collector):
    def __init__(self, reviewers: Reviewers) -> None:
        self.collect = reviewers.figures  # type: ignore[assignment,method-assign]


def page(reviewers: Reviewers) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Shown(reviewers))
    return generate_latest(registry).decode()


def test_workers_are_summed_and_a_silent_one_is_forgotten() -> None:
    now = 0.0
    reviewers = Reviewers(clock=lambda: now)
    assert page(reviewers) == ""
    reviewers.hear("one", msgspec.json.encode(READY))
    now = 30.0
    reviewers.hear("two", msgspec.json.encode(DOWN))
    figures = page(reviewers)
    assert 'ansim_reviewer_workers{condition="down"} 1.0' in figures
    assert "ansim_reviewer_asked_total 5.0" in figures
    assert 'ansim_reviewer_declined_total{code="too_slow"} 2.0' in figures
    now = FORGOTTEN_SECONDS + 1
    assert "ansim_reviewer_asked_total 2.0" in page(reviewers)


def test_what_cannot_be_read_is_let_go() -> None:
    reviewers = Reviewers()
    reviewers.hear("one", msgspec.json.encode(READY))
    reviewers.hear("one", b'{"condition": "odd"')
    assert page(reviewers) == ""


@pytest.mark.nats
async def test_a_gateway_hears_them_over_nats(
    running: Running, config: Config, keyring: Keyring
) -> None:
    client = await connect(config, keyring, "worker")
    try:

        async def shown() -> bool:
            await client.publish(f"{layout.REVIEWERS}.one", msgspec.json.encode(READY))
            figures = (await running.client.get("/metrics")).text
            return "ansim_reviewer_answered_total 2.0" in figures

        async with asyncio.timeout(60):
            while not await shown():
                await asyncio.sleep(0.1)
    finally:
        await client.close()
