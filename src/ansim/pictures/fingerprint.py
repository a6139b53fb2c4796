"""PDQ: 256 bits of how a picture looks, nearly the same for copies, shrunk ones and screenshots.

The published algorithm (Facebook's ThreatExchange, "PDQ & TMK + PDQF", 2019): brightness, two
passes of a box filter along rows and columns, 64×64 samples, the 16×16 lowest frequencies of their
cosine transform, and for each a bit that says whether it is above the median. Lists of hashes that
hotlines hand out are in this form.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ansim.pictures.decoding import Pixels

BITS = 256
_SIDE, _LOW = 64, 16
_SMALLEST = 5
"""Side in pixels under which the algorithm gives no hash."""

Floats = NDArray[np.float32]


def fingerprint(pixels: Pixels) -> tuple[str, int]:
    """Hash as 64 hexadecimal digits, and quality 0..100, of RGB pixels (height, width, 3).

    ("", 0) for pictures too small to have one. A quality under 50 means too little is in the
    picture for the hash to tell it from others.
    """
    if min(pixels.shape[:2]) < _SMALLEST:
        return "", 0
    samples = _samples(pixels)
    bits = _bits(samples)
    return np.packbits(bits[::-1]).tobytes().hex(), _quality(samples)


def distance(one: str, other: str) -> int:
    """Bits in which two hashes differ, 0..256; copies are within about 31."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _samples(pixels: Pixels) -> Floats:
    weights = np.array([[0.299, 0.587, 0.114]], dtype=np.float32)
    height, width = pixels.shape[:2]
    luma: Floats = np.asarray(cv2.transform(pixels.astype(np.float32), weights), dtype=np.float32)
    luma = luma.reshape(height, width)
    if (height, width) != (_SIDE, _SIDE):
        across, down = (-(-side // (2 * _SIDE)) for side in (width, height))
        for _ in range(2):
            luma = _boxed(luma, across, along=1)
            luma = _boxed(luma, down, along=0)
    rows, columns = (
        ((np.arange(_SIDE) + 0.5) * side / _SIDE).astype(np.int64) for side in (height, width)
    )
    return luma[np.ix_(rows, columns)]


def _boxed(luma: Floats, window: int, *, along: int) -> Floats:
    """Mean over a sliding window that is smaller at the edges."""
    before = window - (window + 2) // 2
    size, anchor = ((window, 1), (before, 0)) if along == 1 else ((1, window), (0, before))
    summed = cv2.boxFilter(
        luma, -1, size, anchor=anchor, normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    length = luma.shape[along]
    at = np.arange(length)
    inside = np.minimum(at - before + window, length) - np.maximum(at - before, 0)
    many = inside[None, :] if along == 1 else inside[:, None]
    return np.asarray(np.divide(summed, many), dtype=np.float32)


def _bits(samples: Floats) -> NDArray[np.bool_]:
    frequency = np.arange(1, _LOW + 1)[:, None]
    place = 2 * np.arange(_SIDE)[None, :] + 1
    waves = np.sqrt(2 / _SIDE) * np.cos(np.pi / 2 / _SIDE * frequency * place)
    low = (waves @ samples.astype(np.float64) @ waves.T).ravel()
    # The lower of the two in the middle, as the published code takes it.
    return np.asarray(low > np.sort(low)[BITS // 2 - 1])


def _quality(samples: Floats) -> int:
    """How much goes on in the picture: steep places between samples, counted in hundredths."""
    steps = [np.trunc(np.diff(samples, axis=axis) * 100 / 255) for axis in (0, 1)]
    return min(100, int(sum(np.abs(step).sum() for step in steps)) // 90)
