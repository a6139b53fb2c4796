"""The code under a counsellor's message, with which its reader can check that it is real (R20).

It follows from the message's id and the key file, so the preview shows the very code that goes out;
the database keeps only a keyed hash of it.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from django.conf import settings

from ansim.casework import codes
from ansim.casework.sealing import keyring

LENGTH = 10
"""28^10, about 48 bits: with the limit on tries nobody guesses one."""
_GROUP = 5


def code(message_id: UUID) -> str:
    """``XXXXX-XXXXX`` for this message; the same as long as the key file is."""
    key = keyring().pseudonym("message check", "key").encode()
    number = int.from_bytes(hmac.digest(key, message_id.bytes, hashlib.sha256))
    letters = ""
    for _ in range(LENGTH):
        number, place = divmod(number, len(codes.ALPHABET))
        letters += codes.ALPHABET[place]
    return codes.grouped(letters, _GROUP)


def plain(typed: str) -> str:
    """What somebody typed, as the code is written: small letters, spaces and dashes forgiven."""
    return codes.plain(typed, LENGTH, _GROUP)


def kept(typed: str) -> str:
    """The keyed hash under which a code is found; empty for what can be no code."""
    return codes.kept("message code", plain(typed))


def address() -> str:
    """Where codes can be checked, as it is told to young people; empty where nowhere is."""
    house = settings.ANSIM
    if house.check_address or not house.demo:
        return str(house.check_address)
    return f"http://{house.host}:{house.console_port}/check/"


def signature(message_id: UUID, language: str) -> str:
    """The lines under the message: how to check it. Empty where codes can be checked nowhere."""
    where = address()
    if not where:
        return ""
    if language == "en":
        return (
            f"Is this message real? Open {where} and type {code(message_id)}. "
            "Nobody asks you for anything there."
        )
    return (
        f"진짜 상담원의 글인지 궁금하면 {where} 에서 확인 번호 {code(message_id)} 을(를) "
        "넣어 보세요. 다른 것은 묻지 않아요."
    )


def signed(text: str, message_id: UUID, language: str) -> str:
    """The words as they will stand in the conversation."""
    below = signature(message_id, language)
    return f"{text}\n\n{below}" if below else text
