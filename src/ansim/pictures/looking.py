"""The task ``look``: what every reader there is sees in a picture, in the process apart."""

from __future__ import annotations

import time

import msgspec

from ansim.pictures import text
from ansim.pictures.decoding import Picture
from ansim.pictures.values import Line, Look, Unread, Wanted


class Looks(msgspec.Struct, frozen=True):
    """A look for each picture of the request, in its order."""

    looks: tuple[Look, ...]


def task(pictures: list[Picture], wanted: Wanted) -> Looks:
    """A look at each picture."""
    return Looks(tuple(look(picture, wanted) for picture in pictures))


def look(picture: Picture, wanted: Wanted) -> Look:
    """What is seen in one picture; what one reader could not do is said, and the rest is kept."""
    began = time.monotonic()
    grey = picture.grey
    lines: tuple[Line, ...] = ()
    unread = ""
    if wanted.words:
        try:
            lines = tuple(text.recognise(grey))
        except Unread as problem:
            unread = problem.why.value
    height, width = grey.shape
    return Look(
        format=picture.format,
        width=width,
        height=height,
        lines=lines,
        unread=unread,
        seconds=time.monotonic() - began,
    )
