"""Chat text made harmless for a model: what could end its role, hide or forge a mark is replaced.

The signs that special tokens are built from (``<|im_start|>``, ``[INST]``, ``</s>``) become
look-alikes that no normalisation turns back; control, zero-width and bidirectional characters go;
line breaks become spaces, so that nothing can stand at the beginning of a line. Doing it twice
changes nothing, so that a quote can be found again by doing the same to it.
"""

from __future__ import annotations

import re
import unicodedata

_STAND_INS = {
    "<": "‹",
    ">": "›",
    "[": "⁅",
    "]": "⁆",
    "{": "❴",
    "}": "❵",
    "|": "¦",
    "`": "ˋ",
    "\\": "∖",
}
"""ASCII sign → what stands for it. None of these folds back to ASCII under NFKC."""

_COLON = "∶"
_ROLES = re.compile(
    r"(?i)(?<![^\W_])(system|assistant|user|developer|human|tool|function|model"
    r"|시스템|어시스턴트|사용자|개발자|도구|모델)(\s*)[:：︓﹕]"
)
_HASHES = re.compile(r"#{2,}")
_DASHES = re.compile(r"[-=_*~]{3,}")
_SPACES = re.compile(r"\s+")
_MOST_MARKS = 2
"""Combining marks kept on one character; more is a tower that hides the line beside it."""
_HANGUL_FILLERS = "\u115f\u1160\u3164\uffa0"


def neutral(text: str) -> str:
    """The text as a model may read it, one line, NFC."""
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        if kind in ("Zl", "Zp", "Zs") or char in "\t\n\v\f\r\x85":
            kept.append(" ")
        elif kind[0] == "C" or char in _HANGUL_FILLERS:
            continue
        elif kind in ("Mn", "Me"):
            marks += 1
            if marks <= _MOST_MARKS:
                kept.append(char)
            continue
        else:
            folded = unicodedata.normalize("NFKC", char)
            kept.append(_STAND_INS.get(folded, _STAND_INS.get(char, char)))
        marks = 0
    line = unicodedata.normalize("NFC", "".join(kept))
    line = _HASHES.sub("#", line)
    line = _DASHES.sub(lambda found: found.group()[:2], line)
    line = _ROLES.sub(lambda found: found.group(1) + found.group(2) + _COLON, line)
    return _SPACES.sub(" ", line).strip()


def comparable(text: str) -> str:
    """A form in which a quote and the turn it is from are equal, however the model spaced it."""
    folded = unicodedata.normalize("NFKC", neutral(text)).casefold()
    return _SPACES.sub("", folded)


def shortened(text: str, most: int) -> str:
    """At most ``most`` characters; a mark shows that more was there."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
