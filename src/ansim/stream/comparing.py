"""Compare-and-set on a JetStream subject: what leases and snapshot heads stand on."""

from __future__ import annotations

from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError

WRONG_LAST_SEQUENCE = (10071, 10164)
"""Codes by which the server says that somebody wrote since."""


async def publish_after(
    js: JetStreamContext, subject: str, data: bytes, last: int, *, ttl: int | None = None
) -> int | None:
    """Publishes only if ``last`` is the sequence of the subject's newest message (0: none).

    Returns the new sequence, or None when somebody else was first. ``ttl`` is in seconds.
    """
    headers = {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(last)}
    try:
        ack = await js.publish(subject, data, headers=headers, msg_ttl=ttl)
    except APIError as error:
        if error.err_code in WRONG_LAST_SEQUENCE:
            return None
        raise
    return ack.seq
