"""Transcription on this machine by a faster-whisper model in a folder of the operator's.

The package is none of ours: it is looked for when the folder is set, and nowhere else.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import io
from pathlib import Path
from typing import Any

from ansim.voice.values import MAX_TEXT, Unheard, Why


class WhisperFolder:
    """A transcriber that loads its model at the first voice message and takes one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: Any = None
        self._turn = asyncio.Lock()

    @staticmethod
    def possible() -> bool:
        """Whether the package is installed here."""
        return importlib.util.find_spec("faster_whisper") is not None

    async def transcribe(self, sound: bytes, form: str) -> str:
        """What is said in the sound. Raises Unheard."""
        async with self._turn:
            try:
                return await asyncio.to_thread(self._transcribe, sound)
            except Exception:  # decoders of damaged sounds raise whatever they meet
                raise Unheard(Why.BROKE) from None

    def _transcribe(self, sound: bytes) -> str:
        if self._model is None:
            package = importlib.import_module("faster_whisper")
            self._model = package.WhisperModel(
                str(self._folder), device="cpu", local_files_only=True
            )
        pieces, _ = self._model.transcribe(io.BytesIO(sound), vad_filter=True)
        said, size = [], 0
        for piece in pieces:  # the model listens as this goes on
            said.append(str(piece.text).strip())
            size += len(said[-1])
            if size > MAX_TEXT:
                break
        return " ".join(said)
