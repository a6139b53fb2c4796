"""Which chats are drawn how, from a seed: conversations of ours as each messenger shows them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansim.training.corpus import CorpusConversation
from ansim.training.screens.scroll import ME, Paper, Said, draw
from ansim.training.screens.styles import NAMES, STYLES
from ansim.training.screens.telephone import capture, screens
from ansim.training.screens.wear import worn

Pixels = NDArray[np.uint8]

PAPERS = (Paper(720, 24), Paper(720, 30, "NanumBarunGothic"), Paper(1080, 42), Paper(1170, 52))
"""Small, middle, usual and large print on common widths."""
SIZES = {24: "small", 30: "middle", 42: "usual", 52: "large"}
OWN_NAME = "나무늘보"
"""Who took the screenshots, where a messenger shows that name too."""
_NICKNAMES = ("별하", "초코송이", "민들레", "구름빵", "달토끼", "라온", "파도소리", "감자칩")
DEV, TEST = 0, 1
"""Even conversations are for making the reader, odd ones for measuring it."""
_BEGIN = 1_714_500_000
LONG = 9
"""Every so many cases the chat is one long capture."""


@dataclass(frozen=True, slots=True)
class Case:
    """One chat to draw and read again."""

    conversation: CorpusConversation
    messenger: str
    dark: bool
    paper: Paper
    wear: str
    seed: int
    long: bool = False

    @property
    def size(self) -> str:
        return SIZES[self.paper.print]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Its screenshots, in the order in which somebody picks them, and what they show."""

    pixels: list[Pixels]
    said: list[Said]
    """Messages; the speaker is a name, or ME where the messenger shows sides."""


def cases(
    conversations: Sequence[CorpusConversation], part: int, count: int, wear: str, seed: int
) -> list[Case]:
    """``count`` cases of one part and one wear, as many of each look as of any other."""
    chance = random.Random(f"{part} {wear} {seed}")
    pool = [one for place, one in enumerate(conversations) if place % 2 == part]
    grooming = [one for one in pool if one.grooming]
    benign = [one for one in pool if not one.grooming]
    found = []
    looks = [(name, dark) for name in NAMES for dark in (False, True)]
    for number in range(count):
        messenger, dark = looks[number % len(looks)]
        paper = PAPERS[(number + number // len(looks)) % len(PAPERS)]
        among = grooming if (number + number // len(looks)) % 2 else benign
        if messenger == "x":  # names nobody: for two people
            among = [one for one in among if len(one.speakers) == 2]
        conversation = chance.choice(among)
        long = number % LONG == LONG - 1 and wear != "photographed"
        found.append(
            Case(conversation, messenger, dark, paper, wear, chance.randrange(2**31), long)
        )
    return found


def drawn(case: Case) -> Drawn:
    """The screenshots of a case; the same case, the same pixels."""
    chance = random.Random(case.seed)
    style = STYLES[case.messenger, case.dark]
    people = case.conversation.speakers
    author = {turn.author for turn in case.conversation.turns}
    me = next((name for name in people if people[name] == "minor" and name in author), "")
    me = me or case.conversation.turns[0].author
    names = dict(
        zip(sorted(author - {me}), chance.sample(_NICKNAMES, len(author) - 1), strict=True)
    )
    names[me] = OWN_NAME if style.rows else ME
    said = [
        Said(
            names[turn.author],
            "" if turn.text == "[사진]" else turn.text.replace("\n", " "),
            _BEGIN + case.seed % 400 * 86400 // 4 + turn.at,
            turn.text == "[사진]",
        )
        for turn in case.conversation.turns
    ]
    title = next((one.speaker for one in said if one.speaker not in (ME, OWN_NAME)), "우리")
    scroll = draw(said, style, case.paper, chance)
    if case.long:
        shown = [capture(scroll, style, case.paper, title, chance)]
    else:
        shown = screens(scroll, style, case.paper, title, chance)
    pixels = [
        worn(np.asarray(one.picture, np.uint8), case.wear, case.seed + place)
        for place, one in enumerate(shown)
    ]
    chance.shuffle(pixels)
    return Drawn(pixels, said)
