"""Screenshots of chats become conversations: bubbles, sides, names and times; several of them
stitched into one talk.

``child_task`` runs in the process apart (`pictures.child`); what it gives is stitched by whoever
asked, since that is text alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansim.pictures.screens.stitching import Stitched, Told, stitched
from ansim.pictures.screens.values import Screen, Screens, Shown, Side

if TYPE_CHECKING:
    from ansim.pictures.decoding import Picture
    from ansim.pictures.values import Wanted

__all__ = ["Screen", "Screens", "Shown", "Side", "Stitched", "Told", "child_task", "stitched"]


def child_task(pictures: Sequence[Picture], wanted: Wanted) -> Screens:
    """What each screenshot says. Raises Unread."""
    from ansim.pictures.screens.screen import read  # OpenCV is for the process apart alone

    return Screens(screens=tuple(read(one.pixels, wanted) for one in pictures))
