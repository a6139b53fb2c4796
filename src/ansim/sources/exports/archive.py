"""The JSON files of a ZIP, taken out within limits: a bomb is refused before it unfolds."""

from __future__ import annotations

import io
import zipfile
import zlib

from ansim.sources.export import ExportError, TooLarge

MAX_FILES = 20_000
MAX_BYTES = 256 * 1024 * 1024
"""All JSON files together, unpacked."""
_STEP = 1024 * 1024


def is_archive(data: bytes) -> bool:
    """Whether this begins as a ZIP does."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def json_files(data: bytes) -> dict[str, bytes]:
    """Name → content of every ``.json`` in it. Raises ExportError, TooLarge."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            listed = [each for each in opened.infolist() if each.filename.endswith(".json")]
            if len(listed) > MAX_FILES:
                raise _too_large()
            left = MAX_BYTES
            found: dict[str, bytes] = {}
            for each in listed:
                if each.flag_bits & 1:
                    raise ExportError(
                        "암호가 걸린 압축 파일입니다. 암호 없이 내보낸 파일을 주세요.",
                        "The archive has a password. Please give a file without one.",
                    )
                content = _content(opened, each, left)
                left -= len(content)
                found[each.filename] = content
            return found
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        KeyError,
        RuntimeError,
    ) as error:
        raise ExportError(
            f"압축 파일이 끝까지 읽히지 않습니다({type(error).__name__}). 다시 내보내 주세요.",
            f"The archive cannot be read to its end ({type(error).__name__}). Export it again.",
        ) from None


def _content(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """What is in it, whatever size it says it has. Raises TooLarge."""
    pieces: list[bytes] = []
    with opened.open(entry) as stream:
        while piece := stream.read(_STEP):
            left -= len(piece)
            if left < 0:
                raise _too_large()
            pieces.append(piece)
    return b"".join(pieces)


def _too_large() -> TooLarge:
    limit = MAX_BYTES // 2**20
    return TooLarge(
        f"압축을 풀면 {limit} MiB나 파일 {MAX_FILES:,}개를 넘습니다. 기간을 나누어 내보내 주세요.",
        f"Unpacked it is over {limit} MiB or {MAX_FILES:,} files. Export a shorter period.",
    )
