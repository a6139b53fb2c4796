"""``ansim check``: reads an exported conversation, says what is risky in it and what to do now."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ansim.sources.export import MAX_FILE_BYTES, Export, ExportError, Language, safe

if TYPE_CHECKING:
    from ansim.chat import Noticed


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim check``."""
    verb = subparsers.add_parser(
        "check",
        help="내보낸 대화 파일이나 화면 그림 점검 / check an export or screenshots of a chat",
        description=(
            "메신저에서 내보낸 대화 파일(카카오톡, 라인, 인스타그램, 텔레그램, 디스코드, 슬랙) "
            "하나나 대화 화면 그림 여러 장을 읽고 위험 신호와 지금 할 일을 알려 줍니다. 아무것도 "
            "저장하거나 보내지 않습니다. / Reads a conversation exported from a messenger "
            "(KakaoTalk, LINE, Instagram, Telegram, Discord, Slack), or screenshots of one in "
            "any order, and says what is risky in it and what to do now. Nothing is kept or sent."
        ),
    )
    verb.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="내보낸 파일 하나(-는 표준 입력) 또는 화면 그림들 / export (- is stdin) or pictures",
    )
    verb.add_argument(
        "--conversation",
        metavar="N",
        type=int,
        default=0,
        help="여러 대화가 든 파일에서 몇 번째 / which, in a file with several",
    )
    verb.add_argument("--json", action="store_true", help="보고서 대신 JSON / data, not a report")
    verb.add_argument("--lang", choices=("ko", "en"), help="보고서의 언어 / language of the report")
    verb.set_defaults(run=run)


def language(wanted: str | None, environ: Mapping[str, str] = os.environ) -> Language:
    """The language asked for, else English where the environment is English, else Korean."""
    if wanted is not None:
        return "en" if wanted == "en" else "ko"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "en" if environ[name].lower().startswith("en") else "ko"
    return "ko"


def run(arguments: argparse.Namespace) -> int:
    """Checks one conversation. 0 when it was read, whatever was found; 2 when it could not be."""
    from ansim.commands.check.finding import as_json, examine
    from ansim.commands.check.report import Style, lines
    from ansim.detection import Detector
    from ansim.detection.weights import ModelError
    from ansim.pictures.lists import ListError
    from ansim.sources.exports import SeveralConversations

    tongue = language(arguments.lang)
    try:
        export, screens = _conversation(arguments.files, arguments.conversation, tongue)
        finding = examine(export, Detector.load())
    except SeveralConversations as error:
        for held in error.held:
            print(
                f"  --conversation {held.number}  {held.title} ({held.messages:,})", file=sys.stderr
            )
        return _fail(error.sentence(tongue))
    except ExportError as error:
        return _fail(error.sentence(tongue))
    except OSError as error:
        return _fail(_unopened(error, tongue))
    except (ModelError, ListError) as error:
        return _fail(str(error))
    # A terminal that cannot show Korean gets question marks, not a crash.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    if arguments.json:
        print(as_json(finding, screens))
        return 0
    names = [] if arguments.files == ["-"] else [Path(file).name for file in arguments.files]
    name = names[0] if len(names) == 1 else ", ".join(names)
    for line in lines(finding, name, tongue, Style.of(sys.stdout, os.environ), screens):
        print(line)
    return 0


def _conversation(
    files: list[str], number: int, tongue: Language
) -> tuple[Export, tuple[Noticed, ...]]:
    """What the files hold: one export, or the conversation that all of them are pictures of."""
    from ansim.sources.exports import parse, screenshots

    given = [("" if file == "-" else Path(file).name, _bytes(file)) for file in files]
    pictures = [screenshots.is_picture(data) for _, data in given]
    if not any(pictures):
        if len(given) > 1:
            raise ExportError(
                f"{safe(given[1][0], 80)}: 내보낸 대화 파일은 한 번에 하나만 점검할 수 있습니다. "
                "여러 개를 줄 수 있는 것은 화면 그림뿐입니다.",
                f"{safe(given[1][0], 80)}: only one export can be checked at a time. Several files "
                "can be given where all are screenshots.",
            )
        return parse(given[0][1], name=given[0][0], number=number), ()
    if not all(pictures):
        odd = safe(given[pictures.index(False)][0], 80) or "-"
        raise ExportError(
            f"{odd}: 그림이 아닙니다. 화면 그림과 내보낸 파일은 따로 점검해 주세요.",
            f"{odd}: this is no picture. Check screenshots and exports apart.",
        )
    return _read(given, tongue)


def _read(given: list[tuple[str, bytes]], tongue: Language) -> tuple[Export, tuple[Noticed, ...]]:
    from ansim import config
    from ansim.sources.exports import screenshots

    def told(done: int) -> None:
        if done < len(given):
            said = (
                f"화면 {done + 1}/{len(given)} 읽는 중"
                if tongue == "ko"
                else (f"reading screen {done + 1} of {len(given)}")
            )
            print(f"ansim check: {said}: {safe(given[done][0], 60)}", file=sys.stderr)

    with closing(screenshots.Means.of(config.load())) as means:
        found = screenshots.read(given, means, progress=told)
    return found.export, found.screens


def _bytes(file: str) -> bytes:
    """The file, or one byte more than is allowed of it."""
    if file == "-":
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    with open(file, "rb") as opened:
        return opened.read(MAX_FILE_BYTES + 1)


def _unopened(error: OSError, tongue: Language) -> str:
    """Why a file could not be opened: the usual reasons in the reader's language."""
    korean, english = {
        errno.ENOENT: ("그런 파일이 없습니다.", "there is no such file."),
        errno.EISDIR: (
            "폴더입니다. 그 안의 파일을 골라 주세요.",
            "this is a folder. Name the files in it.",
        ),
        errno.EACCES: ("이 파일을 읽을 권한이 없습니다.", "you may not read this file."),
    }.get(error.errno or 0, (f"{error.strerror or error}",) * 2)
    return f"{error.filename}: {korean if tongue == 'ko' else english}"


def _fail(reason: str) -> int:
    print(f"ansim check: {safe(reason)}", file=sys.stderr)
    return 2
