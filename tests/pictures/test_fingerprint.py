"""A picture's PDQ hash is the published one, and holds through copying, shrinking and noise."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ansim.pictures.fingerprint import distance, fingerprint
from tests.pictures.drawn import encoded, shapes

# Made by pdqhash 0.2.8 (the reference code in C++) of the same drawings.
GOLDEN = [
    (0, 64, 64, "838392704c935f1ed87496cb36f0f1b7b28e3279858b3f19a178ed6909694b66", 100),
    (1, 300, 400, "ceec5ce810ae319f5635eed1108c01df973bd7205cad18dd03bd1112bc62ef6a", 72),
    (5, 777, 1234, "52b5b4d225ad3656a63492b9695b5e8b549aa5698bd24b94daad553aa959a694", 100),
    (6, 50, 2000, "05299ce72129a00717a8e42f14a063399ce767399ce7f739f5b92b508c46dcef", 51),
    (8, 40, 40, "98d3ee536e432b87fa7693968bde9c7c84981cfc15666533548630b1b883a88f", 100),
    (2, 1000, 700, "88c5fff063361c4d4722ddbad03947c699b8664728cdbbb18846681967ef6cc8", 76),
]


@pytest.mark.parametrize(("seed", "height", "width", "hash_", "quality"), GOLDEN)
def test_hashes_are_those_of_the_reference_bit_for_bit(
    seed: int, height: int, width: int, hash_: str, quality: int
) -> None:
    assert fingerprint(shapes(seed, height, width)) == (hash_, quality)


def jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = encoded(Image.fromarray(pixels), "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def resized(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )


@pytest.mark.parametrize("seed", range(20, 24))
def test_copies_stay_near_and_other_pictures_far(seed: int) -> None:
    original = shapes(seed)
    hash_, _ = fingerprint(original)
    grain = np.random.default_rng(seed).normal(0, 8, original.shape)
    copies = [
        jpeg(original, 40),
        resized(original, 0.5),
        resized(original, 0.21),
        jpeg(resized(original, 1.7), 60),
        (original + grain).clip(0, 255).astype(np.uint8),
        (original * 0.8 + 20).astype(np.uint8),
    ]
    assert max(distance(hash_, fingerprint(copy)[0]) for copy in copies) <= 31
    others = [fingerprint(shapes(other))[0] for other in range(100, 112)]
    assert min(distance(hash_, other) for other in others) > 70


def test_an_empty_picture_has_no_quality_and_a_tiny_one_no_hash() -> None:
    assert fingerprint(np.full((200, 200, 3), 90, np.uint8))[1] == 0
    assert fingerprint(np.zeros((4, 900, 3), np.uint8)) == ("", 0)
