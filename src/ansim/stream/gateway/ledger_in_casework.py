"""The gateway's ledger in casework's database, through its actions."""

from __future__ import annotations

import logging
from typing import Protocol

import msgspec

from ansim.chat import Source
from ansim.sources.wiring import Wiring
from ansim.stream.gateway.ledger import AlertClosing, Original, Queued, SourceState, TestMessage
from ansim.stream.gateway.reading import Reading

log = logging.getLogger(__name__)


class DjangoLedger:
    """The ledger in casework's database, through its actions."""

    def __init__(self) -> None:
        from ansim import casework

        casework.ready()
        from ansim.casework.actions import (
            interventions,
            originals,
            reading,
            rights_measures,
            source_health,
            source_tests,
            sources,
            stream_commands,
        )

        self._sources = sources
        self._interventions = interventions
        self._commands = stream_commands
        self._reading = reading
        self._rights = rights_measures
        self._originals = originals
        self._health = source_health
        self._tests = source_tests

    def sources(self) -> list[tuple[Source, str]]:
        return self._sources.active_sources()

    def unread(self) -> frozenset[tuple[str, str, str]]:
        return self._rights.unread()

    def held(self) -> frozenset[tuple[str, str]]:
        return self._originals.held()

    def keep_original(self, original: Original) -> bool:
        kept = self._originals.keep(
            original.source,
            original.conversation,
            message=original.message,
            author=original.author,
            place=original.place,
            content=original.content,
        )
        return kept is not None

    def lost_originals(self, source: str, conversation: str, number: int) -> None:
        self._originals.lost(source, conversation, number)

    def refuse(self, source: str | None, reason: str) -> None:
        self._sources.refuse_intake(source, reason)

    def take_queued(self, limit: int) -> list[Queued]:
        return [_queued(each) for each in self._interventions.take_queued(limit)]

    def left_sending(self) -> list[Queued]:
        return [_queued(each) for each in self._interventions.left_sending()]

    def record_delivery(self, message: str, state: str, detail: str) -> None:
        from django.core.exceptions import ObjectDoesNotExist

        try:
            self._interventions.record_delivery(message, state, detail)
        except ObjectDoesNotExist:
            # Platforms confirm test messages in the same way.
            if self._tests.record(message, state, detail):
                return
            log.warning("courier: message %s is not in the database (any more)", message)

    def pending_commands(self, limit: int) -> list[AlertClosing]:
        closings = []
        for command in self._commands.pending(limit):
            if command.kind not in ("alert_closed", "alert_reopened"):
                log.error("courier: command of unknown kind %r is left", command.kind)
                continue
            told = msgspec.convert(command.payload, _Closed)
            closings.append(
                AlertClosing(
                    id=command.id,
                    source=told.source,
                    conversation=told.conversation,
                    about=told.about,
                    episode=told.episode,
                    reopened=command.kind == "alert_reopened",
                )
            )
        return closings

    def done(self, command: str) -> None:
        self._commands.done(command)

    def tell_reading(self, reading: Reading | None) -> None:
        if reading is None:
            self._reading.stopped()
        else:
            self._reading.tell(reading.unread, reading.still_since)

    def wirings(self) -> dict[str, Wiring]:
        found: dict[str, Wiring] = {}
        for source, entered in self._sources.wirings().items():
            try:
                found[source] = msgspec.convert(entered, Wiring)
            except msgspec.ValidationError:
                log.error("gateway: the wiring of source %s cannot be read", source)
        return found

    def tell_health(self, states: list[SourceState]) -> None:
        self._health.tell(states)

    def tell_gap(self, source: str, since: float, until: float, why: str) -> None:
        from django.core.exceptions import ObjectDoesNotExist

        try:
            self._health.gap(source, since, until, why)
        except ObjectDoesNotExist:
            log.warning("gateway: a gap of a source that is not in the database: %s", source)

    def take_tests(self, limit: int) -> list[TestMessage]:
        return [
            TestMessage(
                id=str(name),
                source=source,
                room=room,
                text=text,
                language=language,
                author=str(author),
            )
            for name, source, room, text, language, author in self._tests.pending(limit)
        ]

    def record_test(self, message: str, state: str, detail: str) -> None:
        self._tests.record(message, state, detail)

    def rest(self) -> None:
        from django.db import connections

        connections.close_all()


class _Closed(msgspec.Struct):
    source: str
    conversation: str
    about: str
    episode: int


class _Taken(Protocol):
    """What casework hands to a courier."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def conversation(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def author(self) -> int: ...
    @property
    def recipient(self) -> str: ...


def _queued(taken: _Taken) -> Queued:
    return Queued(
        id=taken.id,
        source=taken.source,
        conversation=taken.conversation,
        text=taken.text,
        language=taken.language,
        author=str(taken.author) if taken.author else "",
        recipient=taken.recipient,
    )
