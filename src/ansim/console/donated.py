"""A donated export, or screenshots, through the same reading and detection as live messages.

Nothing is written here: the caller decides what is kept.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec

from ansim import config
from ansim.casework.actions.accounts import DONATED_SOURCE
from ansim.casework.actions.reports import EVIDENCE, AlertReport
from ansim.casework.sealing import keyring
from ansim.chat import Attachment, Message, Noticed
from ansim.detection import AlertEvent, Assessment, Priority, Turn
from ansim.detection.detector import Detector
from ansim.detection.finished import joined, only_korean
from ansim.detection.roles import roles as detection_roles
from ansim.detection.state import ConversationState
from ansim.reading.language import is_korean
from ansim.sources import exports
from ansim.sources.export import Export, Remark, messages

MAX_BYTES = 16 * 1024 * 1024
BATCH = 500
MOST_TURNS = 2_000
"""Turns of one file that casework takes over. Of a longer file, those that tell something and what
stands around them."""
AROUND = 10
MOST_TELLING = 400
SOON_SECONDS = 24 * 3600.0
"""What was said longer ago than this tells of no meeting within 24 hours any more."""
PASSING = ("meeting_soon", "live_threat")
"""Reasons that hold only near their own time."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a file; names in it are pseudonyms."""

    form: str
    messages: int
    authors: list[str]
    """In the order in which they appear."""
    warnings: list[Remark]
    risk: float
    """Highest risk over the conversation, 0..1."""
    threshold: float
    about: str | None
    assessed: bool
    """False when the chat is not Korean and nothing in it raised an alert: then it is not judged,
    which is not the same as safe."""
    telling: list[Turn]
    """The first ``MOST_TELLING`` turns with a label."""
    reports: list[AlertReport]
    screens: list[Noticed] = []
    """Of screenshots, what each shows besides messages."""


@cache
def detector() -> Detector:
    """The detector of this process; loading it takes a moment, so it is kept."""
    settings = config.load()
    return Detector.load(
        threshold=settings.alert_threshold or None, words=settings.sexual_talk_path
    )


def assess(data: bytes, name: str, number: int = 0) -> Outcome:
    """Reads and assesses one export; of a file with several conversations, that of ``number``.

    Raises ``SeveralConversations`` where a number is needed, ``ExportError`` with a clear sentence.
    """
    export = exports.parse(data, name=name, number=number)
    digest = hashlib.sha256(data).hexdigest() + (f"/{number}" if number > 1 else "")
    return outcome(export, digest)


def outcome(
    export: Export, digest: str, beside: Mapping[int, Sequence[Attachment]] | None = None
) -> Outcome:
    """What is found in a conversation. ``digest`` is of what it was read from.

    ``beside`` is what was seen beside the message of that number: nobody said it, so it is shown
    with the message and not judged as part of it.
    """
    ring = keyring()
    # The same file is the same conversation; another file, even of the same people, is not, since
    # names in exports are not accounts.
    conversation = ring.pseudonym("conversation", DONATED_SOURCE, digest)
    said = messages(
        export,
        source=DONATED_SOURCE,
        conversation=conversation,
        author=lambda sender: ring.pseudonym("account", DONATED_SOURCE, digest, sender),
    )
    korean = is_korean(message.text for message in said)
    found, roles = _assessed(said, korean=korean)
    numbers = {turn.line: message.id for turn, message in zip(export.turns, said, strict=True)}
    shown = {numbers[line]: tuple(seen) for line, seen in (beside or {}).items()}
    turns = _turns(said, found, shown)
    reports = _reports(conversation, found, turns, roles)
    authors = dict.fromkeys(message.author for message in said)
    return Outcome(
        form=export.form,
        messages=len(said),
        authors=list(authors),
        warnings=export.warnings,
        risk=max((item.risk for item in found), default=0.0),
        threshold=detector().versions.threshold,
        about=max(found, key=lambda item: item.risk).about if found else None,
        assessed=korean or bool(reports),
        telling=[turn for turn in turns if _tells(turn)][:MOST_TELLING],
        reports=reports,
    )


def _assessed(said: Sequence[Message], *, korean: bool) -> tuple[list[Assessment], dict[str, str]]:
    """What was found, and how each account writes.

    Of a chat in another language only the Korean words are looked at: the models know no other,
    and would take what they do not know for something.
    """
    readable = said if korean else [only_korean(message) for message in said]
    found: list[Assessment] = []
    states: dict[str, ConversationState] = {}
    for start in range(0, len(readable), BATCH):
        changed, assessments = detector().assess(states, readable[start : start + BATCH])
        states.update(changed)
        found += assessments
    return found, {
        account: str(role)
        for state in states.values()
        for account, role in detection_roles(state).items()
    }


def _turns(
    said: Sequence[Message],
    found: Sequence[Assessment],
    beside: Mapping[str, tuple[Attachment, ...]],
) -> list[Turn]:
    """What was found, with every message in its own words again and what was seen beside it."""
    words = {message.id: message.text for message in said}
    return [
        msgspec.structs.replace(
            item.turn,
            text=words[item.turn.id],
            attachments=item.turn.attachments + beside.get(item.turn.id, ()),
        )
        for item in found
    ]


def _tells(turn: Turn) -> bool:
    return any(chance >= EVIDENCE for chance in turn.tactics.values())


def kept(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """At most ``MOST_TURNS`` turns worth keeping, in order; the latest where that is too few."""
    if len(turns) <= MOST_TURNS:
        return tuple(turns)
    wanted: set[int] = set()
    for place, turn in enumerate(turns):
        if _tells(turn):
            wanted.update(range(max(0, place - AROUND), min(len(turns), place + AROUND + 1)))
    return tuple(turns[place] for place in sorted(wanted)[-MOST_TURNS:])


def _past(event: AlertEvent) -> AlertEvent:
    """The event as it counts now: a meeting "soon" or a threat "now" of long ago is neither, and
    calls nobody within two minutes. Words of self-harm stay as urgent as they were."""
    why = tuple(reason for reason in event.why if reason.code not in PASSING)
    if why == event.why:
        return event
    priority = event.priority
    if priority is Priority.P1 and not any(reason.code == "self_harm" for reason in why):
        priority = Priority.P2
    return msgspec.structs.replace(event, why=why, priority=priority)


def _reports(
    conversation: str,
    found: Sequence[Assessment],
    turns: Sequence[Turn],
    roles: dict[str, str],
) -> list[AlertReport]:
    events: dict[str, AlertEvent] = {}
    now = time.time()
    for item in found:
        for event in item.alerts:
            known = event if now - item.turn.at <= SOON_SECONDS else _past(event)
            events[event.about] = joined(events.get(event.about), known)
    held = kept(turns)
    # Positions of the stream mean nothing for a file; the clock orders two readings of one file.
    sequence = time.time_ns()
    return [
        AlertReport(
            source=DONATED_SOURCE,
            conversation=conversation,
            about=about,
            episode=event.episode,
            priority=event.priority,
            risk=event.risk,
            why=event.why,
            versions=detector().versions,
            trajectory=tuple((turn.at, turn.risk, turn.id) for turn in held),
            turns=held,
            sequence=sequence,
            raised=True,
            roles=roles,
        )
        for about, event in events.items()
    ]
