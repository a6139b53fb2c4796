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

    ``classifiers`` are names as `classifiers.load` takes them. Safe to use from many threads and
    from an event loop; ``close`` ends what runs.
    """

    def __init__(
        self,
        apart: Apart | None = None,
        lists: Lists | None = None,
        classifiers: Sequence[str] = (),
    ) -> None:
        self.apart = apart or Apart()
        self.lists = lists or Lists()
        self._wanted = Wanted(classifiers=tuple(classifiers))

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

    def compared(self, look: Look) -> Look:
        """The look with what the operator's lists say of its fingerprint."""
        return msgspec.structs.replace(look, known=self.lists.known(look.fingerprint))

    def close(self) -> None:
        """Ends what runs."""
        self.apart.close()
