"""What happens to a screenshot on its way: sent on by a messenger, or photographed off a screen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
WEAR = ("clean", "sent", "photographed")


def worn(pixels: Pixels, wear: str, seed: int) -> Pixels:
    """``pixels`` (RGB) after that wear; the same seed, the same picture."""
    chance = np.random.default_rng(seed)
    if wear == "clean":
        return pixels
    if wear == "sent":
        return _sent(pixels, chance)
    if wear == "photographed":
        return _photographed(pixels, chance)
    raise ValueError(f"no such wear: {wear}")


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Through JPEG and back."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture cannot be written as JPEG")
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if back is None:
        raise ValueError("the picture cannot be read back from JPEG")
    return np.asarray(cv2.cvtColor(back, cv2.COLOR_BGR2RGB), np.uint8)


def _sent(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """Made smaller, a little soft, and JPEG twice."""
    factor = chance.uniform(0.72, 0.9)
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), chance.uniform(0.3, 0.6))
    first = jpeg(np.asarray(soft, np.uint8), int(chance.integers(55, 75)))
    return jpeg(first, int(chance.integers(45, 65)))


def _photographed(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """A telephone that lies on a table, photographed by hand: slant, light, grid, grain."""
    height, width = pixels.shape[:2]
    edge = round(0.09 * width)
    across, down = width + 2 * edge, height + 2 * edge
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shift = chance.uniform(-0.035, 0.035, (4, 2)) * width
    there = (corners + edge + shift).astype(np.float32)
    table = chance.integers(50, 110, 3)
    ground = np.empty((down, across, 3), np.float32)
    ground[:] = table
    ground += cv2.GaussianBlur(chance.normal(0, 24, (down, across, 1)), (0, 0), 3)[..., None]
    rim = np.full((height + 28, width + 28, 3), 12, np.uint8)
    rim[14:-14, 14:-14] = pixels
    outline = np.array(
        [[-14, -14], [width + 14, -14], [width + 14, height + 14], [-14, height + 14]], np.float32
    )
    turn = cv2.getPerspectiveTransform(corners, there)
    around = cv2.perspectiveTransform(outline[None], turn)[0]
    size = (across, down)
    rim_corners = np.array(
        [[0, 0], [width + 28, 0], [width + 28, height + 28], [0, height + 28]], np.float32
    )
    lay = cv2.getPerspectiveTransform(rim_corners, around.astype(np.float32))
    warped = cv2.warpPerspective(rim, lay, size, flags=cv2.INTER_LINEAR).astype(np.float32)
    mask = cv2.warpPerspective(np.full(rim.shape[:2], 255, np.uint8), lay, size) > 127
    scene = np.where(mask[..., None], warped, ground)
    rows, columns = np.mgrid[0:down, 0:across].astype(np.float32)
    lean = chance.uniform(-1, 1, 2)
    light = 0.93 + 0.1 * (lean[0] * (columns / across - 0.5) + lean[1] * (rows / down - 0.5))
    period, angle = chance.uniform(3.2, 6.0), chance.uniform(0.1, 1.4)
    waves = np.sin(2 * np.pi * (columns * np.cos(angle) + rows * np.sin(angle)) / period)
    grid = 1 + 0.012 * waves
    scene = cv2.GaussianBlur(scene * light[..., None] * grid[..., None], (0, 0), 0.7)
    scene += chance.normal(0, 3.0, scene.shape)
    return jpeg(np.clip(scene, 0, 255).astype(np.uint8), int(chance.integers(70, 88)))
