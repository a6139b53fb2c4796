"""The pages of sources: adding step by step, approving, testing, pausing, removing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import audit, source_health, source_notices, sources, watch
from ansim.casework.models import (
    Account,
    AuditEvent,
    SourceAlarm,
    SourceDraft,
    SourceNotice,
    SourceRecord,
    SourceTest,
)
from ansim.casework.roles import Role
from ansim.sources import registry
from ansim.sources.registry import CONNECTORS
from tests.casework.toy_source import CONSENT, SERVER, TOY

pytestmark = pytest.mark.django_db

SECRET = "s3cret-token-of-a-bot"
NEW = "/sources/new/"
BOT = "/sources/of/bot/"


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.CONNECTORS, "toy", TOY)


@pytest.fixture
def administrator(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.ADMINISTRATOR)


@pytest.fixture
def supervisor(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.SUPERVISOR)


@pytest.fixture
def bot(db: None) -> SourceRecord:
    record, _key = sources.declare(
        *("bot", "놀이방", "visible_bot", "모두에게 알림"),
        actor=audit.SETUP,
        consent=CONSENT,
        connector="toy",
        settings={**SERVER, "rooms": "one"},
        credentials={"token": SECRET, "token_before": "older"},
    )
    return record


def html(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def post(client: Client, path: str, status: int = 302, **fields: str) -> str:
    response = client.post(path, {name.replace("__", "-"): text for name, text in fields.items()})
    assert response.status_code == status, response.content.decode()
    return response.content.decode() if status == 422 else str(response.headers.get("Location"))


def walk_to_entries(client: Client) -> None:
    assert post(client, NEW + "connector/", connector="toy") == NEW + "kind/"
    post(client, NEW + "kind/", name="놀이방", id="bot", kind="visible_bot", private="on")
    post(
        client,
        NEW + "basis/",
        legal_basis="모두에게 알리고 읽음",
        given_by="all present",
        how="방에 안내",
    )
    assert post(client, NEW + "rooms/", rule="told", language="ko") == NEW + "entries/"


def test_a_source_is_added_step_by_step_and_its_secret_is_never_shown(
    administrator: Client,
) -> None:
    assert administrator.get(NEW).headers["Location"] == NEW + "connector/"
    cards = html(administrator, NEW + "connector/")
    offered = set(re.findall(r'name="connector" value="([\w-]+)"', cards))
    assert {"toy", "http"} <= offered
    assert not offered & {"demo", "kakaotalk"}
    walk_to_entries(administrator)
    assert SECRET not in post(administrator, NEW + "entries/", 422, entry__token=SECRET)
    page = html(administrator, NEW + "entries/")
    assert SECRET not in page
    assert "이미 적어 두었습니다" in page
    assert re.search(r'name="entry-invited" value="no" checked', page)  # as the connector proposes
    post(administrator, NEW + "entries/", entry__server="https://chat.example", entry__rooms="a\nb")
    summary = html(administrator, NEW + "summary/")
    assert SECRET not in summary
    assert "https://chat.example" in summary
    assert post(administrator, NEW + "summary/") == BOT
    assert SourceDraft.objects.count() == 0
    record = SourceRecord.objects.get()
    assert (record.kind, record.private_messages, record.rule) == ("visible_bot", True, "told")
    assert record.value().refusal() is None
    wiring = sources.wirings()["bot"]
    assert wiring["credentials"] == {"token": SECRET}
    assert wiring["settings"]["rooms"] == "a\nb"
    detail = html(administrator, BOT)
    assert SECRET not in detail
    assert "승인해야 방을 읽기 시작합니다" in detail


def test_a_source_that_is_called_shows_its_key_once(administrator: Client) -> None:
    post(administrator, NEW + "connector/", connector="http")
    post(administrator, NEW + "kind/", name="웹", id="web", kind="public_room")
    assert post(administrator, NEW + "basis/", legal_basis="공개") == NEW + "summary/"
    post(administrator, NEW + "summary/")
    key = re.search(r"ansim_[\w-]{43}", html(administrator, "/sources/of/web/"))
    assert key is not None
    assert sources.active_sources()[0][1] == sources.key_hash(key[0])
    assert key[0] not in html(administrator, "/sources/of/web/")


def test_nothing_typed_is_lost_by_an_error_or_by_going_back(administrator: Client) -> None:
    post(administrator, NEW + "connector/", connector="toy")
    page = post(administrator, NEW + "kind/", 422, name="놀이방 <b>", id="두 글자", kind="")
    assert "놀이방 &lt;b&gt;" in page
    assert "두 글자" in page
    assert 'aria-invalid="true"' in page
    assert post(administrator, NEW + "kind/", name="놀이방", id="x", go="back").endswith(
        "/connector/"
    )
    assert 'value="놀이방"' in html(administrator, NEW + "kind/")
    post(administrator, NEW + "kind/", name="놀이방", id="bot", kind="visible_bot")
    post(administrator, NEW + "basis/", 422, legal_basis="내가 쓴 근거", given_by="", how="")
    assert "내가 쓴 근거" in html(administrator, NEW + "basis/")


def test_a_later_step_waits_for_the_ones_before(administrator: Client) -> None:
    assert administrator.get(NEW + "summary/").headers["Location"] == NEW + "connector/"
    assert post(administrator, NEW + "summary/") == NEW + "connector/"
    assert administrator.get(NEW + "nothing/").status_code == 404
    assert SourceRecord.objects.count() == 0


def test_a_proposed_basis_follows_the_kind_until_somebody_touches_it(administrator: Client) -> None:
    post(administrator, NEW + "connector/", connector="toy")
    post(administrator, NEW + "kind/", name="방", id="bot", kind="visible_bot")
    first = html(administrator, NEW + "basis/")
    assert "제15조 제1항 제1호" in first
    words = re.search(r'<textarea id="legal_basis"[^>]*>(.*?)</textarea>', first, re.S)
    assert words is not None
    post(administrator, NEW + "basis/", legal_basis=words[1], given_by="all present", how="x")
    post(administrator, NEW + "kind/", name="방", id="bot", kind="public_room")
    assert "제15조 제1항 제6호" in html(administrator, NEW + "basis/")


def test_a_notice_that_forgets_how_to_stop_is_refused_in_its_step(administrator: Client) -> None:
    post(administrator, NEW + "connector/", connector="toy")
    post(administrator, NEW + "kind/", name="방", id="bot", kind="public_room")
    post(administrator, NEW + "basis/", legal_basis="공개")
    page = post(
        administrator,
        NEW + "rooms/",
        422,
        rule="told",
        language="ko",
        room__ko="{agency}가 읽어요",
    )
    assert "!그만" in page
    assert "{agency}가 읽어요" in page


def test_a_draft_is_sealed_thrown_away_on_request_and_gone_after_a_day(
    administrator: Client,
) -> None:
    from django.db import connection

    walk_to_entries(administrator)
    post(administrator, NEW + "entries/", 422, entry__token=SECRET)
    with connection.cursor() as cursor:
        cursor.execute("SELECT entries FROM casework_sourcedraft")
        assert SECRET.encode() not in bytes(cursor.fetchone()[0])
    watch.keep(timezone.now() + timedelta(hours=23))
    assert SourceDraft.objects.count() == 1
    watch.keep(timezone.now() + timedelta(hours=25))
    assert SourceDraft.objects.count() == 0
    walk_to_entries(administrator)
    post(administrator, NEW + "discard/")
    assert SourceDraft.objects.count() == 0


def test_a_supervisor_approves_what_they_have_read(supervisor: Client, bot: SourceRecord) -> None:
    page = html(supervisor, BOT)
    assert "act/pause" not in page
    seen = dict(re.findall(r'name="(seen-\w+)" value="(\d+)"', page))
    assert len(seen) == len(SourceNotice.Kind)
    writer = Account.objects.create_user("writer", password="pw", role=Role.SUPERVISOR)
    source_notices.write("bot", "room", "{agency} !그만", "{agency} !stop", writer)
    refused = supervisor.post(BOT + "approve/", seen)
    assert refused.status_code == 422
    assert "그사이 문구가 바뀌었습니다" in refused.content.decode()
    assert sources.wirings()["bot"]["notices"] == {}
    seen = dict(re.findall(r'name="(seen-\w+)" value="(\d+)"', html(supervisor, BOT)))
    assert supervisor.post(BOT + "approve/", seen).status_code == 302
    assert source_notices.waiting(bot) == []
    assert sources.wirings()["bot"]["notices"]["room"]["ko"] == "{agency} !그만"


def test_a_new_wording_is_for_another_to_approve(
    supervisor: Client, administrator: Client, bot: SourceRecord
) -> None:
    where = BOT + "notices/room/"
    page = post(supervisor, where, 422, ko="{agency} 읽어요", en="{agency} !stop")
    assert "!그만" in page
    assert "{agency} 읽어요" in page
    post(supervisor, where, ko="{agency} !그만", en="{agency} !stop")
    assert 'name="seen-room"' not in html(supervisor, BOT)
    assert post(administrator, where, ko="{agency} 셋 !그만", en="{agency} !stop") == BOT
    assert 'name="seen-room" value="3"' in html(supervisor, BOT)
    assert "{agency} !그만" in html(supervisor, where)
    html(supervisor, BOT + "notices/nothing/", 404)


def test_pausing_and_removing_ask_for_a_reason_and_keep_what_was_typed(
    administrator: Client, bot: SourceRecord
) -> None:
    post(administrator, BOT + "act/pause/", 422, reason=" ")
    post(administrator, BOT + "act/pause/", reason="방 주인의 부탁")
    assert "방 주인의 부탁" in html(administrator, BOT)
    post(administrator, BOT + "act/resume/")
    page = post(administrator, BOT + "act/remove/", 422, why="협약이 끝남", confirm="bat")
    assert 'value="협약이 끝남"' in page
    post(administrator, BOT + "act/remove/", why="협약이 끝남", confirm="bot")
    page = html(administrator, BOT)
    assert "없앤 출처입니다" in page
    assert '<form method="post" action="/sources/of/' not in page
    assert "놀이방" in html(administrator, "/sources/")
    assert administrator.post(BOT + "act/resume/").status_code == 404


def test_new_credentials_are_taken_and_old_ones_forgotten(
    administrator: Client, bot: SourceRecord
) -> None:
    page = post(
        administrator,
        BOT + "act/enter/",
        422,
        entry__server="nowhere",
        entry__rooms="two",
        entry__token=SECRET + "2",
    )
    assert 'value="nowhere"' in page
    assert SECRET not in page
    post(
        administrator,
        BOT + "act/enter/",
        entry__server="https://new.example",
        entry__rooms="two",
        entry__token="",
        forget__token_before="on",
    )
    wiring = sources.wirings()["bot"]
    assert wiring["credentials"] == {"token": SECRET}
    assert wiring["settings"]["server"] == "https://new.example"


def test_name_and_basis_are_changed_on_the_page(administrator: Client, bot: SourceRecord) -> None:
    page = post(administrator, BOT + "act/change/", 422, name="새 이름", legal_basis=" ")
    assert 'value="새 이름"' in page
    post(administrator, BOT + "act/change/", name="새 이름", legal_basis="약관", rule="agreed")
    record = SourceRecord.objects.get()
    assert (record.name, record.legal_basis, record.rule) == ("새 이름", "약관", "agreed")


def test_a_test_message_is_asked_for_and_its_end_is_shown(
    administrator: Client, bot: SourceRecord
) -> None:
    post(administrator, BOT + "act/test/", 422, room="")
    post(administrator, BOT + "act/test/", room="!room:example")
    row = SourceTest.objects.get()
    assert "보내려고 대기 중" in html(administrator, BOT + "health/")
    from ansim.casework.actions import source_tests

    source_tests.record(row.pk, "failed", "방이 없음 <b>")
    page = html(administrator, BOT + "health/")
    assert "전달하지 못함" in page
    assert "방이 없음 &lt;b&gt;" in page


def test_the_list_says_how_each_source_is(supervisor: Client, bot: SourceRecord) -> None:
    assert "승인을 기다림" in html(supervisor, "/sources/")
    person = Account.objects.get(username="supervisor")
    source_notices.approve("bot", {row.kind: 1 for row in bot.notices.all()}, person)
    assert "아직 소식이 없음" in html(supervisor, "/sources/list/")
    now = timezone.now()
    state = {"source": "bot", "state": "trouble", "sentence": "no answer <x>", "behind": 321}
    source_health.tell([state], now - timedelta(minutes=6))
    source_health.tell([state], now)
    watch.keep(now)
    source_health.gap("bot", now.timestamp() - 60, now.timestamp(), "no history <y>")
    page = html(supervisor, "/sources/list/")
    for words in ("문제가 있음", "no answer &lt;x&gt;", "321", "연결에 문제가 있음"):
        assert words in page
    assert "no history &lt;y&gt;" in html(supervisor, BOT)
    assert SourceAlarm.objects.count() == 1
    source_health.tell([state], now - timedelta(minutes=2))
    assert "소식이 끊김" in html(supervisor, "/sources/list/")


def test_where_there_is_no_source_the_page_says_so(supervisor: Client) -> None:
    page = html(supervisor, "/sources/")
    assert "아직 출처가 없습니다" in page
    assert "출처 더하기" not in page
    html(supervisor, "/sources/of/nobody/", 404)


def test_every_connector_there_is_has_a_way_through_the_steps(administrator: Client) -> None:
    for number, (name, one) in enumerate(sorted(CONNECTORS.items())):
        if one.way.value == "file" or name == "demo":
            continue
        post(administrator, NEW + "discard/")
        post(administrator, NEW + "connector/", connector=name)
        kind = sorted(one.kinds)[0].value
        post(administrator, NEW + "kind/", name=name, id=f"s{number}", kind=kind)
        where = post(
            administrator,
            NEW + "basis/",
            legal_basis="근거",
            given_by="all present",
            how="안내",
        )
        if where.endswith("rooms/"):
            where = post(administrator, where, rule="told", language="ko")
        if where.endswith("entries/"):
            page = html(administrator, where)
            for field in one.fields:
                assert f'name="entry-{field.name}"' in page
        else:
            assert where.endswith("summary/"), (name, where)


def test_the_pages_are_there_in_english(administrator: Client, bot: SourceRecord) -> None:
    administrator.post("/language/", {"language": "en", "next": "/"})
    for path in ("/sources/", BOT, NEW + "connector/", BOT + "notices/room/"):
        page = html(administrator, path)
        page = re.sub(r"<(\w+)[^>]* lang=\"ko\".*?</\1>", "", page, flags=re.S)
        page = page.replace("놀이방", "").replace("모두에게 알림", "").replace("한국어", "")
        assert not re.search("[가-힣]", page), (path, re.search(".{60}[가-힣]+.{60}", page))


def test_no_act_on_a_page_writes_a_secret_into_the_audit_log(
    administrator: Client, bot: SourceRecord
) -> None:
    post(administrator, BOT + "act/enter/", entry__server="https://a.example", entry__token="zq9-x")
    said = str(list(AuditEvent.objects.values_list("details", "reason")))
    assert "zq9-x" not in said
    assert SECRET not in said
