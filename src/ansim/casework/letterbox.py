"""Codes with which somebody who handed a conversation in reads what the agency wrote to them.

A code is drawn at random and shown once; the database keeps only a keyed hash of it.
"""

from __future__ import annotations

import secrets

from django.conf import settings

from ansim.casework import codes

LENGTH = 16
"""28^16, about 77 bits: nobody guesses one, whatever the limits on tries."""
_GROUP = 4


def new_code() -> str:
    """``XXXX-XXXX-XXXX-XXXX``, drawn at random."""
    return codes.grouped("".join(secrets.choice(codes.ALPHABET) for _ in range(LENGTH)), _GROUP)


def plain(typed: str) -> str:
    """What somebody typed, as the code is written: small letters, spaces and dashes forgiven."""
    return codes.plain(typed, LENGTH, _GROUP)


def kept(typed: str) -> str:
    """The keyed hash under which a code is found; empty for what can be no code."""
    return codes.kept("donor code", plain(typed))


def address() -> str:
    """Where the page is, as it is told to those who get a code; empty where it is nowhere."""
    house = settings.ANSIM
    if house.letters_address or not house.demo:
        return str(house.letters_address)
    return f"http://{house.host}:{house.console_port}/letters/"


def may_mail() -> bool:
    """Whether notices can go out by e-mail: the operator named a mail server."""
    return bool(settings.ANSIM.smtp_url and address())
