"""What a picture is, is told by its own bytes, and what is too much is told before decoding."""

from __future__ import annotations

from contextlib import suppress

import pytest
from PIL import Image

from ansim.pictures import sniffing
from ansim.pictures.sniffing import Kind
from ansim.pictures.values import Limits, Unread, Why
from tests.pictures.drawn import encoded, png_of

FORMS = ["PNG", "JPEG", "GIF", "WEBP", "BMP"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [(1, 1), (31, 47), (700, 300)])
def test_format_and_size_are_told_from_the_header(form: str, size: tuple[int, int]) -> None:
    picture = encoded(Image.new("RGB", size, "teal"), form)
    assert sniffing.sniff(picture) == Kind(form.lower(), *size)


def test_every_kind_of_webp_and_a_bottom_up_bmp_tell_their_size() -> None:
    image = Image.new("RGBA", (33, 21), (1, 2, 3, 99))
    assert sniffing.sniff(encoded(image, "WEBP", lossless=True)) == Kind("webp", 33, 21)
    assert sniffing.sniff(encoded(image, "WEBP", lossless=False)) == Kind("webp", 33, 21)
    upside_down = bytearray(encoded(image.convert("RGB"), "BMP"))
    upside_down[22:26] = (-21).to_bytes(4, "little", signed=True)
    assert sniffing.sniff(bytes(upside_down)) == Kind("bmp", 33, 21)


def test_a_progressive_jpeg_with_notes_before_its_frame_tells_its_size() -> None:
    picture = encoded(
        Image.new("RGB", (90, 60)), "JPEG", progressive=True, comment=b"\xff\xc0 not a frame"
    )
    assert sniffing.sniff(picture) == Kind("jpeg", 90, 60)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"<!doctype html><img src=x>",
        b"%PDF-1.7\n1 0 obj",
        b"II*\x00" + bytes(60),
        b"\x00\x00\x00\x18ftypheic" + bytes(40),
        b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40),
        b"BMW is no picture, it is a car; nor is this sentence one of Windows",
        b"\x1f\x8b\x08" + bytes(40),
        b"GIF88a" + bytes(40),
        b" \x89PNG\r\n\x1a\n" + bytes(40),
    ],
    ids=repr,
)
def test_what_is_not_one_of_five_formats_is_refused(content: bytes) -> None:
    with pytest.raises(Unread) as problem:
        sniffing.sniff(content)
    assert problem.value.why is Why.UNKNOWN_TYPE


@pytest.mark.parametrize("form", FORMS)
def test_a_header_cut_short_never_breaks_the_reading_of_it(form: str) -> None:
    picture = encoded(Image.new("RGB", (40, 40)), form)
    for length in range(min(len(picture), 700)):
        with suppress(Unread):
            assert sniffing.sniff(picture[:length]) == Kind(form.lower(), 40, 40)


def test_a_jpeg_of_endless_padding_is_given_up() -> None:
    with pytest.raises(Unread, match="damaged"):
        sniffing.sniff(b"\xff\xd8" + b"\xff" * 5_000_000)


def test_each_limit_has_its_own_reason() -> None:
    limits = Limits(picture_bytes=1000, pixels=10_000, side=500, pictures=2, pixels_together=15_000)
    small = encoded(Image.new("RGB", (90, 90)))
    assert len(sniffing.check_all([small], limits)) == 1

    def why(*pictures: bytes) -> Unread:
        with pytest.raises(Unread) as problem:
            sniffing.check_all(list(pictures), limits)
        return problem.value

    assert why(small + bytes(1000)).why is Why.TOO_LARGE
    assert why(png_of(101, 100, b"")).why is Why.TOO_MANY_PIXELS
    assert why(png_of(501, 1, b"")).why is Why.TOO_MANY_PIXELS
    assert why(png_of(0, 100, b"")).why is Why.DAMAGED
    assert why(small, small).why is Why.TOO_MANY_PIXELS
    assert why(small, small, small).why is Why.TOO_MANY
    assert why().why is Why.TOO_MANY
    second = why(small, b"%PDF-1.7")
    assert (second.why, second.picture) == (Why.UNKNOWN_TYPE, 1)


def test_a_claim_of_twenty_thousand_by_twenty_thousand_is_refused_by_its_header() -> None:
    with pytest.raises(Unread, match="too_many_pixels"):
        sniffing.check(png_of(20_000, 20_000, b""), Limits())
