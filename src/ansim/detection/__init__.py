"""What a conversation means: tactics, risk so far, evidence and priority.

Pure: takes values, returns values; opens no socket, file or database while it works.
"""

from ansim.detection.values import (
    AlertEvent,
    Assessment,
    Priority,
    Reason,
    Span,
    Turn,
    Versions,
)

__all__ = ["AlertEvent", "Assessment", "Priority", "Reason", "Span", "Turn", "Versions"]
