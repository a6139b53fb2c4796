"""The pages of reports: what one may see, what is missing, who does what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import alerts, audit, case_members, cases
from ansim.casework.models import Account, AuditEvent, Case, Referral, ReportDuty, SourceRecord
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.questions import Kind, Shape
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

PACKAGE, SHA = "a" * 32, "b" * 64
Enter = Callable[..., Client]


def html(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()


@pytest.fixture
def case(source: SourceRecord, counsellor: Client) -> Case:
    """The counsellor's case, with a package that was made of its alert."""
    talk = (turn(1), turn(2, author="youth"), risky(3))
    [pk] = alerts.raise_or_update([report(1, turns=talk, raised=True)])
    me = Account.objects.get(username="counsellor")
    found = cases.open_case([pk], me, "별의 사례", young="youth")
    details = {"package": PACKAGE, "manifest_sha256": SHA}
    audit.row("evidence.made", "alert", pk, actor=me, details=details).save()
    return found


def begun(client: Client, case: Case, kind: str) -> Referral:
    client.post(f"/cases/{case.pk}/reports/", {"kind": kind})
    return Referral.objects.order_by("-pk")[0]


def step(client: Client, row: Referral, what: str, **given: object) -> int:
    return client.post(f"/referrals/{row.pk}/act/{what}/", given).status_code


def answer_all(client: Client, row: Referral) -> None:
    given: dict[str, object] = {"read": Referral.objects.get(pk=row.pk).version}
    for question in FORMS[row.kind]:
        if question.shape != Shape.FIXED and question.required:
            given[f"q-{question.name}"] = {
                Shape.MOMENT: "2026-03-05 14:30",
                Shape.MAIL: "desk@centre.example",
            }.get(question.shape, "사람이 적음")
    assert client.post(f"/referrals/{row.pk}/", given).status_code == 302


def test_from_the_case_to_a_report_that_two_people_stand_for(
    counsellor: Client, log_in: Enter, case: Case
) -> None:
    lead = log_in(Role.SUPERVISOR)
    at = (timezone.localtime() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert "범죄를 알게 되었나요?" in html(counsellor, f"/cases/{case.pk}/")
    counsellor.post(f"/cases/{case.pk}/duty/", {"step": "learn", "at": at, "how": "말해 줌"})
    row = begun(counsellor, case, Kind.POLICE)
    page = html(counsellor, f"/referrals/{row.pk}/")
    assert 'href="#q-what"' in page
    assert 'href="#packages"' in page
    assert "disabled" in page
    assert step(counsellor, row, "submit") == 422
    assert step(counsellor, row, "attach", package=PACKAGE) == 302
    answer_all(counsellor, row)
    page = html(counsellor, f"/referrals/{row.pk}/")
    assert "완성도 100%" in page
    assert SHA in page
    assert step(counsellor, row, "submit") == 302
    assert step(counsellor, row, "approve", read=row.version) == 422
    version = Referral.objects.get(pk=row.pk).version
    assert "읽었고 승인합니다" in html(lead, f"/referrals/{row.pk}/")
    assert step(lead, row, "approve", read=version) == 302
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    assert step(counsellor, row, "sent", how="online", to="경찰청", at=now) == 422
    assert step(lead, row, "sent", how="online", to="경찰청", at=now) == 302
    assert step(lead, row, "acknowledge", reference="접수 5") == 302
    assert "접수 5" in html(lead, f"/referrals/{row.pk}/")
    assert ReportDuty.objects.get().ending == "referral"
    assert "접수됨" in html(lead, "/referrals/")


def test_a_report_of_a_case_that_one_is_not_in_is_not_there(
    counsellor: Client, log_in: Enter, case: Case
) -> None:
    row = begun(counsellor, case, Kind.TAKEDOWN)
    other = log_in(Role.COUNSELLOR, "other")
    for path in (f"/referrals/{row.pk}/", "/referrals/999999999999999999999999/"):
        assert other.get(path).status_code == 302
    assert f"/referrals/{row.pk}/" not in html(other, "/referrals/")
    assert other.post(f"/referrals/{row.pk}/file/", {"form": "pdf"}).status_code == 302
    assert other.post(f"/cases/{case.pk}/reports/", {"kind": "police"}).status_code == 422
    assert Referral.objects.count() == 1


def test_what_was_typed_is_still_there_when_somebody_else_was_faster(
    counsellor: Client, case: Case
) -> None:
    row = begun(counsellor, case, Kind.POLICE)
    path = f"/referrals/{row.pk}/"
    assert counsellor.post(path, {"read": 1, "q-what": "첫째"}).status_code == 302
    late = counsellor.post(path, {"read": 1, "q-what": "내가 쓴 것"})
    assert late.status_code == 422
    assert "내가 쓴 것" in late.content.decode()
    assert "첫째" in html(counsellor, path)


def test_no_button_loses_what_was_typed(counsellor: Client, case: Case) -> None:
    row = begun(counsellor, case, Kind.POLICE)
    path = f"/referrals/{row.pk}/"
    given = {"read": 1, "q-what": "읽은 것", "then": "attach", "package": PACKAGE}
    assert counsellor.post(path, given).status_code == 302
    page = html(counsellor, path)
    assert "읽은 것" in page
    assert SHA in page
    version = Referral.objects.get(pk=row.pk).version
    given = {"read": version, "q-asked": "9번", "then": "submit"}
    refused = counsellor.post(path, given)
    assert refused.status_code == 422
    assert "9번" in html(counsellor, path)
    given = {"read": version + 1, "q-what": "더 읽은 것", "then": f"detach-{PACKAGE}"}
    assert counsellor.post(path, given).status_code == 302
    page = html(counsellor, path)
    assert "더 읽은 것" in page
    assert SHA not in page.split('id="packages"')[0]


def test_words_with_marks_in_them_stay_words(counsellor: Client, case: Case) -> None:
    row = begun(counsellor, case, Kind.POLICE)
    words = "</textarea><script>alert(1)</script>\u202e"
    counsellor.post(f"/referrals/{row.pk}/", {"read": 1, "q-what": words})
    page = html(counsellor, f"/referrals/{row.pk}/")
    assert "<script>alert(1)" not in page
    assert "\u202e" not in page


def test_a_report_is_taken_out_with_a_reason_in_the_forms_of_its_kind(
    counsellor: Client, log_in: Enter, case: Case
) -> None:
    row = begun(counsellor, case, Kind.CYBERTIP)
    where = f"/referrals/{row.pk}/file/"
    assert counsellor.post(where, {"form": "pdf"}).status_code == 422
    paper = counsellor.post(where, {"form": "pdf", "reason": "읽으려고"})
    assert paper.content.startswith(b"%PDF")
    assert counsellor.post(where, {"form": "xml", "reason": "넣으려고"}).status_code == 422
    step(counsellor, row, "attach", package=PACKAGE)
    answer_all(counsellor, row)
    step(counsellor, row, "submit")
    lead = log_in(Role.SUPERVISOR)
    step(lead, row, "approve", read=Referral.objects.get(pk=row.pk).version)
    xml = lead.post(where, {"form": "xml", "reason": "누리집에 넣으려고"})
    assert b"Online Enticement of Children for Sexual Acts" in xml.content
    assert xml["Content-Disposition"].endswith('.xml"')
    taken = AuditEvent.objects.filter(action="referral.taken_out")
    assert [row.details["form"] for row in taken.order_by("pk")] == ["pdf", "xml"]


def test_the_composer_of_every_alert_of_the_case_says_that_nobody_is_to_be_warned(
    counsellor: Client, case: Case
) -> None:
    joined = case.joined.first()
    assert joined is not None
    counsellor.post(f"/alerts/{joined.alert_id}/claim/")
    warning = "수사기관이 알리지 말라고 한 사건입니다"
    assert warning not in html(counsellor, f"/alerts/{joined.alert_id}/")
    row = begun(counsellor, case, Kind.POLICE)
    assert step(counsellor, row, "silence", on="1", why="수사팀의 요청") == 302
    assert warning in html(counsellor, f"/alerts/{joined.alert_id}/")
    assert "수사기관이 상대에게 알리지 말라고 했습니다." in html(counsellor, f"/cases/{case.pk}/")
    assert "알리지 말 것" in html(counsellor, "/referrals/")


def test_a_duty_whose_time_is_over_stands_in_the_list_for_everybody_without_its_words(
    counsellor: Client, log_in: Enter, case: Case
) -> None:
    at = (timezone.localtime() - timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    counsellor.post(f"/cases/{case.pk}/duty/", {"step": "learn", "at": at, "how": "비밀스런 말"})
    page = html(log_in(Role.LIAISON), "/referrals/")
    assert f"사례 {case.pk}번" in page
    assert "기한 지남" in page
    assert "비밀스런 말" not in page
    ended = counsellor.post(f"/cases/{case.pk}/duty/", {"step": "end", "ending": "none"})
    assert ended.status_code == 422
    lead = log_in(Role.SUPERVISOR)
    me = Account.objects.get(username="supervisor")
    case_members.admit(case.pk, me, me.pk, "의무 확인")
    note = {"step": "end", "ending": "none", "note": "또래 사이의 말"}
    assert lead.post(f"/cases/{case.pk}/duty/", note).status_code == 302
    assert ReportDuty.objects.get().ending == "none"
    assert "신고할 범죄가 아님" in html(counsellor, f"/cases/{case.pk}/")


def test_reports_speak_english_too(counsellor: Client, case: Case) -> None:
    row = begun(counsellor, case, Kind.POLICE)
    counsellor.post("/language/", {"language": "en", "next": "/"})
    page = html(counsellor, f"/referrals/{row.pk}/")
    assert "It cannot go on while this is missing." in page
    assert "What happened (read and checked by a person)" in page
