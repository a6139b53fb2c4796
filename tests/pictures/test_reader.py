"""Bytes in, what is seen out: a picture's words, codes and likeness, and none of its metadata."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from ansim.chat import CodeSeen, KnownPicture, Noticed
from ansim.pictures import decoding, sniffing
from ansim.pictures.apart import Apart
from ansim.pictures.classifier_names import ClassifierError, check
from ansim.pictures.classifiers import load
from ansim.pictures.fingerprint import fingerprint
from ansim.pictures.lists import Lists
from ansim.pictures.reader import PictureReader
from ansim.pictures.values import Limits
from tests.pictures.drawn import code, encoded, png_bomb, shapes, words

INVITATION = "https://t.me/example"


@pytest.fixture
def reader() -> Iterator[PictureReader]:
    reader = PictureReader()
    yield reader
    reader.close()


def pixels(picture: bytes) -> decoding.Pixels:
    return decoding.decode(picture, sniffing.sniff(picture), Limits()).pixels


def test_words_codes_and_likeness_are_noticed_together(tmp_path: Path) -> None:
    page = Image.new("RGB", (800, 300), "white")
    page.paste(words(("여기로 들어와",), 30), (0, 20))
    page.paste(code(INVITATION, 5), (500, 20))
    hash_, _ = fingerprint(np.asarray(page))
    (tmp_path / "hotline.txt").write_text(hash_, "utf-8")
    reader = PictureReader(lists=Lists([tmp_path]))
    noticed = reader.notice(encoded(page))
    reader.close()
    assert noticed.text == "여기로 들어와"
    assert noticed.codes == (CodeSeen(format="QRCode", text=INVITATION, leads_to="messenger"),)
    assert noticed.fingerprint == hash_
    assert noticed.known == (KnownPicture(list="hotline", distance=0),)
    assert noticed.unread == ""


async def test_it_can_be_asked_while_other_things_go_on(reader: PictureReader) -> None:
    noticed = await reader.notice_async(encoded(words()))
    assert "비밀이야" in noticed.text
    assert await reader.notice_async(b"%PDF-1.7") == Noticed(unread="unknown_type")


def test_what_cannot_be_read_says_why_and_is_never_just_empty(reader: PictureReader) -> None:
    half = encoded(Image.fromarray(shapes(2)))
    assert reader.notice(half[: len(half) // 2]) == Noticed(unread="damaged")
    assert reader.notice(png_bomb(20_000)) == Noticed(unread="too_many_pixels")
    assert reader.notice(b"<svg/>") == Noticed(unread="unknown_type")
    assert reader.notice(bytes(11 * 1024 * 1024)) == Noticed(unread="too_large")


def test_without_tesseract_all_but_the_words_is_noticed(
    reader: PictureReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    noticed = reader.notice(encoded(code(INVITATION)))
    assert noticed.unread == "no_reader"
    assert noticed.codes[0].leads_to == "messenger"
    assert noticed.fingerprint


def test_nothing_of_a_pictures_metadata_comes_out(reader: PictureReader) -> None:
    secret = "maker-of-this-picture"
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", secret)
    notes.add_itxt("Comment", secret, zip=True)
    exif = Image.Exif()
    exif[0x010F] = secret
    exif[0x8825] = {1: "N", 2: (37.0, 33.0, 59.0)}
    picture = Image.fromarray(shapes(5))
    for file in (
        encoded(picture, "PNG", pnginfo=notes, exif=exif),
        encoded(picture, "JPEG", comment=secret.encode(), exif=exif),
        encoded(picture, "WEBP", exif=exif, xmp=secret.encode()),
    ):
        assert secret.encode() in file or secret.encode() in file.replace(b"\0", b"")
        assert secret.encode() not in msgspec.json.encode(reader.look(file))


def test_a_picture_is_set_upright_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(shapes(6, 200, 300)).transpose(Image.Transpose.ROTATE_90)
    upright = pixels(encoded(lying, "PNG", exif=exif))
    assert np.array_equal(upright, shapes(6, 200, 300))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_notes_of_a_camera_turn_nothing() -> None:
    picture = encoded(Image.fromarray(shapes(6)), "PNG", exif=b"Exif\0\0MM\0*" + b"\xff" * 40)
    assert pixels(picture).shape == (300, 400, 3)


def test_of_a_moving_picture_the_first_frame_is_seen() -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "green")]
    file = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert tuple(pixels(file)[20, 20]) == (255, 0, 0)


def test_light_print_on_nothing_is_seen_on_dark_and_dark_print_on_light() -> None:
    for print_, ground in (((250, 250, 250, 255), 0), ((10, 10, 10, 255), 255)):
        layer = Image.new("RGBA", (40, 40))
        layer.paste(print_, (10, 10, 20, 20))
        seen = pixels(encoded(layer))
        assert seen[0, 0].tolist() == [ground] * 3
        assert seen[15, 15].tolist() == list(print_[:3])


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK", "I;16", "YCbCr"])
def test_every_kind_of_pixel_becomes_rgb(mode: str) -> None:
    form = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    image = Image.new("L", (50, 30), 200)
    image = (
        Image.fromarray(np.full((30, 50), 51_400, np.uint16))
        if mode == "I;16"
        else image.convert(mode)
    )
    seen = pixels(encoded(image, form))
    assert seen.shape == (30, 50, 3)
    assert seen.dtype == np.uint8
    assert seen.mean() > 150


def test_a_gif_whose_frame_is_larger_than_its_screen_stays_within_the_limits() -> None:
    small = bytearray(encoded(Image.new("L", (8, 8)), "GIF"))
    frame = small.index(b",", 13)
    small[frame + 5 : frame + 9] = struct.pack("<HH", 60_000, 60_000)
    reader = PictureReader(Apart())
    noticed = reader.notice(bytes(small))
    reader.close()
    assert noticed.unread in ("damaged", "too_many_pixels", "too_costly", "broke")


def test_an_operators_classifier_is_asked_and_a_failing_one_is_said(tmp_path: Path) -> None:
    file = tmp_path / "brought.py"
    file.write_text(
        "def share_of_red(pixels):\n"
        "    return {'red': float(pixels[..., 0].mean() / 255), 'never': 0.0, 'wild': 7.0}\n"
        "def fails(pixels):\n    raise ValueError('no')\n",
        "utf-8",
    )
    red = encoded(Image.new("RGB", (50, 50), (255, 0, 0)))
    reader = PictureReader(classifiers=[f"{file}:share_of_red"])
    labels = reader.notice(red).labels
    reader.close()
    assert {(label.name, label.score) for label in labels} == {("red", 1.0), ("wild", 1.0)}
    reader = PictureReader(classifiers=[f"{file}:fails"])
    noticed = reader.notice(red)
    reader.close()
    assert noticed.unread == "classifier"
    assert len(noticed.fingerprint) == 64


@pytest.mark.parametrize("name", ["nothing", "no.such.module:f", "json:nothing", "/none/x.py:f"])
def test_a_classifier_that_cannot_be_loaded_is_named(name: str) -> None:
    with pytest.raises(ClassifierError, match=name.split(":", maxsplit=1)[0]):
        load(name)
    if name != "json:nothing":  # what a module holds is seen only when it runs
        with pytest.raises(ClassifierError, match=name.split(":", maxsplit=1)[0]):
            check(name)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match=r"model\.onnx"):
        load(str(tmp_path))


def test_no_imaging_library_comes_into_the_process_that_asks() -> None:
    script = (
        "import sys, ansim.pictures.reader\n"
        "print([name for name in ('PIL', 'cv2', 'zxingcpp', 'onnxruntime') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    assert told.strip() == "[]"
