"""The small copy for the reviewing model: small, without metadata, and of known pictures none."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from ansim.pictures.fingerprint import distance, fingerprint
from ansim.pictures.lists import Lists
from ansim.pictures.reader import PictureReader
from ansim.pictures.rendering import rendering
from ansim.pictures.values import MOST_RENDERED_BYTES, RENDERED_SIDE
from tests.pictures.drawn import encoded, shapes, words

SECRET = "maker-of-this-picture"


def opened(copy: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(copy))
    image.load()
    return image


@pytest.mark.parametrize("size", [(1000, 2000), (2000, 1000), (5000, 3)])
def test_a_large_picture_becomes_small_and_stays_what_it_shows(size: tuple[int, int]) -> None:
    pixels = shapes(3, *size)
    image = opened(rendering(pixels, RENDERED_SIDE))
    assert image.format == "JPEG"
    assert max(image.size) == RENDERED_SIDE
    if min(size) > 100:
        found, _ = fingerprint(np.asarray(image))
        assert distance(found, fingerprint(pixels)[0]) <= 31


def test_a_small_picture_is_not_made_larger() -> None:
    assert opened(rendering(shapes(3, 40, 60), RENDERED_SIDE)).size == (60, 40)


def test_colours_stay_where_they_are() -> None:
    red = np.zeros((50, 50, 3), np.uint8)
    red[..., 0] = 255
    seen = np.asarray(opened(rendering(red, RENDERED_SIDE)))[25, 25]
    assert seen[0] > 200
    assert seen[2] < 60


def test_noise_is_pressed_until_it_fits_or_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (2000, 2000, 3), dtype=np.uint8)
    assert len(rendering(noise, 2000)) <= MOST_RENDERED_BYTES
    copy = rendering(noise[:768, :768], RENDERED_SIDE)
    assert 0 < len(copy) <= MOST_RENDERED_BYTES
    monkeypatch.setattr("ansim.pictures.rendering.MOST_RENDERED_BYTES", 1000)
    assert rendering(noise[:768, :768], RENDERED_SIDE) == b""


async def test_a_copy_is_made_only_where_asked_for_and_holds_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F] = SECRET
    exif[0x8825] = {1: "N", 2: (37.0, 33.0, 59.0)}
    file = encoded(words(size=60), "JPEG", comment=SECRET.encode(), exif=exif)
    assert SECRET.encode() in file
    silent = PictureReader()
    assert (await silent.seen_async(file))[1] == b""
    silent.close()
    reader = PictureReader(rendered=RENDERED_SIDE)
    noticed, copy = await reader.seen_async(file)
    assert "비밀이야" in noticed.text
    image = opened(copy)
    assert max(image.size) == RENDERED_SIDE
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert SECRET.encode() not in copy
    assert copy not in msgspec.msgpack.encode(noticed), "what is kept of it holds no copy"
    assert await reader.seen_async(b"<svg/>") == (await reader.notice_async(b"<svg/>"), b"")
    reader.close()


async def test_of_a_picture_like_one_on_a_list_or_that_cannot_be_compared_no_copy_goes_on(
    tmp_path: Path,
) -> None:
    known, other = shapes(1), shapes(2)
    (tmp_path / "hotline.txt").write_text(fingerprint(known)[0], "utf-8")
    reader = PictureReader(lists=Lists([tmp_path]), rendered=RENDERED_SIDE)
    noticed, copy = await reader.seen_async(encoded(Image.fromarray(known).resize((300, 220))))
    assert noticed.known[0].list == "hotline"
    assert copy == b""
    noticed, copy = await reader.seen_async(encoded(Image.fromarray(other)))
    assert noticed.known == ()
    assert copy
    noticed, copy = await reader.seen_async(encoded(Image.new("RGB", (4, 300))))
    assert noticed.fingerprint == ""
    assert copy == b""
    reader.close()
