"""How an action says no."""

from __future__ import annotations


class Refused(Exception):
    """An act that may not happen now. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, message: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)
