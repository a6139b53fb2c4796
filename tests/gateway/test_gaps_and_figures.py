"""What was missed is on record before a position moves past it; figures tell of every source."""

from __future__ import annotations

import asyncio
import math

import pytest

from ansim.chat import Source, SourceKind
from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.contract import Incoming, Outcome
from ansim.stream.gateway import health
from ansim.stream.gateway.health import SourceWatch, State
from ansim.stream.gateway.ledger import LedgerDesk, MemoryLedger
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import received, serve, state, stored, until
from tests.gateway.toy import ToyPlatform

ROOM = Source(id="room", name="", kind=SourceKind.PUBLIC_ROOM, legal_basis="x", connector="toy")


class Forgetful(MemoryLedger):
    """A ledger whose database takes no gaps for now."""

    deaf = True

    def tell_gap(self, source: str, since: float, until: float, why: str) -> None:
        if self.deaf:
            raise OSError("the database is away")
        super().tell_gap(source, since, until, why)


@pytest.mark.nats
async def test_a_position_does_not_move_past_a_gap_that_nobody_wrote_down(
    config: Config, keyring: Keyring, server: EmbeddedServer, platform: ToyPlatform
) -> None:
    ledger = Forgetful([(platform.source(), "")])
    ledger.wired = {"toy": platform.wiring()}
    platform.become("lost")
    platform.say(2)
    async with serve(config, keyring, ledger) as running:
        await until(lambda: received(running) == 2)
        await until(lambda: len(platform.runs) > 1)  # its position could not be kept
        assert ledger.gaps == []
        ledger.deaf = False
        await until(lambda: ledger.gaps)
        await until(lambda: state(ledger) == "listening")
        platform.say()
        await until(lambda: received(running) == 3)
        figures = (await running.client.get("/metrics")).text
    assert ledger.gaps == [("toy", 100.0, 200.0, "the platform forgot")]
    assert 'ansim_source_gaps_total{connector="toy",source="toy"} 1.0' in figures
    assert await stored(config, keyring) == ["m-1", "m-2", "m-3"]


@pytest.mark.nats
async def test_every_source_has_its_figures_and_no_other_name_is_among_them(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    toy_ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    platform.say(2)
    async with serve(config, keyring, toy_ledger) as running:
        await until(lambda: received(running) == 2)
        await running.send(
            [{"id": "1", "conversation": "r", "author": "a", "at": 1.6e9, "text": "x"}]
        )
        await until(lambda: received(running) == 3)
        platform.become("down")
        await until(lambda: state(toy_ledger) == "trouble")
        answered = await running.client.get("/metrics")
    assert answered.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answered.text.splitlines()
    toy, partner = 'connector="toy",source="toy"', 'connector="http",source="partner"'
    for expected in (
        f"ansim_source_messages_total{{{toy}}} 2.0",
        f"ansim_source_messages_total{{{partner}}} 1.0",
        f"ansim_source_up{{{toy}}} 0.0",
        f"ansim_source_up{{{partner}}} 1.0",
        f"ansim_source_backlog{{{toy}}} 0.0",
        f"ansim_source_gaps_total{{{toy}}} 0.0",
        f"ansim_source_errors_total{{{partner}}} 0.0",
        f"ansim_source_last_message_timestamp_seconds{{{toy}}} 1.790000002e+09",
        'ansim_intake_messages_total{outcome="accepted"} 1.0',
        "ansim_intake_refusals_total 0.0",
        "ansim_nats_up 1.0",
    ):
        assert expected in lines
    errors = next(line for line in lines if line.startswith(f"ansim_source_errors_total{{{toy}}}"))
    assert float(errors.split()[-1]) >= 1
    assert any(line.startswith(f"ansim_source_lag_seconds{{{toy}}}") for line in lines)
    for hidden in ("room-1", "account-1", "급식"):
        assert hidden not in answered.text


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def watch(clock: Clock) -> SourceWatch:
    return SourceWatch(LedgerDesk(MemoryLedger()), clock)


def test_trouble_is_over_when_the_connector_says_so_or_goes_on_without_it() -> None:
    clock = Clock()
    one = watch(clock).of(ROOM)
    one.connected()
    clock.now = 1010.0
    one.trouble("a room\ncannot be told" + "!" * 400)
    assert (one.state, one.since, one.errors) == (State.TROUBLE, 1010.0, 1)
    assert one.sentence.startswith("a room cannot be told!")
    assert len(one.sentence) == health.MAX_SENTENCE
    one.cut("other words")  # the connector's own are better
    assert one.sentence.startswith("a room")
    one.heard(3, 1009.0)
    assert one.state.value == "trouble"
    clock.now += health.PASSING_SECONDS + 1
    one.heard(3, 1070.0)
    assert (one.state.value, one.sentence, one.since) == ("listening", "", clock.now)
    one.trouble("again")
    one.connected()
    assert one.state.value == "listening"


def test_what_waits_grows_less_with_what_comes_in_and_odd_times_do_no_harm() -> None:
    clock = Clock()
    one = watch(clock).of(ROOM)
    one.behind(100)
    one.heard(30, 990.0)
    assert (one.waiting, one.lag_seconds, one.last_message_at) == (70, 10.0, 990.0)
    one.heard(100, math.nan)
    one.heard(1, math.inf)
    one.heard(1, 5000.0)  # a platform whose clock is ahead
    assert (one.waiting, one.lag_seconds, one.last_message_at) == (0, 0.0, 1000.0)


def test_repeats_are_not_counted_as_received() -> None:
    clock = Clock()
    seen = watch(clock)
    one = seen.of(ROOM)
    said = [Incoming(id=str(n), conversation="c", author="a", at=900.0, text="") for n in range(3)]
    seen.took("room", said, [Outcome.STORED, Outcome.DUPLICATE, Outcome.UNREAD])
    seen.took("unknown", said, [Outcome.STORED] * 3)
    assert one.received == 1
    assert seen.states()[0]["received"] == 1


async def test_a_gap_with_odd_times_is_recorded_all_the_same() -> None:
    ledger = MemoryLedger()
    seen = SourceWatch(LedgerDesk(ledger), Clock())
    seen.of(ROOM).gap(math.nan, 10.0, "why\x00")
    await seen.settle("another")
    assert ledger.gaps == []
    await asyncio.gather(*(seen.settle() for _ in range(5)))
    assert ledger.gaps == [("room", 10.0, 1000.0, "why")]
