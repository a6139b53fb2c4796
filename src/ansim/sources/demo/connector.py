"""The demo room as a connector: words typed or replayed go to intake, a counsellor's come back."""

from __future__ import annotations

import asyncio
import logging
import time

from ansim.sources.contract import (
    Delivery,
    DeliveryState,
    Incoming,
    IntakeBusy,
    IntakeRefused,
    Outcome,
    Outgoing,
)
from ansim.sources.demo import DECLARATION, SOURCE
from ansim.sources.demo.rooms import Replaying, Room, Rooms, Said, Voice
from ansim.sources.demo.samples import Sample
from ansim.sources.doorway import Doorway

log = logging.getLogger(__name__)

MIN_GAP = 0.25
MAX_GAP = 20.0
"""Seconds between two replayed messages, whatever the speed: fast enough, and still readable."""
REPLAY_TRIES = 5


class DemoConnector(Doorway):
    """The connector ``demo``. The role someone types in is shown in the room and goes nowhere."""

    declaration = DECLARATION

    def __init__(self) -> None:
        super().__init__()
        self.rooms = Rooms()

    async def say(
        self, room: Room, nickname: str, voice: Voice, text: str, *, to_agency: bool = False
    ) -> Said:
        """One message, durable before it is shown; with ``to_agency`` only its own author sees it
        in the room. Raises IntakeRefused and IntakeBusy.

        It is stamped with the time it is said now, also in a replay: detection must see the
        room as a live one, and its alerts are of this moment.
        """
        async with room.speaking:
            seen_by = nickname if to_agency else ""
            said = Said(room.next_id(), voice, nickname, text, time.time(), seen_by)
            outcomes = await self.take(
                SOURCE,
                [
                    Incoming(
                        id=said.id,
                        conversation=room.name,
                        author=f"{nickname}@{room.name}",
                        at=said.at,
                        text=text,
                        to_agency=to_agency,
                    )
                ],
            )
            if Outcome.FAILED in outcomes:
                raise IntakeBusy("the message was not stored", 2)
            room.show(said)
        return said

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Shows a counsellor's words in their room at once, or to one nickname in it alone; the
        same id only once."""
        room = self.rooms.room(outgoing.conversation)
        to = outgoing.recipient.removesuffix(f"@{room.name}")
        room.show(Said(outgoing.id, Voice.AGENCY, outgoing.agency, outgoing.text, time.time(), to))
        return Delivery(DeliveryState.SENT, "데모 대화방에 표시됨 / shown in the demo room")

    def start_replay(self, room: Room, sample: Sample, speed: float) -> None:
        """Replays ``sample`` in ``room``, ``speed`` times as fast, in place of a running one."""
        self.stop_replay(room)
        room.replay = asyncio.create_task(self._replay(room, sample, speed))

    def stop_replay(self, room: Room) -> None:
        if room.replay is not None and not room.replay.done():
            room.replay.cancel()
        if room.replaying.sample:
            room.show_replay(Replaying(""))

    async def _replay(self, room: Room, sample: Sample, speed: float) -> None:
        room.show_replay(Replaying(sample.id))
        problem, before = "", 0.0
        try:
            for turn in sample.turns:
                gap = (turn.at - before) / speed
                before = turn.at
                await asyncio.sleep(min(max(gap, MIN_GAP), MAX_GAP))
                speaker = sample.speakers[turn.by]
                await self._insist(room, speaker.nickname, speaker.voice, turn.text)
        except (IntakeBusy, IntakeRefused) as error:
            problem = str(error)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.error("demo: replay ended: %s", type(error).__name__)
            problem = "the replay ended unexpectedly"
        room.show_replay(Replaying("", problem))

    async def _insist(self, room: Room, nickname: str, voice: Voice, text: str) -> None:
        for left in reversed(range(REPLAY_TRIES)):
            try:
                await self.say(room, nickname, voice, text)
                return
            except IntakeBusy as busy:
                if not left:
                    raise
                await asyncio.sleep(busy.retry_after)
