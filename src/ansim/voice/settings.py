"""Which transcriber the operator chose, and whether voices may go there at all."""

from __future__ import annotations

from pathlib import Path

from ansim.outside import Unusable, address, key_in
from ansim.voice.at_address import AtAddress
from ansim.voice.folder import WhisperFolder
from ansim.voice.listening import Transcriber


def transcriber(
    *,
    url: str = "",
    model: str = "",
    key_file: str = "",
    local: bool = False,
    basis: str = "",
    folder: str = "",
    timeout: float = 60.0,
) -> Transcriber | None:
    """The transcriber as set, or None where none is. ``timeout`` in seconds. Raises Unusable."""
    if not url and not folder:
        return None
    if url and folder:
        raise Unusable("ANSIM_VOICE_URL and ANSIM_VOICE_FOLDER are both set; keep one")
    if not 1.0 <= timeout <= 600.0:
        raise Unusable(f"ANSIM_VOICE_TIMEOUT is {timeout}; use 1 to 600 seconds")
    if folder:
        place = Path(folder).expanduser()
        if not (place / "model.bin").is_file():
            raise Unusable(
                f"ANSIM_VOICE_FOLDER ({place}) holds no model.bin; name the folder of a "
                "faster-whisper model"
            )
        if not WhisperFolder.possible():
            raise Unusable("ANSIM_VOICE_FOLDER needs the package faster-whisper, which is not here")
        return WhisperFolder(place)
    return AtAddress(
        address(url, "ANSIM_VOICE", "audio/transcriptions", "voices", local=local, basis=basis),
        model=model.strip() or "whisper-1",
        key=key_in(key_file, "ANSIM_VOICE"),
        timeout=timeout,
    )
