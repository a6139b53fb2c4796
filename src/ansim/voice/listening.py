"""The one door to hearing voice messages: bytes in, what was said out, the sound itself let go."""

from __future__ import annotations

from typing import Protocol

from ansim.chat import Noticed
from ansim.voice.sniffing import sniff
from ansim.voice.values import MAX_TEXT, Unheard, Why


class Transcriber(Protocol):
    """Turns speech into text."""

    async def transcribe(self, sound: bytes, form: str) -> str:
        """What is said. ``form`` is one of `sniffing.MEDIA_TYPES`. Raises Unheard."""
        ...


class Listener:
    """Hears voice messages with the transcriber that is set, ``most`` waiting at one time.

    Without one, every voice message is ``not_heard``: that it is safe is never said.
    """

    def __init__(self, transcriber: Transcriber | None = None, *, most: int = 8) -> None:
        self._transcriber = transcriber
        self._most = most
        self._waiting = 0

    async def notice(self, sound: bytes) -> Noticed:
        """What was said, or why it was not heard."""
        try:
            return Noticed(text=await self._hear(sound))
        except Unheard as problem:
            return Noticed(unread=problem.why.value)

    async def _hear(self, sound: bytes) -> str:
        form = sniff(sound)
        if self._transcriber is None:
            raise Unheard(Why.NOT_HEARD)
        if self._waiting >= self._most:
            raise Unheard(Why.BUSY)
        self._waiting += 1
        try:
            said = await self._transcriber.transcribe(sound, form)
        finally:
            self._waiting -= 1
        return said.strip()[:MAX_TEXT]
