"""The reviewer beside the stream: what it is asked, and how its answer comes back through it.

A partition hands over conversations above the low threshold once its effects are durable, and goes
on. An opinion is published into the conversation's own subject: whoever works on the partition then
applies it in its place, so that state is still snapshot and replay.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from nats.aio.client import Client
from nats.errors import Error as NatsError

from ansim.config import Config
from ansim.detection import Assessment, ConversationState, Versions
from ansim.detection.aftermath import second_opinion
from ansim.keys import Keyring
from ansim.reviewing.eyes import chosen
from ansim.reviewing.reviewer import Reviewer
from ansim.reviewing.settings import Pictures, Settings
from ansim.reviewing.values import Declined, Opinion, Picture, Status, Window
from ansim.reviewing.weighing import speaks_of_suspect, weigh
from ansim.reviewing.windows import window
from ansim.stream import layout
from ansim.stream.codec import Reviewed, encode
from ansim.stream.effects import OpinionDesk, Wanted, alert_report
from ansim.stream.questions import Questions
from ansim.stream.routing import MESSAGE
from ansim.stream.shown import Shelf

if TYPE_CHECKING:
    from ansim.casework.actions.opinions import OpinionReport

log = logging.getLogger(__name__)

TELL_SECONDS = 10.0
PUBLISH_ATTEMPTS = 3
PUBLISH_SECONDS = 5.0


class SecondMind:
    """One worker's reviewer. Nothing waits for it."""

    def __init__(
        self,
        config: Config,
        settings: Settings,
        threshold: float,
        desk: OpinionDesk,
        keyring: Keyring,
    ) -> None:
        self.desk = desk
        self._config = config
        self._pictures = settings.pictures
        self._threshold = threshold
        self._keyring = keyring
        self._questions = Questions(settings.hourly)
        self._reviewer = Reviewer(settings, self._told, self._questions, fetch=self._fetch)
        self._client: Client | None = None
        self._shelf: Shelf | None = None

    def look(self, source: str, state: ConversationState, assessment: Assessment) -> None:
        """Has the conversation reviewed as it stands, when its turn comes."""
        self._reviewer.submit(
            window(
                state.conversation,
                state.turns,
                risk=assessment.risk,
                threshold=self._threshold,
                about=assessment.about or "",
                source=source,
                pictures=self._pictures is not Pictures.OFF,
                shown=self._pictures is Pictures.SHOWN,
            )
        )

    def status(self) -> Status:
        """How the reviewer is."""
        return self._reviewer.status()

    async def run(self, client: Client, worker: str) -> None:
        """Asks, publishes and tells how it is, until cancelled."""
        self._client = client
        self._questions.connect(client)
        self._shelf = Shelf(client, self._keyring)
        asking = asyncio.create_task(self._reviewer.run())
        try:
            while True:
                await self._tell(worker)
                await asyncio.sleep(TELL_SECONDS)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def stopped(self, worker: str) -> None:
        """Says that this worker asks nobody any more."""
        try:
            await asyncio.to_thread(self.desk.reviewer_stopped, worker)
        except Exception as error:
            log.debug("reviewer: %s", type(error).__name__)  # then its silence tells it

    async def _tell(self, worker: str) -> None:
        await self._questions.look()  # others ask as well
        now = self._reviewer.status()
        counts: dict[str, int | float] = {
            "waiting": now.waiting,
            "asked": now.asked,
            "answered": now.answered,
            "from_cache": now.from_cache,
            "left_this_hour": now.left_this_hour,
            "seconds": now.seconds,
            **{f"declined_{code}": count for code, count in sorted(now.declined.items())},
        }
        try:
            if self._client is not None:
                subject = f"{layout.REVIEWERS}.{worker}"
                await self._client.publish(subject, msgspec.json.encode(now))
            await asyncio.to_thread(
                self.desk.tell_reviewer, worker, now.condition.value, now.model, counts
            )
        except Exception as error:
            log.debug("reviewer: %s", type(error).__name__)  # told again in a moment

    async def _fetch(self, seen: Window) -> list[Picture]:
        """The pictures of its lines that still lie there."""
        if self._shelf is None:
            return []
        held = await self._shelf.of(seen.conversation)
        hidden = partial(self._keyring.pseudonym, MESSAGE, seen.conversation)
        return chosen(seen, held, hidden)

    async def _told(self, seen: Window, said: Opinion | Declined) -> None:
        """Publishes an opinion; what was declined is counted and no more."""
        if isinstance(said, Declined):
            return
        quoted = {quote.turn for quote in said.quotes}
        item = Reviewed(
            source=seen.source,
            conversation=seen.conversation,
            about=seen.about,
            detector=seen.risk,
            counts=self._config.reviewer_use == "weigh" and speaks_of_suspect(seen, said),
            letters=seen.letters,
            quoted={line.number: line.id for line in seen.turns if line.number in quoted},
            opinion=said,
        )
        partition = layout.partition_of(seen.conversation, self._config.partitions)
        subject = layout.chat_subject(partition, seen.conversation)
        for _ in range(PUBLISH_ATTEMPTS):
            if self._client is None:
                return
            try:
                await self._client.jetstream(timeout=PUBLISH_SECONDS).publish(
                    subject,
                    encode(item),
                    headers={"Nats-Msg-Id": f"reviewed-{seen.conversation}-{said.window_hash}"},
                )
                return
            except (NatsError, OSError, TimeoutError) as error:
                log.debug("reviewer: %s", type(error).__name__)
                await asyncio.sleep(1.0)
        log.warning("a second opinion could not be stored in the stream and is lost")


def heard(
    item: Reviewed,
    state: ConversationState,
    versions: Versions,
    sequence: int,
    hidden: Callable[[str], str],
) -> tuple[ConversationState, list[Wanted]]:
    """The state after the opinion, and what casework is to hear of it.

    The bounds are kept here, whatever the item says: from the lower of the detector's risk then and
    now, at most the constant is added, and only an account never judged before can be alerted to.
    """
    opinion = item.opinion
    base = min(item.detector, state.risk)
    weighed = weigh(base, opinion, versions.watch) if item.counts else base
    state, event = second_opinion(state, item.about, weighed, versions.threshold)
    wanted: list[Wanted] = []
    if event is not None:
        wanted.append(alert_report(item.source, state, event, versions, sequence, hidden))
    wanted.append(_report(item, weighed - base, sequence, hidden))
    return state, wanted


def _report(
    item: Reviewed, added: float, sequence: int, hidden: Callable[[str], str]
) -> OpinionReport:
    from ansim.casework.actions.opinions import OpinionReport

    said = item.opinion
    return OpinionReport(
        source=item.source,
        conversation=item.conversation,
        about=item.about,
        sequence=sequence,
        model=said.model,
        prompt=said.prompt_version,
        window=said.window_hash,
        risk=said.risk,
        detector=item.detector,
        added=added,
        seconds=said.seconds,
        tactics=said.tactics,
        quotes=tuple(
            (hidden(item.quoted[quote.turn]), quote.text, quote.tactic)
            for quote in said.quotes
            if quote.turn in item.quoted
        ),
        letters=item.letters,
        innocent_reading=said.innocent_reading,
        watch_for=said.watch_for,
        summary_ko=said.summary_ko,
        summary_en=said.summary_en,
        pictures=said.pictures,
    )
