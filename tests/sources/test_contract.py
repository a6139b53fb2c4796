"""Every connector keeps the contract: lawful, described, and unable to intercept (R01, R02)."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from ansim import sources
from ansim.chat import Consent, Source, SourceKind
from ansim.sources import contract, registry
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.demo.connector import DemoConnector
from ansim.sources.http import HttpConnector

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "connectors"
PLATFORMS = ROOT / "tests" / "connectors" / "platforms"
EACH = pytest.mark.parametrize("declared", registry.CONNECTORS.values(), ids=lambda each: each.name)
CONSENT = Consent(given_by="all present", given_at=1.7e9, how="notice")
TRIED_ELSEWHERE = {
    "http": "tests/gateway/test_messages.py, test_outbox.py, test_courier.py and test_processes.py "
    "drive it through the real gateway, NATS and its outbox, which it cannot be parted from",
    "demo": "tests/gateway/test_demo.py drives the room through the real gateway; its rooms end "
    "with their process, so there is nothing to resume or to revoke",
}
"""Connectors without a run of the contract suite, and why it would add nothing."""
HEAVY = {"discord", "nio", "aiogram", "slixmpp", "atproto", "mastodon", "googleapiclient", "nats"}
"""Libraries that are loaded only where their connector is brought up."""


def test_whatever_declares_itself_is_in_the_registry() -> None:
    for module in pkgutil.iter_modules(sources.__path__):
        folder = Path(sources.__path__[0]) / module.name
        works = (folder / "connector.py").exists() or (folder / "routes.py").exists()
        declared = getattr(import_module(f"ansim.sources.{module.name}"), "DECLARATION", None)
        if works or declared is not None:
            assert registry.CONNECTORS.get(module.name) is declared, f"{module.name} is not listed"
    for name, declaration in registry.CONNECTORS.items():
        assert name == declaration.name


@EACH
def test_a_live_connector_can_be_brought_up_and_is_run_by_the_contract_suite(
    declared: Declaration,
) -> None:
    if declared.name in TRIED_ELSEWHERE:
        named = re.findall(r"tests/[\w/]+\.py", TRIED_ELSEWHERE[declared.name])
        assert named
        assert all((ROOT / name).exists() for name in named)
        return
    if declared.way is Way.FILE:
        tests = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")]
        word = re.compile(rf"\b{declared.name.replace('-', '[-_]')}")
        assert sum(word.search(text) is not None for text in tests) > 0, "no test of its reader"
        return
    folder = ROOT / "src" / "ansim" / "sources" / declared.name
    assert (folder / "connector.py").exists()
    assert (folder / "routes.py").exists() is (declared.way is Way.CALLED)
    stand_in = PLATFORMS / f"{declared.name}.py"
    assert stand_in.exists(), f"the contract suite has no service for {declared.name}"
    classes = [n.name for n in ast.parse(stand_in.read_text()).body if isinstance(n, ast.ClassDef)]
    assert "Service" in classes


def test_reading_the_registry_loads_no_platforms_library() -> None:
    script = (
        "import sys, ansim.sources.registry; "
        f"print(sorted({HEAVY} & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    # http is served by the gateway itself and its outbox lies in NATS.
    assert told.stdout.strip() == "['nats']"


@EACH
def test_a_connector_says_on_what_legal_basis_it_may_read(declared: Declaration) -> None:
    assert len(declared.legal_basis) > 60
    assert declared.legal_basis.endswith(".")
    assert len(declared.legal_basis_ko) > 40
    assert declared.legal_basis_ko.endswith("다.")
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
