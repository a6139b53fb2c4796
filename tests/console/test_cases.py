"""The pages of cases: what is on them for whom, and that their forms do what they say."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Sequence
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import alerts, case_members, case_names, case_notes, case_people, cases
from ansim.casework.models import Account, AuditEvent, Case, CaseDocument, SourceRecord
from ansim.casework.roles import Role
from ansim.cli import main
from ansim.commands import evidence as command
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(source: SourceRecord) -> int:
    turns = (turn(1, author="youthzq4k", text="15살이요", tactics={"V3": 0.9}), risky(2))
    [pk] = alerts.raise_or_update([report(2, turns=turns)])
    return pk


@pytest.fixture
def case(alert: int, counsellor: Client) -> Case:
    me = Account.objects.get(username="counsellor")
    return cases.open_case([alert], me, "게임방 중학생", young="youthzq4k")


def read(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def test_a_case_is_opened_from_the_page_of_its_alert(counsellor: Client, alert: int) -> None:
    assert f"/cases/new/?alert={alert}" in read(counsellor, f"/alerts/{alert}/")
    form = read(counsellor, f"/cases/new/?alert={alert}")
    assert "zq4k" in form
    assert "청소년의 신호가 있음" in form
    refused = counsellor.post("/cases/new/", {"alert": alert, "title": ""})
    assert refused.status_code == 422
    sent = {"alert": alert, "title": "게임방 중학생", "young": "youthzq4k"}
    response = counsellor.post("/cases/new/", sent)
    case = Case.objects.get()
    assert response["Location"] == f"/cases/{case.pk}/"
    assert f"/cases/{case.pk}/" in read(counsellor, f"/alerts/{alert}/")
    assert counsellor.get(f"/cases/new/?alert={alert}")["Location"] == f"/cases/{case.pk}/"


def test_who_is_not_in_a_case_learns_that_it_exists_and_nothing_else(
    case: Case, log_in: Callable[..., Client]
) -> None:
    case_notes.write(case.pk, case.responsible, "비밀스러운 메모")
    for role in (Role.COUNSELLOR, Role.SUPERVISOR, Role.LIAISON):
        other = log_in(role, f"other-{role.value}")
        for path in (f"/cases/{case.pk}/", "/cases/?whose=all", f"/cases/{case.pk}/people/0/"):
            page = read(other, path)
            assert "사례 1번" in page or f"사례 {case.pk}번" in page
            for hidden in ("게임방", "비밀스러운", "youthzq4k", "zq4k", "경보를 넣음"):
                assert hidden not in page, (role, path, hidden)
        assert "게임방" not in read(other, "/cases/")
        refused = other.post(f"/cases/{case.pk}/act/note/", {"text": "나도"})
        assert refused.status_code == 422
        assert "비밀스러운" not in refused.content.decode()


def test_looking_at_a_case_is_on_record_once_in_half_an_hour(
    case: Case, counsellor: Client, log_in: Callable[..., Client]
) -> None:
    seen = AuditEvent.objects.filter(action="case.read", subject_id=str(case.pk))
    for _ in range(3):
        read(counsellor, f"/cases/{case.pk}/")
    assert [row.actor_id for row in seen.all()] == [case.responsible_id]
    read(log_in(Role.SUPERVISOR), f"/cases/{case.pk}/")
    assert seen.count() == 1, "who is not in it has read nothing"
    later = timezone.now() + timedelta(minutes=31)
    with patch("django.utils.timezone.now", return_value=later):
        case_members.looked(case.pk, case.responsible)
    assert seen.count() == 2


def test_a_leader_lets_themselves_in_with_a_reason(
    case: Case, log_in: Callable[..., Client]
) -> None:
    lead = log_in(Role.SUPERVISOR)
    me = Account.objects.get(username="supervisor")
    path = f"/cases/{case.pk}/act/admit/"
    assert lead.post(path, {"account": me.pk, "reason": ""}).status_code == 422
    lead.post(path, {"account": me.pk, "reason": "슈퍼비전"})
    assert "게임방 중학생" in read(lead, f"/cases/{case.pk}/")
    assert AuditEvent.objects.get(action="case.admitted").reason == "슈퍼비전"
    other = log_in(Role.COUNSELLOR, "other")
    assert "들어오게 하기" not in read(other, f"/cases/{case.pk}/")


def test_everything_written_in_a_case_stands_on_its_page(case: Case, counsellor: Client) -> None:
    def do(step: str, **given: object) -> None:
        response = counsellor.post(f"/cases/{case.pk}/act/{step}/", given)
        assert response.status_code == 302, response.content.decode()

    young = case.people.get(part="young").pk
    fields = {"part": "young", "age": "under_14", "needs": "쉴 곳", "careful": "집 전화는 안 됨"}
    fields |= {"account": "youthzq4k", "plan": "수요일에 만남"}
    saved = counsellor.post(f"/cases/{case.pk}/people/{young}/", fields)
    assert saved.status_code == 302
    do("consent", person=young, purpose="sharing", giver="guardian", basis="서명한 종이")
    do("note", text="학교에 감", audience="me")
    soon = timezone.localtime() - timedelta(hours=1)
    do("task", what="할머니께 전화", due=soon.strftime("%Y-%m-%dT%H:%M"))
    do("wait", what="경찰의 답", until="")
    page = read(counsellor, f"/cases/{case.pk}/")
    for words in (
        *("쉴 곳", "집 전화는 안 됨", "수요일에 만남", "서명한 종이", "학교에 감", "나만"),
        *("할머니께 전화", "기한 지남", "경찰의 답", "기다리는 중", "경보를 넣음"),
    ):
        assert words in page, words
    desk = read(counsellor, "/cases/")
    assert "할머니께 전화" in desk
    assert "기한이 지난 할 일 1" in desk
    assert "기한이 지난 내 할 일" in read(counsellor, "/queue/"), "the menu counts it"
    do("task-done", task=case.tasks.get().pk)
    do("resume")
    assert "기한이 지난 내 할 일" not in read(counsellor, "/queue/")
    assert "끝낸 일" in read(counsellor, f"/cases/{case.pk}/")


def test_the_timeline_is_newest_first_and_can_be_narrowed(case: Case, counsellor: Client) -> None:
    case_notes.write(case.pk, case.responsible, "메모")
    page = read(counsellor, f"/cases/{case.pk}/")
    assert page.index("메모를 남김") < page.index("경보를 넣음") < page.index("경보가 남")
    narrowed = read(counsellor, f"/cases/{case.pk}/?show=notes")
    assert "메모를 남김" in narrowed
    assert "경보를 넣음" not in narrowed


def test_what_was_typed_is_still_there_when_it_is_refused(case: Case, counsellor: Client) -> None:
    long = "긴 메모 " * 900
    response = counsellor.post(f"/cases/{case.pk}/act/note/", {"text": long, "audience": "team"})
    assert response.status_code == 422
    assert long.strip()[:400] in response.content.decode()
    task = counsellor.post(f"/cases/{case.pk}/act/task/", {"what": "전화하기", "due": "never"})
    assert task.status_code == 422
    assert 'value="전화하기"' in task.content.decode()


def test_a_note_for_leaders_is_not_on_the_page_of_a_colleague(
    case: Case, counsellor: Client, log_in: Callable[..., Client]
) -> None:
    counsellor.post(f"/cases/{case.pk}/act/note/", {"text": "슈퍼비전감", "audience": "leaders"})
    other = log_in(Role.COUNSELLOR, "other")
    pk = Account.objects.get(username="other").pk
    counsellor.post(f"/cases/{case.pk}/act/admit/", {"account": pk, "reason": "도움"})
    page = read(other, f"/cases/{case.pk}/")
    assert "게임방" in page
    assert "슈퍼비전감" not in page


def test_a_document_comes_in_and_goes_out_as_a_file_never_as_a_page(
    case: Case, counsellor: Client
) -> None:
    path = f"/cases/{case.pk}/documents/"
    content = "<script>alert(1)</script> 요약".encode()
    counsellor.post(path, {"file": SimpleUploadedFile("../요약 1.txt", content)})
    row = CaseDocument.objects.get()
    out = f"{path}{row.pk}/"
    assert counsellor.post(out, {"reason": ""}).status_code == 422
    response = counsellor.post(out, {"reason": "회의"})
    assert response.content == content
    assert response["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert response["X-Content-Type-Options"] == "nosniff"
    picture = SimpleUploadedFile("letter.pdf", b"\x89PNG\r\n\x1a\n" + b"\0" * 60)
    refused = counsellor.post(path, {"file": picture})
    assert refused.status_code == 422
    assert "사진" in refused.content.decode()
    assert counsellor.post(path, {}).status_code == 422
    assert CaseDocument.objects.count() == 1


def test_hostile_words_stay_words(case: Case, counsellor: Client) -> None:
    me = case.responsible
    cases.rename(case.pk, me, "<b>이름</b>\u202e")
    fields = {"part": "helper", "name": "<img src=x onerror=1>"}
    case_people.save_person(case.pk, me, None, fields)
    page = read(counsellor, f"/cases/{case.pk}/")
    assert "<img src=x" not in page
    assert "<b>이름" not in page
    assert "\u202e" not in page


def test_an_alert_is_added_and_taken_out_on_the_page(case: Case, counsellor: Client) -> None:
    turns = (turn(1, author="another"), risky(2))
    [second] = alerts.raise_or_update([report(3, conversation="second", turns=turns)])
    page = read(counsellor, f"/cases/{case.pk}/")
    assert "이 사례의 것일 수 있는 경보" in page
    path = f"/cases/{case.pk}/act/add-alert/"
    assert counsellor.post(path, {"alert": second}).status_code == 422
    assert counsellor.post(path, {"alert": second, "sure": "1"}).status_code == 302
    out = f"/cases/{case.pk}/act/remove-alert/"
    assert counsellor.post(out, {"alert": second, "reason": "다른 사람"}).status_code == 302
    assert case.joined.count() == 1


def test_a_case_is_closed_and_opened_again_on_the_page(
    case: Case, alert: int, counsellor: Client
) -> None:
    path = f"/cases/{case.pk}/act/close/"
    refused = counsellor.post(path, {"outcome": "safe", "note": "잘 지냄"})
    assert refused.status_code == 422
    assert "잘 지냄" in refused.content.decode()
    me = case.responsible
    alerts.claim(alert, me)
    alerts.close(alert, me, "confirmed", done=["contact_made"], grounds="tactics")
    assert counsellor.post(path, {"outcome": "safe", "note": "잘 지냄"}).status_code == 302
    page = read(counsellor, f"/cases/{case.pk}/")
    assert "청소년이 안전해짐" in page
    assert "메모 남기기" not in page
    counsellor.post(f"/cases/{case.pk}/act/reopen/", {"reason": "다시 연락이 옴"})
    assert "메모 남기기" in read(counsellor, f"/cases/{case.pk}/")


def test_an_address_of_no_step_or_no_case_is_not_there(case: Case, counsellor: Client) -> None:
    assert counsellor.post(f"/cases/{case.pk}/act/steal/").status_code == 404
    assert counsellor.post("/cases/9999/act/note/", {"text": "x"}).status_code == 404
    assert counsellor.get("/cases/99999999999999999999/").status_code == 404
    assert counsellor.get(f"/cases/{case.pk}/act/note/").status_code == 302


def test_what_no_number_and_no_calendar_holds_is_refused_and_breaks_no_page(
    case: Case, counsellor: Client
) -> None:
    for q in ("²", "٣", "9" * 18, "-1", "x"):
        assert f"/cases/{case.pk}/" not in read(counsellor, f"/cases/?q={q}")
    assert f"/cases/{case.pk}/" in read(counsellor, f"/cases/?q={case.pk}")
    for due in ("0001-01-01T00:00", "9999-12-31T23:59-12:00", "bald"):
        form = {"what": "전화하기", "due": due}
        assert counsellor.post(f"/cases/{case.pk}/act/task/", form).status_code == 422
        learned = {"step": "learn", "at": due, "how": "청소년이 말함"}
        assert counsellor.post(f"/cases/{case.pk}/duty/", learned).status_code == 422


def test_a_purged_case_says_so_and_shows_no_forms(case: Case, counsellor: Client) -> None:
    from ansim.casework.actions import retention

    retention.purge(timezone.now() + timedelta(days=366))
    page = read(counsellor, f"/cases/{case.pk}/")
    assert "지워졌습니다" in page
    assert "메모 남기기" not in page
    assert "들어오게 하기" not in page


def test_names_are_opened_by_those_who_may_with_a_reason_and_kept_nowhere(
    case: Case, counsellor: Client, log_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def known(conversation: str, accounts: Sequence[str]) -> dict[str, str] | None:
        assert conversation == "room"
        return {"stranger": "raw-stranger-77", "room": "raw-room"}

    sealed: list[bytes] = []

    def run(_words: object, *, input: bytes, **_rest: object) -> subprocess.CompletedProcess[bytes]:
        sealed.append(input)
        answer = io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(command, "_routed", lambda: known)
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(input)))
            patch.setattr("sys.stdout", answer)
            status = main(["evidence", "accounts"])
        return subprocess.CompletedProcess([], status, answer.getvalue().encode())

    monkeypatch.setattr(subprocess, "run", run)
    path = f"/cases/{case.pk}/names/"
    assert counsellor.post(path, {"reason": "영장"}).status_code == 404
    lead = log_in(Role.SUPERVISOR)
    assert lead.post(path, {"reason": "영장"}).status_code == 422, "not in the case"
    me = Account.objects.get(username="supervisor")
    lead.post(f"/cases/{case.pk}/act/admit/", {"account": me.pk, "reason": "슈퍼비전"})
    assert lead.post(path, {"reason": " "}).status_code == 422
    assert not sealed
    page = lead.post(path, {"reason": "영장 2026-5"}).content.decode()
    assert "raw-stranger-77" in page
    assert "더 이상 알 수 없음" in page, "the young person's name has been forgotten"
    assert "raw-room" not in page
    assert b"stranger" not in sealed[0]
    event = AuditEvent.objects.get(action="case.unmasked")
    assert (event.actor_label, event.reason) == ("supervisor", "영장 2026-5")
    assert "raw" not in str(event.details)
    assert "raw-stranger-77" not in read(lead, f"/cases/{case.pk}/")
    monkeypatch.setattr(case_names, "GOOD_SECONDS", -1.0)
    assert lead.post(path, {"reason": "영장 2026-5"}).status_code == 422, "an old question"


def test_what_was_written_for_a_young_person_is_not_lost_by_a_wrong_choice(
    case: Case, counsellor: Client
) -> None:
    young = case.people.get(part="young")
    path = f"/cases/{case.pk}/people/{young.pk}/"
    fields = {"part": "young", "age": "under_19", "needs": "쉴 곳", "plan": "면담", "account": ""}
    assert counsellor.post(path, fields).status_code == 302
    refused = counsellor.post(path, fields | {"part": "helper", "name": "담임"})
    assert refused.status_code == 422
    assert "쉴 곳" in refused.content.decode()
    young.refresh_from_db()
    assert (young.part, young.plan) == ("young", "면담")
    helper = {"part": "helper", "age": "unknown", "name": "담임", "needs": "", "plan": ""}
    assert counsellor.post(f"/cases/{case.pk}/people/0/", helper).status_code == 302
