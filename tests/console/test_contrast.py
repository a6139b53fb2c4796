"""Every text colour stands out from what it is written on, by day and by night (WCAG 2.2, AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "src/ansim/console/static/console/console.css").read_text(
    "utf-8"
)
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\n\s*\}", CSS, re.S)[:2]
)

PAIRS = [
    *((ink, paper) for ink in ("ink", "soft", "accent") for paper in ("page", "card")),
    *((f"p{n}", f"p{n}-bg") for n in range(1, 5)),
    *((ink, f"{ink}-bg") for ink in ("good", "bad", "warn")),
    *(("ink", paper) for paper in ("suspect", "other", "agency")),
    *(("soft", paper) for paper in ("suspect", "other", "agency")),
    *(("ink", mark) for mark in ("s1", "s2", "s3", "s4", "s5", "signal")),
    ("on-accent", "accent"),
    ("p1", "page"),
    ("p1", "suspect"),
    ("good", "agency"),
    ("bad", "agency"),
    ("bad", "card"),
]


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", 0..1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("name", "scheme"), [("light", LIGHT), ("dark", DARK)])
def test_text_can_be_read_by_tired_eyes(name: str, scheme: dict[str, str]) -> None:
    weak = {}
    for ink, paper in PAIRS:
        bright, dim = sorted((luminance(scheme[ink]), luminance(scheme[paper])), reverse=True)
        ratio = (bright + 0.05) / (dim + 0.05)
        if ratio < 4.5:
            weak[f"{ink} on {paper}"] = round(ratio, 2)
    assert not weak
