"""Bytes to pixels, once, in the process apart: upright, opaque, and without their metadata."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ansim.pictures import sniffing
from ansim.pictures.values import Limits, Unread, Why

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture: RGB ``pixels`` of shape (height, width, 3), one byte a channel."""

    format: str
    pixels: Pixels

    @property
    def grey(self) -> Pixels:
        """Brightness of every pixel, shape (height, width)."""
        return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def decode_all(pictures: list[bytes], limits: Limits) -> list[Picture]:
    """The pictures of a request. Raises Unread with the number of the first that will not open."""
    kinds = sniffing.check_all(pictures, limits)
    decoded = []
    for number, (picture, kind) in enumerate(zip(pictures, kinds, strict=True)):
        try:
            decoded.append(decode(picture, kind, limits))
        except Unread as problem:
            raise Unread(problem.why, number) from None
        except MemoryError:
            raise Unread(Why.TOO_COSTLY, number) from None
    return decoded


def decode(picture: bytes, kind: sniffing.Kind, limits: Limits) -> Picture:
    """One picture, by the decoder of its own format alone; of a moving one the first frame."""
    cv2.setNumThreads(1)
    Image.MAX_IMAGE_PIXELS = limits.pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(picture), formats=(kind.format.upper(),)) as image:
                # The decoder may read another size out of the file than our look at its header.
                if image.width * image.height > limits.pixels or max(image.size) > limits.side:
                    raise Unread(Why.TOO_MANY_PIXELS)
                image.load()
                pixels = _opaque(_upright(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unread(Why.TOO_MANY_PIXELS) from None
    except UnidentifiedImageError:
        raise Unread(Why.DAMAGED) from None
    except (Unread, MemoryError):
        raise
    except Exception:  # decoders of damaged files raise whatever they meet
        raise Unread(Why.DAMAGED) from None
    return Picture(kind.format, pixels)


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera says it was held; damaged notes of a camera turn nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:
        return image


def _opaque(image: Image.Image) -> Pixels:
    """RGB pixels. What shows through stands on white, or on black where the rest is light."""
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        layers = np.asarray(image.convert("RGBA"), dtype=np.uint8)
        alpha = layers[..., 3:].astype(np.uint16)
        solid = layers[..., :3][layers[..., 3] > 127]
        ground = 0 if len(solid) and float(solid.mean()) > 160 else 255
        mixed = (layers[..., :3] * alpha + ground * (255 - alpha)) // 255
        return np.ascontiguousarray(mixed, dtype=np.uint8)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        deep = np.asarray(image, dtype=np.float64)
        top = 65535.0 if image.mode != "F" else max(float(np.nanmax(deep)), 1.0)
        grey = np.nan_to_num(deep / top * 255).clip(0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    return np.array(image.convert("RGB"), dtype=np.uint8)
