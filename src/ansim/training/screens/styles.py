"""How each messenger sets out a chat: colours, names, times, wrapping. Nothing of their artwork."""

from __future__ import annotations

from dataclasses import dataclass, replace

Colour = tuple[int, int, int]


def _of(code: str) -> Colour:
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


@dataclass(frozen=True, slots=True)
class Style:
    """One look. ``names`` and ``times`` say where these stand; sizes are in units of the print."""

    name: str
    page: Colour
    bar: Colour
    ink: Colour
    soft: Colour
    left: Colour
    left_ink: Colour
    right: Colour
    right_ink: Colour
    dark: bool = False
    rows: bool = False
    """No bubbles: a line with the name, and what was said below it."""
    names: str = "always"
    """``always``, ``group`` (only where three or more talk) or ``never``."""
    times: str = "beside"
    """``beside`` or ``below`` each group, ``between`` them now and then, or on the line of the
    ``name``."""
    avatars: bool = True
    unread: bool = False
    letters: bool = False
    """Lines are broken between any two letters, not only at spaces."""
    round: float = 0.5
    date: str = "{y}년 {m}월 {d}일 {w}요일"
    pill: bool = False
    """The date stands in a box of its own."""
    field: str = "메시지 입력"


_LIGHT = [
    Style(
        *("kakaotalk", _of("b2c7da"), _of("b2c7da"), _of("1e1e1e"), _of("556677")),
        *(_of("ffffff"), _of("111111"), _of("fee500"), _of("111111")),
        unread=True,
        letters=True,
        pill=True,
    ),
    Style(
        *("instagram", _of("ffffff"), _of("ffffff"), _of("111111"), _of("737373")),
        *(_of("efefef"), _of("111111"), _of("3797f0"), _of("ffffff")),
        names="group",
        times="between",
        round=0.9,
        date="{m}월 {d}일 {a} {h}:{n:02}",
        field="메시지 보내기...",
    ),
    Style(
        *("line", _of("8cabd8"), _of("ffffff"), _of("222222"), _of("4a5a76")),
        *(_of("ffffff"), _of("111111"), _of("a0ed84"), _of("111111")),
        names="group",
        unread=False,
        letters=True,
        pill=True,
        round=0.8,
        date="{m}월 {d}일({w})",
        field="Aa",
    ),
    Style(
        *("imessage", _of("ffffff"), _of("f6f6f6"), _of("111111"), _of("8a8a8e")),
        *(_of("e9e9eb"), _of("111111"), _of("0a7cff"), _of("ffffff")),
        names="group",
        times="between",
        avatars=False,
        round=0.9,
        date="{y}년 {m}월 {d}일 {a} {h}:{n:02}",
        field="iMessage",
    ),
    Style(
        *("x", _of("ffffff"), _of("ffffff"), _of("0f1419"), _of("536471")),
        *(_of("eff3f4"), _of("0f1419"), _of("1d9bf0"), _of("ffffff")),
        names="never",
        times="below",
        round=0.9,
        field="새 쪽지 작성하기",
    ),
    Style(
        *("discord", _of("ffffff"), _of("ffffff"), _of("2e3338"), _of("5c5e66")),
        *(_of("ffffff"), _of("2e3338"), _of("ffffff"), _of("2e3338")),
        rows=True,
        times="name",
        field="메시지 보내기",
    ),
]

_NIGHT = {
    "kakaotalk": ("1b1c1e", "1b1c1e", "e8e8e8", "8e9297", "2c2d30", "f0f0f0", "e9d84f", "111111"),
    "instagram": ("000000", "000000", "f5f5f5", "a8a8a8", "262626", "f5f5f5", "3797f0", "ffffff"),
    "line": ("111111", "1f1f1f", "f0f0f0", "9a9a9a", "2f2f33", "f2f2f2", "4cc764", "0c0c0c"),
    "imessage": ("000000", "121212", "f5f5f5", "8d8d93", "26252a", "ffffff", "0a84ff", "ffffff"),
    "x": ("000000", "000000", "e7e9ea", "71767b", "2f3336", "e7e9ea", "1d9bf0", "ffffff"),
    "discord": ("313338", "313338", "dbdee1", "949ba4", "313338", "dbdee1", "313338", "dbdee1"),
}


def _dark(style: Style) -> Style:
    page, bar, ink, soft, left, left_ink, right, right_ink = map(_of, _NIGHT[style.name])
    return replace(
        style,
        page=page,
        bar=bar,
        ink=ink,
        soft=soft,
        left=left,
        left_ink=left_ink,
        right=right,
        right_ink=right_ink,
        dark=True,
    )


STYLES: dict[tuple[str, bool], Style] = {
    **{(style.name, False): style for style in _LIGHT},
    **{(style.name, True): _dark(style) for style in _LIGHT},
}
"""By name and whether it is the dark look."""
NAMES = tuple(style.name for style in _LIGHT)
