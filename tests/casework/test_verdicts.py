"""Verdicts feed evaluation as numbers: who may have them, what they count, what is not in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from django.utils import timezone

from ansim.casework.actions import alerts, retention, verdicts
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, AuditEvent, SourceRecord
from ansim.casework.roles import Role
from ansim.casework.verdicts import Verdicts, counts, judged
from ansim.cli import main
from ansim.detection import Priority
from tests.casework.conftest import VERSIONS, report, risky, turn

pytestmark = pytest.mark.django_db
People = Callable[..., Account]


def closed(counsellor: Account, outcome: str, grounds: str, **more: object) -> Alert:
    number = Alert.objects.count()
    talk = (turn(1, author="youth", text="싫어요", tactics={"V1": 0.9}), risky(2))
    [pk] = alerts.raise_or_update(
        [report(10, turns=talk, conversation=f"r{number}", about="stranger", **more)]
    )
    alerts.claim(pk, counsellor)
    [alert] = alerts.close(
        pk, counsellor, outcome, "비밀 메모", done=["contact_made"], grounds=grounds
    )
    return alert


@pytest.fixture
def three(source: SourceRecord, counsellor: Account) -> None:
    """Two of the old threshold, one of a new one; the dismissal is past its undo."""
    closed(counsellor, "confirmed", "tactics")
    dismissed = closed(counsellor, "not_grooming", "peers_n1", priority=Priority.P3)
    newer = msgspec.structs.replace(VERSIONS, threshold=0.8, gate="g2")
    closed(counsellor, "confirmed", "disclosed", versions=newer)
    Alert.objects.filter(pk=dismissed.pk).update(closed_at=timezone.now() - timedelta(minutes=11))


@pytest.fixture
def researcher(person: People) -> Account:
    return person(Role.RESEARCHER)


def by(rows: list[object], name: str) -> dict[str, Verdicts]:
    return {one.value: one.verdicts for one in counts(rows) if one.by == name}  # type: ignore[arg-type]


def test_counts_are_made_by_threshold_priority_tactic_source_grounds_and_version(
    three: None, researcher: Account
) -> None:
    rows = verdicts.export(researcher, "분기 평가", days=7, at="console")
    assert by(rows, "all") == {"": Verdicts(confirmed=2, not_grooming=1)}
    assert by(rows, "threshold") == {
        "0.6": Verdicts(confirmed=1, not_grooming=1),
        "0.8": Verdicts(confirmed=1),
    }
    assert by(rows, "priority")["P3"] == Verdicts(not_grooming=1)
    assert by(rows, "tactic")["T09"].judged == by(rows, "tactic")["T05"].judged == 3
    assert by(rows, "signal") == {"V1": Verdicts(confirmed=2, not_grooming=1)}
    assert by(rows, "source")["demo"].precision == pytest.approx(2 / 3)
    assert set(by(rows, "grounds")) == {"tactics", "peers_n1", "disclosed"}
    assert by(rows, "gate")["g2"] == Verdicts(confirmed=1)


def test_an_export_holds_no_words_names_or_conversations_and_stands_in_the_log(
    three: None, researcher: Account, counsellor: Account
) -> None:
    rows = verdicts.export(researcher, "분기 평가", days=7, at="console")
    told = msgspec.json.encode(rows).decode()
    for secret in ("용돈", "싫어요", "메모", "stranger", "youth", '"r0"', counsellor.username):
        assert secret not in told
    event = AuditEvent.objects.get(action="verdicts.exported")
    assert (event.actor, event.reason) == (researcher, "분기 평가")
    assert event.details == {"rows": 3, "days": 7, "at": "console"}


def test_verdicts_outlive_the_words(three: None, researcher: Account) -> None:
    before = list(judged(timezone.now() - timedelta(days=7)))
    retention.purge(timezone.now() + timedelta(days=366))
    assert list(judged(timezone.now() - timedelta(days=7))) == before


def test_a_dismissal_that_can_be_taken_back_is_not_counted_yet(
    source: SourceRecord, counsellor: Account
) -> None:
    closed(counsellor, "not_grooming", "peers_n1")
    assert list(judged(timezone.now() - timedelta(days=7))) == []


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in (Role.RESEARCHER, Role.SUPERVISOR)]
)
def test_other_roles_get_nothing(three: None, person: People, role: Role) -> None:
    somebody = Account.objects.filter(role=role).first() or person(role)
    with pytest.raises(Refused) as refused:
        verdicts.export(somebody, "궁금해서", days=7, at="console")
    assert refused.value.code == "not_allowed"
    assert not AuditEvent.objects.filter(action="verdicts.exported").exists()


def test_nobody_gets_them_without_a_reason(three: None, researcher: Account) -> None:
    with pytest.raises(Refused) as refused:
        verdicts.export(researcher, "  ", days=7, at="console")
    assert refused.value.code == "reason_missing"


def test_the_command_prints_counts_and_writes_rows(
    three: None, researcher: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["verdicts", "--account", researcher.username, "--reason", "분기 평가"]
    assert main([*asked, "--json", "--rows", str(tmp_path / "rows.jsonl")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["by"] == "all"
    assert (found[0]["confirmed"], found[0]["not_grooming"]) == (2, 1)
    assert found[0]["interval"][0] < 2 / 3 < found[0]["interval"][1]
    lines = (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == [
        "not_grooming",
        "confirmed",
        "confirmed",
    ]
    assert main(asked) == 0
    assert "0.67" in capsys.readouterr().out
    assert AuditEvent.objects.filter(action="verdicts.exported").count() == 2


def test_the_command_refuses_whom_the_page_refuses(
    three: None, counsellor: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (counsellor.username, "nobody"):
        assert main(["verdicts", "--account", name, "--reason", "궁금해서"]) == 2
        assert "ansim verdicts:" in capsys.readouterr().err
