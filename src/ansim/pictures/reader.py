"""The one door to reading pictures: bytes in, what is seen out, the picture itself let go."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ansim.chat import Noticed
from ansim.pictures.apart import Apart
from ansim.pictures.lists import Lists
from ansim.pictures.values import Look, Looks, Unread, Wanted


class PictureReader:
    """Looks at pictures in processes apart and compares them with the operator's lists.

    ``classifiers`` are names as `classifiers.load` takes them; ``rendered`` is the longest side of
    the small copies that are made for the reviewing model, 0 for none. Safe to use from many
    threads and from an event loop; ``close`` ends what runs.
    """

    def __init__(
        self,
        apart: Apart | None = None,
        lists: Lists | None = None,
        classifiers: Sequence[str] = (),
        *,
        rendered: int = 0,
    ) -> None:
        self.apart = apart or Apart()
        self.lists = lists or Lists()
        self._wanted = Wanted(classifiers=tuple(classifiers), rendered=rendered)

    def look(self, picture: bytes) -> Look:
        """What is seen in it. Raises Unread."""
        return self.compared(self.apart.ask("look", [picture], Looks, self._wanted).looks[0])

    async def look_async(self, picture: bytes) -> Look:
        """As ``look``, while the event loop goes on."""
        answer = await self.apart.ask_async("look", [picture], Looks, self._wanted)
        return self.compared(answer.looks[0])

    def notice(self, picture: bytes) -> Noticed:
        """What is kept of it; a picture that cannot be read says why."""
        try:
            return self.look(picture).noticed()
        except Unread as problem:
            return Noticed(unread=problem.why.value)

    async def notice_async(self, picture: bytes) -> Noticed:
        """As ``notice``, while the event loop goes on."""
        try:
            return (await self.look_async(picture)).noticed()
        except Unread as problem:
            return Noticed(unread=problem.why.value)

    async def seen_async(self, picture: bytes) -> tuple[Noticed, bytes]:
        """As ``notice_async``, with the small copy for the reviewing model, if there may be one."""
        try:
            look = await self.look_async(picture)
        except Unread as problem:
            return Noticed(unread=problem.why.value), b""
        return look.noticed(), look.rendered

    def compared(self, look: Look) -> Look:
        """The look with what the operator's lists say of its fingerprint.

        Of a picture that is like one on a list no copy goes on, to nobody; nor of one that could
        be compared with none.
        """
        known = self.lists.known(look.fingerprint)
        rendered = b"" if known or not look.fingerprint else look.rendered
        return msgspec.structs.replace(look, known=known, rendered=rendered)

    def close(self) -> None:
        """Ends what runs."""
        self.apart.close()
