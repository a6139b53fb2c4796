"""Sources from declaring to removing: what must be entered, stays secret, is on record."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ansim.casework.actions import audit, resealing, source_notices, sources
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import (
    Account,
    AuditEvent,
    SourceCredentials,
    SourceNotice,
    SourceRecord,
)
from ansim.casework.roles import Role
from ansim.casework.source_entries import WrongEntry, check
from ansim.chat import Consent, SourceKind
from ansim.keys import Keyring
from ansim.sources import registry
from ansim.sources.notices import PROPOSALS
from ansim.sources.wiring import NoticeKind
from tests.casework.toy_source import CONSENT, SERVER, TOY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.CONNECTORS, "toy", TOY)


@pytest.fixture
def declared(administrator: Account) -> SourceRecord:
    record, key = sources.declare(
        "bot",
        "놀이방",
        SourceKind.VISIBLE_BOT,
        "모두에게 알림",
        actor=administrator,
        consent=CONSENT,
        connector="toy",
        settings={**SERVER, "rooms": " one \n\n two"},
        credentials={"token": "s3cret-token"},
    )
    assert key == ""
    return record


def approve_all(supervisor: Account) -> None:
    seen = {row.kind: row.version for row in SourceNotice.objects.order_by("version")}
    source_notices.approve("bot", seen, supervisor)


def test_what_was_entered_reaches_the_gateway_and_no_page_or_record(
    declared: SourceRecord, supervisor: Account
) -> None:
    wiring = sources.wirings()["bot"]
    assert wiring["settings"] == {**SERVER, "rooms": "one\ntwo", "invited": "no"}
    assert wiring["credentials"] == {"token": "s3cret-token"}
    assert wiring["rule"] == "told"
    assert wiring["notices"] == {}
    assert "s3cret" not in json.dumps(list(AuditEvent.objects.values("details", "reason")))
    assert sources.active_sources()[0][0].refusal() is None
    approve_all(supervisor)
    notices = sources.wirings()["bot"]["notices"]
    assert set(notices) == {kind.value for kind in NoticeKind}
    assert notices["room"] == PROPOSALS[NoticeKind.ROOM]


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({}, "server"),
        ({"server": ""}, "server"),
        ({"server": "chat.example"}, "server"),
        ({"server": "https://me:pw@chat.example"}, "server"),
        ({"server": "https://chat.example/?a=1"}, "server"),
        ({"server": "ftp://chat.example"}, "server"),
        ({**SERVER, "invited": "perhaps"}, "invited"),
        ({**SERVER, "most": "many"}, "most"),
        ({**SERVER, "rooms": "\n".join(["room"] * 1001)}, "rooms"),
        ({**SERVER, "rooms": "a\x1bb"}, "rooms"),
        ({**SERVER, "colour": "red"}, "colour"),
        ({**SERVER, "token": "in the open"}, "token"),
        ({**SERVER, "server": "https://a.example\nhttps://b.example"}, "server"),
    ],
)
def test_an_entry_that_cannot_stand_is_named(
    administrator: Account, entries: dict[str, str], field: str
) -> None:
    with pytest.raises(WrongEntry) as wrong:
        sources.declare(
            "bot",
            "방",
            "visible_bot",
            "알림",
            actor=administrator,
            consent=CONSENT,
            connector="toy",
            settings=entries,
            credentials={"token": "t"},
        )
    assert wrong.value.field == field
    assert field in str(wrong.value)
    assert SourceRecord.objects.count() == 0


def test_a_secret_that_is_missing_is_named_and_one_given_is_never_said(
    administrator: Account,
) -> None:
    with pytest.raises(WrongEntry) as wrong:
        check(TOY, SERVER, {})
    assert wrong.value.field == "token"
    with pytest.raises(WrongEntry) as wrong:
        check(TOY, SERVER, {"token": "s3cret\0", "token_before": ""})
    assert "s3cret" not in str(wrong.value)


def test_a_kind_that_the_connector_does_not_serve_is_refused(administrator: Account) -> None:
    with pytest.raises(Refused) as refused:
        sources.declare(
            "bot", "방", SourceKind.PLATFORM_PARTNER, "약관", actor=administrator, connector="toy"
        )
    assert refused.value.code == "unlawful"
    assert "platform_partner" in str(refused.value)
    with pytest.raises(Refused) as refused:
        sources.declare("bot", "방", "public_room", "공개", actor=administrator, connector="none")
    assert "none" in str(refused.value)


def test_characters_that_no_database_holds_do_no_harm(administrator: Account) -> None:
    record, _key = sources.declare(
        *("bot", "놀\0이\u202e방", "visible_bot", "모두에게\0 알림"),
        actor=administrator,
        consent=Consent(given_by="all\0 present", given_at=1.7e9, how="안\0내"),
        connector="toy",
        settings=SERVER,
        credentials={"token": "t"},
    )
    record.refresh_from_db()
    assert "\0" not in record.name + record.legal_basis + str(record.consent)
    sources.change("bot", administrator, legal_basis="다른\0 근거")
    source_notices.write("bot", "hello", "{agency} 안녕", "{agency} hi", administrator)


@pytest.mark.parametrize("label", ["", "두 글자", "a b", "x" * 61, "../up"])
def test_a_label_that_fits_no_address_is_refused(administrator: Account, label: str) -> None:
    with pytest.raises(Refused) as refused:
        sources.declare(label, "방", "public_room", "공개", actor=administrator)
    assert refused.value.code == "bad_label"


def test_new_credentials_replace_those_given_and_leave_the_others(
    declared: SourceRecord, administrator: Account
) -> None:
    sources.enter("bot", administrator, credentials={"token": " ", "token_before": "older"})
    assert sources.wirings()["bot"]["credentials"] == {
        "token": "s3cret-token",
        "token_before": "older",
    }
    sources.enter("bot", administrator, credentials={"token": "new"}, forget=["token_before"])
    assert sources.wirings()["bot"]["credentials"] == {"token": "new"}
    assert sources.wirings()["bot"]["settings"]["server"] == "https://chat.example"
    row = AuditEvent.objects.filter(action="source.entered").latest("pk")
    assert row.details == {"fields": ["token", "token_before"]}
    before = AuditEvent.objects.count()
    sources.enter("bot", administrator, settings={**SERVER, "rooms": "one\ntwo"})
    assert AuditEvent.objects.count() == before  # nothing changed
    with pytest.raises(WrongEntry):
        sources.enter("bot", administrator, forget=["token"])


def test_credentials_are_sealed_and_sealed_anew_with_a_new_key(declared: SourceRecord) -> None:
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT entries FROM casework_sourcecredentials")
        assert b"s3cret" not in bytes(cursor.fetchone()[0])
    Keyring.add_key(settings.ANSIM.keys_path)
    assert resealing.left_over() >= 1
    list(resealing.reseal())
    assert resealing.left_over() == 0
    assert SourceCredentials.objects.get().entries == {"token": "s3cret-token"}


def test_pausing_says_why_and_resuming_reads_on(
    declared: SourceRecord, administrator: Account
) -> None:
    with pytest.raises(Refused) as refused:
        sources.pause("bot", administrator, " ")
    assert refused.value.code == "reason_missing"
    sources.pause("bot", administrator, "방 주인의 부탁")
    assert sources.wirings() == {}
    assert "switched off" in (sources.active_sources()[0][0].refusal() or "")
    assert AuditEvent.objects.get(action="source.switched_off").reason == "방 주인의 부탁"
    sources.resume("bot", administrator)
    assert "bot" in sources.wirings()


def test_a_removed_source_keeps_its_name_and_nothing_that_opens_a_door(
    declared: SourceRecord, administrator: Account
) -> None:
    with pytest.raises(Refused) as refused:
        sources.remove("bot", administrator, confirm="bat", reason="끝")
    assert refused.value.code == "not_confirmed"
    sources.remove("bot", administrator, confirm="bot", reason="협약이 끝남")
    record = SourceRecord.objects.get()
    assert record.name == "놀이방"
    assert record.value().refusal() is not None
    assert not record.can_reply
    assert SourceCredentials.objects.count() == 0
    assert sources.active_sources() == []
    assert sources.wirings() == {}
    for act in (
        lambda: sources.resume("bot", administrator),
        lambda: sources.enter("bot", administrator, credentials={"token": "t"}),
        lambda: sources.rotate_key("bot", administrator),
        lambda: sources.change("bot", administrator, name="x"),
        lambda: source_notices.write(
            "bot", "room", "{agency} !그만", "{agency} !stop", administrator
        ),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "no_such_source"
    with pytest.raises(Refused) as refused:  # nobody else's words come under its name
        sources.declare("bot", "방", "public_room", "공개", actor=administrator)
    assert refused.value.code == "exists"


def test_the_key_of_a_called_source_is_void_once_it_is_removed(administrator: Account) -> None:
    _record, key = sources.declare("web", "웹", "public_room", "공개", actor=administrator)
    assert sources.active_sources()[0][1] == sources.key_hash(key)
    sources.remove("web", administrator, confirm="web", reason="끝")
    assert SourceRecord.objects.get().api_key_hash == ""


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.SUPERVISOR, Role.AUDITOR])
def test_only_administrators_change_a_source(
    declared: SourceRecord, person: Callable[..., Account], role: Role
) -> None:
    other = person(role, "other")
    for act in (
        lambda: sources.pause("bot", other, "까닭"),
        lambda: sources.resume("bot", other),
        lambda: sources.remove("bot", other, confirm="bot", reason="까닭"),
        lambda: sources.enter("bot", other, credentials={"token": "t"}),
        lambda: sources.rotate_key("bot", other),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not_allowed"


def test_a_notice_is_said_only_after_a_supervisor_who_did_not_write_it_approved_it(
    declared: SourceRecord,
    administrator: Account,
    supervisor: Account,
    person: Callable[..., Account],
) -> None:
    assert set(source_notices.waiting(declared)) == {
        *(NoticeKind.ROOM, NoticeKind.JOINED, NoticeKind.STOPPED, NoticeKind.RESUMED)
    }
    with pytest.raises(Refused) as refused:
        source_notices.approve("bot", {"room": 1}, administrator)
    assert refused.value.code == "not_allowed"
    approve_all(supervisor)
    assert source_notices.waiting(declared) == []
    words = {"ko": "{agency}입니다. 그만두려면 !그만", "en": "{agency}. To stop: !stop"}
    row = source_notices.write("bot", "room", words["ko"], words["en"], supervisor)
    assert row.version == 2
    # What was approved is said until the next wording is.
    assert sources.wirings()["bot"]["notices"]["room"] == PROPOSALS[NoticeKind.ROOM]
    with pytest.raises(Refused) as refused:
        source_notices.approve("bot", {"room": 2}, supervisor)
    assert refused.value.code == "own_words"
    second = person(Role.SUPERVISOR, "second")
    with pytest.raises(Refused) as refused:
        source_notices.approve("bot", {"room": 1}, second)
    assert refused.value.code == "changed"
    source_notices.approve("bot", {"room": 2}, second)
    assert sources.wirings()["bot"]["notices"]["room"] == words
    assert AuditEvent.objects.filter(action="source.notice_approved").latest("pk").details == {
        "notice": "room",
        "version": 2,
    }


@pytest.mark.parametrize(
    ("kind", "ko", "en", "code"),
    [
        ("room", "", "{agency} !stop", "notice_missing"),
        ("room", "안녕 !그만", "{agency} !stop", "word_missing"),
        ("room", "{agency}", "{agency} !stop", "word_missing"),
        ("ask", "{agency} !그만", "{agency} !agree !stop", "word_missing"),
        ("room", "{agency} !그만" + "가" * 1000, "{agency} !stop", "too_long"),
        ("nothing", "{agency}", "{agency}", "no_such_notice"),
    ],
)
def test_a_notice_that_leaves_out_what_people_must_know_is_refused(
    declared: SourceRecord, supervisor: Account, kind: str, ko: str, en: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        source_notices.write("bot", kind, ko, en, supervisor)
    assert refused.value.code == code


def test_a_notice_asks_nobody_for_what_a_draft_may_not_ask(
    declared: SourceRecord, supervisor: Account
) -> None:
    with pytest.raises(Unfit):
        source_notices.write(
            "bot", "room", "{agency} !그만 전화번호 알려 주세요.", "{agency} !stop", supervisor
        )


def test_wordings_given_with_the_declaration_wait_for_a_supervisor_too(
    administrator: Account,
) -> None:
    sources.declare(
        "bot",
        "방",
        "visible_bot",
        "알림",
        actor=administrator,
        consent=CONSENT,
        connector="toy",
        settings=SERVER,
        credentials={"token": "t"},
        rule="agreed",
        notices={"ask": {"ko": "{agency} !동의 !그만", "en": "{agency} !agree !stop"}},
    )
    row = SourceNotice.objects.get(kind="ask")
    assert (row.ko, row.proposed_by, row.approved) == ("{agency} !동의 !그만", administrator, False)
    assert SourceNotice.objects.get(kind="room").proposed_by is None
    record = SourceRecord.objects.get()
    assert set(source_notices.waiting(record)) == {
        *(NoticeKind.ASK, NoticeKind.STOPPED, NoticeKind.RESUMED)
    }


def test_a_platform_that_tells_its_people_itself_has_no_notices_here(db: None) -> None:
    record, key = sources.declare("web", "웹", "public_room", "공개", actor=audit.SETUP)
    assert key.startswith("ansim_")
    assert record.notices.count() == 0
    assert source_notices.waiting(record) == []


def test_every_proposal_may_be_said(declared: SourceRecord) -> None:
    """What comes with the software passes the rules that everybody else's wording has to."""
    assert declared.notices.count() == len(PROPOSALS) == len(NoticeKind)
