"""Seals secrets of second factors with the key in force; they lie in allauth's table, not ours."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from ansim.casework.sealing import keyring
from ansim.console import sign_in
from ansim.keys import KeyLost, Keyring

_MADE_BY_US = re.compile(r"k\d{1,6}")


def key_of(value: object) -> str | None:
    """Id of the key that sealed this text of an authenticator; None for what is not sealed."""
    if not isinstance(value, str):
        return None
    try:
        raw = b64decode(value, validate=True)
    except (Error, ValueError):
        return None
    # An id, a zero byte, a nonce of 12 bytes, a tag of 16.
    name = Keyring.sealed_with(raw)
    sealed = b"\0" in raw[:64] and len(raw) >= len(name) + 1 + 12 + 16
    return name if sealed and (name in keyring().names or _MADE_BY_US.fullmatch(name)) else None


def reseal_factors() -> tuple[int, int]:
    """Returns how many secrets were sealed anew, and how many cannot be opened any more."""
    done = lost = 0
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().get(pk=pk)
            counts = [0, 0]
            data = _reseal(factor.data, counts)
            if counts[0]:
                Authenticator.objects.filter(pk=pk).update(data=data)
        done, lost = done + counts[0], lost + counts[1]
    return done, lost


def _reseal(value: Any, counts: list[int]) -> Any:
    if isinstance(value, dict):
        return {name: _reseal(item, counts) for name, item in value.items()}
    if isinstance(value, list):
        return [_reseal(item, counts) for item in value]
    key = key_of(value)
    if key is None or key == keyring().names[-1]:
        return value
    try:
        again = sign_in.seal(sign_in.unseal(value))
    except KeyLost:
        counts[1] += 1
        return value
    counts[0] += 1
    return again
