"""Codes that people copy by hand: letters that cannot be mistaken, in groups, in one form however
they were typed. What the codes are for stands in ``checking`` and ``letterbox``.
"""

from __future__ import annotations

from ansim.casework.sealing import keyring

ALPHABET = "2345679ACDEFGHJKMNPQRTUVWXYZ"
"""No character that looks like another one in Korean or Latin handwriting (0 O, 1 I L, 8 B, S)."""


def grouped(letters: str, group: int) -> str:
    """``XXXX-XXXX`` with so many letters a group."""
    return "-".join(letters[at : at + group] for at in range(0, len(letters), group))


def plain(typed: str, length: int, group: int) -> str:
    """What somebody typed, as a code of this length is written: small letters, spaces and dashes
    forgiven. Empty for what can be no code."""
    letters = "".join(c for c in typed.upper() if c in ALPHABET)
    return grouped(letters, group) if len(letters) == length else ""


def kept(purpose: str, code: str) -> str:
    """The keyed hash under which a code is found, all that is kept of it; empty for no code."""
    return keyring().pseudonym(purpose, code) if code else ""
