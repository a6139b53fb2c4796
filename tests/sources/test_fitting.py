"""What platforms say is made to fit, and a cut can be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansim.chat import AttachmentKind
from ansim.chat.message import MAX_TEXT_BYTES
from ansim.sources.fitting import CUT, fit_attachment, fit_id, fit_name, fit_text

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=200)


@given(ANY_TEXT, st.integers(60, 400))
def test_any_text_can_be_written_as_utf_8_within_the_limit(text: str, limit: int) -> None:
    fitted = fit_text(text, limit)
    assert len(fitted.encode()) <= limit
    assert "\0" not in fitted
    assert fit_text(fitted, limit) == fitted


def test_what_fits_stays_as_it_was_and_a_cut_is_visible() -> None:
    assert fit_text("가나다 👩\u200d👧") == "가나다 👩\u200d👧"
    long = fit_text("가" * 30_000)
    assert long.endswith(CUT)
    assert MAX_TEXT_BYTES - 3 <= len(long.encode()) <= MAX_TEXT_BYTES


def test_two_halves_of_a_pair_become_one_character_and_a_lone_half_a_mark() -> None:
    assert fit_text("\ud83d\ude42") == "🙂"
    assert fit_text("반쪽 \ud83d!") == "반쪽 \ufffd!"


@pytest.mark.parametrize("value", [None, 7.5, True, [], {"a": 1}, b"a"])
def test_what_is_no_text_or_name_is_empty(value: object) -> None:
    assert fit_text(value) == fit_name(value) == ""


def test_a_name_that_does_not_fit_is_another_short_name_each_time_the_same() -> None:
    assert fit_name(12345) == "12345"
    assert fit_name("a" * 500) == "a" * 500
    names = {fit_name("a" * 501), fit_name("a" * 502), fit_name("a\0"), fit_name("a\ufffd")}
    assert len(names) == 4
    assert fit_name("a" * 501) == fit_name("a" * 501)
    assert max(len(fit_id("a" * 201)), len(fit_name("a" * 999))) < 100


@pytest.mark.parametrize(
    ("name", "media_type", "kind"),
    [
        ("a.bin", "image/png", AttachmentKind.IMAGE),
        ("a.JPG", None, AttachmentKind.IMAGE),
        ("a.mp3", "application/octet-stream", AttachmentKind.AUDIO),
        ("a.webm", "", AttachmentKind.VIDEO),
        ("a", 7, AttachmentKind.FILE),
        (None, "text/plain", AttachmentKind.FILE),
    ],
)
def test_an_attachment_is_known_by_its_media_type_or_its_ending(
    name: object, media_type: object, kind: AttachmentKind
) -> None:
    assert fit_attachment(name, media_type).kind is kind
