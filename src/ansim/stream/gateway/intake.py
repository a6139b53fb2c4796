"""The one door for messages, whatever platform they come from: pseudonyms first, then durable.

The platform's own names end here. They are written, sealed, to the routing table before the
messages that bring them are published, so that whatever is acknowledged can be answered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from ansim.chat import Message
from ansim.sources.contract import Incoming, IntakeBusy, IntakeRefused, Outcome
from ansim.stream.gateway import limits
from ansim.stream.gateway.admission import Admission
from ansim.stream.gateway.link import Link, LinkDown
from ansim.stream.gateway.noticing import Noticing
from ansim.stream.gateway.originals import Keep, Originals
from ansim.stream.gateway.showing import Show, Showing
from ansim.stream.publishing import PublishState, StreamUnavailable
from ansim.stream.routing import ACCOUNT, CONVERSATION, Routing, RoutingUnavailable

log = logging.getLogger(__name__)

_OUTCOMES = {
    PublishState.STORED: Outcome.STORED,
    PublishState.DUPLICATE: Outcome.DUPLICATE,
    PublishState.FAILED: Outcome.FAILED,
}


class Intake:
    """Takes messages of a source; callable as ``sources.contract.Intake``."""

    def __init__(
        self,
        link: Link,
        admission: Admission,
        max_backlog: int,
        clock: Callable[[], float] = time.time,
        noticing: Noticing | None = None,
        originals: Originals | None = None,
        showing: Showing | None = None,
    ) -> None:
        self._link = link
        self._admission = admission
        self._max_backlog = max_backlog
        self._clock = clock
        self._noticing = noticing
        self._originals = originals
        self._showing = showing

    def check_backlog(self) -> None:
        """Raises IntakeBusy while the workers are too far behind or NATS is away."""
        if not self._link.up:
            raise IntakeBusy("the message store cannot be reached", limits.RETRY_SECONDS)
        waiting = self._link.backlog
        if waiting > self._max_backlog:
            raise IntakeBusy(
                f"{waiting} messages are waiting to be read, over the limit of {self._max_backlog}",
                limits.RETRY_SECONDS,
                overloaded=True,
            )

    async def __call__(self, source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        """Stores messages in the order given and returns one outcome a message, once durable.

        Raises IntakeRefused when the source may not be read, IntakeBusy when nothing was stored.
        """
        reason = self._admission.refusal(source)
        if reason is not None:
            await self._admission.tell_refused(source, reason)
            raise IntakeRefused(reason)
        self.check_backlog()
        try:
            routing, publisher = self._link.routing, self._link.publisher
            unread = self._admission.unread(source)
            if unread:  # before their names are written anywhere
                read = [_is_read(message, source, routing, unread) for message in messages]
                if not all(read):
                    taken = [m for m, is_read in zip(messages, read, strict=True) if is_read]
                    some = iter(await self(source, taken) if taken else ())
                    return [next(some) if is_read else Outcome.UNREAD for is_read in read]
            await routing.remember(
                source,
                {message.conversation for message in messages},
                {message.author for message in messages},
            )
            received_at = self._clock()
            pseudonym = routing.pseudonym
            outcomes, first, told = _without_repeats(messages)
            if self._noticing is not None:
                told = await self._noticing.noticed(
                    told, partial(self._keeper, source), partial(self._shower, source)
                )
            published = await publisher.publish(
                [
                    Message(
                        id=message.id,
                        source=source,
                        conversation=pseudonym(CONVERSATION, source, message.conversation),
                        author=pseudonym(ACCOUNT, source, message.author),
                        at=message.at,
                        text="" if message.deleted else message.text,
                        attachments=() if message.deleted else message.attachments,
                        received_at=received_at,
                        to_agency=message.to_agency,
                        replaces=message.replaces,
                        deleted=message.deleted,
                    )
                    for message in told
                ]
            )
        except (LinkDown, RoutingUnavailable, StreamUnavailable) as error:
            log.warning("intake: nothing stored for source %s: %s", source, type(error).__name__)
            raise IntakeBusy("the message store cannot be reached", limits.RETRY_SECONDS) from error
        if self._showing is not None:
            self._showing.taken_back(source, told)
        for place, result in zip(first, published, strict=True):
            outcomes[place] = _OUTCOMES[result.state]
        return _repeats_follow(messages, outcomes)

    def _keeper(self, source: str, message: Incoming) -> Keep | None:
        """Where originals of this message's pictures go: nowhere, but under a legal hold."""
        return None if self._originals is None else self._originals.keeper(source, message)

    def _shower(self, source: str, message: Incoming) -> Show | None:
        """Where small copies of this message's pictures go: nowhere, but where the reviewer may be
        shown pictures."""
        return None if self._showing is None else self._showing.shower(source, message)


def _is_read(
    message: Incoming, source: str, routing: Routing, unread: frozenset[tuple[str, str]]
) -> bool:
    """Whether nobody asked that this account, or the conversation, is read no more (R07)."""
    return not (
        (ACCOUNT, routing.pseudonym(ACCOUNT, source, message.author)) in unread
        or (CONVERSATION, routing.pseudonym(CONVERSATION, source, message.conversation)) in unread
    )


def _without_repeats(
    messages: Sequence[Incoming],
) -> tuple[list[Outcome], list[int], list[Incoming]]:
    """The messages whose id comes for the first time in this batch, and where they stood."""
    seen: set[tuple[str, str]] = set()
    first: list[int] = []
    told: list[Incoming] = []
    for place, message in enumerate(messages):
        name = (message.conversation, message.id)
        if name not in seen:
            seen.add(name)
            first.append(place)
            told.append(message)
    return [Outcome.DUPLICATE] * len(messages), first, told


def _repeats_follow(messages: Sequence[Incoming], outcomes: list[Outcome]) -> list[Outcome]:
    """A repeat of a message that could not be stored was not stored either."""
    if Outcome.FAILED not in outcomes:
        return outcomes
    failed = {
        (message.conversation, message.id)
        for message, outcome in zip(messages, outcomes, strict=True)
        if outcome is Outcome.FAILED
    }
    return [
        Outcome.FAILED if (message.conversation, message.id) in failed else outcome
        for message, outcome in zip(messages, outcomes, strict=True)
    ]
