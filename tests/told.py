"""What a command of ``ansim`` says."""

from __future__ import annotations

import pytest

from ansim.cli import main


def ansim(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit status, and what went to both outputs."""
    status = main(words)
    told = capsys.readouterr()
    return status, told.out + told.err
