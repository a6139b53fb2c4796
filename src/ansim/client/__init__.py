"""A small client for platforms that connect to Ansim Eye: messages in, counsellors' words out.

It stands alone: nothing else of this package, no Django and no NATS comes with it. docs/client.md
shows how a platform is connected with it.
"""

from ansim.client.asynchronous import AsyncAnsimClient
from ansim.client.blocking import AnsimClient
from ansim.client.signing import NotFromAnsim, sign, verify
from ansim.client.values import (
    AnsimError,
    Attachment,
    Message,
    Problem,
    Refused,
    Sent,
    Unavailable,
    Words,
)

__all__ = [
    "AnsimClient",
    "AnsimError",
    "AsyncAnsimClient",
    "Attachment",
    "Message",
    "NotFromAnsim",
    "Problem",
    "Refused",
    "Sent",
    "Unavailable",
    "Words",
    "sign",
    "verify",
]
