"""Tesseract's Korean model with all syllables, not only those that it was trained to spell.

The model sees jamo: each of its syllables is written down as three numbers, one for the first, the
middle and the last jamo, and the network answers with such numbers. Its list of syllables leaves
out one of a hundred that young people write (쌤, 넵, 앱), so for these it can answer with others
only. Here the list is made longer with every syllable whose three numbers it knows; the network is
the one that is installed. Where that is not possible it is used as it is.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

MODEL = "kor.traineddata"
MARK = "all-syllables"
"""Empty file in a folder of ours, so that nobody makes one of it again."""
_BEGINS = "ansim-letters-"
_LETTERS, _NUMBERS = 21, 22
"""Places of the list of letters and of their numbers in a model."""
_FIRST, _SYLLABLES, _MIDDLES, _LASTS = 0xAC00, 11_172, 21, 28
_MOST = 64 * 2**20

_made: dict[tuple[str, str], Path | None] = {}
_lock = threading.Lock()


def told(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which Tesseract finds the longer model; the same where none can be made
    or it is told already. Made once, and taken away with this process."""
    given = environment.get("TESSDATA_PREFIX", "")
    program = shutil.which("tesseract", path=environment.get("PATH", ""))
    if program is None or (given and Path(given, MARK).exists()):
        return dict(environment)
    which = program, given
    with _lock:
        made = _made.get(which)
        if which not in _made or (made is not None and not Path(made, MODEL).exists()):
            made = _made[which] = _make(program, environment)
    return {**environment, **({"TESSDATA_PREFIX": str(made)} if made is not None else {})}


def _make(program: str, environment: Mapping[str, str]) -> Path | None:
    installed = _installed(program, environment)
    if installed is None:
        return None
    made: Path | None = None
    try:
        model = installed / MODEL
        if model.stat().st_size > _MOST:
            return None
        longer = lengthened(model.read_bytes())
        _sweep()
        made = Path(tempfile.mkdtemp(prefix=_BEGINS))
        atexit.register(_take_away, made, os.getpid())
        for one in installed.iterdir():
            if one.name != MODEL:
                Path(made, one.name).symlink_to(one)
        Path(made, MODEL).write_bytes(longer)
        _claim(made)
    except (OSError, ValueError):
        if made is not None:
            _take_away(made, os.getpid())
        return None
    return made


def _claim(made: Path) -> None:
    """Marks a folder as of a process that lives: the lock on its mark ends with that."""
    unclaimed = Path(made, f"{MARK}.new")
    lock = os.open(unclaimed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    unclaimed.rename(Path(made, MARK))


def _sweep() -> None:
    """Takes away folders of processes that were killed and could not do it themselves."""
    for left in Path(tempfile.gettempdir()).glob(f"{_BEGINS}*"):
        try:
            if left.is_symlink() or left.stat().st_uid != os.getuid():
                continue
            lock = os.open(Path(left, MARK), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            pass  # its process lives
        finally:
            os.close(lock)


def _take_away(made: Path, owner: int) -> None:
    if os.getpid() == owner:  # and not a process that was forked off it
        shutil.rmtree(made, ignore_errors=True)


def _installed(program: str, environment: Mapping[str, str]) -> Path | None:
    """Where its languages are, by its own word: ``... languages in "FOLDER" (3):``."""
    try:
        said = subprocess.run(
            [program, "--list-langs"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(environment),
            timeout=20,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    parts = os.fsdecode(said).partition("\n")[0].split('"')
    return Path(parts[1]) if len(parts) == 3 and Path(parts[1], MODEL).is_file() else None


def lengthened(model: bytes) -> bytes:
    """The model with all syllables that its numbers can spell. Raises ValueError where it is not
    of the form that is known here."""
    try:
        parts = _parts(model)
        names, numbers = parts[_LETTERS], parts[_NUMBERS]
        if names is None or numbers is None:
            raise ValueError("a model without a list of letters")
        lines, codes = names.decode().rstrip("\n").split("\n"), _codes(numbers)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError("a model of another form") from error
    letters = [line.split(" ")[0] for line in lines[1:]]
    if int(lines[0]) != len(letters) or len(letters) != len(codes):
        raise ValueError("a list of letters that does not fit its numbers")
    known = set(letters)
    for letter, code in _spelled(dict(zip(letters, codes, strict=True))).items():
        if letter not in known:
            place = len(codes)
            lines.append(f"{letter} 1 0,255,0,255,0,0,0,0,0,0 Hangul {place} 0 {place} {letter}")
            codes.append(code)
    lines[0] = str(len(codes))
    parts[_LETTERS] = ("\n".join(lines) + "\n").encode()
    parts[_NUMBERS] = struct.pack("<I", len(codes)) + b"".join(
        struct.pack(f"<bi{len(code)}i", 1, len(code), *code) for code in codes
    )
    return _joined(parts)


def _spelled(known: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Every syllable whose jamo occur in the known ones, with its numbers."""
    jamo: dict[tuple[int, int], int] = {}
    for letter, code in known.items():
        place = ord(letter[0]) - _FIRST
        if len(letter) == 1 and 0 <= place < _SYLLABLES:
            if len(code) != 3:
                raise ValueError("syllables that are not spelled in jamo")
            for at, (one, number) in enumerate(zip(_jamo(place), code, strict=True)):
                if jamo.setdefault((at, one), number) != number:
                    raise ValueError("a jamo with two numbers")
    spelled = {}
    for place in range(_SYLLABLES):
        code = tuple(jamo.get((at, one), -1) for at, one in enumerate(_jamo(place)))
        if min(code) >= 0:
            spelled[chr(_FIRST + place)] = code
    return spelled


def _jamo(place: int) -> tuple[int, int, int]:
    first, rest = divmod(place, _MIDDLES * _LASTS)
    return first, *divmod(rest, _LASTS)


def _parts(model: bytes) -> list[bytes | None]:
    """A model's parts: it begins with how many there are and where each begins (-1: none)."""
    (count,) = struct.unpack_from("<I", model)
    if count > 64:
        raise ValueError("a model of another form")
    begins = struct.unpack_from(f"<{count}q", model, 4)
    ends = [*sorted(begin for begin in begins if begin >= 0), len(model)]
    return [None if one < 0 else model[one : ends[ends.index(one) + 1]] for one in begins]


def _joined(parts: list[bytes | None]) -> bytes:
    begins, place = [], 4 + 8 * len(parts)
    for part in parts:
        begins.append(place if part is not None else -1)
        place += len(part or b"")
    head = struct.pack(f"<I{len(parts)}q", len(parts), *begins)
    return head + b"".join(part for part in parts if part is not None)


def _codes(packed: bytes) -> list[tuple[int, ...]]:
    """Of each letter its numbers: how many letters, then of each a flag, a length, the numbers."""
    (count,) = struct.unpack_from("<I", packed)
    codes, place = [], 4
    for _ in range(count):
        flag, length = struct.unpack_from("<bi", packed, place)
        if flag != 1 or not 0 < length < 10:
            raise ValueError("numbers of another form")
        codes.append(struct.unpack_from(f"<{length}i", packed, place + 5))
        place += 5 + 4 * length
    if place != len(packed):
        raise ValueError("numbers of another form")
    return codes
