from __future__ import annotations

import pytest

from ansim.detection import Detector


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The committed weights."""
    return Detector.load()
