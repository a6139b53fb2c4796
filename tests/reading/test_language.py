"""Whether a conversation is Korean enough to be judged."""

from __future__ import annotations

import pytest

from ansim.reading.language import (
    is_korean,
    korean_share,
    without_foreign_letters,
)


@pytest.mark.parametrize(
    ("texts", "korean"),
    [
        (["안녕 뭐 해?"], True),
        (["ㅋㅋㅋ ㅇㅇ"], True),
        (["롤 ㄱ? lol gg", "배그 ㄱㄱ"], True),
        (["사진 봐 https://example.org/a/very/long/address/in/latin/letters"], True),
        (["did you finish the homework?", "almost"], False),
        (["sajin bonae"], False),
        (["宿題は終わった？"], False),
        (["😀😀 123 !!"], False),
        ([], False),
        (["\u110b\u1161\u11ab\u1102\u1167\u11bc"], True),
    ],
)
def test_korean_is_told_by_its_share_of_hangul(texts: list[str], korean: bool) -> None:
    assert is_korean(texts) is korean


def test_the_share_is_that_of_letters_only() -> None:
    assert korean_share(["가나 ab 12 !!"]) == 0.5
    assert korean_share(["12 !!"]) is None


def test_blanking_foreign_letters_moves_nothing() -> None:
    assert without_foreign_letters("ok 사진 3장 plz!") == "   사진 3장    !"
    assert without_foreign_letters("宿題 ㅋㅋ é") == "   ㅋㅋ  "
