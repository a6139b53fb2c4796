"""What a document is, from its bytes alone, and whether a case may keep it.

Pictures are not kept: what must not leave the house is better not in it (R13). A scanned letter is
a picture; its words can be typed into a note.
"""

from __future__ import annotations

import io
import re
import zipfile

from django.utils.translation import gettext_lazy as _

from ansim.casework.errors import Refused

LARGEST = 10 * 1024 * 1024
"""Bytes of one document."""
_MOST_PARTS = 2000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES = (
    *(b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"\0\0\1\0", b"8BPS"),
    *(b"\xff\x0a", b"RIFF"),
)
_PICTURE_NAMES = re.compile(
    r"\.(jpe?g|png|gif|bmp|tiff?|webp|heic|heif|avif|svg|ico|emf|wmf|eps|jp2|jxl|psd|mp4|mov|avi)$",
    re.IGNORECASE,
)
# A stream of a PDF cannot lie inside a compressed object, so the dictionary of a picture is always
# there in the clear (ISO 32000-1, 7.5.7); a name may hide letters as #xx.
_PDF_PICTURE = re.compile(rb"/Subtype\s*/(Image|RichMedia|Movie|3D)\b")
_PDF_HIDDEN = re.compile(rb"#([0-9A-Fa-f]{2})")
_OLE_PICTURES = (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n", b"B\0i\0n\0D\0a\0t\0a\0")


def sniff(content: bytes) -> str:
    """The kind (``CaseDocument.Kind``) of these bytes. Raises Refused for everything else: empty,
    too large, a picture or something with pictures in it, and what is not known."""
    if not content:
        raise Refused("empty", _("빈 파일입니다."))
    if len(content) > LARGEST:
        raise Refused("too_large", _("10 MB보다 큰 파일은 담을 수 없습니다."))
    if _is_picture(content):
        raise _picture()
    if content.startswith(b"%PDF-"):
        plain = _PDF_HIDDEN.sub(lambda found: bytes([int(found[1], 16)]), content)
        if _PDF_PICTURE.search(content) or _PDF_PICTURE.search(plain):
            raise _picture()
        return "pdf"
    if content.startswith(b"PK\3\4"):
        return _office(content)
    if content.startswith(_OLE):
        if any(mark in content for mark in _OLE_PICTURES):
            raise _picture()
        if "HwpSummaryInformation".encode("utf-16-le") in content:
            return "hwp"
        raise _unknown()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp949")
        except UnicodeDecodeError:
            raise _unknown() from None
    if any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text):
        raise _unknown()
    if re.search(r"data:[\w.+-]+/[\w.+-]+[\w.+;=-]*;base64,", text):
        raise _picture()
    return "text"


def _is_picture(content: bytes) -> bool:
    bitmap = content[:2] == b"BM" and content[6:10] == b"\0\0\0\0"
    film = content[4:8] == b"ftyp"  # also HEIC and AVIF
    drawing = b"<svg" in content[:4096].lower()
    return content.startswith(_PICTURES) or bitmap or film or drawing


def _office(content: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise _unknown() from None
    if len(names) > _MOST_PARTS:
        raise _unknown()
    if any(_PICTURE_NAMES.search(name) or "BinData/" in name for name in names):
        raise _picture()
    known = ("word/document.xml", "xl/workbook.xml", "Contents/header.xml")
    if not any(name in names for name in known):
        raise _unknown()
    return "office"


def _picture() -> Refused:
    return Refused(
        "picture",
        _("사진이나 사진이 든 문서는 담지 않습니다. 글만 있는 파일로 올리거나 메모로 옮겨 주세요."),
    )


def _unknown() -> Refused:
    return Refused(
        "unknown_kind",
        _("어떤 파일인지 알 수 없습니다. 글(txt), PDF, docx, xlsx, hwp, hwpx만 담을 수 있습니다."),
    )


def plain_name(name: str) -> str:
    """A file name without folders and without characters that could disturb a page or a header."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '"<>|:*?')
    return " ".join(kept.split())[-120:].lstrip(".") or "document"
