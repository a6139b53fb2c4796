"""The form of a package: one right value for every byte, a signature, and a page one can read."""

from __future__ import annotations

import hashlib
import json
import random
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansim.casework.evidence import container, lettering, signing, verifying
from ansim.casework.evidence.contents import Gathered, Order, Person, Said
from ansim.casework.evidence.packing import pack
from ansim.casework.evidence.shelf import KEPT_SECONDS, Shelf, Standing
from ansim.casework.evidence.signing import Signer
from ansim.casework.evidence.verifying import Report, verify
from ansim.keys import KeyLost, Keyring

ORDER = Order(
    id="ab" * 16,
    alert=12,
    actor=1,
    asked_by="liaison",
    role="liaison",
    reason="수사 협조 요청",
    at=1_790_000_000.25,
    unmask=False,
    agency="안심아이 상담센터",
    software="0.1.0",
)
STRANGER, YOUTH = "strangerzq4k", "youthab2c"


def silent(*_: object) -> None:
    """Nobody wants to know how far it is."""


def message(number: int, text: str | None, **more: Any) -> Said:
    values: dict[str, Any] = {
        "number": number,
        "id": f"m{number}",
        "sender": YOUTH if number % 2 else STRANGER,
        "by_agency": False,
        "at": 1_760_000_000.0 + 61 * number,
        "received_at": 1_760_000_000.0 + 61 * number,
        "kept_at": 1_760_000_000.0,
        "text": text,
        "risk": 0.4,
        "assessed": True,
    }
    return Said(**(values | more))


def gathered(*said: Said) -> Gathered:
    return Gathered(
        order=ORDER,
        source={
            "id": "demo",
            "name": "데모",
            "kind": "platform_partner",
            "kind_ko": "플랫폼 협력",
            "legal_basis": "시연",
            "consent": None,
            "connector": "demo",
        },
        conversation={"pseudonym": "room", "original": "not_held"},
        people=[
            Person(pseudonym=STRANGER, letter="가", about=True, messages=2),
            Person(pseudonym=YOUTH, letter="나", about=False, messages=2),
        ],
        said=list(said),
        handling={
            **dict.fromkeys(
                ("held_by", "first_taken_at", "outcome_ko", "grounds", "closed_at", "closed_by")
            ),
            **{"state": "open", "previous_alert": None, "text_purged_at": None, "hand_offs": []},
        },
        log=[
            {
                "audit": number,
                "at": "2026-03-05T10:00:00.000+09:00",
                "who": "system:worker",
                "action": "alert.raised",
                "subject": "alert 12",
                "reason": "",
                "details": {},
            }
            for number in (4, 7, 9)
        ],
        assessment={
            "about": STRANGER,
            "priority": "P2",
            "risk": 0.81,
            "raised_at": "2026-03-05T10:00:00.000+09:00",
            "versions": {"gate": "g1"},
        },
        reasons=[("곧 만나자는 말이 있어요.", "A meeting is proposed.")],
    )


@pytest.fixture(scope="module")
def signer() -> Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Signer(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"for tests").digest()))


@pytest.fixture(scope="module")
def package(signer: Signer) -> bytes:
    found = gathered(message(1, "네?"), message(2, "용돈 줄게", tactics={"T05": 0.9}))
    return pack(found, signer, silent).content


def spans(data: bytes) -> dict[str, tuple[int, int]]:
    """Where each file of the package begins (with its header) and ends."""
    found, at = {}, 0
    with zipfile.ZipFile(BytesIO(data)) as opened:
        for entry in opened.infolist():
            end = entry.header_offset + 30 + len(entry.filename) + entry.file_size
            found[entry.filename] = (at, end)
            at = end
    return found


def refused(data: bytes) -> Report:
    report = verify(data)
    assert not report.sound
    return report


def test_the_same_conversation_gives_the_same_package_and_it_is_sound(
    package: bytes, signer: Signer
) -> None:
    found = gathered(message(1, "네?"), message(2, "용돈 줄게", tactics={"T05": 0.9}))
    assert pack(found, signer, silent).content == package
    assert spans(package).keys() == verifying.NAMES
    report = verify(package, signer.fingerprint.upper().replace(" ", ""))
    assert report.faults == ()
    assert report.known_key is True
    assert verify(package).known_key is None
    assert verify(package, "0" * 64).known_key is False


def test_one_changed_byte_anywhere_is_found_and_its_file_named(package: bytes) -> None:
    places = spans(package)
    rng = random.Random(5)
    wanted = {rng.randrange(len(package)) for _ in range(150)}
    for begin, end in places.values():  # every header, both ends of every file
        wanted |= {*range(begin, min(begin + 60, end)), end - 1}
    wanted |= set(range(max(end for _, end in places.values()), len(package)))
    for place in sorted(wanted):
        data = bytearray(package)
        data[place] ^= rng.choice((1, 0x20, 0x80, 0xFF))
        try:
            report = verify(bytes(data))
        except container.NotAContainer:
            pytest.fail(f"byte {place}: not recognised as a package at all")
        assert not report.sound, place
        inside = [name for name, (begin, end) in places.items() if begin <= place < end]
        assert {fault.file for fault in report.faults} >= set(inside), (place, report.faults)
        if not inside:  # in the directory behind the files: the ZIP itself
            assert {fault.file for fault in report.faults} == {""}, (place, report.faults)


def test_a_byte_more_or_less_is_found(package: bytes) -> None:
    for data in (package[:-1], package + b"\0", b"\0" + package, package[1:], package + package):
        try:
            assert not verify(data).sound
        except container.NotAContainer:
            assert data[:4] != package[:4]


def repacked(package: bytes, **changes: bytes | None) -> bytes:
    """The package with files replaced (None: left out), its ZIP in order again."""
    files, _ = container.read(package)
    whole = {name: bytes(content) for name, content in files.items()}
    for name, content in changes.items():
        if content is None:
            del whole[name]
        else:
            whole[name] = content
    out = BytesIO()
    container.write(out, whole)
    return out.getvalue()


def test_a_careful_forger_who_mends_the_zip_is_found(package: bytes) -> None:
    files, _ = container.read(package)
    words = bytes(files["facts/messages.jsonl"]).replace("용돈".encode(), "선물".encode())
    report = refused(repacked(package, **{"facts/messages.jsonl": words}))
    assert [fault.file for fault in report.faults] == ["facts/messages.jsonl"]
    manifest = json.loads(bytes(files["manifest.json"]))
    for entry in manifest["files"]:
        if entry["path"] == "facts/messages.jsonl":
            entry["sha256"] = hashlib.sha256(words).hexdigest()
    mended = {
        "facts/messages.jsonl": words,
        "manifest.json": json.dumps(manifest, ensure_ascii=False, indent=1).encode(),
    }
    report = refused(repacked(package, **mended))
    assert [fault.file for fault in report.faults] == ["manifest.json"]
    assert "signature" in report.faults[0].english


@pytest.mark.parametrize(
    ("changes", "file", "word"),
    [
        ({"facts/accounts.json": None}, "facts/accounts.json", "missing"),
        ({"extra.txt": b"x"}, "extra.txt", "not in the list"),
        ({"manifest.sig": None}, "manifest.sig", "missing"),
        ({"manifest.sig": b"\0" * 64}, "manifest.json", "signature"),
        ({"manifest.json": b"{}"}, "manifest.json", "unreadable"),
        ({"signing-key.pem": b"no key"}, "signing-key.pem", "bytes instead of"),
    ],
)
def test_what_is_wrong_is_said(
    package: bytes, changes: dict[str, bytes | None], file: str, word: str
) -> None:
    report = refused(repacked(package, **changes))
    assert any(fault.file == file and word in fault.english for fault in report.faults)


def test_a_row_taken_out_of_the_log_breaks_its_chain(package: bytes, signer: Signer) -> None:
    files, _ = container.read(package)
    lines = bytes(files["log/audit.jsonl"]).splitlines(keepends=True)
    log = lines[0] + lines[2]
    manifest = json.loads(bytes(files["manifest.json"]))
    for entry in manifest["files"]:
        if entry["path"] == "log/audit.jsonl":
            entry |= {"sha256": hashlib.sha256(log).hexdigest(), "bytes": len(log)}
    raw = json.dumps(manifest).encode()
    data = repacked(
        package,
        **{"log/audit.jsonl": log, "manifest.json": raw, "manifest.sig": signer.sign(raw)},
    )
    [fault] = refused(data).faults
    assert fault.file == "log/audit.jsonl"
    assert "row 2" in fault.english


@given(st.binary(max_size=400))
def test_no_bytes_break_the_verifier(data: bytes) -> None:
    for given_ in (data, b"PK\3\4" + data, data + b"PK\5\6" + bytes(18)):
        with suppress(container.NotAContainer):
            assert not verify(given_).sound


def test_a_zip_that_claims_too_much_is_no_package() -> None:
    lie = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, 0, 0, 0)
    with pytest.raises(container.NotAContainer):
        verify(lie)
    name = b"../../evil"
    head = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, zlib.crc32(b"x"), 1, 1, 10, 0)
    files, faults = container.read(head + name + b"x")
    assert list(files) == ["../../evil"]  # only a name: nothing is ever unpacked to a place
    assert faults


def test_the_key_is_made_once_sealed_and_readable_by_nobody_else(tmp_path: Path) -> None:
    ring = Keyring.generate()
    first = Signer.load_or_create(tmp_path / "keys", ring)
    again = Signer.load_or_create(tmp_path / "keys", ring)
    assert first.fingerprint == again.fingerprint
    sealed = tmp_path / "keys" / signing.SEALED
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert (tmp_path / "keys" / signing.PUBLIC).read_bytes() == first.public
    with pytest.raises(KeyLost):
        Signer.load_or_create(tmp_path / "keys", Keyring.generate())
    sealed.unlink()
    with pytest.raises(KeyLost, match="is lost"):
        Signer.load_or_create(tmp_path / "keys", ring)


def test_the_key_outlives_a_rotation_and_is_sealed_anew(tmp_path: Path) -> None:
    path = tmp_path / "ansim.keys"
    first = Signer.load_or_create(tmp_path, Keyring.load_or_create(path))
    ring = Keyring.add_key(path)
    again = Signer.load_or_create(tmp_path, ring)
    assert again.fingerprint == first.fingerprint
    sealed = tmp_path / signing.SEALED
    assert Keyring.sealed_with(sealed.read_bytes()) == ring.names[-1]
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    path.write_text(path.read_text().splitlines(keepends=True)[-1])  # the first key is lost
    assert Signer.load_or_create(tmp_path, Keyring.load(path)).fingerprint == first.fingerprint


def test_the_shelf_keeps_a_package_sealed_for_an_hour(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, Keyring.generate())
    shelf.put_order(ORDER)
    shelf.put_package(ORDER.id, "용돈 줄게".encode())
    shelf.say(ORDER.id, Standing(state="ready", size=3))
    assert shelf.order(ORDER.id) == ORDER
    assert [standing.state for _, standing in shelf.of(ORDER.actor)] == ["ready"]
    assert shelf.of(ORDER.actor + 1) == []
    paths = list((tmp_path / "evidence").iterdir())
    assert all("용돈".encode() not in path.read_bytes() for path in paths)
    assert all("수사".encode() not in path.read_bytes() for path in paths)
    now = max(path.stat().st_mtime for path in paths)
    assert shelf.sweep(now + KEPT_SECONDS - 60) == 0
    assert shelf.sweep(now + KEPT_SECONDS + 60) == 3
    assert shelf.package(ORDER.id) is None
    assert shelf.order("../../etc/passwd") is None


def pages(package: bytes) -> Iterator[str]:
    files, _ = container.read(package)
    document = pypdfium2.PdfDocument(bytes(files["evidence.pdf"]))
    for page in document:
        yield page.get_textpage().get_text_range().replace("\r\n", "\n")


def test_the_printed_form_reads_as_korean_and_shows_what_hides(signer: Signer) -> None:
    found = gathered(
        message(1, "사\u200b진 \u202e보낼래?"),
        message(2, "첫 줄\n둘째 줄"),
        message(3, None),
        message(4, "용돈 줄게", tactics={"T05": 0.9, "T06": 0.2}),
    )
    whole = "".join(pages(pack(found, signer, silent).content))
    assert "사〈U+200B〉진 〈U+202E〉보낼래?" in whole
    assert "둘째 줄" in whole
    assert "[원문의 보관 기한이 지남]" in whole
    facts, estimates = whole.split("4. 소프트웨어의 추정 (사실 아님) Estimates")
    assert "용돈 줄게" in facts
    assert "90 %" not in facts
    assert "90 %" in estimates
    assert "20 %" not in estimates
    assert "2026-03-05T10:00:00.000+09:00 system:worker alert.raised" in facts, "on one line"
    assert "17:" in facts
    assert "+0900" in facts


def test_a_message_longer_than_a_page_goes_on_and_no_word_of_it_is_lost(signer: Signer) -> None:
    words = [f"낱말{number:04}" for number in range(3000)]
    found = list(pages(pack(gathered(message(1, " ".join(words))), signer, silent).content))
    text = " ".join(" ".join(found).split())
    assert [word for word in words if word not in text] == []
    assert len(found) > 6
    assert any("(1)" in page for page in found[2:]), "the row is named where it goes on"
    assert all(f"{number} /" in page for number, page in enumerate(found, 1))


@given(st.text(max_size=200))
def test_no_text_breaks_a_line_or_leaves_its_column(text: str) -> None:
    font, _ = lettering.fonts()
    for line in lettering.lines(text, font, 8.5, 120):
        assert lettering.width(line.rstrip(" "), font, 8.5) <= 120.01
        assert line.isprintable() or any(not character.isascii() for character in line)


def test_an_emoji_is_drawn_or_named_and_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    font, _ = lettering.fonts()
    assert lettering.visible("가😀나", font) in ("가😀나", "가〈U+1F600〉나")
    monkeypatch.setattr(lettering, "_emoji", lambda _character: None)
    lettering._shown.cache_clear()
    assert lettering.visible("가😀나", font) == "가〈U+1F600〉나"
    lettering._shown.cache_clear()
