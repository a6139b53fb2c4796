"""Codes in a picture, and whether they lead to another messenger."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from ansim.chat import CodeSeen
from ansim.pictures.codes import codes, leads_to
from tests.pictures.drawn import code, shapes, words

INVITATION = "https://open.kakao.com/o/sExample1"


def test_an_invitation_in_a_code_is_seen_upright_turned_and_inverted() -> None:
    seen = CodeSeen(format="QRCode", text=INVITATION, leads_to="messenger")
    upright = code(INVITATION)
    for picture in (
        upright,
        upright.rotate(90),
        ImageOps.invert(upright),
        upright.resize((150, 150)),
    ):
        assert codes(np.asarray(picture.convert("L")))[0] == (seen,)


def test_several_codes_among_other_things_are_each_seen_once() -> None:
    page = Image.new("L", (1400, 700), 255)
    page.paste(words().convert("L"), (20, 300))
    page.paste(code(INVITATION), (700, 20))
    page.paste(code("https://example.org/menu"), (1000, 350))
    page.paste(code(INVITATION), (1050, 20))
    assert {(seen.text, seen.leads_to) for seen in codes(np.asarray(page))[0]} == {
        (INVITATION, "messenger"),
        ("https://example.org/menu", "link"),
    }


def test_a_drawing_without_a_code_has_none() -> None:
    assert codes(np.ascontiguousarray(shapes(4)[..., 0])) == ((), [])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("https://open.kakao.com/o/abc", "messenger"),
        ("HTTPS://WWW.T.ME/abc", "messenger"),
        ("t.me/joinchat/abc", "messenger"),
        ("https://line.me/ti/p/abc", "messenger"),
        ("tg://resolve?domain=abc", "messenger"),
        ("https://api.whatsapp.com/send?phone=1", "messenger"),
        ("https://discord.gg/abc", "messenger"),
        ("https://nott.me/abc", "link"),
        ("https://example.org/?next=https://t.me/abc", "link"),
        ("https://t.me@example.org/", "link"),
        ("http://[broken", "text"),
        ("Line: 3, seat 12", "text"),
        ("WIFI:S:cafe;T:WPA;P:example;;", "text"),
        ("8801234567893", "text"),
        ("우리 둘만의 비밀이야", "text"),
    ],
)
def test_where_a_code_leads_is_told_from_its_text(text: str, where: str) -> None:
    assert leads_to(text) == where
