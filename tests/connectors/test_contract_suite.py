"""Every live connector keeps every promise of ``ansim.sources.contract``, or says why not.

One test a connector and promise; the promises are the functions of ``tests.connectors.checks``.
``pytest tests/connectors/test_contract_suite.py -k matrix`` runs those of one connector.
"""

from __future__ import annotations

import pkgutil

import pytest

from tests.connectors import platforms
from tests.connectors.checks import CHECKS, Case, Check, hearing, speaking, surviving, telling

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


async def test_the_suite_has_promises_of_every_topic() -> None:
    topics = {each.run.__module__ for each in PROMISES}
    assert topics == {topic.__name__ for topic in (hearing, speaking, surviving, telling)}
    assert len({each.name for each in PROMISES}) == len(PROMISES)
