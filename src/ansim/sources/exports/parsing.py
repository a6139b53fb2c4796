"""What the readers of exports share: JSON that may be odd, and turns gathered within limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ansim.chat import Attachment
from ansim.sources.export import (
    MAX_MESSAGES,
    Export,
    ExportError,
    ExportTurn,
    Remark,
    SystemKind,
    SystemLine,
    TooLarge,
)
from ansim.sources.fitting import MAX_ATTACHMENTS, fit_name, fit_text

EARLIEST, LATEST = 0.0, 4_102_444_800.0
"""Seconds since 1970: what lies outside 1970 to 2100 is no time of a message."""


def decode(data: bytes) -> Any:
    """JSON as plain values. Raises ExportError, which says where it breaks off."""
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        where = str(error).rpartition("(")[2].rstrip(")") if "(" in str(error) else ""
        raise ExportError(
            f"JSON 파일이 끝까지 읽히지 않습니다({where}). 잘린 파일이면 다시 내보내 주세요.",
            f"The JSON file cannot be read to its end ({where}). If it was cut off, export again.",
        ) from None


def mapping(value: Any) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def words(value: Any) -> str:
    """The value where it is text, made fit to be kept."""
    return fit_text(value).strip()


def moment(value: Any) -> float | None:
    """Seconds since 1970 of a number, of digits, or of an ISO 8601 time with its zone."""
    if isinstance(value, bool):
        return None
    found: float | None = None
    try:
        if isinstance(value, int | float):
            found = float(value)
        elif isinstance(value, str) and len(value) <= 40:
            try:
                found = float(value)
            except ValueError:
                at = datetime.fromisoformat(value)
                found = at.timestamp() if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and EARLIEST <= found <= LATEST else None


class Gathered:
    """Turns and lines of one conversation on their way to an ``Export``.

    ``line`` is the place of an item in the file, from 1. What cannot be a message is counted and
    told, and holds no other up.
    """

    def __init__(self, form: str, title: str, *, zone: str = "UTC") -> None:
        self.form = form
        self.title = title[:200]
        self.zone = zone
        self.turns: list[ExportTurn] = []
        self.system: list[SystemLine] = []
        self.remarks: list[Remark] = []
        self._counts: dict[str, list[int]] = {}

    def say(
        self,
        line: int,
        at: float | None,
        sender: Any,
        text: str,
        attachments: list[Attachment] | None = None,
        *,
        edited: bool = False,
    ) -> None:
        """One message. Without a time, a sender or any content it is left out and counted.

        Raises TooLarge.
        """
        who = fit_name(sender).strip()
        attached = tuple((attachments or [])[:MAX_ATTACHMENTS])
        if at is None or not who or not (text or attached):
            self.odd(line)
            return
        self._room(line)
        if edited:
            self._count("edited", line)
        self.turns.append(
            ExportTurn(at=at, sender=who, text=fit_text(text), attachments=attached, line=line)
        )

    def note(
        self, line: int, kind: SystemKind, text: str, at: float | None, sender: Any = ""
    ) -> None:
        """A line of the service's own. Raises TooLarge."""
        self._room(line)
        self.system.append(
            SystemLine(
                kind=kind, text=fit_text(text)[:1000], line=line, at=at, sender=fit_name(sender)
            )
        )

    def odd(self, line: int) -> None:
        """An item that cannot be read as a message."""
        self._count("odd", line)

    def _count(self, code: str, line: int) -> None:
        self._counts.setdefault(code, [line, 0])[1] += 1

    def _room(self, line: int) -> None:
        if len(self.turns) + len(self.system) >= MAX_MESSAGES:
            raise TooLarge(
                f"메시지가 {MAX_MESSAGES:,}개보다 많습니다({line}번째). "
                "기간을 나누어 내보내 주세요.",
                f"More than {MAX_MESSAGES:,} messages (item {line}). Export a shorter period.",
                line,
            )

    def export(self, exported_at: float | None = None) -> Export:
        """Everything in the order in which it was said; of one moment, in that of the file."""
        turns = sorted(self.turns, key=lambda turn: turn.at)  # stable
        return Export(
            form=self.form,
            title=self.title,
            exported_at=exported_at,
            turns=turns,
            system=sorted(self.system, key=lambda line: line.line),
            participants=list(dict.fromkeys(turn.sender for turn in turns)),
            warnings=[
                *self.remarks,
                *(Remark(code, line, count) for code, (line, count) in self._counts.items()),
            ],
            zone=self.zone,
        )
