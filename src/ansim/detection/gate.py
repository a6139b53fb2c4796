"""The gate: how likely each tactic is in one turn, for every message there is (≈ 10 µs each)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ansim.detection.labels import COLUMN, LABELS, MINOR

Floats = npt.NDArray[np.float64]

_PLACEHOLDER = re.compile(
    r"\[(?:성적 발언|사진|동영상|영상|음성|음성메시지|파일|이모티콘|스티커|위치|지도|연락처|링크)\]"
)


def blanked(text: str) -> str:
    """Replaces stand-ins such as ``[사진]`` by spaces, one for one, so that offsets stay.

    ``[성적 발언]`` stands where a writer of the corpus would not write; a model that read it would
    learn the bracket, not the talk. So nobody reads it, neither in training nor in service; the
    same holds for the media placeholders of exports.
    """
    if "[" not in text:
        return text
    return _PLACEHOLDER.sub(lambda found: " " * len(found.group()), text)


class Gate:
    """Linear, one column a label. Log-odds are calibrated to the share of turns in the corpus."""

    def __init__(
        self,
        keys: npt.NDArray[np.uint32],
        weights: npt.NDArray[np.float32],
        squares: npt.NDArray[np.float32],
        bias: Floats,
        display: dict[str, float],
        version: str,
    ) -> None:
        from ansim.detection.features import index_of

        self._table = index_of(keys)
        self.weights = weights
        self.squares = squares
        self.bias = bias
        self.display = display
        """Probability from which a label of a turn is shown and its span sought."""
        self.version = version

    def logits(self, texts: Sequence[str]) -> Floats:
        """Log-odds [texts, labels] of normalised, blanked texts."""
        from ansim.detection import scoring, spacing

        out = np.empty((len(texts), len(LABELS)), np.float64)
        codes, bounds = spacing.respaced(list(texts))
        scoring.score(
            codes, bounds, *self._table, self.weights, self.squares, self.bias, COLUMN[MINOR], out
        )
        return out

    def contributions(self, text: str, label: str) -> Floats:
        """What each character of ``text`` adds to the log-odds of ``label``."""
        from ansim.detection import scoring, spacing
        from ansim.detection.features import codes_of

        anew = spacing.lines([text])[0]
        codes, _ = codes_of([anew])
        given = np.zeros(len(codes), np.float64)
        scoring.attribute(
            codes, 0, len(codes), *self._table, self.weights, self.squares, COLUMN[label], given
        )
        out = np.zeros(len(text), np.float64)
        np.add.at(out, spacing.places(anew, text), given)
        return out
