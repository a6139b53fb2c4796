"""A passkey in software: makes and signs what a device would, for tests without a browser."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Passkey:
    """One key pair for one host; ``verified`` says whether its owner opened it."""

    def __init__(self, host: str = "localhost", user: str = "") -> None:
        self.host = host
        self.user = user
        self.verified = True
        self.signed = 0
        self.id = b"a passkey of sixteen"[:16]
        self.key = ec.generate_private_key(ec.SECP256R1())

    def _flags(self) -> AuthenticatorData.FLAG:
        return PRESENT_VERIFIED if self.verified else AuthenticatorData.FLAG.UP

    def _client(self, kind: str, challenge: str, origin: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": origin or f"http://{self.host}"}
        return json.dumps(said).encode()

    def _answer(self, **parts: bytes) -> str:
        name = websafe_encode(self.id)
        response = {key: websafe_encode(part) for key, part in parts.items()}
        answer: dict[str, Any] = {"id": name, "rawId": name, "type": "public-key"}
        extensions = {"credProps": {"rk": True}}
        return json.dumps({**answer, "response": response, "clientExtensionResults": extensions})

    def made(self, challenge: str, origin: str = "") -> str:
        """What a browser posts after making this passkey."""
        public = ES256.from_cryptography_key(self.key.public_key())
        held = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        flags = self._flags() | AuthenticatorData.FLAG.AT
        host = sha256(self.host.encode()).digest()
        seen = AuthenticatorData.create(host, flags, 0, held)
        return self._answer(
            clientDataJSON=self._client("webauthn.create", challenge, origin),
            attestationObject=bytes(AttestationObject.create("none", seen, {})),
        )

    def used(self, challenge: str, origin: str = "") -> str:
        """What a browser posts after using it."""
        self.signed += 1
        host = sha256(self.host.encode()).digest()
        seen = AuthenticatorData.create(host, self._flags(), self.signed)
        client = self._client("webauthn.get", challenge, origin)
        return self._answer(
            clientDataJSON=client,
            authenticatorData=bytes(seen),
            signature=self.key.sign(bytes(seen) + sha256(client).digest(), ec.ECDSA(SHA256())),
            userHandle=self.user.encode(),
        )
