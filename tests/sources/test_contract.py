"""Every connector keeps the contract: lawful, described, and unable to intercept (R01, R02)."""

from __future__ import annotations

import inspect
import pkgutil
from pathlib import Path

import msgspec
import pytest

from ansim import sources
from ansim.chat import Consent, Source, SourceKind
from ansim.sources import contract, registry
from ansim.sources.contract import Declaration, Hears
from ansim.sources.demo.connector import DemoConnector
from ansim.sources.http import HttpConnector

DOCS = Path(__file__).parents[2] / "docs" / "connectors"
SHARED = {"contract", "registry", "doorway", "export", "handing", "notices", "telling", "wiring"}
"""Modules of ``ansim.sources`` that are no connector."""
EACH = pytest.mark.parametrize("declared", registry.CONNECTORS.values(), ids=lambda each: each.name)
CONSENT = Consent(given_by="all present", given_at=1.7e9, how="notice")


def test_every_module_of_sources_is_a_declared_connector() -> None:
    modules = {each.name for each in pkgutil.iter_modules(sources.__path__)}
    assert modules - SHARED == set(registry.CONNECTORS)


@EACH
def test_a_connector_says_on_what_legal_basis_it_may_read(declared: Declaration) -> None:
    assert len(declared.legal_basis) > 60
    assert declared.legal_basis.endswith(".")
    assert declared.kinds
    assert all(isinstance(kind, SourceKind) for kind in declared.kinds)


@EACH
def test_a_connector_has_a_page_that_names_its_basis_and_its_abilities(
    declared: Declaration,
) -> None:
    page = (DOCS / f"{declared.name}.md").read_text()
    assert "legal basis" in page.lower()
    for kind in declared.kinds:
        assert kind.value in page


@EACH
def test_no_connector_hears_what_was_not_given_to_it(declared: Declaration) -> None:
    # The vocabulary of what a connector can hear has no word for interception, and must not get
    # one: private messages come in only by the hand of a participant or of the platform itself.
    assert isinstance(declared.hears, Hears)
    assert {each.name for each in Hears} == {
        "ROOM_OPEN_TO_ALL",
        "ROOM_THAT_WAS_TOLD",
        "GIVEN_BY_PARTICIPANT",
        "GIVEN_BY_PLATFORM",
    }
    if declared.hears is Hears.ROOM_OPEN_TO_ALL:
        assert declared.kinds == {SourceKind.PUBLIC_ROOM}
    if declared.hears is Hears.GIVEN_BY_PARTICIPANT:
        assert declared.kinds == {SourceKind.DONATED}


def test_there_are_four_lawful_kinds_and_no_fifth() -> None:
    assert {kind.value for kind in SourceKind} == {
        "public_room",
        "visible_bot",
        "donated",
        "platform_partner",
    }


@pytest.mark.parametrize("connector", [HttpConnector(), DemoConnector()])
def test_live_connectors_have_the_verbs_of_the_contract(connector: contract.Connector) -> None:
    assert connector.declaration is registry.CONNECTORS[connector.declaration.name]
    assert inspect.iscoroutinefunction(connector.receive)
    assert inspect.iscoroutinefunction(connector.send)
    assert connector.declaration.can_reply


@EACH
def test_a_source_is_refused_unless_kind_basis_consent_and_connector_fit(
    declared: Declaration,
) -> None:
    for kind in SourceKind:
        source = Source(
            id="s",
            name="S",
            kind=kind,
            legal_basis="basis",
            consent=CONSENT,
            connector=declared.name,
        )
        reason = registry.refusal(source)
        if kind in declared.kinds:
            assert reason is None
            lacking = (
                msgspec.structs.replace(source, kind=None),
                msgspec.structs.replace(source, legal_basis="  "),
                msgspec.structs.replace(source, active=False),
                msgspec.structs.replace(source, connector="carrier pigeon"),
            )
            for each in lacking:
                refused = registry.refusal(each)
                assert refused is not None
                assert "'s'" in refused
        else:
            assert reason is not None
            assert kind.value in reason
            assert declared.name in reason


@pytest.mark.parametrize("kind", [SourceKind.DONATED, SourceKind.VISIBLE_BOT])
def test_where_consent_is_the_basis_it_must_be_on_record(kind: SourceKind) -> None:
    source = Source(id="s", name="S", kind=kind, legal_basis="basis", connector="http")
    reason = registry.refusal(source)
    assert reason is not None
    assert "consent" in reason
    assert registry.refusal(msgspec.structs.replace(source, consent=CONSENT)) is None
