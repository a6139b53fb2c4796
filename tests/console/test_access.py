"""Every address for every role: allowed, or not there at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from ansim.casework.actions import alerts, audit, rights, sources
from ansim.casework.models import Account, Case, SourceRecord
from ansim.casework.roles import TABLE, Act, Role
from ansim.console.administration import site
from ansim.console.sign_in import seal
from ansim.sources import registry
from tests.casework.conftest import report, risky
from tests.casework.toy_source import SERVER, TOY

pytestmark = pytest.mark.django_db

NEEDED: dict[str, Act | None] = {
    "/": None,
    "/queue/": Act.SEE_ALERTS,
    "/queue/list/": Act.SEE_ALERTS,
    "/events/": Act.SEE_ALERTS,
    "/alerts/1/": Act.SEE_ALERTS,
    "/alerts/1/live/": Act.SEE_ALERTS,
    "/alerts/1/claim/": Act.CLAIM,
    "/alerts/1/release/": Act.RELEASE_OWN,
    "/alerts/1/reveal/": Act.REVEAL_TEXT,
    "/alerts/1/mask/": Act.REVEAL_TEXT,
    "/alerts/1/send/": Act.SEND,
    "/alerts/1/send/00000000-0000-0000-0000-000000000000/again/": Act.SEND,
    "/alerts/1/donors/1/code/": Act.SEND,
    "/alerts/1/drafts/message/": Act.SEE_ALERTS,
    "/alerts/1/hand-offs/": Act.HAND_OFF,
    "/alerts/1/hand-offs/1/": Act.HAND_OFF,
    "/alerts/1/plan/": Act.HAND_OFF,
    "/alerts/1/close/": Act.CLOSE,
    "/alerts/1/reopen/": Act.CLOSE,
    "/queue/views/": Act.SEE_ALERTS,
    "/queue/views/1/forget/": Act.SEE_ALERTS,
    "/alerts/1/escalate/": Act.ESCALATE,
    "/alerts/1/answer/": Act.LEAD_SHIFT,
    "/alerts/1/hold/": Act.CLAIM,
    "/alerts/1/resume/": Act.CLAIM,
    "/alerts/1/hand-over/": Act.HAND_OVER,
    "/alerts/1/note/": Act.CLAIM,
    "/handover/": Act.HAND_OVER,
    "/handover/1/sign/": Act.HAND_OVER,
    "/handover/1/withdraw/": Act.HAND_OVER,
    "/watch/": Act.LEAD_SHIFT,
    "/watch/targets/P1/": Act.LEAD_SHIFT,
    "/watch/channels/": Act.LEAD_SHIFT,
    "/watch/channels/1/try/": Act.LEAD_SHIFT,
    "/budget/": Act.LEAD_SHIFT,
    "/verdicts/": Act.EXPORT_VERDICTS,
    "/budget/plan/": Act.LEAD_SHIFT,
    "/upload/": Act.UPLOAD,
    "/sources/": Act.SEE_SOURCES,
    "/sources/list/": Act.SEE_SOURCES,
    "/sources/new/": Act.ADMINISTER,
    "/sources/new/discard/": Act.ADMINISTER,
    "/sources/new/connector/": Act.ADMINISTER,
    "/sources/of/demo/": Act.SEE_SOURCES,
    "/sources/of/demo/health/": Act.SEE_SOURCES,
    "/sources/of/demo/act/test/": Act.ADMINISTER,
    "/sources/of/demo/approve/": Act.APPROVE_TEMPLATES,
    "/sources/of/demo/notices/room/": Act.SEE_SOURCES,
    "/alerts/1/originals/1/": Act.EXPORT_EVIDENCE,
    "/cases/": Act.WORK_CASES,
    "/cases/new/": Act.OPEN_CASES,
    "/cases/1/": Act.WORK_CASES,
    "/cases/1/act/rename/": Act.WORK_CASES,
    "/cases/1/people/1/": Act.WORK_CASES,
    "/cases/1/names/": Act.UNMASK,
    "/cases/1/documents/": Act.WORK_CASES,
    "/cases/1/documents/1/": Act.WORK_CASES,
    "/repeats/": Act.LINK_ACCOUNTS,
    "/repeats/1/": Act.LINK_ACCOUNTS,
    "/repeats/1/review/": Act.LINK_ACCOUNTS,
    "/repeats/1/state/": Act.LINK_ACCOUNTS,
    "/repeats/traces/1/": Act.LINK_ACCOUNTS,
    "/repeats/sightings/1/appeal/": Act.LINK_ACCOUNTS,
    "/repeats/appeals/1/": Act.LINK_ACCOUNTS,
    "/referrals/": Act.WRITE_REFERRAL,
    "/referrals/1/": Act.WRITE_REFERRAL,
    "/referrals/1/act/rename/": Act.WRITE_REFERRAL,
    "/referrals/1/file/": Act.WRITE_REFERRAL,
    "/cases/1/reports/": Act.WRITE_REFERRAL,
    "/cases/1/duty/": Act.WRITE_REFERRAL,
    "/evidence/": Act.EXPORT_EVIDENCE,
    "/evidence/progress/": Act.EXPORT_EVIDENCE,
    f"/evidence/{'0' * 32}/file/": Act.EXPORT_EVIDENCE,
    "/audit/": Act.SEE_AUDIT,
    "/kept/": Act.HOLD_TEXT,
    "/kept/hold/": Act.HOLD_TEXT,
    "/kept/1/release/": Act.HOLD_TEXT,
    "/requests/": Act.RECEIVE_REQUESTS,
    "/requests/stops/1/lift/": Act.ANSWER_REQUESTS,
    "/requests/1/": Act.ANSWER_REQUESTS,
    "/requests/1/letter/": Act.ANSWER_REQUESTS,
    "/requests/1/take/": Act.ANSWER_REQUESTS,
    "/reports/statistics/": Act.SEE_REPORTS,
    "/reports/statistics/file/": Act.SEE_REPORTS,
    "/audit/export/": Act.REVIEW_AUDIT,
    "/audit/review/": Act.REVIEW_AUDIT,
    "/first-messages/": Act.APPROVE_TEMPLATES,
    "/first-messages/1/": Act.APPROVE_TEMPLATES,
    "/agencies/": Act.EDIT_AGENCIES,
    "/me/": Act.REVEAL_TEXT,
    "/me/rested/": Act.REVEAL_TEXT,
    "/first-messages/1/approve/": Act.APPROVE_TEMPLATES,
    "/account/": None,
    "/account/password/": None,
    "/account/sessions/end/": None,
    "/account/app/": None,
    "/account/passkey/": None,
    "/account/confirm/": None,
    "/account/codes/": None,
    "/account/codes/new/": None,
    "/account/factors/1/remove/": None,
    "/account/confirm/code/": None,
    "/account/confirm/passkey/": None,
    "/accounts/1/second-factor/": Act.ADMINISTER,
}
FOR_ALL = {
    # Steps of a log-in: without one that has begun they lead to its first page.
    *("/log-in/second/", "/log-in/passkey/"),
    *("/log-in/", "/log-out/", "/language/", "/csp-report/", "/healthz", "/favicon.ico"),
    "/account/left/",  # 0 seconds for those who are not logged in
    "/letters/",  # who handed a file in reads and answers there with their code
    "/hand-over/",  # people show a conversation there by themselves
    "/check/",  # young people check there that a message is real
}
POST_ONLY = (
    *("claim", "release", "reveal", "mask", "send", "close", "reopen", "approve", "views"),
    *("forget", "escalate", "answer", "hold", "resume", "hand-over", "note", "sign", "withdraw"),
    *("targets/P1", "channels", "try", "plan", "again", "drafts/message", "rested"),
    "donors/1/code",
    "originals/1",
    "reports/statistics/file",
    *("stops/1/lift", "requests/1/letter", "requests/1/take"),
    *("act/rename", "names", "documents", "documents/1"),
    *("referrals/1/file", "cases/1/reports", "cases/1/duty"),
    *("repeats/1/review", "repeats/1/state", "traces/1", "appeal", "appeals/1"),
    *("new/discard", "act/test", "demo/approve"),
    *("sessions/end", "codes/new", "audit/export", "kept/hold"),
)
PLACES = {
    "new/<slug:step>": "new/connector",
    "act/<slug:what>": "act/test",
    "<slug:source_id>": "demo",
    "<slug:kind>": "room",
    "<int:alert_id>": "1",
    "<int:template_id>": "1",
    "<int:case_id>": "1",
    "<int:referral_id>": "1",
    "<int:person_id>": "1",
    "<int:document_id>": "1",
    "<str:what>": "rename",
    "<int:group>": "1",
    "<int:trace_id>": "1",
    "<int:sighting_id>": "1",
    "<int:appeal_id>": "1",
    "<str:package>": "0" * 32,
    "<int:view_id>": "1",
    "<int:handover_id>": "1",
    "<int:channel_id>": "1",
    "<str:priority>": "P1",
    "<str:step>": "try",
    "<uuid:message_id>": "00000000-0000-0000-0000-000000000000",
    "<int:hand_off_id>": "1",
    "<int:line_id>": "1",
    "<int:hold_id>": "1",
    "<int:original_id>": "1",
    "<int:stop_id>": "1",
    "<int:request_id>": "1",
    "<slug:verb>": "take",
    "<slug:name>": "statistics",
    "<int:factor_id>": "1",
    "<int:account_id>": "1",
    "<str:form>": "message",
}


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        else:
            for place, value in PLACES.items():
                path = path.replace(place, value)
            yield path


def test_every_address_has_its_row_in_the_table() -> None:
    found = {path for path in addresses(get_resolver().url_patterns) if "/admin/" not in path}
    assert found == NEEDED.keys() | FOR_ALL


@pytest.fixture
def alert_one(source: SourceRecord, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setitem(registry.CONNECTORS, "toy", TOY)
    sources.declare(
        *("bot", "봇", "public_room", "공개"),
        actor=audit.SETUP,
        connector="toy",
        settings=SERVER,
        credentials={"token": "t"},
    )
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1),), raised=True)])
    from ansim.casework.models import Alert

    Alert.objects.filter(pk=pk).update(id=1)
    lead = Account.objects.create_user("lead", password="pw", role=Role.SUPERVISOR)
    now = timezone.now()
    Case.objects.create(pk=1, responsible=lead, opened_by=lead, opened_at=now, changed_at=now)
    row = rights.receive(
        lead, kind="access", by="subject", way="room", words="보여 주세요", contact=""
    )
    type(row).objects.filter(pk=row.pk).update(id=1)
    return 1


def ask(client: Client, path: str) -> int:
    if path.rstrip("/").endswith(POST_ONLY):
        return client.post(path).status_code
    return client.get(path).status_code


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_may_not_see_is_not_there(
    log_in: Callable[..., Client], role: Role, alert_one: int
) -> None:
    from ansim.casework.models import MessageTemplate

    first = MessageTemplate.objects.order_by("pk").first()
    assert first is not None
    client = log_in(role)
    me = Account.objects.get(username=role.value)
    factor = Authenticator.objects.create(user=me, type="totp", data={"secret": seal("A" * 32)})
    RecoveryCodes.activate(me)
    for path, act in NEEDED.items():
        if path == "/events/" and act in TABLE[role]:
            continue  # an endless answer: test_live.py has it, on a real server
        where = path.replace("first-messages/1", f"first-messages/{first.pk}")
        where = where.replace("/of/demo/notices/", "/of/bot/notices/")
        where = where.replace("/factors/1", f"/factors/{factor.pk}")
        where = where.replace("/accounts/1", f"/accounts/{me.pk}")
        status = ask(client, where)
        if act is None or act in TABLE[role]:
            assert status in (200, 204, 302, 422), (role, path, status)
        else:
            assert status == 404, (role, path, status)


def test_nobody_sees_anything_before_logging_in(
    log_in: Callable[..., Client], alert_one: int
) -> None:
    client = log_in(None)
    for path in NEEDED:
        status = ask(client, path)
        assert status == (401 if path == "/events/" else 302), path
    assert client.get("/alerts/1/live/", headers={"HX-Request": "true"}).status_code == 401


@pytest.mark.parametrize("role", list(Role))
def test_the_admin_is_there_for_administrators_alone(
    log_in: Callable[..., Client], role: Role
) -> None:
    client = log_in(role)
    expected = 200 if role == Role.ADMINISTRATOR else 404
    assert client.get("/admin/").status_code == expected
    for model in site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(path).status_code == expected, path
    assert client.get("/admin/login/").status_code == 404


def test_the_admin_sends_strangers_to_the_log_in(log_in: Callable[..., Client]) -> None:
    response = log_in(None).get("/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith("/log-in/")


def test_somebody_switched_off_is_out_at_once(log_in: Callable[..., Client]) -> None:
    client = log_in(Role.COUNSELLOR)
    assert client.get("/queue/").status_code == 200
    Account.objects.update(is_active=False)
    assert client.get("/queue/").status_code == 302


@pytest.mark.parametrize("path", ["/alerts/2/", "/alerts/99999999999999999999/", "/alerts/x/"])
def test_an_alert_that_does_not_exist_is_a_calm_404(counsellor: Client, path: str) -> None:
    response = counsellor.get(path)
    assert response.status_code == 404
    assert "없는 페이지" in response.content.decode()
