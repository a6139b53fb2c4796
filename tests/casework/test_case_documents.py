"""Documents of a case: known by their bytes, never a picture, sealed, out only with a reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from ansim.casework import documents
from ansim.casework.actions import alerts, case_documents, cases, resealing
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, Case, SourceRecord
from ansim.casework.roles import Role
from ansim.keys import Keyring
from tests.casework.conftest import report, risky
from tests.casework.test_resealing import home as home_of_its_own  # noqa: F401 - a fixture

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return out.getvalue()


KEPT = {
    "text": "상담 요약\n다음 만남".encode(),
    "cp949": "상담 요약".encode("cp949"),
    "pdf": PDF,
    "docx": office("[Content_Types].xml", "word/document.xml"),
    "xlsx": office("xl/workbook.xml"),
    "hwpx": office("mimetype", "Contents/header.xml"),
    "hwp": OLE + b"\0" * 600 + "HwpSummaryInformation".encode("utf-16-le"),
}

REFUSED = {
    "png": (PNG, "picture"),
    "jpeg": (b"\xff\xd8\xff\xe0" + b"\0" * 40, "picture"),
    "webp": (b"RIFF\0\0\0\0WEBPVP8 ", "picture"),
    "heic": (b"\0\0\0\x18ftypheic", "picture"),
    "bmp": (b"BM\x36\0\0\0\0\0\0\0", "picture"),
    "svg": (b"<?xml version='1.0'?><SVG xmlns='x'>", "picture"),
    "pdf with a picture": (PDF + b"<< /Type /XObject /Subtype /Image >>", "picture"),
    "pdf with a hidden picture": (PDF + b"<< /Subtype /Im#61ge >>", "picture"),
    "docx with a picture": (office("word/document.xml", "word/media/a.PNG"), "picture"),
    "hwpx with a picture": (office("Contents/header.xml", "BinData/image1"), "picture"),
    "hwp with a picture": (OLE + "HwpSummaryInformation BinData".encode("utf-16-le"), "picture"),
    "text with a picture": (b"data:image/png;base64,aGVsbG8=", "picture"),
    "program": (b"\x7fELF\2\1\1\0\0\0", "unknown_kind"),
    "archive": (office("readme.txt"), "unknown_kind"),
    "broken archive": (b"PK\3\4" + b"x" * 50, "unknown_kind"),
    "old word": (OLE + b"WordDocument", "unknown_kind"),
    "nothing": (b"", "empty"),
    "too much": (b"a" * (documents.LARGEST + 1), "too_large"),
}


@pytest.mark.parametrize("name", list(KEPT))
def test_documents_with_words_alone_are_kept(name: str) -> None:
    kinds = {"docx": "office", "xlsx": "office", "hwpx": "office", "cp949": "text"}
    assert documents.sniff(KEPT[name]) == kinds.get(name, name)


@pytest.mark.parametrize("name", list(REFUSED))
def test_pictures_and_what_is_not_known_are_not_kept(name: str) -> None:
    content, why = REFUSED[name]
    with pytest.raises(Refused) as refused:
        documents.sniff(content)
    assert refused.value.code == why


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\문서\\요약.txt", "요약.txt"),
        ('a"b\r\n: c.pdf', "ab c.pdf"),
        ("...", "document"),
        ("가" * 300 + ".pdf", "가" * 116 + ".pdf"),
    ],
)
def test_names_of_files_are_made_harmless(given: str, kept: str) -> None:
    assert documents.plain_name(given) == kept


@pytest.fixture
def case(source: SourceRecord, counsellor: Account) -> Case:
    [pk] = alerts.raise_or_update([report(2, turns=(risky(1),))])
    return cases.open_case([pk], counsellor, "이름")


@pytest.mark.django_db
def test_a_document_is_sealed_and_goes_out_only_with_a_reason(
    case: Case, counsellor: Account, person: Callable[..., Account]
) -> None:
    row = case_documents.add(case.pk, counsellor, "요약.pdf", PDF)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, name FROM casework_casedocument")
        content, name = (bytes(value) for value in cursor.fetchone())
    assert b"PDF" not in content
    assert "요약".encode() not in name
    for why, code in (("", "reason_missing"), (" \n", "reason_missing")):
        with pytest.raises(Refused) as refused:
            case_documents.fetch(case.pk, counsellor, row.pk, why)
        assert refused.value.code == code
    outsider = person(Role.SUPERVISOR, "outsider")
    with pytest.raises(Refused, match="들어와"):
        case_documents.fetch(case.pk, outsider, row.pk, "궁금함")
    assert not AuditEvent.objects.filter(action="case.document_fetched").exists()
    assert case_documents.fetch(case.pk, counsellor, row.pk, "회의").content == PDF
    event = AuditEvent.objects.get(action="case.document_fetched")
    assert (event.reason, event.details["sha256"]) == ("회의", row.sha256)


@pytest.mark.django_db
def test_documents_read_the_same_after_a_rotation_of_keys(
    home_of_its_own: Path,  # noqa: F811
    case: Case,
    counsellor: Account,
) -> None:
    row = case_documents.add(case.pk, counsellor, "요약.pdf", PDF + bytes(range(256)))
    Keyring.add_key(home_of_its_own / "keys/ansim.keys")
    for _ in resealing.reseal():
        pass
    assert resealing.census()["casework_casedocument.content"] == {"k2": 1}
    assert {key for counter in resealing.census().values() for key in counter} == {"k2"}
    fetched = case_documents.fetch(case.pk, counsellor, row.pk, "회의")
    assert fetched.content == PDF + bytes(range(256))
    assert fetched.name == "요약.pdf"


@pytest.mark.django_db
def test_a_document_taken_out_is_gone_and_its_hash_stays_on_record(
    case: Case, counsellor: Account
) -> None:
    row = case_documents.add(case.pk, counsellor, "요약.pdf", PDF)
    with pytest.raises(Refused, match="이미"):
        case_documents.add(case.pk, counsellor, "다른 이름.pdf", PDF)
    case_documents.remove(case.pk, counsellor, row.pk, "잘못 올림")
    row.refresh_from_db()
    assert (row.content, row.name) == (None, None)
    with pytest.raises(Refused, match="없는 문서"):
        case_documents.fetch(case.pk, counsellor, row.pk, "까닭")
    event = AuditEvent.objects.get(action="case.document_added")
    assert event.details["sha256"] == row.sha256
    assert "요약" not in str(event.details)
