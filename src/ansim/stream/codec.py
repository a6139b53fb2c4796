"""Bytes of the stream: a message, or word that a counsellor closed an alert."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from ansim.chat import Message


class AlertClosed(msgspec.Struct, frozen=True, kw_only=True):
    """An alert episode ended by a person; only new evidence opens the next."""

    source: str
    conversation: str
    about: str
    episode: int


Item = Message | AlertClosed

_MESSAGE = b"m"
_CLOSED = b"c"
_encoder = msgspec.msgpack.Encoder()
_message = msgspec.msgpack.Decoder(Message)
_closed = msgspec.msgpack.Decoder(AlertClosed)


class UnknownItem(Exception):
    """Bytes in the stream that this version cannot read."""


def encode(item: Item) -> bytes:
    """One item as bytes: a letter for its kind, then msgpack."""
    kind = _MESSAGE if isinstance(item, Message) else _CLOSED
    return kind + _encoder.encode(item)


def decode(data: bytes) -> Item:
    """The item. Raises UnknownItem; the stream may hold what a newer version wrote."""
    try:
        kind, body = data[:1], memoryview(data)[1:]
        if kind == _MESSAGE:
            return _message.decode(body)
        if kind == _CLOSED:
            return _closed.decode(body)
    except msgspec.MsgspecError as error:
        raise UnknownItem(str(error)) from None
    raise UnknownItem(f"kind {kind!r}")


def deduplication_id(conversation: str, message_id: str) -> str:
    """Id under which JetStream knows the message. The conversation is already a keyed hash."""
    text = f"{conversation}\x1f{message_id}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).hexdigest()
