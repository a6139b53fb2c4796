"""Classifiers of pictures that the operator brings; none comes with the software.

One is a function from pixels to scores, named ``module:function`` (a package installed beside the
software) or ``/full/path/file.py:function``, or it is a folder that holds ``model.onnx`` and
``labels.txt``, named by its full path. They run in the process apart.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Protocol

import cv2
import numpy as np

from ansim.chat import PictureLabel
from ansim.pictures.classifier_names import ClassifierError, check, parse
from ansim.pictures.decoding import Pixels

MOST_LABELS = 20
LEAST_SCORE = 0.05
"""Labels under it say nothing worth showing."""


class Classifier(Protocol):
    """Says how much of a picture is of each name: scores within 0..1 by name.

    ``pixels`` is RGB, shape (height, width, 3), one byte a channel.
    """

    def __call__(self, pixels: Pixels, /) -> Mapping[str, float]: ...


def load(name: str) -> Classifier:
    """The classifier of that name. Raises ClassifierError."""
    named = parse(name)
    if not named.function:
        return _OnnxFolder(Path(named.place))
    try:
        module = _file(Path(named.place)) if named.is_file else importlib.import_module(named.place)
        return getattr(module, named.function)  # type: ignore[no-any-return]
    except (ImportError, AttributeError, OSError):
        raise ClassifierError(
            f"{name}: 불러올 수 없는 분류기입니다 / cannot be imported; is it installed here?"
        ) from None


def _file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("classifier", path)
    if spec is None or spec.loader is None:
        raise ImportError
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def labels(pixels: Pixels, names: tuple[str, ...]) -> tuple[PictureLabel, ...]:
    """What each classifier says, the surest first. Raises whatever a classifier raises."""
    said = [
        PictureLabel(classifier=Path(name).name[:60], name=str(label)[:60], score=sure)
        for name in names
        for label, score in load(name)(pixels).items()
        if (sure := _within(score)) >= LEAST_SCORE
    ]
    return tuple(sorted(said, key=lambda label: -label.score)[:MOST_LABELS])


def _within(score: float) -> float:
    number = float(score)
    return 0.0 if math.isnan(number) else min(1.0, max(0.0, number))


class _OnnxFolder:
    """An ONNX image model: input (1, 3, height, width), RGB 0..1, output a number a label.

    ``labels.txt`` has a name a line in the order of the output. Outputs that are no shares (0..1
    with the sum 1) are made so.
    """

    def __init__(self, folder: Path) -> None:
        check(str(folder))
        model, names = folder / "model.onnx", folder / "labels.txt"
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._names = names.read_text("utf-8").split("\n")
        given = self._session.get_inputs()[0]
        self._input = given.name
        self._size = tuple(side if isinstance(side, int) else 224 for side in given.shape[2:4])

    def __call__(self, pixels: Pixels, /) -> Mapping[str, float]:
        height, width = self._size
        small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        batch = (small.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        raw = np.asarray(self._session.run(None, {self._input: batch})[0], np.float64).ravel()
        if raw.min() < 0 or raw.max() > 1 or abs(raw.sum() - 1) > 0.01:
            raised = np.exp(raw - raw.max())
            raw = raised / raised.sum()
        names = [name.strip() for name in self._names]
        return {name: float(score) for name, score in zip(names, raw, strict=False) if name}
