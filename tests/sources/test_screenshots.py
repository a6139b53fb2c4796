"""Screenshots handed in are an export like any other: order, speakers, pictures in them, errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansim import config
from ansim.pictures.screens.alike import same_text
from ansim.sources.export import ExportError
from ansim.sources.exports import screenshots
from tests.sources import shots

NOW = shots.BEGAN + 86_400


@pytest.fixture(scope="module")
def means() -> Iterator[screenshots.Means]:
    chosen = screenshots.Means.of(config.load({"ANSIM_PICTURE_SECONDS": "300"}))
    yield chosen
    chosen.close()


def test_three_screens_in_any_order_are_one_conversation(means: screenshots.Means) -> None:
    first, second, third = shots.three()
    given = [("c.png", third), ("a.png", first), ("b.png", second)]
    counted: list[int] = []
    found = screenshots.read(given, means, now=NOW, progress=counted.append)
    export = found.export
    assert counted == [0, 1, 2, 3]
    assert export.form == "screenshots"
    assert export.participants == ["나 (me)", "별하"]
    assert len(export.turns) == len(shots.TALK)
    for turn, (who, text) in zip(export.turns, shots.TALK, strict=True):
        assert turn.sender == (who or "나 (me)")
        if text != "[코드]":
            assert same_text(turn.text, text) > 0.5, (turn.text, text)
    assert [turn.line for turn in export.turns] == list(range(1, 15))
    assert [turn.at for turn in export.turns] == sorted(turn.at for turn in export.turns)
    assert abs(export.turns[-1].at - (shots.BEGAN + 40 * 13)) < 120
    remarks = {remark.code for remark in export.warnings}
    assert {"screens_order", "screens_sides"} <= remarks
    assert not remarks & {"screens_gap", "screens_unknown", "screens_times", "screens_dates"}
    for remark in export.warnings:
        assert remark.sentence("ko") != remark.sentence("en")

    (attachment,) = export.turns[11].attachments
    assert attachment.noticed is not None
    (code,) = attachment.noticed.codes
    assert (code.text, code.leads_to) == (shots.INVITATION, "messenger")
    assert found.first[1] == 1, "the second that was given shows the first message"
    assert all("메시지 입력" not in turn.text for turn in export.turns)


@pytest.mark.parametrize(
    ("data", "korean", "english"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "broken.png: ", "broken.png: "),
        (b"<svg onload='alert(1)'>", "그림 파일", "no picture"),
        (shots.three()[0][:5000], "손상", "damaged"),
    ],
    ids=["header", "svg", "half"],
)
def test_a_picture_that_cannot_be_read_is_named(
    means: screenshots.Means, data: bytes, korean: str, english: str
) -> None:
    with pytest.raises(screenshots.PictureProblem) as caught:
        screenshots.read([("broken.png", data)], means)
    assert caught.value.sentence("ko").startswith("broken.png: ")
    assert korean in caught.value.sentence("ko")
    assert english in caught.value.sentence("en")


def test_a_picture_without_a_chat_counts_with_what_is_seen_in_it(
    means: screenshots.Means,
) -> None:
    """A note held up to the camera, or an invitation on a wall."""
    from PIL import Image, ImageDraw, ImageFont

    from tests.pictures.drawn import FONT

    note = Image.new("RGB", (700, 300), (255, 255, 255))
    font = ImageFont.truetype(FONT, 44)
    ImageDraw.Draw(note).text((150, 120), "용돈 줄게 연락해", font=font, fill=(0, 0, 0))
    found = screenshots.read([("note.png", shots.png(note))], means, now=1_716_200_000.0)
    (turn,) = found.export.turns
    assert turn.sender == "모름 (unknown)"
    assert turn.at == 1_716_200_000.0
    noticed = turn.attachments[0].noticed
    assert noticed is not None
    assert "용돈" in noticed.text
    assert noticed.fingerprint
    assert [each.code for each in found.export.warnings] == ["screens_no_chat"]
    assert found.first == (1,)


def test_a_picture_without_a_chat_and_without_words_is_said_to_have_none(
    means: screenshots.Means,
) -> None:
    from PIL import Image

    blank = shots.png(Image.new("RGB", (300, 500), (250, 250, 250)))
    with pytest.raises(ExportError, match="대화도 글도 찾지 못했습니다"):
        screenshots.read([("blank.png", blank)], means)


def test_more_pictures_than_are_taken_are_refused_before_any_is_read(
    means: screenshots.Means,
) -> None:
    given = [("a.png", shots.three()[0])] * (screenshots.MOST + 1)
    with pytest.raises(screenshots.PictureProblem, match="20장까지"):
        screenshots.read(given, means)
