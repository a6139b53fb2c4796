"""Pages are made a few at a time, and whoever takes long holds nobody up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse

from ansim.console import turns
from ansim.console.turns import InTurn


class Kitchen:
    """Stands for the making of a page: waits as long as the address says, in hundredths, or until
    it is let go, or until three are there."""

    def __init__(self) -> None:
        self.at_once = self.most = 0
        self.done: list[str] = []
        self.threads: set[int] = set()
        self.let_go = threading.Event()
        self.three = threading.Barrier(3)

    def make(self, request: HttpRequest) -> HttpResponse:
        self.threads.add(threading.get_ident())
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            if request.path == "broken":
                raise ValueError("no such dish")
            if request.path == "held":
                self.let_go.wait(120)
            elif request.path == "three":
                self.three.wait(120)
            else:
                time.sleep(float(request.path) / 100)
            self.done.append(request.path)
            return HttpResponse()
        finally:
            self.at_once -= 1


@pytest.fixture
def kitchen(monkeypatch: pytest.MonkeyPatch) -> Kitchen:
    made = Kitchen()
    monkeypatch.setattr(ASGIHandler, "get_response", lambda _self, request: made.make(request))
    return made


def asked(path: str) -> HttpRequest:
    request = HttpRequest()
    request.path = path
    return request


async def test_pages_are_made_one_after_the_other_in_the_order_they_were_asked_for(
    kitchen: Kitchen,
) -> None:
    handler = InTurn(1)
    wanted = ["4", "3", "2", *"111111"]
    await asyncio.gather(*(handler.get_response_async(asked(n)) for n in wanted))
    assert kitchen.most == 1
    assert kitchen.done == wanted
    # The next may come before the thread of the last has said that it is free: then there are two.
    assert len(kitchen.threads) <= 2, "the next page finds the connection to the database open"


async def test_no_more_than_a_few_pages_are_made_at_once(kitchen: Kitchen) -> None:
    handler = InTurn(3)
    await asyncio.gather(*(handler.get_response_async(asked("three")) for _ in range(9)))
    assert kitchen.most == 3
    assert len(kitchen.done) == 9


async def test_who_takes_long_holds_nobody_up(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_SECONDS", 0.05)
    handler = InTurn(1)
    long = asyncio.create_task(handler.get_response_async(asked("held")))
    await asyncio.sleep(0)  # its turn began
    monkeypatch.setattr(turns, "LONGEST_SECONDS", 600.0)
    await asyncio.gather(*(handler.get_response_async(asked(n)) for n in ("2", "1")))
    assert kitchen.done == ["2", "1"]
    kitchen.let_go.set()
    await long
    assert kitchen.done == ["2", "1", "held"]
    assert kitchen.most == 2
    await handler.get_response_async(asked("0"))  # the turn was given back once, not twice
    await asyncio.gather(*(handler.get_response_async(asked(n)) for n in ("3", "2", "1")))
    assert kitchen.done[-3:] == ["3", "2", "1"]


async def test_a_page_that_breaks_or_is_not_wanted_any_more_gives_its_turn_up(
    kitchen: Kitchen,
) -> None:
    handler = InTurn(1)
    with pytest.raises(ValueError, match="dish"):
        await handler.get_response_async(asked("broken"))
    left = asyncio.create_task(handler.get_response_async(asked("held")))
    waits = asyncio.create_task(handler.get_response_async(asked("50")))
    await asyncio.sleep(0.01)
    waits.cancel()
    left.cancel()
    await asyncio.gather(left, waits, return_exceptions=True)
    async with asyncio.timeout(120):
        await handler.get_response_async(asked("0"))
    assert kitchen.done == ["0"]
    kitchen.let_go.set()


@pytest.mark.django_db(transaction=True)
async def test_a_page_changes_threads_a_few_times_and_not_with_every_part_it_goes_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes: list[str] = []
    before: Callable[..., Any] = SyncToAsync.__call__

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        changes.append(getattr(self.func, "__qualname__", ""))
        return await before(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    said: list[Any] = []
    asked_for = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return asked_for.pop() if asked_for else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/log-in/",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    await InTurn()(scope, receive, send)
    assert said[0]["status"] == 200
    assert 0 < len(changes) <= 6, changes
