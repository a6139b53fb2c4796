"""So many questions within any hour and no more: what whoever counts them has to be able to do.

Who pays for a model pays for all that ask it. They count together, so the counting is done where
they meet (``ansim.stream.questions``), not here.
"""

from __future__ import annotations

from typing import Protocol

HOUR = 3600.0


class Budget(Protocol):
    """The questions of the last hour, whoever asked them."""

    @property
    def left(self) -> int:
        """Questions that may be asked now, as far as is known here. Others ask as well."""

    async def spend(self) -> bool:
        """Takes one, before it is asked; False when none is left or nobody can say."""
