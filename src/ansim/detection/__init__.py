"""What a conversation means: tactics, risk so far, evidence and priority.

Pure: takes values, returns values; opens no socket, file or database while it works. (Loading the
weights, once, reads two files of the package.)
"""

from typing import TYPE_CHECKING

from ansim.detection.state import ConversationState, Episode, fits
from ansim.detection.values import (
    AlertEvent,
    Assessment,
    Priority,
    Reason,
    Span,
    Turn,
    Versions,
)

if TYPE_CHECKING:
    from ansim.detection.aftermath import closed, forget, reopened
    from ansim.detection.detector import Detector

__all__ = [
    "AlertEvent",
    "Assessment",
    "ConversationState",
    "Detector",
    "Episode",
    "Priority",
    "Reason",
    "Span",
    "Turn",
    "Versions",
    "closed",
    "fits",
    "forget",
    "reopened",
]

_LATER = {
    "Detector": "ansim.detection.detector",
    "closed": "ansim.detection.aftermath",
    "forget": "ansim.detection.aftermath",
    "reopened": "ansim.detection.aftermath",
}


def __getattr__(name: str) -> object:
    """Brings in what needs numpy and the compiler only when it is asked for."""
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
