"""Bytes of the stream: a message, word that a counsellor closed or reopened an alert, or a second
opinion that came back."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from ansim.chat import Message
from ansim.reviewing.values import Opinion


class AlertClosed(msgspec.Struct, frozen=True, kw_only=True):
    """An alert episode ended by a person; only new evidence opens the next."""

    source: str
    conversation: str
    about: str
    episode: int


class AlertReopened(msgspec.Struct, frozen=True, kw_only=True):
    """A person took the closing of an episode back."""

    source: str
    conversation: str
    about: str
    episode: int


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said of a conversation. In the stream, so that a replay hears it again."""

    source: str
    conversation: str
    about: str
    """The account that the detector suspected most when the model was asked."""
    detector: float
    """The detector's risk then."""
    counts: bool
    """Whether it may add to the risk: the settings allow it and it quotes that account."""
    letters: dict[str, str]
    """Account behind each letter that the model was told."""
    quoted: dict[int, str]
    """Message id of each turn that it quotes, by its number in the opinion."""
    opinion: Opinion


Item = Message | AlertClosed | AlertReopened | Reviewed

_LETTERS: dict[type[Item], bytes] = {
    Message: b"m",
    AlertClosed: b"c",
    AlertReopened: b"r",
    Reviewed: b"o",
}
_DECODERS = {letter: msgspec.msgpack.Decoder(kind) for kind, letter in _LETTERS.items()}
_encoder = msgspec.msgpack.Encoder()


class UnknownItem(Exception):
    """Bytes in the stream that this version cannot read."""


def encode(item: Item) -> bytes:
    """One item as bytes: a letter for its kind, then msgpack."""
    return _LETTERS[type(item)] + _encoder.encode(item)


def decode(data: bytes) -> Item:
    """The item. Raises UnknownItem; the stream may hold what a newer version wrote."""
    decoder = _DECODERS.get(bytes(data[:1]))
    if decoder is None:
        raise UnknownItem(f"kind {bytes(data[:1])!r}")
    try:
        item: Item = decoder.decode(memoryview(data)[1:])
    except msgspec.MsgspecError as error:
        raise UnknownItem(str(error)) from None
    return item


def deduplication_id(conversation: str, message_id: str) -> str:
    """Id under which JetStream knows the message. The conversation is already a keyed hash."""
    text = f"{conversation}\x1f{message_id}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).hexdigest()
