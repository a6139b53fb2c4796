"""The detector: takes messages and the states of their conversations, returns both anew.

Per batch: drop what is known, read, gate (one compiled call), evidence and risk (one compiled
call), then per message window, alerts and retention. Python touches a message a few times only;
the rest is arithmetic over arrays, which is what makes 15,000 messages a second possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ansim import __version__, reading
from ansim.chat import Message
from ansim.detection import attached, attention, spans, weights
from ansim.detection.batch import Item, Run, likely, window
from ansim.detection.context import ContextModel, Said, together
from ansim.detection.gate import Gate, blanked
from ansim.detection.identities import identity
from ansim.detection.labels import ANY, APPROACHER, COLUMN, SHOWN
from ansim.detection.memory import Memory
from ansim.detection.operator_words import SURE, OperatorWords
from ansim.detection.priority import Standing, judge
from ansim.detection.retention import MOST_ACCOUNTS
from ansim.detection.risk import RiskModel
from ansim.detection.state import ConversationState, Episode
from ansim.detection.urgency import signs
from ansim.detection.values import AlertEvent, Assessment, Priority, Span, Turn, Versions
from ansim.reading.language import is_foreign

Floats = npt.NDArray[np.float64]

FRESH = 0.5
"""Probability of some tactic in a turn that may open the next episode after a closing."""

_T12, _T13, _T15 = (SHOWN.index(label) for label in ("T12", "T13", "T15"))
_SHOWN = len(SHOWN)
_ANY, _APPROACHER = COLUMN[ANY], COLUMN[APPROACHER]

UNREAD = -20.0
"""Log-odds of everything for a turn that nobody can read."""


class Detector:
    """Gate, context model and risk together. Immutable; may be shared by threads."""

    def __init__(
        self,
        gate: Gate,
        risk: RiskModel,
        context: ContextModel | None,
        threshold: float | None = None,
        words: OperatorWords | None = None,
        any_language: bool = False,
    ) -> None:
        self.gate = gate
        self.risk = risk
        self.context = context
        self.words = words
        self._any_language = any_language
        self.threshold = risk.threshold if threshold is None else threshold
        self.watch = min(risk.watch, self.threshold)

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        threshold: float | None = None,
        words: Path | None = None,
        any_language: bool = False,
    ) -> Detector:
        """The detector with the weights in folder ``path``, by default those of the package.

        ``threshold`` replaces the risk at which an alert is raised; ``words`` is an operator's list
        for T12; ``any_language`` is for researchers whose weights know another one than Korean.
        Raises ``detection.weights.ModelError`` when the weights are missing or do not fit,
        and ValueError for a threshold outside 0..1 or a list that cannot be read.
        """
        if threshold is not None and not 0.0 < threshold < 1.0:
            raise ValueError(f"threshold is {threshold}; use a number between 0 and 1")
        listed = OperatorWords.load(words) if words else None
        return cls(*weights.load(path or weights.default_folder()), threshold, listed, any_language)

    @property
    def versions(self) -> Versions:
        return Versions(
            software=__version__,
            gate=self.gate.version,
            risk=self.risk.version,
            context=self.context.version if self.context else "",
            words=self.words.version if self.words else "",
            reading=reading.VERSION,
            threshold=self.threshold,
            watch=self.watch,
        )

    def assess(
        self, states: Mapping[str, ConversationState], messages: Sequence[Message]
    ) -> tuple[dict[str, ConversationState], list[Assessment]]:
        """Reads messages in the order given. Returns the states that changed, and what was found.

        One assessment a message, in order; a message whose id its conversation still remembers
        gets none. Neither the cut into batches nor messages of other conversations change a
        result. ``states`` is left as it is; a conversation missing from it is new.

        An edit counts as what it says, once more, by whoever says it; what it replaces has counted
        and goes on counting. A deletion changes no risk and no word held: it is only told of.
        """
        memories: dict[str, Memory] = {}
        fresh: list[tuple[Message, Memory, reading.Reading]] = []
        for message in messages:
            memory = memories.get(message.conversation)
            if memory is None:
                memory = Memory(states.get(message.conversation), message.conversation)
                memories[message.conversation] = memory
            name = identity(message.id)
            if message.deleted:
                if memory.remember_deletion(name):
                    fresh.append((message, memory, reading.read("")))
            elif memory.remember(name, message.at):
                words = attached.judged(message.text, message.attachments)
                fresh.append((message, memory, reading.read(blanked(words))))
        logits = self.gate.logits([read.text for _, _, read in fresh])
        listed = self._listed([read.text for _, _, read in fresh], logits)
        inviting = attached.inviting([message for message, _, _ in fresh])
        attached.mark_inviting(logits, inviting)
        roused = attention.aroused(logits[:, _ANY], logits[:, _APPROACHER])
        # What is urgent is so when either says it: here the mean would come too late.
        urgent = logits[:, [_T13, _T15]]

        found: list[Assessment] = []
        waiting: list[Item] = []
        for number, (message, memory, read) in enumerate(fresh):
            account, assessed = -1, True
            said: Said | None = None
            if not (message.by_agency or message.deleted):
                if memory.crowded_by(message.author, MOST_ACCOUNTS):
                    # Who makes room depends on the evidence, so that has to be up to date.
                    found += self._settle(waiting, logits)
                    waiting = []
                    memory.make_room()
                account = memory.account(message.author)
                assessed = (
                    self._any_language
                    or not is_foreign(read.text)
                    or not memory.is_foreign(read.text, message.at)
                )
                if not assessed:
                    logits[number] = UNREAD
                elif self.context is not None and (roused[number] or memory.attentive(message.at)):
                    if memory.may_expire(message.at):
                        # The same for what may still be read.
                        found += self._settle(waiting, logits)
                        waiting = []
                    said = self._ask(message, memory, read.text)
                    mean = together(logits[number], said.all)
                    # Of a turn too long for it the gate alone has read the middle.
                    logits[number] = mean if said.whole else np.maximum(logits[number], mean)
                    urgent[number] = np.maximum(urgent[number], said.shown[[_T13, _T15]])
                if number in listed:
                    logits[number, _T12] = SURE
                if number in inviting:
                    attached.mark_inviting(logits, frozenset({number}))
            if not message.deleted:
                said_so = None if message.by_agency else read.text
                memory.pending.append((message.at, message.id, message.author, said_so))
            item = Item(message, memory, account, read.text, read, number, said, assessed)
            if account >= 0 and assessed:
                item.urgent = signs(read.text, urgent[number, 0], urgent[number, 1])
            waiting.append(item)
        found += self._settle(waiting, logits)
        return {name: memory.state() for name, memory in memories.items() if memory.changed}, found

    def _listed(self, texts: Sequence[str], logits: Floats) -> frozenset[int]:
        """Turns that hold a word of the operator's list; they count as a tactic from here on."""
        if self.words is None:
            return frozenset()
        found = frozenset(n for n, text in enumerate(texts) if self.words.within(text))
        for number in found:
            logits[number, _ANY] = max(logits[number, _ANY], SURE)
            logits[number, _T12] = SURE
        return found

    def _ask(self, message: Message, memory: Memory, text: str) -> Said:
        """What the context model says after ``message``; and how long it remains interested."""
        assert self.context is not None  # noqa: S101 - told to the type checker
        newest = (message.at, message.id, message.author, text)
        said = self.context.said(window(memory.turns, memory.pending, newest))
        left = memory.attention if memory.attentive(message.at) else 0
        memory.attention = attention.after(left, said.approacher, said.other)
        memory.attended_at = max(memory.attended_at, message.at)
        return said

    def _settle(self, items: list[Item], logits: Floats) -> list[Assessment]:
        """Adds the evidence of ``items`` to their conversations and says what follows."""
        if not items:
            return []
        shown = likely(logits, [item.number for item in items])
        run = Run(items)
        before = run.rows.copy()
        run.go(self.risk, logits, np.full(len(items), -1, np.int64))
        rated = [run.risks[start:end] for start, end in run.ranges]
        # Priorities need the evidence as it stood at that message; they are rare, so the run is
        # repeated for them with room to keep it.
        keep = np.full(len(items), -1, np.int64)
        room = 0
        alarmed = {id(item.memory) for item in items if item.memory.any_open}
        for index, (item, risks) in enumerate(zip(items, rated, strict=True)):
            if len(risks) and float(risks.max()) >= self.threshold:
                alarmed.add(id(item.memory))
            if id(item.memory) in alarmed:
                keep[index] = room
                room += len(risks)
        if room:
            again = Run(items, before)
            again.go(self.risk, logits, keep, room)
            run = again
        run.write_back()
        found = []
        for index, item in enumerate(items):
            risks = rated[index]
            rows = None
            if keep[index] >= 0:
                rows = run.kept[keep[index] : keep[index] + len(risks)]
            any_chance = float(1.0 / (1.0 + np.exp(-logits[item.number, _SHOWN])))
            found.append(self._conclude(item, risks, rows, shown.get(item.number), any_chance))
        for item in items:
            item.memory.pending.clear()
        return found

    def _conclude(
        self,
        item: Item,
        risks: Floats,
        rows: Floats | None,
        chances: dict[str, float] | None,
        any_chance: float,
    ) -> Assessment:
        """Window, alerts and retention for one message whose evidence is in."""
        message, memory = item.message, item.memory
        top, risk = -1, 0.0
        for index, value in enumerate(risks.tolist()):
            if value > risk:
                top, risk = index, value
        marks: tuple[Span, ...] = ()
        if item.account < 0:
            chances = None
        elif chances:
            placed = self._displayed(chances, any_chance)
            if placed:
                marks = spans.find(self._given(item, placed), item.text, item.original.original)
                if message.attachments:
                    marks = attached.in_words(marks, message.text)
        turn = Turn(
            id=message.id,
            author=message.author,
            at=message.at,
            text="" if message.deleted else message.text,
            risk=risk,
            tactics=chances or {},
            spans=marks,
            attachments=() if message.deleted else message.attachments,
            received_at=message.received_at,
            by_agency=message.by_agency,
            to_agency=message.to_agency,
            assessed=item.assessed,
            replaces=message.replaces,
            deleted=message.deleted,
        )
        if risk >= self.watch:
            memory.watched_at = max(memory.watched_at, item.newest)
        alerts: list[AlertEvent] = []
        priority: Priority | None = None
        if rows is not None:
            standing = Standing(rows)
            if message.deleted:
                alerts = self._still_open(memory, risks, standing)
            elif not message.by_agency:
                alerts = self._alerts(item, risks, standing, any_chance)
            if risk >= self.threshold:
                priority, _ = judge(standing, top, risk)
        memory.hold(turn, item.newest, risk)
        return Assessment(
            conversation=message.conversation,
            turn=turn,
            risk=risk,
            about=memory.accounts[top] if top >= 0 else None,
            priority=priority,
            alerts=tuple(alerts),
        )

    def _given(self, item: Item, tactics: Iterable[str]) -> dict[str, Floats]:
        """What each character of a turn gives to each tactic that is to be marked."""
        if len(item.text) > spans.LONGEST_TEXT:
            return {}
        if item.said is None:
            return {tactic: self.gate.contributions(item.text, tactic) for tactic in tactics}
        return {
            tactic: spans.spread(
                item.said.words[:, SHOWN.index(tactic)], item.said.pieces, len(item.text)
            )
            for tactic in tactics
        }

    def _displayed(self, chances: dict[str, float], any_chance: float) -> dict[str, float]:
        """Tactics sure enough to be marked in the text; the likeliest if only "some tactic" is."""
        likely = {label: chance for label, chance in chances.items() if label[0] == "T"}
        sure = {
            label: chance
            for label, chance in likely.items()
            if chance >= self.gate.display.get(label, 0.5)
        }
        if not sure and likely and any_chance >= FRESH:
            best = max(likely, key=lambda label: likely[label])
            return {best: likely[best]}
        return sure

    def _still_open(self, memory: Memory, risks: Floats, standing: Standing) -> list[AlertEvent]:
        """The open alerts as they stand, so that a deletion is heard of where they are kept."""
        events = []
        for index, about in enumerate(memory.accounts[: len(risks)]):
            episode = memory.episodes.get(about)
            if episode is not None and episode.open:
                risk = float(risks[index])
                events.append(_event(about, episode.number, standing, index, risk))
        return events

    def _alerts(
        self, item: Item, risks: Floats, standing: Standing, any_chance: float
    ) -> list[AlertEvent]:
        """Raises, once an episode, or updates: hysteresis is that an open one stays open."""
        memory, message = item.memory, item.message
        events = []
        for index, risk in enumerate(risks.tolist()):
            about = memory.accounts[index]
            episode = memory.episodes.get(about)
            raised = False
            if episode is None or not episode.open:
                if risk < self.threshold:
                    continue
                if episode is not None and not (message.author == about and any_chance >= FRESH):
                    continue  # closed: what was judged then does not open it again
                episode = Episode(episode.number + 1 if episode else 1, True, message.at)
                raised = True
            memory.episodes[about] = Episode(episode.number, True, max(episode.at, message.at))
            events.append(_event(about, episode.number, standing, index, risk, raised=raised))
        return events


def _event(
    about: str, episode: int, standing: Standing, index: int, risk: float, *, raised: bool = False
) -> AlertEvent:
    """The alert about the account at ``index`` as things stand."""
    priority, why = judge(standing, index, risk)
    return AlertEvent(
        about=about, episode=episode, raised=raised, risk=risk, priority=priority, why=why
    )
