"""From the bytes of a file to the conversation in it, or to the choice of those in it.

The form is recognised by what is in the file, never by its name. Nothing is kept here.
"""

from __future__ import annotations

import msgspec

from ansim.sources import kakaotalk
from ansim.sources.export import MAX_FILE_BYTES, Export, ExportError, TooLarge, UnknownForm, safe
from ansim.sources.exports import discord, instagram, line, slack, telegram
from ansim.sources.exports.archive import is_archive, json_files
from ansim.sources.exports.parsing import decode, mapping
from ansim.sources.kakaotalk.decode import decode as as_text
from ansim.sources.kakaotalk.forms import READABLE


class Held(msgspec.Struct, frozen=True):
    """One conversation of a file that holds several, as its donor would know it again."""

    number: int
    title: str
    messages: int
    newest: float | None
    """Seconds since 1970, or None in an empty one."""


class SeveralConversations(ExportError):
    """The file holds more than one conversation, and only its donor can say which is meant."""

    def __init__(self, held: list[Held]) -> None:
        super().__init__(
            f"이 파일에는 대화가 {len(held)}개 있습니다. 건네줄 대화 번호를 골라 주세요.",
            f"This file holds {len(held)} conversations. Choose the number of the one you mean.",
        )
        self.held = held


def parse(data: bytes, *, name: str = "", number: int = 0) -> Export:
    """Reads the conversation of a file; where there are several, that of this ``number``, from 1.

    ``name`` is the file's, for messages only. Raises SeveralConversations where a number is needed,
    UnknownForm, TooLarge or another ExportError with a sentence that says what to do.
    """
    found = _conversations(data, name)
    if found is None:
        return kakaotalk.parse(data, name=name)
    if not any(each.turns for each in found):
        raise _empty(name)
    if len(found) == 1 and number in (0, 1):
        return found[0]
    if not 1 <= number <= len(found):
        raise SeveralConversations([_held(place, each) for place, each in enumerate(found, 1)])
    return found[number - 1]


def _conversations(data: bytes, name: str) -> list[Export] | None:
    """Everything in the file; None where it is none of the forms of this package."""
    if len(data) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 2**20
        raise TooLarge(
            f"파일이 {limit} MiB보다 큽니다. 기간을 나누어 내보내 주세요.",
            f"The file is larger than {limit} MiB. Export a shorter period.",
        )
    if is_archive(data):
        return _in_archive(data, name)
    begin = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin[:1] == b"{":
        return _in_json(data, name)
    decoded = as_text(data)
    if decoded is not None and line.fits(decoded[0]):
        return line.read(decoded[0])
    return None


def _in_archive(data: bytes, name: str) -> list[Export]:
    files = json_files(data)
    if slack.fits(files):
        found = slack.read(files)
    else:
        found = [
            instagram.together([mapping(decode(files[part])) for part in parts])
            for parts in instagram.threads(files).values()
        ]
        if not found:
            found = [
                export
                for content in files.values()
                for export in (_forms(_or_nothing(content)) or [])
            ]
    if not found:
        raise UnknownForm(1, "", READABLE, name, data=True)
    return found


def _or_nothing(content: bytes) -> object:
    try:
        return decode(content)
    except ExportError:
        return None  # another file of the same archive


def _in_json(data: bytes, name: str) -> list[Export]:
    document = decode(data)
    found = _forms(document)
    if found is None:
        keys = ", ".join(sorted(mapping(document))[:8])
        raise UnknownForm(1, "{ " + safe(keys, 50), READABLE, name)
    return found


def _forms(document: object) -> list[Export] | None:
    if discord.fits(document):
        return discord.read(document)
    if instagram.fits(document):
        return instagram.read(document)
    if telegram.fits(document):
        return telegram.read(document)
    return None


def _held(number: int, export: Export) -> Held:
    newest = export.turns[-1].at if export.turns else None
    return Held(number, safe(export.title, 80), len(export.turns), newest)


def _empty(name: str) -> ExportError:
    before = f"{safe(name, 80)}: " if name else ""
    return ExportError(
        f"{before}메시지가 하나도 없는 파일입니다. 기간을 넓혀 다시 내보내 주세요.",
        f"{before}there is no message in the file. Export a longer period.",
    )
