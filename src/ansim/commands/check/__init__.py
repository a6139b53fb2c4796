"""``ansim check``: reads an exported conversation, says what is risky in it and what to do now."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ansim.sources.export import MAX_FILE_BYTES, ExportError, Language, safe


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim check``."""
    verb = subparsers.add_parser(
        "check",
        help="내보낸 대화 파일 점검 / check an exported conversation",
        description=(
            "메신저에서 내보낸 대화 파일(카카오톡, 라인, 인스타그램, 텔레그램, 디스코드, 슬랙)을 "
            "읽고 위험 신호와 지금 할 일을 알려 줍니다. 아무것도 저장하거나 보내지 않습니다. / "
            "Reads a conversation exported from a messenger (KakaoTalk, LINE, Instagram, Telegram, "
            "Discord, Slack) and says what is risky in it and what to do now. Nothing is kept or "
            "sent."
        ),
    )
    verb.add_argument("file", metavar="FILE", help="내보낸 파일, -는 표준 입력 / - is stdin")
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
    """Checks one file. 0 when it was read, whatever was found; 2 when it could not be."""
    from ansim.commands.check.finding import as_json, examine
    from ansim.commands.check.report import Style, lines
    from ansim.detection import Detector
    from ansim.detection.weights import ModelError
    from ansim.sources.exports import SeveralConversations, parse

    tongue = language(arguments.lang)
    name = "" if arguments.file == "-" else Path(arguments.file).name
    try:
        export = parse(_bytes(arguments.file), name=name, number=arguments.conversation)
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
        return _fail(f"{arguments.file}: {error.strerror or error}")
    except ModelError as error:
        return _fail(str(error))
    # A terminal that cannot show Korean gets question marks, not a crash.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    if arguments.json:
        print(as_json(finding))
        return 0
    for line in lines(finding, name, tongue, Style.of(sys.stdout, os.environ)):
        print(line)
    return 0


def _bytes(file: str) -> bytes:
    """The file, or one byte more than is allowed of it."""
    if file == "-":
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    with open(file, "rb") as opened:
        return opened.read(MAX_FILE_BYTES + 1)


def _fail(reason: str) -> int:
    print(f"ansim check: {safe(reason)}", file=sys.stderr)
    return 2
