"""Pictures and voices are read while their message is taken in; only what was noticed goes on."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image

from ansim.chat import Attachment, AttachmentKind, Noticed
from ansim.config import Config, ConfigError
from ansim.keys import Keyring
from ansim.pictures.reader import PictureReader
from ansim.sources.contract import ContentGone, Handed, Incoming
from ansim.stream.gateway.noticing import Noticing
from ansim.voice.listening import Listener
from tests.gateway.conftest import Running, item
from tests.gateway.test_messages import stored
from tests.lying_files import contents
from tests.pictures.drawn import code, encoded, words

INVITATION = "https://open.kakao.com/o/sExample1"
VOICE = b"OggS\x00\x02" + bytes(40)


@dataclass
class Spoken:
    """A transcriber that hears the same words in everything."""

    heard: list[bytes] = field(default_factory=list)

    async def transcribe(self, sound: bytes, form: str) -> str:
        self.heard.append(sound)
        return "우리 둘만의 비밀이야"


@dataclass
class Stalling:
    """A platform that names its content and does not give it in time."""

    async def fetch(self, most: int) -> bytes:
        await asyncio.sleep(3600)
        return b""


@dataclass
class Gone:
    """A platform whose content cannot be had."""

    problem: Exception

    async def fetch(self, most: int) -> bytes:
        raise self.problem


@pytest.fixture
def noticing() -> Iterator[Noticing]:
    made = Noticing(PictureReader(), Listener(Spoken()), seconds=60.0)
    yield made
    made.close()


def said(*contents: tuple[AttachmentKind, object]) -> Incoming:
    return Incoming(
        id="m-1",
        conversation="room",
        author="account",
        at=1.0,
        text="이거 봐",
        attachments=tuple(Attachment(kind=kind) for kind, _ in contents),
        contents=tuple(content for _, content in contents),  # type: ignore[misc]
    )


async def look(
    noticing: Noticing, *contents: tuple[AttachmentKind, object]
) -> list[Noticed | None]:
    (message,) = await noticing.noticed([said(*contents)])
    assert message.contents == (), "the content goes no further"
    return [attachment.noticed for attachment in message.attachments]


async def test_each_kind_is_looked_at_by_its_own_reader(noticing: Noticing) -> None:
    page = encoded(words(("용돈 줄게",), 30))
    picture, voice, file, other, film = await look(
        noticing,
        (AttachmentKind.IMAGE, Handed(page)),
        (AttachmentKind.AUDIO, Handed(VOICE)),
        (AttachmentKind.FILE, Handed(encoded(code(INVITATION)))),
        (AttachmentKind.FILE, Handed(b"%PDF-1.7")),
        (AttachmentKind.VIDEO, Handed(b"....ftypmp42")),
    )
    assert picture is not None
    assert picture.text == "용돈 줄게"
    assert voice == Noticed(text="우리 둘만의 비밀이야")
    assert file is not None
    assert file.codes[0].leads_to == "messenger"
    assert other is None
    assert film is None


async def test_what_cannot_be_had_says_so_and_holds_nothing_back() -> None:
    image = AttachmentKind.IMAGE
    hasty = Noticing(PictureReader(), Listener(None), seconds=1.0)
    (late,) = await look(hasty, (image, Stalling()))
    hasty.close()
    assert late == Noticed(unread="too_slow")
    noticing = Noticing(PictureReader(), Listener(None), seconds=60.0)
    found = await look(
        noticing,
        (image, Gone(ContentGone("taken back"))),
        (image, Gone(ContentGone("too_large"))),
        (image, Gone(ConnectionError("no way"))),
        (image, Handed(b"<svg/>")),
        (image, Handed(bytes(11 * 1024 * 1024))),
        (image, None),
        (AttachmentKind.AUDIO, Handed(VOICE)),
    )
    noticing.close()
    assert [each and each.unread for each in found] == [
        "not_fetched",
        "too_large",
        "not_fetched",
        "unknown_type",
        "too_large",
        None,
        "not_heard",
    ]


async def test_messages_without_content_pass_as_they_are(noticing: Noticing) -> None:
    plain = Incoming(id="m", conversation="r", author="a", at=1.0, text="안녕")
    assert await noticing.noticed([plain]) == [plain]


async def test_no_more_words_go_on_than_are_judged(noticing: Noticing) -> None:
    @dataclass
    class Much:
        async def transcribe(self, sound: bytes, form: str) -> str:
            return "가" * 50_000

    noticing = Noticing(PictureReader(), Listener(Much()), seconds=60.0)
    found = await look(noticing, *((AttachmentKind.AUDIO, Handed(VOICE)) for _ in range(3)))
    noticing.close()
    assert sum(len(each.text) for each in found if each) == 16 * 1024


@pytest.mark.nats
async def test_a_picture_handed_to_intake_is_read_and_kept_nowhere(
    running: Running, config: Config, keyring: Keyring
) -> None:
    page = encoded(words(("용돈 줄게 사진 보낼래",), 30))
    sent = {"kind": "image", "name": "a.png", "content": base64.b64encode(page).decode()}
    answered = await running.send([item(1, attachments=[sent, {"kind": "file"}]), item(2)])
    assert answered.status_code == 202, answered.text
    assert answered.json()["accepted"] == 2
    first, _ = await stored(config, keyring)
    picture, file = first.attachments
    assert picture.noticed is not None
    assert picture.noticed.text == "용돈 줄게 사진 보낼래"
    assert len(picture.noticed.fingerprint) == 64
    assert file.noticed is None
    for kept, content in contents(config.home):
        assert page[40:400] not in content, kept
        assert base64.b64encode(page)[60:400] not in content, kept


@pytest.mark.nats
async def test_a_large_picture_passes_and_other_large_items_do_not(running: Running) -> None:
    noise = Image.effect_noise((2400, 1800), 80)
    large = base64.b64encode(encoded(noise)).decode()
    assert len(large) > 2_000_000
    answered = await running.send(
        [
            item(1, attachments=[{"kind": "file", "content": large + "===="}]),
            item(2, text="", author="a" * 600_000),
            item(3, attachments=[{"kind": "location", "content": large}]),
        ],
        timeout=90,
    )
    assert answered.json()["accepted"] == 1
    assert [each["error"] for each in answered.json()["results"]] == [
        "invalid_content",
        "item_too_large",
    ]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"picture_lists": "/nowhere/list.txt"}, "ANSIM_PICTURE_LISTS"),
        ({"picture_classifiers": "nothing"}, "ANSIM_PICTURE_CLASSIFIERS"),
        ({"voice_url": "https://voice.example.org"}, "ANSIM_VOICE_LOCAL"),
    ],
)
def test_settings_that_cannot_be_used_are_named_at_the_start(
    changes: dict[str, str], named: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=named):
        Noticing.from_config(replace(Config(home=tmp_path), **changes))  # type: ignore[arg-type]
