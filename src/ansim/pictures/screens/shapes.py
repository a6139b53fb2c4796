"""Rectangles and masks on a screen, and the colour of what lies behind them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Colours = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the screen."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    def times(self, factor: float) -> Box:
        return Box(*(round(side * factor) for side in self.sides))

    @property
    def sides(self) -> tuple[float, float, float, float]:
        return self.left, self.top, self.right, self.bottom


def ground(part: NDArray[np.float32], where: Mask, unit: float) -> Colours:
    """Mean colour of the page around each pixel."""
    wide = (round(4 * unit), round(4 * unit))
    weight = cv2.boxFilter(where.astype(np.float32), -1, wide)
    total = cv2.boxFilter(part * where[..., None], -1, wide)
    ground = np.asarray(total / np.maximum(weight, 1e-3)[..., None], np.float32)
    if where.any():  # in a long gap between two bubbles no page is seen close by
        ground[weight <= 0.02] = np.median(part[where > 0][::17], axis=0)
    return ground
