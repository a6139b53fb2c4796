"""A conversation as the alert page shows it: who said what when, with the risky stretches named.

Without permission for the words the lines carry none: masking happens here, not in the browser.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils import timezone
from django.utils.translation import gettext as _

from ansim.casework.edits import Fate, changes
from ansim.casework.models import Alert, Delivery, DonorLine, OutgoingMessage, Turn
from ansim.console import speaking
from ansim.console.chart import in_percent
from ansim.console.marking import Label, Piece, harmless, label, pieces
from ansim.console.noticed import Attached, attached
from ansim.detection import Turn as ReadTurn
from ansim.detection.tactics import Language

SHOWN = 0.5
"""A label of a turn is shown from this probability on."""
MOST_LINES = 400


@dataclass(slots=True)
class Speaker:
    """One account of the conversation. ``tail`` tells apart what the letter cannot."""

    name: str
    tail: str
    side: str
    """``suspect`` (the alert is about them), ``asker`` (who speaks to the agency), ``donor`` (who
    handed it in, writing with their code) or ``other``."""
    account: str = ""
    number: int = 0
    """Of their first turn: names them in a form, where the pseudonym itself is not to stand."""
    role: str = ""
    """How this account writes; empty where nobody looked."""
    signals: Counter[Label] = field(default_factory=Counter)

    @property
    def signalled(self) -> list[tuple[Label, int]]:
        """Signals of a young person in what this account said, and how often."""
        return sorted(self.signals.items(), key=lambda item: item[0].id)


@dataclass(slots=True)
class Line:
    """One bubble: a turn, or a message of the agency with its ``delivery`` state."""

    at: float
    side: str
    speaker: Speaker | None
    pieces: list[Piece]
    held: bool
    """Whether the words are still held at all."""
    labels: tuple[Label, ...] = ()
    unplaced: tuple[Label, ...] = ()
    """Labels that no shown stretch of the words carries: written below instead."""
    attachments: tuple[Attached, ...] = ()
    percent: int | None = None
    assessed: bool = True
    author: str = ""
    delivery: str = ""
    delivery_label: str = ""
    detail: str = ""
    new_day: bool = False
    raised_here: bool = False
    pk: int = 0
    """Of the turn or message; 0 where there is none to act on."""
    message: str = ""
    """Id of the agency's message, where its author may send the words again."""
    spared: bool = False
    """Covered because this person asked to be spared such words."""
    attempts: int = 0
    where: str = ""
    """Who could read it, in words: told where there was a choice."""
    edited_at: float | None = None
    deleted_at: float | None = None
    """When the service ceased to show these words."""
    edits: int = 0
    """Number of the turn of which this is the new form, where that is among the lines."""
    replaces_unheld: bool = False
    """This is the new form of something that is not among the lines."""


@dataclass(slots=True)
class Thread:
    lines: list[Line]
    speakers: list[Speaker]
    legend: list[Label]
    left_out: int
    revealed: bool
    deleted_unheld: int = 0
    """How often something was taken back whose words were never held."""
    turns: Sequence[Turn] | None = None
    """All that people said, in order, where that is no more than the lines show."""
    donors: bool = False
    """Whether somebody handed the conversation in who can be written to."""


def build(
    alert: Alert,
    *,
    revealed: bool,
    language: Language,
    turns: Collection[int] = (),
    spared: Collection[str] = (),
) -> Thread:
    """The thread of the alert's conversation: its turns and what the agency sent into it.

    ``turns`` are shown even where not all is ``revealed``; where all is, words with a label among
    ``spared`` stay covered unless they are among ``turns``.
    """
    outgoing = list(
        OutgoingMessage.objects.filter(alert__conversation=alert.conversation_id).select_related(
            "author", "donor"
        )
    )
    ours = {str(message.pk) for message in outgoing}
    said = Turn.objects.filter(conversation=alert.conversation_id)
    # The agency's words come back through the stream; they are shown once, with their delivery.
    said = said.exclude(by_agency=True, message_id__in=ours)
    # Only the end of a long conversation is fetched, and with it opened: every look costs.
    kept = list(said.order_by("-at", "-pk")[:MOST_LINES])[::-1]
    donors = _donors(alert.conversation_id)
    whole = len(kept) < MOST_LINES
    spoken = speaking.first_of(kept) if whole else speaking.first_turns(said)
    first = [author for author in spoken if author not in donors]
    speakers = _speakers(kept, alert.about, language, first, _side(alert)) | donors
    lines = [
        _line(
            turn,
            speakers.get(turn.author),
            revealed=turn.pk in turns or (revealed and not _spared(turn, spared)),
            language=language,
        )
        for turn in kept
    ]
    for line, turn in zip(lines, kept, strict=True):
        line.spared = revealed and turn.pk not in turns and _spared(turn, spared)
    _tell_where(alert, lines, kept, outgoing)
    changed = changes(alert.conversation_id)
    shown = {turn.pk for turn in kept}
    for line, turn in zip(lines, kept, strict=True):
        _tell_change(line, turn, changed.of(turn.message_id), shown)
    raising = [
        line
        for line, turn in zip(lines, kept, strict=True)
        if turn.at == alert.first_event_at and turn.author == alert.about
    ]
    if raising:  # exports know the minute only: of several in it, the last one tipped the scales
        raising[-1].raised_here = True
    lines += [_sent(message, speakers, revealed=revealed) for message in outgoing]
    lines.sort(key=lambda line: line.at)
    _mark_days(lines)
    legend = {mark.id: mark for line in lines for mark in line.labels}
    return Thread(
        lines=lines,
        speakers=_described(alert, speakers.values()),
        legend=[legend[name] for name in sorted(legend)],
        left_out=0 if whole else max(0, said.count() - len(kept)),
        revealed=revealed,
        deleted_unheld=len(changed.not_held),
        turns=kept if whole else None,
        donors=bool(donors),
    )


def _tell_change(line: Line, turn: Turn, fate: Fate, shown: Collection[int]) -> None:
    """Says of a turn that it was changed or taken back later, or is the new form of another."""
    line.edited_at, line.deleted_at = fate.edited_at, fate.deleted_at
    line.edits = fate.edits if fate.edits in shown else 0
    line.replaces_unheld = bool(turn.replaces) and not line.edits


def _described(alert: Alert, speakers: Iterable[Speaker]) -> list[Speaker]:
    """Those of the conversation, with the belief about how they write (R14)."""
    found = [one for one in speakers if one.side != "donor"]
    for one in found:
        one.role = str(alert.roles.get(one.account, ""))
    return found


def _donors(conversation: int) -> dict[str, Speaker]:
    """People who handed the conversation in, by the pseudonym under which they answer."""
    return {
        line.pseudonym: Speaker(str(line.get_given_by_display()), "", "donor", line.pseudonym)
        for line in DonorLine.objects.filter(conversation=conversation)
    }


def _tell_where(
    alert: Alert, lines: Sequence[Line], turns: Sequence[Turn], outgoing: Sequence[OutgoingMessage]
) -> None:
    """Says of answers who could read them: those to the agency alone always, those in the room once
    the agency has spoken, where the source can carry both."""
    both = alert.conversation.source.can_message_privately
    spoken = min((message.created_at.timestamp() for message in outgoing), default=None)
    for line, turn in zip(lines, turns, strict=True):
        if line.side == "donor":
            line.where = _("번호로 상담원에게만")
        elif turn.to_agency:
            line.where = _("상담원에게만 한 말")
        elif both and line.side == "other" and spoken is not None and turn.at >= spoken:
            line.where = (
                _("대화방에서 (모두 읽을 수 있음)")
                if turn.to_agency is False
                else _("어디서 한 말인지 출처가 알리지 않음")
            )


def others(alert: Alert, language: Language) -> list[Speaker]:
    """Everybody in the conversation but whom it suspects, as they are called in the thread:
    those who showed signals of a young person first. To one of them a message may go alone."""
    said = Turn.objects.filter(conversation=alert.conversation_id)
    rows = list(said.filter(by_agency=False).only("author", "tactics"))
    first = speaking.first_turns(said)
    found = _speakers(rows, alert.about, language, first, _side(alert))
    for account, speaker in found.items():
        speaker.number = first[account]
    return sorted(
        (speaker for speaker in found.values() if speaker.side in ("other", "asker")),
        key=lambda speaker: -speaker.signals.total(),
    )


def _side(alert: Alert) -> str:
    """On which side whom the alert is about stands."""
    return "asker" if alert.is_request else "suspect"


def preview(
    turns: Sequence[ReadTurn],
    about: str,
    *,
    authors: Sequence[str],
    messages: int,
    language: Language,
) -> Thread:
    """The telling turns of a conversation that is not kept, words and all: who looks at this has
    just handed the file in. ``messages`` is how many it has in all."""
    rows = [
        Turn(
            author=turn.author,
            at=turn.at,
            text=turn.text,
            tactics=turn.tactics,
            spans=[[span.start, span.end, span.tactic] for span in turn.spans],
            attachments=[msgspec.to_builtins(item) for item in turn.attachments],
            risk=turn.risk,
        )
        for turn in turns
    ]
    speakers = _speakers(rows, about, language, authors)
    lines = [_line(row, speakers.get(row.author), revealed=True, language=language) for row in rows]
    _mark_days(lines)
    legend = {mark.id: mark for line in lines for mark in line.labels}
    return Thread(
        lines=lines,
        speakers=list(speakers.values()),
        legend=[legend[name] for name in sorted(legend)],
        left_out=messages - len(rows),
        revealed=True,
    )


def _speakers(
    turns: Iterable[Turn],
    about: str,
    language: Language,
    authors: Iterable[str],
    side_of_about: str = "suspect",
) -> dict[str, Speaker]:
    """Speakers by account, lettered in the order of ``authors``: of who spoke first."""
    found: dict[str, Speaker] = {}
    for number, author in enumerate(authors):
        side = side_of_about if author == about else "other"
        found[author] = Speaker(
            speaking.name(number, language), harmless(author)[-4:], side, author
        )
    for turn in turns:
        if not turn.by_agency:
            for mark in _labels(turn.tactics, language):
                if mark.is_signal:
                    found[turn.author].signals[mark] += 1
    return found


def _labels(tactics: dict[str, Any], language: Language) -> tuple[Label, ...]:
    strong = sorted(
        name for name, p in tactics.items() if isinstance(p, (int, float)) and p >= SHOWN
    )
    return tuple(label(name, language) for name in strong)


def _line(turn: Turn, speaker: Speaker | None, *, revealed: bool, language: Language) -> Line:
    marks = _labels(turn.tactics, language)
    shown = {mark.id for mark in marks}
    spans = [span for span in turn.spans if len(span) == 3 and span[2] in shown]
    words = turn.text if revealed and turn.text is not None else ""
    placed = {span[2] for span in spans} if words else set()
    side = "agency" if speaker is None else speaker.side
    return Line(
        at=turn.at,
        side=side,
        speaker=speaker,
        pieces=pieces(words, spans, language) if words else [],
        held=turn.text is not None,
        labels=marks,
        unplaced=tuple(mark for mark in marks if mark.id not in placed),
        attachments=tuple(attached(item, revealed=revealed) for item in turn.attachments or ()),
        percent=None if turn.by_agency or side == "donor" else in_percent(turn.risk),
        assessed=turn.assessed or side == "donor",  # no part of the chat: nobody assesses it
        pk=turn.pk or 0,
    )


def _spared(turn: Turn, spared: Collection[str]) -> bool:
    return any(
        isinstance(p := turn.tactics.get(name), (int, float)) and p >= SHOWN for name in spared
    )


def _sent(message: OutgoingMessage, speakers: Mapping[str, Speaker], *, revealed: bool) -> Line:
    reader = speakers.get(message.recipient)
    words = message.text if revealed and message.text is not None else ""
    if message.donor is not None:
        where = _("번호로 %(name)s에게만") % {"name": message.donor.get_given_by_display()}
    elif message.recipient:
        where = _("%(name)s에게만") % {"name": reader.name} if reader else _("한 사람에게만")
    else:
        where = _("대화방 모두에게")
    label = str(Delivery(message.state).label)
    if message.donor is not None and message.state == Delivery.SENT and message.sent_at:
        opened = timezone.localtime(message.sent_at)
        label = _("번호로 열어 봄 · %(time)s") % {"time": opened.strftime("%m-%d %H:%M")}
    return Line(
        at=message.created_at.timestamp(),
        side="agency",
        speaker=None,
        pieces=[Piece(harmless(words))] if words else [],
        held=message.text is not None,
        author=message.author.shown,
        delivery=message.state,
        delivery_label=label,
        detail=harmless(message.detail),
        attempts=0 if message.donor else message.attempts,
        where=where,
        message=str(message.pk),
    )


def _mark_days(lines: list[Line]) -> None:
    from ansim.console.templatetags.ansim import day

    before = ""
    for line in lines:
        this = day(line.at)
        line.new_day = this != before
        before = this
