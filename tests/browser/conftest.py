"""One Chromium for all stories and a console each; SQLite, unless one asks for PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import pages
from tests.console.serving import Console, prepared
from tests.postgres import postgres

expect.set_options(timeout=pages.PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A story waits for each of its pages: on a busy machine it takes longer than other tests."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[*sandbox, "--disable-gpu", "--disable-quic"],
            timeout=3 * pages.PATIENCE,
        )
        yield started
        started.close()


@pytest.fixture(autouse=True)
def complaints(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What browsers complained of in this test: there must be nothing."""
    said: list[str] = []
    pages.heard.append(said)
    browser = request.getfixturevalue("browser") if "browser" in request.fixturenames else None
    yield said
    for context in browser.contexts if browser else []:  # its people leave
        context.close()
    pages.heard.remove(said)
    if request.node.get_closest_marker("log_in_ends"):
        # A part of a page that asks meanwhile is refused; that is no fault of the page.
        said = [words for words in said if " 401" not in words]
    assert not said


@pytest.fixture(scope="package")
def new_database() -> Iterator[Callable[[], list[str]]]:
    """Makes a database on one real PostgreSQL: its address, and that of the one it is a copy of."""
    import psycopg

    with postgres() as server:
        before, _, after = server.partition("/postgres?")
        assert after, server
        numbers = count(1)

        def create(name: str, like: str) -> str:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
            return f"{before}/{name}?{after}"

        first = create("prepared", "template1")

        def make() -> list[str]:
            prepared(first)
            return [create(f"story{next(numbers)}", "prepared"), first]

        yield make


@pytest.fixture
def database(request: pytest.FixtureRequest) -> list[str]:
    """Addresses of the console's database and of what it is a copy of (none: SQLite); ``on_both``
    runs a story on SQLite and on PostgreSQL."""
    if getattr(request, "param", "SQLite") == "SQLite":
        return []
    made: list[str] = request.getfixturevalue("new_database")()
    return made


@pytest.fixture
def console(tmp_path: Path, database: list[str]) -> Iterator[Console]:
    running = Console(tmp_path, *database)
    yield running
    running.stop()
