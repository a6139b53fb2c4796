"""Every live connector keeps every promise of ``ansim.sources.contract``, or says why not.

One test a connector and promise; the promises are the functions of ``tests.connectors.checks``.
``pytest tests/connectors/test_contract_suite.py -k matrix`` runs those of one connector.
"""

from __future__ import annotations

import pkgutil
import re

import pytest

from ansim.sources.contract import Hears, Way
from tests.connectors import platforms
from tests.connectors.checks import (
    CHECKS,
    Case,
    Check,
    attaching,
    hearing,
    speaking,
    surviving,
    telling,
)
from tests.connectors.conftest import service_of
from tests.connectors.platforms import Can
from tests.connectors.running import ROOT, declaration_of

NAMES = sorted(module.name for module in pkgutil.iter_modules(platforms.__path__))
PROMISES = sorted(CHECKS, key=lambda each: each.last)  # a service without our account is of no use
SLOW = {
    surviving.killed_at_any_moment_it_loses_nothing_and_logs_no_words,
    surviving.killed_in_the_middle_of_sending_it_never_says_it_twice,
    surviving.a_cut_of_the_network_loses_nothing_or_is_told_as_a_gap,
}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("promise", PROMISES, ids=lambda each: each.name)
async def test_contract(case: Case, name: str, promise: Check) -> None:
    await promise.run(case)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "promise", [each for each in PROMISES if each.run in SLOW], ids=lambda each: each.name
)
async def test_contract_for_long(case: Case, name: str, promise: Check) -> None:
    """Fifty kills, and a minute without the network."""
    await promise.run(case)


@pytest.mark.parametrize("name", NAMES)
async def test_promises_are_left_out_only_where_the_connector_itself_says_so(name: str) -> None:
    """Else a service could be called unable to what its connector merely fails at."""
    service = service_of(name)
    declared, can = declaration_of(service), service.can
    assert (Can.PRIVATE in can) is declared.can_message_privately
    assert bool(can & {Can.EDIT, Can.DELETE}) is declared.edits
    assert (Can.JOINERS in can) is (declared.hears is Hears.ROOM_THAT_WAS_TOLD)
    if declared.way is Way.CALLS:
        assert can >= {Can.HISTORY, Can.CUT, Can.LIMIT, Can.REVOKE}


async def test_the_page_on_pictures_names_every_service_that_hands_on_content() -> None:
    """So that none of them can be left out of the promises about it without a word."""
    page = (ROOT / "docs" / "pictures.md").read_text("utf-8")
    table = page.partition("## Where they come from")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"connectors/(\w+)\.md", row)}
    cans = {name: service_of(name).can for name in NAMES if name != "toy"}
    assert named == {name for name, can in cans.items() if Can.CONTENT in can}
    assert {name for name, can in cans.items() if Can.FILES in can} == named - {"webhook"}


async def test_the_suite_has_promises_of_every_topic() -> None:
    topics = {each.run.__module__ for each in PROMISES}
    wanted = (attaching, hearing, speaking, surviving, telling)
    assert topics == {topic.__name__ for topic in wanted}
    assert len({each.name for each in PROMISES}) == len(PROMISES)
