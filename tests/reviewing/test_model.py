"""The model's server at its best and at its worst: every end has its own name."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest

from ansim.reviewing.answering import Refused
from ansim.reviewing.asking import messages
from ansim.reviewing.model import Model
from ansim.reviewing.settings import Settings
from ansim.reviewing.values import Refusal
from tests.reviewing.stand_in import StandIn
from tests.reviewing.talk import asked_about

SAID = '{"risk": 0.5, "말": "한글과 English"}'
QUESTION = messages(asked_about())


def settings_for(server: StandIn, **changed: object) -> Settings:
    base = Settings(url=server.url, model="stand-in", timeout=30.0)
    return dataclasses.replace(base, **changed)  # type: ignore[arg-type]


async def asked(manner: str, **changed: object) -> str:
    async with StandIn(lambda _: SAID, manner) as server:
        model = Model(settings_for(server, **changed))
        try:
            return await model.ask(QUESTION)
        finally:
            server.released.set()
            await model.close()


async def refusal(manner: str, **changed: object) -> str:
    with pytest.raises(Refused) as caught:
        await asked(manner, **changed)
    return caught.value.code


@pytest.mark.parametrize(
    "manner", ["streams", "whole", "dawdles", "no_schema", "breaks_on_schema", "no_form_at_all"]
)
async def test_words_arrive_whole_however_they_are_sent(manner: str) -> None:
    assert await asked(manner) == SAID


@pytest.mark.parametrize(
    ("manner", "code"),
    [
        ("hangs_up", Refusal.CUT_OFF),
        ("truncates", Refusal.CUT_OFF),
        ("cut_by_length", Refusal.CUT_OFF),
        ("floods", Refusal.FLOOD),
        ("floods_whole", Refusal.FLOOD),
        ("html", Refusal.NOT_A_MODEL),
        ("other_json", Refusal.NOT_A_MODEL),
        ("not_json", Refusal.NOT_A_MODEL),
        ("zipped", Refusal.NOT_A_MODEL),
        ("moves", Refusal.REDIRECTED),
        ("error_in_stream", Refusal.SERVER_ERROR),
        ("empty", Refusal.NOT_JSON),
        ("ends_before_a_word", Refusal.SERVER_ERROR),
        ("half_a_header", Refusal.UNREACHABLE),
        ("401", Refusal.REFUSED_BY_SERVER),
        ("403", Refusal.REFUSED_BY_SERVER),
        ("404", Refusal.REFUSED_BY_SERVER),
        ("429", Refusal.REFUSED_BY_SERVER),
        ("500", Refusal.SERVER_ERROR),
        ("503", Refusal.SERVER_ERROR),
    ],
)
async def test_every_bad_end_is_refused_under_its_name(manner: str, code: Refusal) -> None:
    assert await refusal(manner) == code


@pytest.mark.parametrize("manner", ["silent", "stalls"])
async def test_a_server_that_does_not_go_on_is_given_up(manner: str) -> None:
    assert await refusal(manner, timeout=0.3) == Refusal.TOO_SLOW


async def test_nobody_there_is_unreachable() -> None:
    async with StandIn(lambda _: SAID) as server:
        settings = settings_for(server)
    model = Model(settings)
    with pytest.raises(Refused, match=Refusal.UNREACHABLE):
        await model.ask(QUESTION)
    await model.close()


@pytest.mark.parametrize("manner", ["no_schema", "breaks_on_schema"])
async def test_a_form_that_the_server_does_not_know_is_asked_for_once_only(manner: str) -> None:
    async with StandIn(lambda _: SAID, manner) as server:
        model = Model(settings_for(server))
        await model.ask(QUESTION)
        await model.ask(QUESTION)
        await model.close()
    forms = [(asked.get("response_format") or {}).get("type") for asked in server.questions]
    assert forms == ["json_schema", "json_object", "json_object"]


async def test_a_form_that_has_worked_is_not_given_up_because_the_server_broke_once() -> None:
    async with StandIn(lambda _: SAID) as server:
        model = Model(settings_for(server))
        await model.ask(QUESTION)
        server.manner = "500"
        with pytest.raises(Refused, match=Refusal.SERVER_ERROR):
            await model.ask(QUESTION)
        server.manner = "streams"
        await model.ask(QUESTION)
        await model.close()
    forms = [asked["response_format"]["type"] for asked in server.questions]
    assert forms == ["json_schema"] * 3


async def test_the_key_is_sent_and_a_proxy_of_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert "HTTP_PROXY" in os.environ
    async with StandIn(lambda _: SAID) as server:
        model = Model(settings_for(server, key="word"))
        assert await model.ask(QUESTION) == SAID
        await model.close()
    assert "authorization: bearer word" in server.headers[0].lower()


async def test_every_question_has_a_connection_of_its_own() -> None:
    """So that none is lost on one that the server is just closing."""
    async with StandIn(lambda _: SAID) as server:
        model = Model(settings_for(server))
        for _ in range(2):
            await model.ask(QUESTION)
        await model.close()
    assert all("\r\nconnection: close\r\n" in head.lower() for head in server.headers)
    assert len(server.headers) == 2


async def test_the_question_names_roles_model_and_limits() -> None:
    async with StandIn(lambda _: SAID) as server:
        model = Model(settings_for(server))
        await model.ask(QUESTION)
        await model.close()
    told = server.questions[0]
    assert [message["role"] for message in told["messages"]] == ["system", "user"]
    assert (told["model"], told["temperature"], told["stream"]) == ("stand-in", 0, True)
    assert told["max_tokens"] > 0
    assert json.dumps(told["response_format"])
