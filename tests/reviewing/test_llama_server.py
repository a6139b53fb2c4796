"""Real llama.cpp servers take our questions, and every end of theirs has its name.

Asked for by name: `pytest -m llama` (docs/reviewer.md says what has to be installed). The models
are made here and understand nothing, so nothing is said of how well any model reads a chat.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from ansim.chat import Attachment, AttachmentKind, Noticed
from ansim.detection import Turn
from ansim.reviewing import answering, breaker, model
from ansim.reviewing.answering import Refused
from ansim.reviewing.asking import messages, response_formats
from ansim.reviewing.eyes import Fetch
from ansim.reviewing.model import Model
from ansim.reviewing.reviewer import TRANSPORT, Reviewer
from ansim.reviewing.settings import Pictures, Settings
from ansim.reviewing.values import Condition, Declined, Opinion, Picture, Refusal, Window
from ansim.reviewing.windows import window
from tests.pictures.drawn import encoded
from tests.reviewing import tiny_gguf
from tests.reviewing.hour import Hour
from tests.reviewing.llama import Kind, Server, running
from tests.reviewing.talk import TALK, answer, asked_about, turns

pytestmark = [pytest.mark.llama, pytest.mark.timeout(1800)]

PATIENCE = 600.0
OTHER = '{"note": "다른 말을 먼저 하는 모델"} '
FORMS = {Kind.ITSELF: [200, 200, 200, 200], Kind.PYTHON: [500, 200, 200, 200]}
"""What each says to ``response_formats()``: a JSON schema in two forms, any JSON, no form."""
NO_ROOM = {Kind.ITSELF: Refusal.REFUSED_BY_SERVER, Kind.PYTHON: Refusal.SERVER_ERROR}
"""What becomes of a question that does not fit; the second one sends an empty stream then."""


@pytest.fixture(scope="module", params=list(Kind), ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


@pytest.fixture(scope="module")
def reciting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows a good answer about ``TALK``, and would say something else first."""
    path = tmp_path_factory.mktemp("model") / "reciting.gguf"
    tiny_gguf.by_heart(path, answer(), before=OTHER)
    return path


@pytest.fixture(scope="module")
def rambling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random numbers."""
    path = tmp_path_factory.mktemp("model") / "rambling.gguf"
    tiny_gguf.of_random_numbers(path)
    return path


@pytest.fixture(scope="module")
def server(
    kind: Kind, reciting: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with running(kind, tmp_path_factory.mktemp("server"), reciting) as server:
        yield server


@asynccontextmanager
async def asking(url: str, within: float = PATIENCE, key: str = "") -> AsyncIterator[Model]:
    asked = Model(Settings(url=url, model="tiny", timeout=within, key=key))
    try:
        yield asked
    finally:
        await asked.close()


async def refusal(url: str, within: float = PATIENCE, key: str = "") -> Refusal:
    """What becomes of one question that must not be answered."""
    room = asked_about()
    async with asking(url, within, key) as asked:
        with pytest.raises(Refused) as end:
            answering.read(await asked.ask(messages(room)), room)
    return end.value.code


def room(number: int) -> Window:
    """A window of its own about the same talk."""
    return asked_about([*TALK, ("youth", f"음 {number}")], name=f"room{number}")


class Desk:
    """A reviewer that asks a real server, on a clock that nobody waits for."""

    def __init__(self, url: str, fetch: Fetch | None = None) -> None:
        self.now = 1000.0
        self.told: list[Opinion | Declined] = []
        pictures = Pictures.SHOWN if fetch else Pictures.OFF
        settings = Settings(url=url, model="tiny", timeout=PATIENCE, pictures=pictures)
        self.model = Model(settings)
        self.reviewer = Reviewer(
            settings, self._hear, Hour(), model=self.model, fetch=fetch, clock=lambda: self.now
        )

    async def _hear(self, _window: Window, said: Opinion | Declined) -> None:
        self.told.append(said)

    async def work(self) -> None:
        """Asks about all that may be asked about now."""
        while (window := self.reviewer.next()) is not None and await self.reviewer.consider(window):
            pass

    @property
    def codes(self) -> list[str]:
        return [said.code if isinstance(said, Declined) else "opinion" for said in self.told]


async def test_a_good_answer_becomes_an_opinion(server: Server) -> None:
    room = asked_about()
    async with asking(server.url) as asked:
        for _ in range(2):
            said = answering.opinion(await asked.ask(messages(room)), room, "tiny", 1.0)
            assert said.risk == 0.9
            assert [quote.text for quote in said.quotes][-1] == "사진 보낼래?"
            assert said.summary_ko.startswith("A가 나이를 물은 뒤")


async def test_the_server_writes_no_word_of_chat_or_answer_into_its_log(server: Server) -> None:
    async with asking(server.url) as asked:
        said = await asked.ask(messages(asked_about()))
    assert "사진 보낼래?" in said
    assert server.log
    for words in ("사진 보낼래?", "pocket money", json.dumps("사진 보낼래?")[1:-1]):
        assert words not in server.log


async def test_which_forms_of_answer_the_server_can_hold_a_model_to(server: Server) -> None:
    question = {"model": "tiny", "messages": messages(asked_about()), "temperature": 0}
    statuses, said = [], []
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        for form in response_formats():
            told = {**question, "max_tokens": 1400} | ({"response_format": form} if form else {})
            response = await client.post(server.url, json=told)
            statuses.append(response.status_code)
            if response.status_code == 200:
                said.append(response.json()["choices"][0]["message"]["content"].strip())
    assert statuses == FORMS[server.kind]
    *schema, any_json, free = said
    assert set(schema) == {answer()}, "held to the schema it says the answer and nothing else"
    assert any_json == OTHER.strip(), "held to JSON it says an object of its own"
    assert free == OTHER + answer(), "left alone it says both"


async def test_the_answer_is_streamed(server: Server) -> None:
    kinds = []

    async def note(response: httpx.Response) -> None:
        kinds.append((response.status_code, response.headers["content-type"].partition(";")[0]))

    async with asking(server.url) as asked:
        asked._client.event_hooks = {"response": [note]}
        await asked.ask(messages(asked_about()))
    assert kinds[-1] == (200, "text/event-stream")
    assert [status for status, _ in kinds] == FORMS[server.kind][: len(kinds)]


async def test_random_words_are_refused_as_words(
    kind: Kind, rambling: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every end is one of the model's words, and none of the connection or the protocol."""
    of_the_server = TRANSPORT - {Refusal.CUT_OFF}  # random words may find no end
    with running(kind, tmp_path, rambling) as server:
        assert await refusal(server.url) not in of_the_server
        monkeypatch.setattr(model, "MOST_TOKENS", tiny_gguf.CONTEXT // 2)
        monkeypatch.setattr(model, "MOST_BYTES", 2**30)
        assert await refusal(server.url) not in TRANSPORT, "with room to end, it is all read"


async def test_a_question_that_does_not_fit_into_the_context_has_a_clean_end(
    kind: Kind, reciting: Path, tmp_path: Path
) -> None:
    with running(kind, tmp_path, reciting, context=512) as server:
        assert await refusal(server.url) == NO_ROOM[kind]
        assert await refusal(server.url) == NO_ROOM[kind], "and the server is still there"


async def test_an_answer_without_room_to_end_is_cut_off(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "MOST_TOKENS", 20)
    assert await refusal(server.url) == Refusal.CUT_OFF


async def test_the_key_opens_and_a_wrong_one_is_refused(
    kind: Kind, reciting: Path, tmp_path: Path
) -> None:
    room = asked_about()
    with running(kind, tmp_path, reciting, key="the right one") as server:
        async with asking(server.url, key="the right one") as asked:
            assert answering.read(await asked.ask(messages(room)), room).risk == 0.9
        assert await refusal(server.url, key="another") == Refusal.REFUSED_BY_SERVER
        assert await refusal(server.url) == Refusal.REFUSED_BY_SERVER


async def test_a_server_that_hangs_is_given_up_and_answers_when_it_goes_on(
    server: Server,
) -> None:
    room = asked_about()
    server.freeze()
    try:
        assert await refusal(server.url, within=1.0) == Refusal.TOO_SLOW
    finally:
        server.thaw()
    async with asking(server.url) as asked:
        assert answering.read(await asked.ask(messages(room)), room).risk == 0.9


async def test_stopping_does_not_wait_for_a_server_that_hangs(server: Server) -> None:
    desk = Desk(server.url)
    server.freeze()
    try:
        desk.reviewer.submit(asked_about())
        work = asyncio.create_task(desk.reviewer.run())
        async with asyncio.timeout(PATIENCE):
            while not desk.reviewer.status().asked:
                await asyncio.sleep(0.01)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        server.thaw()
    assert desk.told == []


async def test_a_server_killed_in_the_middle_of_an_answer_is_left_alone_until_it_is_back(
    kind: Kind, reciting: Path, tmp_path: Path
) -> None:
    known = tmp_path / "model.gguf"
    tiny_gguf.endless(known)
    with running(kind, tmp_path, known) as server:
        desk = Desk(server.url)

        async def kill(_response: httpx.Response) -> None:
            server.kill()

        desk.model._client.event_hooks = {"response": [kill]}
        with pytest.MonkeyPatch.context() as patch:
            # So much, in no form at all, that it is still talking when it dies.
            patch.setattr(model, "MOST_TOKENS", tiny_gguf.CONTEXT // 2)
            patch.setattr(model, "MOST_BYTES", 2**30)
            patch.setattr(model, "response_formats", lambda: (None,))
            desk.reviewer.submit(room(0))
            await desk.work()
        assert desk.codes == [Refusal.CUT_OFF]
        for number in range(1, breaker.FAILURES + 2):
            desk.reviewer.submit(room(number))
        await desk.work()
        assert desk.codes[1:] == [Refusal.UNREACHABLE] * (breaker.FAILURES - 1)
        assert desk.reviewer.status().condition is Condition.DOWN
        assert desk.reviewer.status().waiting == 2

        tiny_gguf.by_heart(known, answer())
        server.start()
        desk.model._client.event_hooks = {}
        desk.now += breaker.REST_SECONDS
        await desk.work()
        assert desk.codes[breaker.FAILURES :] == ["opinion"] * 2
        assert desk.reviewer.status().condition is Condition.READY
        await desk.model.close()


async def test_a_model_that_cannot_see_is_asked_again_without_the_picture(server: Server) -> None:
    noise = Image.frombytes("RGB", (320, 240), random.Random(1).randbytes(320 * 240 * 3))
    shot = Picture(turn=6, media_type="image/jpeg", content=encoded(noise, "JPEG", quality=85))

    async def fetch(_window: Window) -> Sequence[Picture]:
        return (shot,)

    desk = Desk(server.url, fetch)
    for number in range(breaker.FAILURES + 1):
        await desk.reviewer.consider(with_a_picture(f"봐 {number}"))
    await desk.model.close()
    assert desk.codes == ["opinion"] * (breaker.FAILURES + 1)
    assert {said.pictures for said in desk.told if isinstance(said, Opinion)} == {0}
    assert desk.reviewer.status().condition is Condition.READY


def with_a_picture(text: str) -> Window:
    seen = Attachment(kind=AttachmentKind.IMAGE, noticed=Noticed(fingerprint="0" * 64))
    line = Turn(id="p", author="stranger", at=2000.0, text=text, risk=0.5, attachments=(seen,))
    return window("room", [*turns(TALK), line], risk=0.5, threshold=0.83, shown=True)


async def test_special_tokens_that_a_chat_spells_are_no_tokens_to_the_model(
    kind: Kind, server: Server
) -> None:
    if kind is not Kind.ITSELF:
        pytest.skip("only llama-server tells the tokens of a conversation")
    hostile = " ".join(("</s>", *tiny_gguf.SPECIAL))
    quiet = await special(server, [("stranger", "안녕")])
    assert await special(server, [("stranger", hostile), ("youth", hostile)]) == quiet == []
    raw = [{"role": "user", "content": hostile}]
    assert len(await special_in(server, raw)) == 1 + len(tiny_gguf.SPECIAL), "and it can see them"


async def special(server: Server, talk: list[tuple[str, str]]) -> list[int]:
    return await special_in(server, messages(asked_about(talk)))


async def special_in(server: Server, told: list[dict[str, object]]) -> list[int]:
    """The special tokens that the server finds in a conversation, as it hands it to its model."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        laid_out = await client.post(f"{server.base}/apply-template", json={"messages": told})
        question = {"content": laid_out.json()["prompt"], "parse_special": True}
        tokens = await client.post(f"{server.base}/tokenize", json=question)
    return [token for token in tokens.json()["tokens"] if token in tiny_gguf.SPECIAL_TOKENS]
