"""The agency's signing key (Ed25519, RFC 8032): made once, sealed beside the key file.

The public half lies open beside it, to be given to police and courts before it is needed.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from ansim.keys import KeyLost, Keyring

PURPOSE = "evidence signing key"
SEALED = "evidence-signing.sealed"
PUBLIC = "evidence-signing.pem"


class Signer:
    """Signs for the agency. ``public`` is the other half as PEM text."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public: bytes = key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        self.fingerprint = fingerprint(self.public)

    @classmethod
    def load_or_create(cls, folder: Path, keyring: Keyring) -> Signer:
        """The key in ``folder`` (that of the key file), made where there has never been one.

        Raises KeyLost when it is gone but its public half is there, or when it cannot be opened:
        packages would otherwise be signed with a key that nobody knows, unnoticed.
        """
        sealed, public = folder / SEALED, folder / PUBLIC
        if not sealed.exists():
            if public.exists():
                raise KeyLost(
                    f"the signing key {sealed} is lost: put it back from backup, or remove "
                    f"{public} to begin with a new one, and tell those who know the old one"
                )
            _write_once(
                sealed, keyring.seal(Ed25519PrivateKey.generate().private_bytes_raw(), PURPOSE)
            )
        content = sealed.read_bytes()
        secret = keyring.open(content, PURPOSE)
        signer = cls(Ed25519PrivateKey.from_private_bytes(secret))
        if Keyring.sealed_with(content) != keyring.names[-1]:  # the key file was rotated
            temporary = _written(sealed, keyring.seal(secret, PURPOSE))
            temporary.replace(sealed)
        if not public.exists():
            _write_once(public, signer.public)
        elif public.read_bytes() != signer.public:
            raise KeyLost(f"{public} belongs to another signing key than {sealed}")
        return signer

    def sign(self, data: bytes) -> bytes:
        """64 bytes, the same ones for the same data."""
        return self._key.sign(data)


def _written(path: Path, content: bytes) -> Path:
    """A whole file beside ``path`` that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _write_once(path: Path, content: bytes) -> None:
    temporary = _written(path, content)
    try:
        os.link(temporary, path)  # fails if another process was first: then theirs counts
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _public(pem: bytes) -> Ed25519PublicKey:
    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key


def fingerprint(pem: bytes) -> str:
    """SHA-256 of the 32 bytes of a public key, in groups of four. Raises ValueError."""
    digest = hashlib.sha256(_public(pem).public_bytes_raw()).hexdigest()
    return " ".join(digest[place : place + 4] for place in range(0, 64, 4))


def is_signed(pem: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the holder of the key signed exactly these bytes. Raises ValueError for no key."""
    try:
        _public(pem).verify(signature, data)
    except InvalidSignature:
        return False
    return True
