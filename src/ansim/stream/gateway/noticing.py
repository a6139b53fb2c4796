"""Pictures and voices are looked at while their message is taken in, and then let go.

What was noticed goes on with the message; the content is held in memory for as long as that takes
and written nowhere, but for pictures of a conversation under a legal hold (``originals``). Where
the settings say so, small copies of pictures go to the reviewer (``showing``). A message waits for
it a bounded time: what is not ready then goes on unread, and says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ansim.chat import Attachment, AttachmentKind, Noticed
from ansim.config import Config, ConfigError
from ansim.outside import Unusable
from ansim.pictures import sniffing
from ansim.pictures.apart import Apart
from ansim.pictures.classifier_names import ClassifierError, check
from ansim.pictures.lists import ListError, Lists
from ansim.pictures.reader import PictureReader
from ansim.pictures.values import MAX_PICTURE_BYTES, MAX_TEXT, RENDERED_SIDE, Limits, Unread
from ansim.sources.contract import Content, ContentGone, Incoming
from ansim.stream.gateway.originals import Keep
from ansim.stream.gateway.showing import Show
from ansim.stream.reviewer_settings import shows_pictures
from ansim.voice.listening import Listener
from ansim.voice.settings import transcriber
from ansim.voice.values import MAX_VOICE_BYTES

SECONDS = 25.0
"""Longest that messages handed in together wait for what is noticed in their attachments."""
AT_ONCE = 4
"""Contents held in memory at one time."""

TOO_SLOW = "too_slow"
NOT_FETCHED = "not_fetched"
"""The platform named the content and did not give it."""
TOO_LARGE = "too_large"

_PICTURES = frozenset({AttachmentKind.IMAGE, AttachmentKind.STICKER})
_EITHER = frozenset({AttachmentKind.FILE, AttachmentKind.OTHER})


def _nowhere(_: Incoming) -> None:
    return None


class _Once:
    """A content, and what it was when somebody fetched it."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self.fetched = b""

    async def fetch(self, most: int) -> bytes:
        self.fetched = await self._content.fetch(most)
        return self.fetched


class Noticing:
    """Looks at what comes with messages. ``close`` ends what runs."""

    def __init__(
        self, pictures: PictureReader, voices: Listener, *, seconds: float = SECONDS
    ) -> None:
        self._pictures = pictures
        self._voices = voices
        self._seconds = seconds
        self._room = asyncio.Semaphore(AT_ONCE)

    @classmethod
    def from_config(cls, config: Config) -> Noticing:
        """With the readers that the settings name. Raises ConfigError."""
        limits = Limits(wall=config.picture_seconds, memory=config.picture_megabytes * 1024**2)
        classifiers = _entries(config.picture_classifiers)
        try:
            places = [Path(place).expanduser() for place in _entries(config.picture_lists)]
            lists = Lists(places, near=config.picture_near)
            for name in classifiers:
                check(name)
            voices = transcriber(
                url=config.voice_url,
                model=config.voice_model,
                key_file=config.voice_key_file,
                local=config.voice_local,
                basis=config.voice_basis,
                folder=config.voice_folder,
                timeout=config.voice_timeout,
            )
        except ListError as problem:
            raise ConfigError(f"ANSIM_PICTURE_LISTS: {problem}") from None
        except ClassifierError as problem:
            raise ConfigError(f"ANSIM_PICTURE_CLASSIFIERS: {problem}") from None
        except Unusable as problem:
            raise ConfigError(str(problem)) from None
        apart = Apart(limits, at_once=config.pictures_at_once)
        side = RENDERED_SIDE if shows_pictures(config) else 0
        return cls(PictureReader(apart, lists, classifiers, rendered=side), Listener(voices))

    async def noticed(
        self,
        messages: Sequence[Incoming],
        keeper: Callable[[Incoming], Keep | None] = _nowhere,
        shower: Callable[[Incoming], Show | None] = _nowhere,
    ) -> list[Incoming]:
        """The messages, with what was noticed in each attachment whose content is at hand.

        ``keeper`` says where the pictures of a message go after they were looked at: nowhere, but
        under a legal hold. ``shower`` says where small copies of them go, if any are made.
        """
        if not any(message.contents for message in messages):
            return list(messages)
        until = time.monotonic() + self._seconds
        return list(
            await asyncio.gather(
                *(self._message(each, until, keeper(each), shower(each)) for each in messages)
            )
        )

    def close(self) -> None:
        """Ends what runs."""
        self._pictures.close()

    async def _message(
        self, message: Incoming, until: float, keep: Keep | None, show: Show | None
    ) -> Incoming:
        if message.deleted or not any(message.contents):
            return message
        until = min(until, time.monotonic() + message.patience)
        contents = (*message.contents, *(None for _ in message.attachments))
        looks = await asyncio.gather(
            *(
                self._attachment(place, attachment, content, until, keep, show)
                for place, (attachment, content) in enumerate(
                    zip(message.attachments, contents, strict=False)
                )
            )
        )
        return msgspec.structs.replace(message, attachments=tuple(_cut(looks)), contents=())

    async def _attachment(
        self,
        place: int,
        attachment: Attachment,
        content: Content | None,
        until: float,
        keep: Keep | None,
        show: Show | None,
    ) -> Attachment:
        if content is None or attachment.noticed is not None:
            return attachment
        once = _Once(content)
        noticed: Noticed | None
        copy = b""
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                async with self._room:
                    noticed, copy = await self._look(attachment.kind, once)
        except TimeoutError:
            noticed = Noticed(unread=TOO_SLOW)
        except ContentGone as problem:
            noticed = Noticed(unread=TOO_LARGE if str(problem) == TOO_LARGE else NOT_FETCHED)
        except ConnectionError:
            noticed = Noticed(unread=NOT_FETCHED)
        if keep is not None and once.fetched and attachment.kind is not AttachmentKind.AUDIO:
            await keep(place, once.fetched, until - time.monotonic())
        if show is not None and copy:
            await show(place, copy, until - time.monotonic())
        return msgspec.structs.replace(attachment, noticed=noticed)

    async def _look(self, kind: AttachmentKind, content: Content) -> tuple[Noticed | None, bytes]:
        """What is noticed, None for what is neither picture nor voice; and a picture's small copy,
        where one is made."""
        if kind in _PICTURES:
            return await self._pictures.seen_async(await content.fetch(MAX_PICTURE_BYTES))
        if kind is AttachmentKind.AUDIO:
            return await self._voices.notice(await content.fetch(MAX_VOICE_BYTES)), b""
        if kind in _EITHER:
            try:
                held = await content.fetch(MAX_PICTURE_BYTES)
                sniffing.sniff(held)
            except (Unread, ContentGone):
                return None, b""
            return await self._pictures.seen_async(held)
        return None, b""


def _entries(listed: str) -> list[str]:
    return [entry for piece in listed.split(",") if (entry := piece.strip())]


def _cut(attachments: Sequence[Attachment]) -> list[Attachment]:
    """No more words in all than are judged with one turn."""
    room, kept = MAX_TEXT, list(attachments)
    for place, attachment in enumerate(attachments):
        seen = attachment.noticed
        if seen is not None and seen.text:
            seen = msgspec.structs.replace(seen, text=seen.text[:room])
            room -= len(seen.text)
            kept[place] = msgspec.structs.replace(attachment, noticed=seen)
    return kept
