"""How an action says no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansim.casework.wording import Finding


class Refused(Exception):
    """An act that may not happen now. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, message: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class Unfit(Refused):
    """Words that may not go to a young person; ``findings`` say where, why, and what instead."""

    def __init__(self, message: object, findings: Sequence[Finding]) -> None:
        super().__init__("wording", message)
        self.findings = findings
