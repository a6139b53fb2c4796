"""Voice messages are heard by what the operator set, and else said not to be: never called safe."""

from __future__ import annotations

import asyncio
import re
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansim.chat import Noticed
from ansim.outside import Unusable
from ansim.voice.at_address import AtAddress
from ansim.voice.listening import Listener
from ansim.voice.settings import transcriber
from ansim.voice.sniffing import sniff
from ansim.voice.values import MAX_TEXT, MAX_VOICE_BYTES, Unheard
from tests.host import Answer, Coming, Host

OGG = b"OggS\x00\x02" + bytes(40)
SAID = "우리 둘만의 비밀이야"


ANSWERS = {
    "answers": Answer(f'{{"text": " {SAID} ", "language": "ko"}}'.encode()),
    "stalls": Answer(coming=Coming.NEVER),
    "errors": Answer(b'{"error": "no"}', 500),
    "is busy": Answer(b"{}", 429),
    "redirects": Answer(status=307, headers={"Location": "http://192.0.2.1/elsewhere"}),
    "says no JSON": Answer(b"<html>hello</html>"),
    "says another form": Answer(b'{"text": ["a", "b"]}'),
    "is cut short": Answer(b'{"text": "half', headers={"Content-Length": "900"}),
    "sends without end": Answer(b'{"text": "' + b"a" * 100_000, coming=Coming.WITHOUT_END),
    "talks much": Answer(b'{"text": "' + b"a" * 500_000 + b'"}'),
}


class StandIn(Host):
    """A transcription address on this machine that does what the test says."""

    def __init__(self) -> None:
        super().__init__(lambda _: ANSWERS[self.behaviour])
        self.behaviour = "answers"

    @property
    def url(self) -> str:
        return f"{self.base}/v1/audio/transcriptions"


@pytest.fixture
def address() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


def listener(address: StandIn, timeout: float = 120.0) -> Listener:
    return Listener(AtAddress(address.url, model="example", key="k3y", timeout=timeout))


async def test_what_was_said_is_noticed_and_the_question_is_as_the_interface_wants_it(
    address: StandIn,
) -> None:
    assert await listener(address).notice(OGG) == Noticed(text=SAID)
    asked = address.asked[0]
    content = asked.body
    assert asked.path == "/v1/audio/transcriptions"
    assert asked.headers["authorization"] == "Bearer k3y"
    assert b'filename="voice.ogg"' in content
    assert b"audio/ogg" in content
    assert OGG in content
    assert re.search(rb'name="model"\r\n\r\nexample\r\n', content)


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("errors", "no_answer"),
        ("is busy", "busy"),
        ("redirects", "no_answer"),
        ("says no JSON", "broke"),
        ("says another form", "broke"),
        ("is cut short", "no_answer"),
        ("sends without end", "broke"),
    ],
)
async def test_an_address_that_goes_wrong_leaves_the_voice_unheard(
    address: StandIn, behaviour: str, why: str
) -> None:
    address.behaviour = behaviour
    assert await listener(address).notice(OGG) == Noticed(unread=why)


async def test_an_address_that_stalls_is_given_up(address: StandIn) -> None:
    address.behaviour = "stalls"
    assert await listener(address, timeout=1.0).notice(OGG) == Noticed(unread="too_slow")


async def test_nobody_there_is_no_answer(address: StandIn) -> None:
    nobody = Listener(AtAddress("http://127.0.0.1:9/v1", model="x", timeout=120.0))
    assert await nobody.notice(OGG) == Noticed(unread="no_answer")


async def test_a_long_speech_is_cut(address: StandIn) -> None:
    address.behaviour = "talks much"
    assert len((await listener(address).notice(OGG)).text) == MAX_TEXT


async def test_without_a_transcriber_it_is_said_not_to_be_heard() -> None:
    assert await Listener(None).notice(OGG) == Noticed(unread="not_heard")


async def test_when_too_many_wait_the_next_is_told(address: StandIn) -> None:
    address.behaviour = "stalls"
    busy = Listener(AtAddress(address.url, model="x", timeout=120.0), most=1)
    first = asyncio.create_task(busy.notice(OGG))
    while not address.asked:
        await asyncio.sleep(0.01)
    assert await busy.notice(OGG) == Noticed(unread="busy")
    address.go_on.set()
    assert (await first).unread == "no_answer"


@pytest.mark.parametrize(
    ("sound", "form"),
    [
        (OGG, "ogg"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00", "m4a"),
        (b"ID3\x04\x00\x00", "mp3"),
        (b"\xff\xfb\x90\x64" + bytes(40), "mp3"),
    ],
)
def test_the_kind_of_sound_is_told_by_its_own_bytes(sound: bytes, form: str) -> None:
    assert sniff(sound) == form


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8\xff\xe0", b"RIFF\x24\x00\x00\x00WEBP", b"%PDF-1.7", b"\x89PNG", b"\xff\xff"],
)
async def test_what_is_no_sound_is_sent_nowhere(address: StandIn, content: bytes) -> None:
    assert await listener(address).notice(content) == Noticed(unread="unknown_type")
    assert address.asked == []


async def test_a_sound_too_large_is_sent_nowhere(address: StandIn) -> None:
    large = OGG + bytes(MAX_VOICE_BYTES)
    assert await listener(address).notice(large) == Noticed(unread="too_large")
    assert address.asked == []


def test_no_voice_leaves_the_machine_without_a_word_of_the_operators() -> None:
    assert transcriber() is None
    for url in ("http://127.0.0.1:8080", "http://localhost:8080/v1", "http://[::1]:1/v1"):
        there = transcriber(url=url)
        assert isinstance(there, AtAddress)
        assert there.url.endswith("/v1/audio/transcriptions")
    with pytest.raises(Unusable, match="ANSIM_VOICE_LOCAL"):
        transcriber(url="https://voice.example.org/v1")
    with pytest.raises(Unusable, match="without encryption"):
        transcriber(url="http://voice.example.org/v1", basis="contract 2026-1, article 26")
    assert transcriber(url="https://voice.example.org/v1", basis="contract 2026-1, article 26")
    assert transcriber(url="http://whisper.house:8080", local=True)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "http://", "http://a:b@127.0.0.1/", "http://127.0.0.1/?x=1", "x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Unusable, match="ANSIM_VOICE_URL"):
        transcriber(url=url)


def test_a_key_comes_from_a_file_and_is_never_told(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("two words of secret", "utf-8")
    with pytest.raises(Unusable) as problem:
        transcriber(url="http://127.0.0.1:1", key_file=str(file))
    assert "secret" not in str(problem.value)
    with pytest.raises(Unusable, match="cannot be read"):
        transcriber(url="http://127.0.0.1:1", key_file=str(tmp_path / "none"))


@contextmanager
def package(monkeypatch: pytest.MonkeyPatch, model: type) -> Iterator[None]:
    """A stand-in of the package faster-whisper, whose model is the test's own."""
    module = types.ModuleType("faster_whisper")
    module.__dict__["WhisperModel"] = model
    module.__spec__ = types.SimpleNamespace(name="faster_whisper")  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    yield


async def test_a_folder_is_heard_with_where_its_package_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unusable, match=r"model\.bin"):
        transcriber(folder=str(tmp_path))
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(Unusable, match="faster-whisper"):
        transcriber(folder=str(tmp_path))

    class Model:
        def __init__(self, folder: str, **_: object) -> None:
            assert folder == str(tmp_path)

        def transcribe(self, sound: object, **_: object) -> tuple[list[object], None]:
            if sound.read() != OGG:  # type: ignore[attr-defined]
                raise ValueError("damaged")
            return [types.SimpleNamespace(text=f" {word} ") for word in SAID.split()], None

    with package(monkeypatch, Model):
        heard = Listener(transcriber(folder=str(tmp_path)))
        assert await heard.notice(OGG) == Noticed(text=SAID)
        assert await heard.notice(OGG + b"spoilt") == Noticed(unread="broke")
    with pytest.raises(Unusable, match="both"):
        transcriber(url="http://127.0.0.1:1", folder=str(tmp_path))


def test_reasons_name_themselves() -> None:
    with pytest.raises(Unheard, match="unknown_type"):
        sniff(b"nothing")
