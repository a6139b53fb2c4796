"""What kind of sound a file holds, by its own first bytes; its name and type are its sender's."""

from __future__ import annotations

from ansim.voice.values import MAX_VOICE_BYTES, Unheard, Why

MEDIA_TYPES = {"ogg": "audio/ogg", "m4a": "audio/mp4", "mp3": "audio/mpeg", "wav": "audio/wav"}

_BRANDS = (b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso5", b"iso6", b"3gp4", b"3gp5")


def sniff(sound: bytes) -> str:
    """``ogg``, ``m4a``, ``mp3`` or ``wav``. Raises Unheard: ``unknown_type``, ``too_large``."""
    if len(sound) > MAX_VOICE_BYTES:
        raise Unheard(Why.TOO_LARGE)
    if sound.startswith(b"OggS"):
        return "ogg"
    if sound.startswith(b"RIFF") and sound[8:12] == b"WAVE":
        return "wav"
    if sound[4:8] == b"ftyp" and sound[8:12] in _BRANDS:
        return "m4a"
    if sound.startswith(b"ID3") or _mp3_frame(sound[:4]):
        return "mp3"
    raise Unheard(Why.UNKNOWN_TYPE)


def _mp3_frame(head: bytes) -> bool:
    """Whether these four bytes can begin a frame of MPEG audio, layer III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate, sampling = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and rate not in (0, 15) and sampling != 3
