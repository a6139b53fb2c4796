"""People, a source and reports to work on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansim.casework.actions import audit, sources
from ansim.casework.actions.alerts import AlertReport
from ansim.casework.models import Account, SourceRecord
from ansim.casework.roles import Role
from ansim.chat import SourceKind
from ansim.detection import Priority, Reason, Span, Turn, Versions

VERSIONS = Versions(software="0.1.0", gate="g1", risk="r1", reading="1", threshold=0.6, watch=0.1)
START = 1_760_000_000.0


def turn(number: int, *, author: str = "stranger", text: str | None = None, **more: Any) -> Turn:
    """A turn of the made-up conversation; every third second one more."""
    words = text if text is not None else f"안녕 {number}"
    return Turn(
        **{
            "id": f"m{number}",
            "author": author,
            "at": START + 3 * number,
            "text": words,
            "risk": 0.5,
            "received_at": START + 3 * number + 0.1,
            **more,
        }
    )


def risky(number: int, **more: Any) -> Turn:
    """A turn in which the stranger offers money for a picture, at leaflet level."""
    return turn(
        number,
        **{
            "text": "용돈 줄게 사진 보낼래?",
            "tactics": {"T05": 0.9, "T09": 0.8},
            "spans": (Span(0, 5, "T05"), Span(6, 12, "T09")),
            "risk": 0.8,
            **more,
        },
    )


def report(
    sequence: int = 10,
    *,
    turns: tuple[Turn, ...] = (),
    **more: Any,
) -> AlertReport:
    """A report about the stranger in conversation "room", risk .8 and P2 unless told."""
    values: dict[str, Any] = {
        "source": "demo",
        "conversation": "room",
        "about": "stranger",
        "episode": 1,
        "priority": Priority.P2,
        "risk": 0.8,
        "why": (Reason("tactic", {"tactic": "T09"}),),
        "versions": VERSIONS,
        "trajectory": tuple((item.at, item.risk, item.id) for item in turns),
        "turns": turns,
        "sequence": sequence,
        "raised": False,
    }
    return AlertReport(**(values | more))


@pytest.fixture
def source(db: None) -> SourceRecord:
    record, _key = sources.declare(
        "demo", "데모", SourceKind.PLATFORM_PARTNER, "시연", actor=audit.SETUP, connector="demo"
    )
    return record


@pytest.fixture
def person(db: None) -> Callable[..., Account]:
    def make(role: Role = Role.COUNSELLOR, name: str = "") -> Account:
        return Account.objects.create_user(name or role.value, password="pw", role=role)

    return make


@pytest.fixture
def counsellor(person: Callable[..., Account]) -> Account:
    return person(Role.COUNSELLOR)


@pytest.fixture
def supervisor(person: Callable[..., Account]) -> Account:
    return person(Role.SUPERVISOR)


@pytest.fixture
def administrator(person: Callable[..., Account]) -> Account:
    return person(Role.ADMINISTRATOR)
