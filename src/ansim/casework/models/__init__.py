"""What casework keeps. Read it anywhere; write it only through ``casework.actions``."""

from ansim.casework.models.account import Account
from ansim.casework.models.alert import Alert, Outcome, State
from ansim.casework.models.conversation import Conversation, Turn
from ansim.casework.models.intervention import Delivery, MessageTemplate, OutgoingMessage
from ansim.casework.models.record import AuditEvent, StreamCommand
from ansim.casework.models.source import SourceRecord

__all__ = [
    "Account",
    "Alert",
    "AuditEvent",
    "Conversation",
    "Delivery",
    "MessageTemplate",
    "Outcome",
    "OutgoingMessage",
    "SourceRecord",
    "State",
    "StreamCommand",
    "Turn",
]
