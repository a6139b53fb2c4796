"""Connectors run in one gateway at a time, as casework declares them, whatever fails on the way."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import msgspec
import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources import registry
from ansim.sources.contract import Connector, Incoming, Intake, IntakeRefused, Outcome
from ansim.sources.wiring import NoticeKind, Opening, Rule
from ansim.stream.gateway import connections
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.server import EmbeddedServer
from tests.gateway import toy
from tests.gateway.conftest import received, sentence, serve, state, stored, until
from tests.gateway.toy import ToyPlatform

pytestmark = pytest.mark.nats


@pytest.fixture
def ledger(toy_ledger: MemoryLedger) -> MemoryLedger:
    return toy_ledger


async def test_what_is_said_is_stored_and_casework_hears_how_the_source_is(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    platform.say(3)
    async with serve(config, keyring, ledger) as running:
        await until(lambda: received(running) == 3)
        await until(lambda: "toy" in ledger.healths and ledger.healths["toy"]["received"] == 3)
        told = ledger.healths["toy"]
        assert told["state"] == "listening"
        assert told["last_message_at"] == 1_790_000_003.0
        assert (told["lag_seconds"] or 0) > 0
        assert (told["errors"], told["behind"], told["objections"]) == (0, 0, 0)
        # A source whose platform calls us has its health too.
        assert state(ledger, "partner") == "listening"
    assert await stored(config, keyring) == ["m-1", "m-2", "m-3"]


async def test_a_source_switched_off_is_stopped_and_goes_on_where_it_was(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    platform.say(2)
    async with serve(config, keyring, ledger) as running:
        await until(lambda: received(running) == 2)
        on = ledger.declared
        ledger.declared = [(msgspec.structs.replace(platform.source(), active=False), "")]
        await until(lambda: state(ledger) == "paused")
        platform.say(2)
        await asyncio.sleep(0.3)
        assert received(running) == 2
        ledger.declared = on
        await until(lambda: received(running) == 4)
        assert len(platform.runs) == 2
    assert await stored(config, keyring) == ["m-1", "m-2", "m-3", "m-4"]


async def test_another_wiring_starts_the_connector_anew_and_the_same_one_does_not(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    async with serve(config, keyring, ledger) as running:
        await until(lambda: state(ledger) == "listening")
        ledger.wired = {"toy": platform.wiring()}
        await asyncio.sleep(0.5)
        assert len(platform.runs) == 1
        ledger.wired = {"toy": platform.wiring(credentials={"token": "another"})}
        await until(lambda: len(platform.runs) == 2)
        now = running.gateway.connections.connector_of("toy")
        assert isinstance(now, toy.Toy)
        assert now.opening.wiring.entry("token") == "another"
        assert now.opening.agency["ko"] == config.agency_ko


async def test_a_connection_that_is_cut_or_breaks_is_made_again_ever_more_slowly(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serve(config, keyring, ledger) as running:
        await until(lambda: state(ledger) == "listening")
        platform.become("down")
        await until(lambda: state(ledger) == "trouble")
        await until(lambda: len(platform.runs) == 4)  # after 0.1, 0.2 and 0.4 s
        platform.recover("down")
        platform.say()
        await until(lambda: received(running) == 1)
        await until(lambda: state(ledger) == "listening")
        assert len({connector for connector, _ in platform.runs}) == 1  # the same was called again
        moments = [moment for _, moment in platform.runs]
        assert moments[2] - moments[1] >= 0.2
        assert moments[3] - moments[2] >= 0.4
        platform.become("broken")
        await until(lambda: "RuntimeError" in sentence(ledger))
        platform.recover("broken")
        await until(lambda: state(ledger) == "listening")
        assert ledger.healths["toy"]["errors"] >= 2
    assert toy.SECRET not in caplog.text
    assert toy.SECRET not in str(ledger.healths)
    assert caplog.text.count("source toy: RuntimeError") == 1


async def test_a_refused_token_stops_the_source_until_it_is_wired_anew(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    platform.become("revoked")
    async with serve(config, keyring, ledger):
        await until(lambda: state(ledger) == "stopped")
        assert sentence(ledger) == "the platform does not accept the token"
        await asyncio.sleep(0.5)
        assert len(platform.runs) == 1
        platform.recover("revoked")
        ledger.wired = {"toy": platform.wiring(credentials={"token": "new"})}
        await until(lambda: state(ledger) == "listening")


async def test_no_room_is_read_without_an_approved_notice(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    ledger.wired = {}
    async with serve(config, keyring, ledger):
        await until(lambda: sentence(ledger) == connections.NOT_WIRED)
        ledger.wired = {"toy": platform.wiring(notices={})}
        await until(lambda: sentence(ledger) == connections.NO_NOTICE)
        # Where all must agree, telling them is not enough.
        ledger.wired = {"toy": platform.wiring(rule=Rule.AGREED)}
        await asyncio.sleep(0.3)
        assert platform.runs == []
        assert state(ledger) == "stopped"
        ask = {NoticeKind.ASK.value: {"ko": "", "en": "May we read along?"}}
        ledger.wired = {"toy": platform.wiring(rule=Rule.AGREED, notices=ask)}
        await until(lambda: state(ledger) == "listening")


async def test_an_unlawful_source_is_never_connected(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    ledger.declared = [(msgspec.structs.replace(platform.source(), legal_basis=" "), "")]
    async with serve(config, keyring, ledger):
        await until(lambda: "legal basis" in sentence(ledger))
        assert state(ledger) == "stopped"
        assert platform.runs == []


@pytest.mark.usefixtures("long_turns")
async def test_of_two_gateways_one_listens_until_it_ends(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    async with serve(config, keyring, ledger) as first:
        await until(lambda: state(ledger) == "listening")
        async with serve(config, keyring, ledger) as second:
            platform.say(2)
            await until(lambda: received(first) == 2)
            await asyncio.sleep(0.5)
            assert len(platform.runs) == 1
            assert "toy" not in {each.source for each in second.gateway.watch.sources}
            first.gateway.closing.set()
            await first.gateway.stop()
            platform.say(2)
            await until(lambda: received(second) == 2)
    assert await stored(config, keyring) == ["m-1", "m-2", "m-3", "m-4"]


async def test_nats_going_away_for_longer_than_a_turn_cuts_no_connection_and_loses_nothing(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    async with serve(config, keyring, ledger) as running:
        await until(lambda: state(ledger) == "listening")
        server.kill()
        platform.say(3)
        await until(lambda: not running.gateway.courier.turn.held)  # type: ignore[union-attr]
        assert running.gateway.connections.connector_of("toy") is not None
        server.start()
        await until(lambda: received(running) == 3)
        assert len(platform.runs) == 1
    assert await stored(config, keyring) == ["m-1", "m-2", "m-3"]


class Stubborn(toy.Toy):
    """Loses its cancellation for a while and hands on what it heard all the same."""

    handed: ClassVar[list[object]] = []

    async def receive(self, intake: Intake) -> None:
        late = Incoming(id="late", conversation="r", author="a", at=1_790_000_000.0, text="late")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                self.handed.append(await intake("toy", [late]))
            except IntakeRefused as refused:
                self.handed.append(refused)
        await asyncio.Event().wait()


async def test_a_connector_that_is_slow_to_end_hands_nothing_on_once_it_was_stopped(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "connect", Stubborn)
    monkeypatch.setattr(Stubborn, "handed", [])
    async with serve(config, keyring, ledger) as running:
        await until(lambda: running.gateway.connections.connector_of("toy"))
        await asyncio.sleep(0.2)
        ledger.wired = {"toy": platform.wiring(credentials={"token": "another"})}
        await until(lambda: Stubborn.handed)
        assert isinstance(Stubborn.handed[0], IntakeRefused)
        assert received(running) == 0


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(1),
        asyncio.CancelledError(),
        ExceptionGroup("together", [ValueError(), ConnectionError()]),
    ],
)
async def test_whatever_ends_a_connector_it_is_started_again(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    class Falling(toy.Toy):
        async def receive(self, intake: Intake) -> None:
            if not self.folder.joinpath("runs").exists():
                self.folder.joinpath("runs").touch()
                raise error
            await super().receive(intake)

    monkeypatch.setattr(registry, "connect", Falling)
    async with serve(config, keyring, ledger):
        await until(lambda: state(ledger) == "listening")
        assert ledger.healths["toy"]["errors"] == 1


async def test_a_refusal_decides_among_errors_that_come_together(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Together(toy.Toy):
        async def receive(self, intake: Intake) -> None:
            platform.become("revoked")
            async with asyncio.TaskGroup() as group:
                group.create_task(super().receive(intake))

    monkeypatch.setattr(registry, "connect", Together)
    async with serve(config, keyring, ledger):
        await until(lambda: state(ledger) == "stopped")


async def test_a_connector_that_cannot_be_made_is_trouble_and_holds_up_no_other(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    platform: ToyPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def choosy(opening: Opening) -> Connector:
        if opening.source.id == "toy":
            raise ModuleNotFoundError
        return toy.connect(opening)

    monkeypatch.setattr(registry, "connect", choosy)
    ledger.declared.append((platform.source("toy-2"), ""))
    ledger.wired["toy-2"] = platform.wiring()
    platform.say()
    async with serve(config, keyring, ledger) as running:
        await until(lambda: received(running) == 1 and state(ledger) == "trouble")
        assert state(ledger, "toy-2") == "listening"


async def test_a_connector_cannot_speak_for_another_source(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Straying(toy.Toy):
        async def receive(self, intake: Intake) -> None:
            said = Incoming(id="1", conversation="r", author="a", at=1_790_000_000.0, text="hi")
            outcomes: list[Outcome] = await intake("partner", [said])
            raise AssertionError(outcomes)

    monkeypatch.setattr(registry, "connect", Straying)
    async with serve(config, keyring, ledger):
        await until(lambda: state(ledger) == "stopped")
        assert "alone" in sentence(ledger)
