"""The report a person reads. Whatever stands in the chat, only harmless characters come out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from ansim.chat import Noticed
from ansim.commands.check import seen
from ansim.commands.check.chart import chart
from ansim.commands.check.finding import Finding, Judged
from ansim.commands.check.words import word
from ansim.detection import Span
from ansim.detection.reasons import sentence
from ansim.detection.tactics import tactics
from ansim.sources.export import ExportTurn, Language, SystemKind, safe
from ansim.sources.exports import screenshots
from ansim.sources.kakaotalk.moments import SEOUL

MOST_TURNS = 60
"""Turns shown; the strongest ones where there are more."""
MOST_TEXT = 240
"""Characters shown of one message."""
MOST_PEOPLE = 12
MOST_ABOUT = 4
_SIGNAL = 0.5
"""Probability from which a young person's signal is named."""


@dataclass(frozen=True, slots=True)
class Style:
    """What the place we print to can show."""

    colour: bool
    blocks: bool
    width: int

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Style:
        """Colours only on a terminal and never against NO_COLOR (no-color.org)."""
        terminal = stream.isatty()
        colour = terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        try:
            "█│〔".encode(stream.encoding or "utf-8")
            blocks = True
        except (UnicodeEncodeError, LookupError):
            blocks = False
        width = shutil.get_terminal_size().columns if terminal else 80
        return cls(colour, blocks, max(40, min(width, 120)))

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def heading(self, text: str) -> str:
        return self.paint(text, "1")


def lines(
    finding: Finding,
    name: str,
    language: Language,
    style: Style,
    screens: Sequence[Noticed] = (),
) -> Iterator[str]:
    """The report, line by line. ``screens``: what each picture shows besides messages."""
    yield style.heading(word("title", language))
    yield word("estimate", language)
    yield ""
    yield from _file(finding, name, language)
    yield ""
    yield from _result(finding, language, style)
    if finding.assessed and finding.judged:
        yield ""
        yield style.heading(word("course", language))
        yield from chart(
            [one.risk for one in finding.judged],
            finding.versions.threshold,
            ("← " if style.blocks else "<- ") + word("threshold", language),
            width=style.width - 24,
            blocks=style.blocks,
        )
        yield from _turns(finding, language, style)
    yield from seen.lines(finding.export, screens, language, style.heading)
    yield ""
    yield from _advice(finding, language, style)
    yield ""
    yield style.heading(word("limits", language))
    read_off = finding.export.form == screenshots.FORM
    first = "limit_screens" if read_off else "limit_text"
    for key in (first, "limit_wrong", "limit_kept"):
        yield f"  - {word(key, language)}"
    versions = finding.versions
    yield (
        f"  - {word('versions', language)}: ansim {versions.software}, gate {versions.gate}, "
        f"risk {versions.risk}, reading {versions.reading}"
    )


def _field(key: str, text: str, language: Language) -> str:
    return f"{word(key, language)}: {text}"


def _file(finding: Finding, name: str, language: Language) -> Iterator[str]:
    export = finding.export
    form = word(export.form, language)
    yield _field("file", f"{safe(name, 80)} ({form})" if name else form, language)
    if export.title:
        yield _field("room", safe(export.title, 80), language)
    if export.turns:
        first = min(turn.at for turn in export.turns)
        last = max(turn.at for turn in export.turns)
        span = f"{_clock(first)} – {_clock(last)}"
        read_off = "read_off" if export.form == screenshots.FORM else "zone"
        zone = word("certain" if export.zone == "UTC" else read_off, language)
        yield _field("period", f"{span} ({zone})", language)
        spoken = Counter(turn.sender for turn in export.turns)
        people = [f"{safe(who, 24)} {count:,}" for who, count in spoken.most_common(MOST_PEOPLE)]
        if len(spoken) > MOST_PEOPLE:
            people.append(f"… +{len(spoken) - MOST_PEOPLE:,}")
        count = word("messages", language, count=len(export.turns))
        yield _field("people", f"{', '.join(people)} ({count})", language)
    gone = sum(line.kind in (SystemKind.DELETED, SystemKind.HIDDEN) for line in export.system)
    if gone:
        yield _field("note", word("deleted", language, count=gone), language)
    for remark in export.warnings:
        yield _field("note", remark.sentence(language), language)


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, SEOUL):%Y-%m-%d %H:%M}"


def _result(finding: Finding, language: Language, style: Style) -> Iterator[str]:
    yield style.heading(f"{word('result', language)}: {word(_outcome(finding), language)}")
    if not finding.assessed or not finding.export.turns:
        return
    percent = round((finding.risk or 0.0) * 100)
    yield f"{_field('risk', f'{percent}%', language)} ({word('highest', language)})"
    for event in finding.events[:MOST_ABOUT]:
        priority = event.priority.value
        urgent = style.paint(priority, "1;31" if priority in ("P1", "P2") else "1;33")
        yield _field("priority", f"{urgent} {word(priority, language)}", language)
        yield _field("about", f"{safe(event.about, 40)} ({round(event.risk * 100)}%)", language)
        yield f"{word('why', language)}:"
        for reason in event.why:
            yield f"  - {sentence(reason, language)}"
    if len(finding.events) > MOST_ABOUT:
        yield word("others", language, count=len(finding.events) - MOST_ABOUT)


def _outcome(finding: Finding) -> str:
    if not finding.export.turns:
        return "no_messages"
    if not finding.assessed:
        return "not_assessed"
    if finding.events:
        return "alert"
    return "watch" if (finding.risk or 0.0) >= finding.watch else "quiet"


def _turns(finding: Finding, language: Language, style: Style) -> Iterator[str]:
    """The turns with tactics, where the conversation as a whole gives reason to look at them."""
    if _outcome(finding) == "quiet":
        return
    pairs = zip(finding.judged, finding.export.turns, strict=True)
    shown = [pair for pair in pairs if _labels(pair[0])]
    if not shown:
        return
    strongest = sorted(shown, key=lambda pair: -max(pair[0].tactics.values()))[:MOST_TURNS]
    kept = {said.line for _, said in strongest}
    yield ""
    yield style.heading(word("turns", language))
    for judged, said in shown:
        if said.line in kept:
            place = "place" if finding.export.form == screenshots.FORM else "line"
            yield from _turn(judged, said, place, language, style)
    if len(shown) > len(kept):
        yield word("more", language, count=len(shown) - len(kept))


def _labels(judged: Judged) -> list[str]:
    """Tactics with a span, then what the young person's own words show."""
    placed = dict.fromkeys(span.tactic for span in judged.spans)
    signals = [
        label for label, chance in judged.tactics.items() if label[0] == "V" and chance >= _SIGNAL
    ]
    return [*placed, *signals]


def _turn(
    judged: Judged, said: ExportTurn, place: str, language: Language, style: Style
) -> Iterator[str]:
    where = word(place, language, line=said.line)
    percent = round(judged.risk * 100)
    level = f"{word('risk', language)} {percent}%"
    yield f"  {_clock(said.at)} {safe(said.sender, 24)} ({where}, {level})"
    yield f"    {marked(said.text, judged.spans, style)}"
    names = [
        f"{tactics()[label].name(language)} {round(judged.tactics.get(label, 0.0) * 100)}%"
        for label in _labels(judged)
    ]
    yield style.paint(f"    {'→' if style.blocks else '->'} {', '.join(names)}", "2")


def marked(text: str, spans: tuple[Span, ...], style: Style) -> str:
    """The message in one line with its spans in 〔 〕, cut around the first of them when long."""
    places = sorted((span.start, span.end) for span in spans)
    merged: list[list[int]] = []
    for start, end in places:
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    begin = 0
    if len(text) > MOST_TEXT and merged:
        begin = max(0, min(merged[0][0] - MOST_TEXT // 4, len(text) - MOST_TEXT))
    stop = min(len(text), begin + MOST_TEXT)
    opening, closing = ("〔", "〕") if style.blocks else ("[", "]")
    parts = ["…"] if begin else []
    at = begin
    shown = [(max(start, begin), min(end, stop)) for start, end in merged]
    for start, end in shown:
        if start >= end:
            continue
        parts.append(safe(text[at:start]))
        parts.append(style.paint(f"{opening}{safe(text[start:end])}{closing}", "1;31"))
        at = end
    parts.append(safe(text[at:stop]))
    if stop < len(text):
        parts.append("…")
    return "".join(parts)


def _advice(finding: Finding, language: Language, style: Style) -> Iterator[str]:
    yield style.heading(word("now", language))
    urgent = ("keep", "no_confront", "no_more", "no_blame")
    for key in urgent if finding.events else ("trust", "keep"):
        yield f"  - {word(key, language)}"
    for number in ("112", "117", "1366", "1388"):
        yield f"  {word(number, language)}"
