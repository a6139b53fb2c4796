"""How the operator names a classifier of pictures, checked without running anything of it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path


class ClassifierError(Exception):
    """A classifier cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Named:
    """``place`` is a module's name, a Python file or a folder; a folder has no ``function``."""

    place: str
    function: str = ""

    @property
    def is_file(self) -> bool:
        return self.place.endswith(".py")


def parse(name: str) -> Named:
    """Raises ClassifierError for what is none of the three forms."""
    place, colon, function = name.rpartition(":")
    if colon and place and function.isidentifier():
        return Named(place, function)
    if not colon and Path(name).is_absolute():
        return Named(name)
    raise ClassifierError(
        f"{name!r}: 분류기는 module:function, 파일.py:function 또는 폴더의 전체 경로로 적습니다 / "
        "name it module:function, file.py:function or a folder, by its full path"
    )


def check(name: str) -> None:
    """Raises ClassifierError unless what is named is there."""
    named = parse(name)
    if not named.function:
        folder = Path(named.place)
        there = (folder / "model.onnx").is_file() and (folder / "labels.txt").is_file()
        wanted = "model.onnx 와 labels.txt 가 있어야 합니다 / must hold these two files"
    elif named.is_file:
        there, wanted = Path(named.place).is_file(), "파일이 없습니다 / there is no such file"
    else:
        try:
            there = importlib.util.find_spec(named.place) is not None
        except (ImportError, ValueError):
            there = False
        wanted = "설치되어 있지 않습니다 / is not installed here"
    if not there:
        raise ClassifierError(f"{name}: {wanted}")
