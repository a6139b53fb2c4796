"""A folder with an ONNX model is a classifier; the model here is written byte by byte."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from ansim.pictures.classifier_names import check
from ansim.pictures.reader import PictureReader
from tests.pictures.drawn import encoded


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def part(field: int, content: bytes | str | int) -> bytes:
    """A field of a protobuf message."""
    if isinstance(content, int):
        return varint(field << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def value(name: str, *sides: int) -> bytes:
    shape = b"".join(part(1, part(1, side)) for side in sides)
    return part(1, name) + part(2, part(1, part(1, 1) + part(2, shape)))


def mean_of_each_colour() -> bytes:
    """An ONNX model: the mean of red, green and blue of an 8 × 8 picture."""
    node = part(1, "picture") + part(2, "means") + part(4, "GlobalAveragePool")
    graph = (
        part(1, node)
        + part(2, "colours")
        + part(11, value("picture", 1, 3, 8, 8))
        + part(12, value("means", 1, 3, 1, 1))
    )
    return part(1, 8) + part(7, graph) + part(8, part(1, "") + part(2, 13))


def test_a_folder_with_a_model_is_asked_in_the_process_apart(tmp_path: Path) -> None:
    folder = tmp_path / "colours"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(mean_of_each_colour())
    (folder / "labels.txt").write_text("red\ngreen\nblue\n", "utf-8")
    check(str(folder))
    reader = PictureReader(classifiers=[str(folder)])
    noticed = reader.notice(encoded(Image.new("RGB", (90, 50), (0, 255, 0))))
    reader.close()
    assert noticed.unread == ""
    assert [(label.classifier, label.name) for label in noticed.labels] == [("colours", "green")]
    assert noticed.labels[0].score == 1.0
