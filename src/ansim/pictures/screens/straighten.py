"""A photograph of a screen, turned into what the screen showed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Corners = NDArray[np.float32]

LEAST_AREA = 0.35
"""Share of the photograph that a screen has to take."""
_SMALL = 640


def straightened(pixels: Pixels) -> Pixels | None:
    """What stands in the outline of a screen, upright; None where the picture has no such outline
    (it is a screenshot already)."""
    corners = outline(pixels)
    if corners is None:
        return None
    a, b, c, d = corners
    width = round(float(np.linalg.norm(b - a) + np.linalg.norm(c - d)) / 2)
    height = round(float(np.linalg.norm(d - a) + np.linalg.norm(c - b)) / 2)
    if min(width, height) < 100:
        return None
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(corners, flat)
    how = cv2.INTER_CUBIC
    return np.asarray(cv2.warpPerspective(pixels, turn, (width, height), flags=how), np.uint8)


def outline(pixels: Pixels) -> Corners | None:
    """Corners of the screen in the photograph, from the upper left clockwise, in its pixels.

    Where the outline is double (glass and rim) the inner one.
    """
    height, width = pixels.shape[:2]
    shrink = _SMALL / max(height, width)
    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    found: list[tuple[float, Corners]] = []
    for channel in cv2.split(cv2.GaussianBlur(small, (0, 0), 1.2)):
        for edges in (cv2.Canny(channel, 12, 36), cv2.Canny(channel, 30, 90)):
            closed = cv2.dilate(edges, np.ones((3, 3), np.uint8))
            contours, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
            for contour in contours:
                corners = _four(np.asarray(contour), small.shape[0] * small.shape[1])
                if corners is not None and _inside(corners, small.shape[1], small.shape[0]):
                    found.append((float(cv2.contourArea(corners)), corners))
    if not found:
        return None
    largest = max(area for area, _ in found)
    _, best = min((one for one in found if one[0] >= 0.88 * largest), key=lambda one: one[0])
    return np.asarray(best / shrink, np.float32)


def _four(contour: NDArray[np.int32], whole: float) -> Corners | None:
    hull = cv2.convexHull(contour)
    if cv2.contourArea(hull) < LEAST_AREA * whole:
        return None
    for slack in (0.015, 0.025, 0.04):
        near = cv2.approxPolyDP(hull, slack * cv2.arcLength(hull, True), True)
        if len(near) == 4 and cv2.contourArea(near) > 0.95 * cv2.contourArea(hull):
            return _ordered(np.asarray(near.reshape(4, 2), np.float32))
    return None


def _ordered(corners: Corners) -> Corners:
    by_height = corners[np.argsort(corners[:, 1])]
    upper = by_height[:2][np.argsort(by_height[:2, 0])]
    lower = by_height[2:][np.argsort(by_height[2:, 0])]
    return np.array([upper[0], upper[1], lower[1], lower[0]], np.float32)


def _inside(corners: Corners, width: int, height: int) -> bool:
    """Whether there is something around it; the parts of a screenshot reach from side to side."""
    left = min(corners[0, 0], corners[3, 0]) / width
    right = 1 - max(corners[1, 0], corners[2, 0]) / width
    top = min(corners[0, 1], corners[1, 1]) / height
    bottom = 1 - max(corners[2, 1], corners[3, 1]) / height
    tall = np.linalg.norm(corners[3] - corners[0]) > 0.5 * height
    return bool(min(left, right) > 0.008 and (top > 0.004 or bottom > 0.004) and tall)
