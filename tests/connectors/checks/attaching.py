"""What is attached is told, and its content can be had: whole, or with the reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from ansim.pictures.reader import PictureReader
from ansim.pictures.values import MAX_PICTURE_BYTES
from ansim.sources import content
from ansim.sources.contract import ContentGone, Incoming
from ansim.stream.gateway.noticing import Noticing
from ansim.voice.listening import Listener
from tests.connectors.checks import Case, check, heard, opened, texts
from tests.connectors.platforms import Can
from tests.connectors.running import PATIENCE, Running, extra, until
from tests.connectors.standins.files import CONTENT, GOOD, SLOW, UNREAD, Files


@contextmanager
def given(seconds: float) -> Iterator[None]:
    """So long one content may take."""
    before = content.SECONDS
    content.SECONDS = seconds
    try:
        yield
    finally:
        content.SECONDS = before


@check(Can.ATTACH)
async def that_something_was_attached_is_heard_without_its_content(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        sent = await case.platform.attach(room, 0, "사진.png")
        await until(lambda: any(each.attachments for each in heard(running, room)), "it is heard")
        found = next(each for each in heard(running, room) if each.attachments)
        assert found.id == sent
        assert len(found.attachments) == 1
        assert found.attachments[0].kind.value == "image"
        assert found.attachments[0].name in ("", "사진.png")


@check(Can.ATTACH, Can.CONTENT)
async def what_was_attached_can_be_had_byte_for_byte_and_not_beyond_a_limit(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        sent = await case.platform.attach(room, 0, "사진.png", GOOD)
        await until(lambda: any(each.attachments for each in heard(running, room)), "it is heard")
        found = next(each for each in heard(running, room) if each.attachments)
        assert found.id == sent
        assert len(found.contents) == len(found.attachments) == 1
        picture = found.contents[0]
        assert picture is not None, "its content is not handed on"
        assert await picture.fetch(MAX_PICTURE_BYTES) == CONTENT
        with pytest.raises(ContentGone, match="too_large"):
            await picture.fetch(len(CONTENT) - 1)


@check(Can.ATTACH, Can.FILES)
async def content_that_cannot_be_had_costs_no_message_and_leads_nowhere_else(case: Case) -> None:
    """Gone, too large, cut short, endless, slow, or said to lie at another host."""
    files: Files | None = extra(case.platform, "files")
    assert files is not None, "a service with files has a host of them"
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        sent = {await case.platform.attach(room, 0, "사진.png", name): name for name in UNREAD}
        await case.platform.say(room, 0, "그 뒤에 한 말")
        await until(lambda: "그 뒤에 한 말" in texts(running, room), "what follows is heard")
        found = [each for each in running.intake.handed if each.attachments]
        assert [each.id for each in found] == list(sent), "each is heard once, in its order"
        noticing = Noticing(PictureReader(), Listener(None), seconds=2 * PATIENCE)
        try:
            for message in found:
                name = sent[message.id]
                with given(1.0 if name in SLOW else content.SECONDS):
                    assert await _unread(noticing, message) == UNREAD[name], name
        finally:
            noticing.close()
    assert files.another.asked == [], "a host was asked that nobody named"
    if not extra(case.platform, "files_need_our_account"):
        for secret in case.platform.wiring().credentials.values():
            assert not files.heard(secret), "a host of files was told a secret of ours"


async def _unread(noticing: Noticing, message: Incoming) -> str:
    """Why nothing was noticed, as it goes on with the message."""
    patient = msgspec.structs.replace(message, patience=2 * PATIENCE)
    (taken,) = await noticing.noticed([patient])
    assert len(taken.attachments) == 1
    seen = taken.attachments[0].noticed
    assert seen is not None, "nobody looked"
    return seen.unread
