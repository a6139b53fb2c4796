"""What was seen in pictures besides the messages, for the report and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ansim.chat import CodeSeen, KnownPicture, Noticed
from ansim.commands.check.words import word
from ansim.sources.export import Export, ExportTurn, Language, safe

MOST = 12
"""Things named in the report; the data holds all."""
_CUT = 120
_UNSEEN = Noticed(unread="broke")


def lines(
    export: Export,
    screens: Sequence[Noticed],
    language: Language,
    heading: Callable[[str], str] = str,
) -> Iterator[str]:
    """What stands outside of messages on each screen, and what the pictures sent in the chat show;
    nothing where nothing was seen."""
    found = list(_found(export, screens, language))
    if not found:
        return
    yield ""
    yield heading(word("screens", language))
    for line in found[:MOST]:
        yield f"  - {line}"
    if len(found) > MOST:
        yield f"  … +{len(found) - MOST:,}"


def _found(export: Export, screens: Sequence[Noticed], language: Language) -> Iterator[str]:
    for number, screen in enumerate(screens, 1):
        where = word("screen", language, number=number)
        if screen.text:
            yield f"{where}: {safe(screen.text.replace(chr(10), ' / '), _CUT)}"
        for code in screen.codes:
            yield f"{where}: {_code(code, language)}"
    for turn in export.turns:
        where = word("place", language, line=turn.line)
        for noticed in (one.noticed for one in turn.attachments if one.noticed is not None):
            if noticed.text:
                yield f"{where}, {word('picture_text', language)}: {safe(noticed.text, _CUT)}"
            for code in noticed.codes:
                yield f"{where}: {_code(code, language)}"
            for known in noticed.known:
                yield f"{where}: {_known(known, language)}"
            for label in noticed.labels:
                said = f"{safe(label.name, 40)} {label.score:.0%} ({safe(label.classifier, 40)})"
                yield f"{where}, {word('classifier', language)}: {said}"
            if noticed.unread:
                yield f"{where}: {word('picture_unread', language)} ({noticed.unread})"


def _code(code: CodeSeen, language: Language) -> str:
    leads = word(f"leads_{code.leads_to}", language)
    return f"{word('code', language)}: {safe(code.text, _CUT)} ({leads})"


def _known(known: KnownPicture, language: Language) -> str:
    distance = word("bits", language, bits=known.distance)
    return f"{word('picture_known', language)} ({safe(known.list, 40)}, {distance})"


def as_data(screens: Sequence[Noticed]) -> list[dict[str, Any]]:
    """The screens as JSON takes them: ``text`` outside of messages, and ``codes``."""
    return [{"text": screen.text, "codes": _codes(screen)} for screen in screens]


def pictures(turn: ExportTurn) -> list[dict[str, Any]]:
    """The pictures of one message as JSON takes them, each with what was noticed in it."""
    return [
        {
            "text": noticed.text,
            "codes": _codes(noticed),
            "fingerprint": noticed.fingerprint,
            "known": [{"list": one.list, "distance": one.distance} for one in noticed.known],
            "labels": [
                {"classifier": one.classifier, "name": one.name, "score": one.score}
                for one in noticed.labels
            ],
            "unread": noticed.unread,
        }
        for noticed in (one.noticed or _UNSEEN for one in turn.attachments)
    ]


def _codes(noticed: Noticed) -> list[dict[str, str]]:
    return [
        {"format": code.format, "text": code.text, "leads_to": code.leads_to}
        for code in noticed.codes
    ]
