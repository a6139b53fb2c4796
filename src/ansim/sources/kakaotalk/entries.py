"""What a file says, entry by entry, before it is sorted into turns and system lines."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Entry:
    """A record with the lines that follow it. ``line`` counts from 1; ``at`` None: undated."""

    line: int
    at: float | None
    sender: str
    text: str
    spoken: bool
    """Someone's words, not KakaoTalk's."""
    more: list[str] = field(default_factory=list)

    def whole_text(self) -> str:
        """All lines; blank ones at the end belong to the layout of the file and are dropped."""
        last = len(self.more)
        while last and not self.more[last - 1].strip():
            last -= 1
        del self.more[last:]
        return "\n".join((self.text, *self.more))
