"""Keys: one small file, created with mode 0600, from which every other key is derived.

The file holds one line a key, ``<id> <64 hex digits>``. The last line is in force; earlier ones
only open what they once sealed, so a key is rotated by adding a line. Losing the file means
losing everything sealed with it: that is its purpose.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from base64 import b32encode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class KeyLost(Exception):
    """Something sealed cannot be opened; the message says with which key it was sealed."""


class Keyring:
    """Seals, opens and pseudonymises. Safe to share between threads."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys:
            raise KeyLost("the key file holds no key")
        self._keys = keys
        self._current = next(reversed(keys))
        self._ciphers: dict[tuple[str, str], AESGCM] = {}
        # Pseudonyms and links must stay the same after a rotation: they use the first key.
        self._first = next(iter(keys))
        self._pseudonym = self.derive("pseudonym", key=self._first)

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Reads the key file. Raises KeyLost when it is absent or unreadable."""
        try:
            text = path.read_text("ascii")
        except FileNotFoundError:
            raise KeyLost(f"no key file at {path}: restore it from backup") from None
        keys: dict[str, bytes] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            parts = line.split()
            try:
                if len(parts) != 2 or len(parts[1]) != 64:
                    raise ValueError
                keys[parts[0]] = bytes.fromhex(parts[1])
            except ValueError:
                raise KeyLost(f"{path}, line {number}: not '<id> <64 hex digits>'") from None
        return cls(keys)

    @classmethod
    def load_or_create(cls, path: Path) -> Keyring:
        """Reads the key file, making a new one (mode 0600) where there is none."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            line = f"k1 {secrets.token_hex(32)}\n"
            # A name that no other thread, and nobody who died before us, has used.
            temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)  # fails if another process was first: then theirs counts
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        return cls.load(path)

    @classmethod
    def add_key(cls, path: Path) -> Keyring:
        """Puts a new key in force: one more line in the file, whole or not at all. The caller makes
        sure that nobody else does so at the same time. Raises KeyLost where there is no file."""
        ring = cls.load(path)
        number = len(ring.names) + 1
        while f"k{number}" in ring.names:
            number += 1
        text = path.read_text("ascii")
        line = f"k{number} {secrets.token_hex(32)}\n"
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text + ("" if text.endswith("\n") else "\n") + line)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # what is sealed next must not outlive its key in a loss of power
        finally:
            os.close(folder)
        return cls.load(path)

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of the keys, oldest first; the last is in force."""
        return tuple(self._keys)

    @staticmethod
    def sealed_with(sealed: bytes) -> str:
        """Id of the key with which ``seal`` made this."""
        return bytes(sealed[:64]).partition(b"\0")[0].decode("ascii", "replace")

    @property
    def first(self) -> str:
        """Id of the oldest key: pseudonyms and marks that must outlive a rotation use it."""
        return self._first

    @property
    def previous(self) -> str | None:
        """Id of the key that was in force before the last rotation, if there was one."""
        names = list(self._keys)
        return names[-2] if len(names) > 1 else None

    @classmethod
    def generate(cls) -> Keyring:
        """A keyring that lives only in memory, for tests and one-off commands."""
        return cls({"k1": secrets.token_bytes(32)})

    def derive(self, purpose: str, *, key: str | None = None) -> bytes:
        """32 bytes for one purpose (HKDF-SHA256, RFC 5869), from the key in force by default."""
        master = self._keys[key or self._current]
        info = b"ansim " + purpose.encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master)

    def _cipher(self, purpose: str, key: str) -> AESGCM:
        cipher = self._ciphers.get((purpose, key))
        if cipher is None:
            cipher = self._ciphers[(purpose, key)] = AESGCM(self.derive(purpose, key=key))
        return cipher

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Encrypts (AES-256-GCM) under the key in force: ``id 0x00 nonce[12] ciphertext``."""
        nonce = os.urandom(12)
        name = self._current.encode()
        sealed = self._cipher(purpose, self._current).encrypt(nonce, plain, purpose.encode())
        return name + b"\0" + nonce + sealed

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypts what ``seal`` made. Raises KeyLost if its key is gone or the bytes changed."""
        name, _, rest = bytes(sealed).partition(b"\0")
        key = name.decode("ascii", "replace")
        if key not in self._keys:
            raise KeyLost(f"sealed with key {key!r}, which the key file does not hold")
        try:
            return self._cipher(purpose, key).decrypt(rest[:12], rest[12:], purpose.encode())
        except (InvalidTag, ValueError):
            raise KeyLost(f"sealed {purpose} was changed, or key {key!r} is another one") from None

    def pseudonym(self, kind: str, *raw: str) -> str:
        """Keyed hash of a raw id: 26 characters a–z2–7 (128 bits). Not reversible."""
        text = "\x1f".join((kind, *raw)).encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._pseudonym, text, hashlib.sha256)[:16]
        return b32encode(digest)[:26].decode().lower()
