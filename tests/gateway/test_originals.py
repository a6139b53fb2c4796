"""Originals of pictures leave the gateway for conversations under a legal hold alone."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
from dataclasses import dataclass

import pytest

from ansim.chat import Attachment, AttachmentKind
from ansim.keys import Keyring
from ansim.pictures.reader import PictureReader
from ansim.sources.contract import Handed, Incoming
from ansim.stream.gateway import originals
from ansim.stream.gateway.admission import Admission
from ansim.stream.gateway.ledger import LedgerDesk, MemoryLedger, Original
from ansim.stream.gateway.noticing import Noticing
from ansim.stream.gateway.originals import Originals
from ansim.stream.routing import ACCOUNT, CONVERSATION
from ansim.voice.listening import Listener
from tests.gateway.conftest import Running, item, until
from tests.pictures.drawn import encoded, words

PICTURE = encoded(words(("용돈 줄게",), 30))
VOICE = b"OggS\x00\x02" + bytes(40)


class Refusing(MemoryLedger):
    """A database that takes no original for now."""

    def __init__(self) -> None:
        super().__init__()
        self.away = True

    def keep_original(self, original: Original) -> bool:
        if self.away:
            raise OSError("words that no log may hold")
        return super().keep_original(original)


class Slow(MemoryLedger):
    """A database that stands still until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def keep_original(self, original: Original) -> bool:
        self.go.wait(60)
        return super().keep_original(original)


@dataclass
class Desk:
    """What hands originals over, on a ledger."""

    originals: Originals
    noticing: Noticing
    keyring: Keyring

    async def take(self, *contents: tuple[AttachmentKind, bytes], room: str = "room") -> Incoming:
        (message,) = await self.noticing.noticed(
            [said(*contents, room=room)], lambda each: self.originals.keeper("partner", each)
        )
        assert message.contents == (), "the content goes no further"
        return message


def said(*contents: tuple[AttachmentKind, bytes], room: str = "room") -> Incoming:
    return Incoming(
        id="m-1",
        conversation=room,
        author="account",
        at=1.0,
        text="이거 봐",
        attachments=tuple(Attachment(kind=kind) for kind, _ in contents),
        contents=tuple(Handed(content) for _, content in contents),
    )


async def desk(ledger: MemoryLedger, keyring: Keyring, *, seconds: float = 60.0) -> Desk:
    """With a hold on the conversation called "room"."""
    ledger.holds.add(("partner", keyring.pseudonym(CONVERSATION, "partner", "room")))
    asking = LedgerDesk(ledger)
    admission = Admission(asking)
    await admission.refresh()
    noticing = Noticing(PictureReader(), Listener(None), seconds=seconds)
    return Desk(Originals(asking, admission, keyring), noticing, keyring)


async def test_of_a_held_conversation_each_picture_goes_over_once_in_pseudonyms(
    keyring: Keyring,
) -> None:
    ledger = MemoryLedger()
    made = await desk(ledger, keyring)
    for _ in range(2):
        message = await made.take(
            (AttachmentKind.AUDIO, VOICE),
            (AttachmentKind.IMAGE, PICTURE),
            (AttachmentKind.FILE, b"%PDF-1.7"),
            (AttachmentKind.FILE, PICTURE),
            (AttachmentKind.IMAGE, b"<svg/>"),
        )
    assert message.attachments[1].noticed is not None
    assert message.attachments[1].noticed.text == "용돈 줄게", "it was read all the same"
    room = keyring.pseudonym(CONVERSATION, "partner", "room")
    # As the stream hashes ids for casework (``partition``): the turn bears the same.
    name = keyring.pseudonym("message", room, "m-1")
    assert [
        (kept.source, kept.conversation, kept.message, kept.author, kept.place, kept.content)
        for kept in ledger.originals.values()
    ] == [
        ("partner", room, name, keyring.pseudonym(ACCOUNT, "partner", "account"), place, PICTURE)
        for place in (1, 3)
    ]
    made.noticing.close()


async def test_of_any_other_conversation_nothing_goes_over(keyring: Keyring) -> None:
    ledger = MemoryLedger()
    made = await desk(ledger, keyring)
    await made.take((AttachmentKind.IMAGE, PICTURE), room="another")
    assert ledger.originals == {}
    assert made.originals.keeper("partner", said(room="another")) is None
    assert made.originals.keeper("other", said()) is None, "the hold is of one source"
    made.noticing.close()


async def test_what_cannot_be_kept_is_told_and_its_message_goes_on(
    keyring: Keyring, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "TELL_SECONDS", 0.01)
    ledger = Refusing()
    made = await desk(ledger, keyring)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            message = await made.take((AttachmentKind.IMAGE, PICTURE))
            assert message.attachments[0].noticed is not None
    told = [record.getMessage() for record in caplog.records]
    assert told == ["gateway: an original under legal hold could not be kept: OSError"]
    room = keyring.pseudonym(CONVERSATION, "partner", "room")
    follow = asyncio.create_task(made.originals.follow())
    await until(lambda: ledger.lost)
    assert ledger.lost == [("partner", room, 2)]
    follow.cancel()
    ledger.away = False
    await made.take((AttachmentKind.IMAGE, PICTURE))
    assert len(ledger.originals) == 1
    made.noticing.close()


async def test_a_database_that_stands_still_holds_no_message_up(keyring: Keyring) -> None:
    ledger = Slow()
    made = await desk(ledger, keyring, seconds=2.0)
    message = await made.take((AttachmentKind.IMAGE, PICTURE))
    assert message.attachments[0].noticed is not None
    assert ledger.originals == {}, "it came back without waiting for the database"
    ledger.go.set()
    await until(lambda: len(ledger.originals) == 1)  # kept as soon as that goes on
    await made.originals.close()
    made.noticing.close()


@pytest.mark.nats
async def test_a_gateway_learns_of_a_hold_and_of_its_end(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    room = keyring.pseudonym(CONVERSATION, "partner", "room-1")
    sent = {"kind": "image", "content": base64.b64encode(PICTURE).decode()}

    async def send(number: int, conversation: str = "room-1") -> None:
        answer = await running.send(
            [item(number, conversation=conversation, attachments=[sent])], timeout=90
        )
        assert answer.json()["accepted"] == 1, answer.text

    await send(1)
    assert ledger.originals == {}
    ledger.holds.add(("partner", room))
    await until(lambda: room in running.gateway.admission.held("partner"))
    await send(2)
    await send(3, "room-2")
    [kept] = ledger.originals.values()
    assert (kept.conversation, kept.content) == (room, PICTURE)
    ledger.holds.clear()
    await until(lambda: not running.gateway.admission.held("partner"))
    await send(4)
    assert len(ledger.originals) == 1
