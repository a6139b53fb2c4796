"""Originals of pictures: only under a legal hold, sealed, out with a reason, gone with the hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from ansim.casework.actions import alerts, holds, originals, resealing, retention
from ansim.casework.errors import Refused
from ansim.casework.evidence import verifying
from ansim.casework.evidence.packing import Package
from ansim.casework.models import Account, Alert, AuditEvent, LegalHold, SourceRecord
from ansim.casework.models import PictureOriginal as Original
from ansim.casework.rights import drafting, holdings
from ansim.casework.roles import TABLE, Act, Role
from ansim.chat import Attachment, AttachmentKind
from ansim.keys import Keyring
from ansim.pictures.values import MAX_PICTURE_BYTES
from tests.casework.conftest import report, risky, turn
from tests.casework.test_evidence import files, packed
from tests.casework.test_resealing import home
from tests.pictures.drawn import encoded, words

__all__ = ["home"]

pytestmark = pytest.mark.django_db

PICTURE = encoded(words(("용돈 줄게",), 30))
IMAGE = (Attachment(kind=AttachmentKind.IMAGE, name="a.png"),)


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    turns = (risky(1), turn(2, attachments=IMAGE))
    [pk] = alerts.raise_or_update([report(1, turns=turns, raised=True)])
    return Alert.objects.get(pk=pk)


@pytest.fixture
def hold(alert: Alert, supervisor: Account) -> LegalHold:
    return holds.place(alert.pk, supervisor, "법원의 보존 요청")


def keep(
    content: bytes = PICTURE, *, room: str = "room", message: str = "m2", place: int = 0
) -> Original | None:
    return originals.keep(
        "demo", room, message=message, author="stranger", place=place, content=content
    )


def rows(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


def everything_in_the_database() -> bytes:
    """Every value of every table, as bytes."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                found += [
                    bytes(each) if isinstance(each, bytes | memoryview) else str(each).encode()
                    for each in row
                ]
    return b"\0".join(found)


def test_without_a_hold_nothing_is_stored(alert: Alert) -> None:
    before = AuditEvent.objects.count()
    assert originals.held() == frozenset()
    assert keep() is None
    assert Original.objects.count() == 0
    assert AuditEvent.objects.count() == before


def test_a_hold_keeps_its_own_conversation_alone(hold: LegalHold) -> None:
    alerts.raise_or_update([report(1, conversation="other", turns=(risky(1),), raised=True)])
    assert originals.held() == {("demo", "room")}
    assert keep(room="other") is None
    assert keep(room="nobody's") is None
    assert keep() is not None
    assert Original.objects.count() == 1


def test_an_original_is_kept_as_it_came_and_sealed(hold: LegalHold) -> None:
    row = keep()
    assert row is not None
    row.refresh_from_db()
    assert (row.content, row.size, row.format) == (PICTURE, len(PICTURE), "png")
    assert row.sha256 == hashlib.sha256(PICTURE).hexdigest()
    stored = everything_in_the_database()
    assert row.sha256.encode() in stored, "the search finds what is there"
    for begin in range(0, len(PICTURE) - 16, 64):
        assert PICTURE[begin : begin + 16] not in stored
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM casework_pictureoriginal")
        assert Keyring.sealed_with(bytes(cursor.fetchone()[0])) == "k1"


def test_that_it_is_kept_is_on_record_by_the_system_and_once(hold: LegalHold) -> None:
    first = keep()
    assert first is not None
    assert keep() == first
    assert keep(PICTURE + b"later") == first, "what came first stays"
    assert keep(place=1) != first
    assert Original.objects.get(pk=first.pk).content == PICTURE
    kept = rows("original.kept")
    assert [(row.actor_label, row.subject_type) for row in kept] == [("system:intake", "alert")] * 2
    assert kept[0].details == {
        "original": first.pk,
        "hold": hold.pk,
        "format": "png",
        "size": len(PICTURE),
        "sha256": first.sha256,
    }


@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", b"%PDF-1.7", PICTURE + bytes(MAX_PICTURE_BYTES)]
)
def test_what_is_no_picture_or_too_large_is_never_kept(hold: LegalHold, content: bytes) -> None:
    with pytest.raises(ValueError, match="original"):
        keep(content)
    assert Original.objects.count() == 0


def test_a_full_room_takes_no_more_and_says_so_once(
    hold: LegalHold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "MOST_BYTES", 2 * len(PICTURE))
    assert [keep(place=n) is not None for n in range(4)] == [True, True, False, False]
    monkeypatch.setattr(originals, "MOST", 2)
    monkeypatch.setattr(originals, "MOST_BYTES", 10**9)
    assert keep(place=5) is None
    assert [row.details for row in rows("original.lost")] == [{"hold": hold.pk, "why": "full"}]


def test_what_could_not_be_stored_is_on_record(hold: LegalHold) -> None:
    originals.lost("demo", "room", 3)
    originals.lost("demo", "other", 3)
    [row] = rows("original.lost")
    assert row.details == {"hold": hold.pk, "why": "not_stored", "number": 3}


def test_a_hold_that_ends_takes_its_originals_along(hold: LegalHold, supervisor: Account) -> None:
    keep()
    retention.purge(timezone.now())
    assert Original.objects.count() == 1, "as long as it stands"
    holds.release(hold.pk, supervisor, "재판이 끝남")
    assert Original.objects.count() == 0
    assert keep(place=1) is None
    assert Original.objects.count() == 0
    assert rows("hold.released")[0].details == {"hold": hold.pk, "originals": 1}


def test_while_another_hold_of_the_conversation_stands_they_stay(
    hold: LegalHold, supervisor: Account
) -> None:
    [other] = alerts.raise_or_update([report(2, about="another", turns=(risky(3),), raised=True)])
    second = holds.place(other, supervisor, "다른 법원")
    keep()
    holds.release(hold.pk, supervisor, "끝남")
    assert retention.purge(timezone.now()).originals == 0
    assert Original.objects.count() == 1
    assert keep(place=1) is not None
    holds.release(second.pk, supervisor, "끝남")
    assert Original.objects.count() == 0


def test_retention_takes_away_what_no_hold_covers(hold: LegalHold) -> None:
    """After the return of an older backup, say."""
    keep()
    LegalHold.objects.update(released_at=timezone.now())
    assert originals.of(hold.alert.conversation) == [], "it is not shown any more either"
    assert retention.purge(timezone.now()).originals == 1
    assert Original.objects.count() == 0
    assert rows("retention.purged")[0].details == {"originals": 1}


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_export_evidence_fetches_one(
    hold: LegalHold, person: Callable[..., Account], role: Role
) -> None:
    row = keep()
    assert row is not None
    actor = Account.objects.filter(role=role).first() or person(role)
    if Act.EXPORT_EVIDENCE in TABLE[role]:
        fetched = originals.fetch(hold.alert_id, row.pk, actor, "영장 2026-5")
        assert fetched.content == PICTURE
        [event] = rows("original.fetched")
        assert (event.actor, event.reason) == (actor, "영장 2026-5")
        assert event.details == {"original": row.pk, "sha256": row.sha256}
    else:
        with pytest.raises(Refused, match="역할"):
            originals.fetch(hold.alert_id, row.pk, actor, "영장 2026-5")
        assert rows("original.fetched") == []


def test_every_fetching_has_its_reason_and_its_row(hold: LegalHold, supervisor: Account) -> None:
    row = keep()
    assert row is not None
    with pytest.raises(Refused, match="까닭"):
        originals.fetch(hold.alert_id, row.pk, supervisor, " ")
    for _ in range(2):
        originals.fetch(hold.alert_id, row.pk, supervisor, "영장")
    assert len(rows("original.fetched")) == 2
    [elsewhere] = alerts.raise_or_update(
        [report(1, conversation="other", turns=(risky(1),), raised=True)]
    )
    with pytest.raises(Refused, match="없는 원본"):
        originals.fetch(elsewhere, row.pk, supervisor, "영장")
    holds.release(hold.pk, supervisor, "끝남")
    with pytest.raises(Refused, match="없는 원본"):
        originals.fetch(hold.alert_id, row.pk, supervisor, "영장")
    assert len(rows("original.fetched")) == 2


def test_evidence_lists_originals_by_their_hash_and_holds_none(
    hold: LegalHold, supervisor: Account
) -> None:
    def told(package: Package) -> list[dict[str, object]] | None:
        inside = json.loads(files(package)["facts/source.json"])["conversation"]
        found: list[dict[str, object]] | None = inside.get("originals_under_legal_hold")
        return found

    assert told(packed(hold.alert, supervisor)) is None
    row, unheard = keep(), keep(message="unheard", place=1)
    assert row is not None
    assert unheard is not None
    package = packed(hold.alert, supervisor)
    first, second = told(package) or []
    assert first["sha256"] == row.sha256
    assert (first["message"], first["number"], first["attachment"]) == ("m2", 2, 1)
    assert (second["message"], second["number"], second["attachment"]) == ("unheard", None, 2)
    assert verifying.verify(package.content).sound
    assert PICTURE[8:200] not in package.content


def test_who_asks_what_is_held_learns_of_their_originals(hold: LegalHold) -> None:
    keep()
    source = hold.alert.conversation.source
    found = holdings.of(source, "stranger")
    assert [room.originals for room in found.rooms] == [1]
    assert "사진 원본 1장" in "\n".join(drafting._held(found))
    keep(message="unheard", place=2)
    assert [room.originals for room in holdings.of(source, "stranger").rooms] == [2]
    assert "사진 원본" not in "\n".join(drafting._held(holdings.of(source, "youth")))


@pytest.mark.usefixtures("home")
def test_a_new_key_seals_originals_too(source: SourceRecord, supervisor: Account) -> None:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1),), raised=True)])
    holds.place(pk, supervisor, "법원의 보존 요청")
    keep()
    Keyring.add_key(settings.ANSIM.keys_path)
    list(resealing.reseal())
    assert resealing.census()["casework_pictureoriginal.content"] == {"k2": 1}
    assert Original.objects.get().content == PICTURE
