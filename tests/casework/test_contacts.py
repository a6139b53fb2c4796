"""Which ways to reach somebody are taken from a message, and which words are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansim.casework.contacts import contacts

NUMBER = "010" + "0000" + "1234"
"""Of no one: numbers that begin so are not given out."""


def named(text: str) -> set[tuple[str, str, str]]:
    return {(one.kind, one.service, one.value) for one in contacts(text)}


@pytest.mark.parametrize(
    "text",
    [
        f"내 번호는 {NUMBER}",
        f"{NUMBER[:3]}-{NUMBER[3:7]}-{NUMBER[7:]}로 전화해",
        f"{NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}",
        f"+82 {NUMBER[1:3]}-{NUMBER[3:7]}-{NUMBER[7:]}",
        "공일공 공공공공 일이삼사",
        "영일영-영영영영-일이삼사",
        "０１０−００００−１２３４",
        f"0\u200b10.{NUMBER[3:7]}.{NUMBER[7:]}",
    ],
)
def test_one_number_is_the_same_however_it_is_written(text: str) -> None:
    assert named(text) == {("phone", "", NUMBER)}


@pytest.mark.parametrize(
    ("text", "service", "name"),
    [
        ("텔레그램 아이디 Star_99 로 와", "telegram", "star_99"),
        ("텔레 @star_99", "telegram", "star_99"),
        ("https://t.me/STAR_99", "telegram", "star_99"),
        ("카톡 id: star99", "kakao", "star99"),
        ("디코 아이디는 star#1234", "discord", "star#1234"),
        ("인스타 @star.99.", "instagram", "star.99"),
    ],
)
def test_a_name_with_its_service_is_taken(text: str, service: str, name: str) -> None:
    assert named(text) == {("handle", service, name)}


def test_invitations_and_addresses_are_taken() -> None:
    assert named("open.kakao.com/o/gAbC12 와") == {("link", "kakao", "gAbC12")}
    assert named("discord.gg/AbCd12") == {("link", "discord", "AbCd12")}
    assert named("star@example.org 로 보내") == {("email", "", "star@example.org")}


@pytest.mark.parametrize(
    "text",
    [
        *("line is good", "카톡 추가해요", "id star99", "@star99", "112 117 1366 1388"),
        *(
            "2026-11-22 10:00",
            "주문 번호 2024010112345678",
            "인스타 아이디 뭐야",
            "about.me/star99",
        ),
        *("02-000-0000", "a@b", "", "카톡 아이디는 나중에 알려줄게"),
    ],
)
def test_what_is_not_surely_somebodys_is_left(text: str) -> None:
    assert named(text) == set()


@given(st.text())
def test_any_text_can_be_given(text: str) -> None:
    for one in contacts(text):
        assert one.value
