"""The toy service where nobody can fetch what was said while they were away."""

from __future__ import annotations

from tests.connectors.platforms import toy


class Service(toy.Service):
    """Its connector tells of the gap instead."""

    def __init__(self) -> None:
        super().__init__(history=False)
