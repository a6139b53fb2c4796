"""The pages of transparency report, statistics and impact assessment, and their files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from ansim.casework.actions import alerts
from ansim.casework.models import Account, AuditEvent, SourceRecord
from ansim.casework.roles import Role
from ansim.casework.verdicts import Verdicts
from ansim.cli import main
from ansim.console import bars
from tests.casework.conftest import report, risky

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(log_in: Callable[..., Client], source: SourceRecord) -> Client:
    [pk] = alerts.raise_or_update([report(10, turns=(risky(1),), raised=True)])
    who = Account.objects.create_user("someone", password="pw", role=Role.COUNSELLOR)
    alerts.claim(pk, who)
    alerts.close(pk, who, "confirmed", grounds="tactics", done=["no_contact"])
    return log_in(Role.AUDITOR)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", ["transparency", "statistics", "impact"])
def test_every_report_is_there_in_both_languages_and_names_nobody(
    auditor: Client, name: str, language: str
) -> None:
    auditor.post("/language/", {"language": language})
    told = page(auditor, f"/reports/{name}/?months=12")
    for words in ("stranger", "보낼래", "someone"):
        assert words not in told
    assert "%(" not in told
    assert ("보고서" in told) == (language == "ko")


def test_statistics_are_drawn_and_stand_in_tables_too(auditor: Client) -> None:
    told = page(auditor, "/reports/statistics/")
    assert told.count("<svg") == 3
    assert '<rect class="bar"' in told
    assert '<line class="interval"' in told
    assert "<td>100%</td>" in told


def test_what_is_asked_wrongly_is_no_error(auditor: Client) -> None:
    assert auditor.get("/reports/gossip/").status_code == 404
    assert "최근 3달" in page(auditor, "/reports/statistics/?months=99999999999")
    assert auditor.post("/reports/impact/file/", {"form": "exe", "reason": "x"}).status_code == 404


def test_a_file_leaves_with_a_reason_and_its_hash_on_record(auditor: Client) -> None:
    assert auditor.post("/reports/statistics/file/", {"form": "csv"}).status_code == 302
    assert not AuditEvent.objects.filter(action="report.taken").exists()
    given = {"form": "csv", "reason": "분기 보고", "months": "6"}
    answer = auditor.post("/reports/statistics/file/", given)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert ".csv" in answer["Content-Disposition"]
    event = AuditEvent.objects.get(action="report.taken")
    assert event.reason == "분기 보고"
    assert event.details["sha256"] == hashlib.sha256(answer.content).hexdigest()
    answer = auditor.post("/reports/impact/file/", {"form": "md", "reason": "연간 평가"})
    assert "[여기에 적으세요]" in answer.content.decode()


def test_the_command_writes_the_same_reports(
    auditor: Client, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    who = ["--account", "auditor", "--reason", "공개"]
    assert main(["report", "transparency", *who, "--months", "2", "--english"]) == 0
    told = capsysbinary.readouterr().out.decode()
    assert told.startswith("# Transparency report")
    assert "| confirmed" in told or "<5" in told
    out = tmp_path / "statistics.csv"
    assert main(["report", "statistics", *who, "--csv", "-o", str(out)]) == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbftable,row,column,value")
    assert out.stat().st_mode & 0o777 == 0o600
    assert main(["report", "impact", *who, "-o", str(out)]) == 2
    assert main(["report", "impact", "--account", "someone", "--reason", "x"]) == 2
    assert main(["report", "impact", "--account", "nobody", "--reason", "x"]) == 2
    assert main(["report", "statistics", *who, "--months", "99"]) == 2
    taken = AuditEvent.objects.filter(action="report.taken").order_by("pk")
    assert [(row.subject_id, row.details["at"]) for row in taken] == [
        ("transparency", "command"),
        ("statistics", "command"),
    ]


def test_bars_and_points_stay_inside_their_picture() -> None:
    many = bars.standing([(f"2026-{month:02}", month % 5 * 900) for month in range(1, 13)])
    for bar in many.bars:
        assert many.left <= bar.x
        assert bar.x + bar.width <= many.right
        assert 0 < bar.y <= many.bottom
    assert bars.standing([("2026-01", 0)]).bars[0].height == 0
    assert bars.standing([]).highest == 0
    long = bars.lying([("가" * 20, 7), ("나", 0)])
    assert [bar.width > 0 for bar in long.bars] == [True, False]
    drawn = bars.precision(
        [("2026-01", Verdicts()), ("2026-02", Verdicts(confirmed=3, not_grooming=1))]
    )
    none, some = drawn.points
    assert none.share is None
    assert some.high < some.y < some.low
    assert drawn.any
