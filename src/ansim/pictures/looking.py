"""The task ``look``: what every reader there is sees in a picture, in the process apart."""

from __future__ import annotations

import time
from contextlib import suppress

import cv2
import msgspec

from ansim.pictures import text
from ansim.pictures.classifiers import labels
from ansim.pictures.codes import codes, without
from ansim.pictures.decoding import Picture
from ansim.pictures.fingerprint import fingerprint
from ansim.pictures.rendering import rendering
from ansim.pictures.values import Look, Looks, Unread, Wanted, Why


def task(pictures: list[Picture], wanted: Wanted) -> Looks:
    """A look at each picture."""
    return Looks(tuple(look(picture, wanted) for picture in pictures))


def look(picture: Picture, wanted: Wanted) -> Look:
    """What is seen in one picture; what one reader could not do is said, and the rest is kept."""
    began = time.monotonic()
    grey = picture.grey
    height, width = grey.shape
    hash_, quality = fingerprint(picture.pixels)
    found, places = codes(grey)
    seen = Look(
        format=picture.format,
        width=width,
        height=height,
        codes=found,
        fingerprint=hash_,
        quality=quality,
    )
    try:
        seen = msgspec.structs.replace(seen, labels=labels(picture.pixels, wanted.classifiers))
    except Exception:  # it is the operator's code, and may raise anything
        seen = msgspec.structs.replace(seen, unread=Why.CLASSIFIER.value)
    if wanted.words:
        try:
            seen = msgspec.structs.replace(seen, lines=tuple(text.recognise(without(grey, places))))
        except Unread as problem:
            seen = msgspec.structs.replace(seen, unread=problem.why.value)
    if wanted.rendered:
        with suppress(MemoryError, cv2.error):  # what was seen counts without a copy
            copy = rendering(picture.pixels, wanted.rendered)
            seen = msgspec.structs.replace(seen, rendered=copy)
    return msgspec.structs.replace(seen, seconds=time.monotonic() - began)
