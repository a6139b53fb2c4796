"""A small copy of a picture for the reviewing model, made anew from its pixels.

Whatever stood in the file beside the pixels (a camera's notes, a place, a comment, hidden bytes)
cannot come along. Made in the process apart, and only where somebody asks for it.
"""

from __future__ import annotations

import cv2

from ansim.pictures.decoding import Pixels
from ansim.pictures.values import MOST_RENDERED_BYTES

MEDIA_TYPE = "image/jpeg"
_QUALITIES = (85, 65, 45)
"""Tried in this order until the copy is small enough."""


def rendering(pixels: Pixels, side: int) -> bytes:
    """A JPEG of RGB pixels (height, width, 3) whose longer side has at most ``side`` pixels.

    Empty where it cannot be made within ``MOST_RENDERED_BYTES``.
    """
    height, width = pixels.shape[:2]
    share = side / max(height, width)
    if share < 1.0:
        size = max(1, round(width * share)), max(1, round(height * share))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    else:
        small = pixels
    ordered = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    for quality in _QUALITIES:
        made, file = cv2.imencode(".jpg", ordered, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if made and file.size <= MOST_RENDERED_BYTES:
            return file.tobytes()
    return b""
