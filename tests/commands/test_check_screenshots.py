"""``ansim check`` with screenshots: the report of an export, and clear words where it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansim import cli
from tests.sources import shots

EXPORT = Path(__file__).parents[1] / "samples" / "kakaotalk" / "ordinary-windows.txt"


@pytest.fixture(autouse=True)
def _korean_and_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANSIM_PICTURE_SECONDS", "300")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{number}.png" for number in (1, 2, 3)]
    for path, data in zip(paths, shots.three(), strict=True):
        path.write_bytes(data)
    return [str(path) for path in paths]


def test_screenshots_give_the_data_of_an_export_and_what_else_they_show(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", "--json", files[1], files[0], files[2]]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["priority"] in ("P1", "P2")
    assert found["about"] == "별하"
    assert len(found["turns"]) == len(shots.TALK)
    assert [turn["from"] for turn in found["turns"]] == [who or "나 (me)" for who, _ in shots.TALK]
    assert len(found["screens"]) == 3
    assert any("another order" in remark for remark in found["remarks"])
    assert "화면 1/3 읽는 중: 2.png" in printed.err


def test_what_was_noticed_in_a_picture_of_the_chat_is_told_with_its_distance(
    files: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = [who + text for who, text in shots.TALK].index(shots.OTHER + "[코드]")
    assert cli.main(["check", "--json", *files]) == 0
    (picture,) = json.loads(capsys.readouterr().out)["turns"][place]["pictures"]
    assert picture["codes"] == [
        {"format": "QRCode", "text": shots.INVITATION, "leads_to": "messenger"}
    ]
    assert picture["known"] == []
    near = int(picture["fingerprint"], 16) ^ 0b111
    (tmp_path / "leaflets.txt").write_text(f"{near:064x}\n", "utf-8")
    monkeypatch.setenv("ANSIM_PICTURE_LISTS", str(tmp_path / "leaflets.txt"))
    assert cli.main(["check", "--json", *files]) == 0
    (picture,) = json.loads(capsys.readouterr().out)["turns"][place]["pictures"]
    assert picture["known"] == [{"list": "leaflets", "distance": 3}]
    assert cli.main(["check", *files]) == 0
    assert "목록의 그림과 비슷함 (leaflets, 256비트 가운데 3비트 차이)" in capsys.readouterr().out


def test_the_report_says_that_it_was_read_off_pictures(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *files, "--lang", "en"]) == 0
    report = capsys.readouterr().out
    assert "1.png, 2.png, 3.png (screenshots of a chat)" in report
    assert "read off pictures and may hold mistakes" in report
    assert "leads to another messenger" in report
    assert "message 7" in report or "message 8" in report


@pytest.mark.parametrize(
    ("order", "named"), [(("picture", "export"), "export"), (("export", "picture"), "export")]
)
def test_a_mixture_is_refused_by_the_name_of_what_is_no_picture(
    order: tuple[str, str], named: str, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = [files[0] if one == "picture" else str(EXPORT) for one in order]
    assert cli.main(["check", *given]) == 2
    assert f"{EXPORT.name}: 그림이 아닙니다" in capsys.readouterr().err


def test_two_exports_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(EXPORT), str(EXPORT)]) == 2
    assert "한 번에 하나만" in capsys.readouterr().err


def test_a_broken_picture_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "half.png"
    broken.write_bytes(shots.three()[0][:4000])
    assert cli.main(["check", str(broken)]) == 2
    assert "half.png: 파일이 손상되어" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "nowhere.png"]) == 2
    assert "nowhere.png: 그런 파일이 없습니다" in capsys.readouterr().err


def test_a_folder_and_an_empty_file_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(tmp_path)]) == 2
    assert "폴더입니다" in capsys.readouterr().err
    (tmp_path / "empty.txt").touch()
    assert cli.main(["check", str(tmp_path / "empty.txt")]) == 2
    assert "empty.txt: 빈 파일이거나" in capsys.readouterr().err
