"""Export files of other messengers, written for tests: invented people, leaflet-level words."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

SEOUL = timezone(timedelta(hours=9))
BEGIN = 1_790_000_040.0
"""A whole minute."""


class Word(NamedTuple):
    who: str
    text: str
    at: float


def chat(*pairs: tuple[str, str]) -> list[Word]:
    """What was said, a minute apart."""
    return [Word(who, text, BEGIN + 60.0 * n) for n, (who, text) in enumerate(pairs)]


RISKY = chat(
    ("여름", "안녕하세요"),
    ("바람", "몇 살이야? 프사 귀엽다"),
    ("여름", "중2요"),
    ("바람", "우리 둘만의 비밀이야. 엄마한테는 말하지 마"),
    ("바람", "용돈 줄게 얼굴 사진 보낼래?"),
    ("여름", "싫어요"),
    ("바람", "사진 안 보내면 학교에 다 말할 거야"),
)
ORDINARY = chat(
    ("가을", "오늘 급식 뭐 나와?"),
    ("겨울", "카레래 ㅋㅋ"),
    ("가을", "수학 숙제 했어?"),
)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, SEOUL).isoformat()


def discord(said: Sequence[Word], **more: Any) -> bytes:
    messages = [
        {
            "id": str(100 + n),
            "type": "Default",
            "timestamp": iso(word.at),
            "timestampEdited": None,
            "isPinned": False,
            "content": word.text,
            "author": {
                "id": str(9000 + ord(word.who[0])),
                "name": word.who,
                "discriminator": "0000",
                "nickname": "둘 다 같은 별명",
                "isBot": False,
            },
            "attachments": [],
            "embeds": [],
            "stickers": [],
            "reactions": [],
            "mentions": [],
        }
        for n, word in enumerate(said)
    ]
    document = {
        "guild": {"id": "0", "name": "Direct Messages"},
        "channel": {"id": "7", "type": "DirectTextChat", "name": "바람"},
        "exportedAt": iso(BEGIN + 9000),
        "messages": messages,
        "messageCount": len(messages),
    }
    return json.dumps({**document, **more}, ensure_ascii=False).encode()


def telegram_chat(said: Sequence[Word], name: str = "바람") -> dict[str, Any]:
    return {
        "name": name,
        "type": "personal_chat",
        "id": 77,
        "messages": [
            {
                "id": n,
                "type": "message",
                "date": iso(word.at)[:19],
                "date_unixtime": str(int(word.at)),
                "from": word.who,
                "from_id": f"user{ord(word.who[0])}",
                "text": word.text,
                "text_entities": [],
            }
            for n, word in enumerate(said)
        ],
    }


def telegram(said: Sequence[Word]) -> bytes:
    return json.dumps(telegram_chat(said), ensure_ascii=False).encode()


def telegram_all(chats: Mapping[str, Sequence[Word]]) -> bytes:
    listed = [telegram_chat(said, name) for name, said in chats.items()]
    return json.dumps({"about": "…", "chats": {"about": "…", "list": listed}}).encode()


def mangled(text: str) -> str:
    """As Instagram writes text: its UTF-8 bytes as if each were a letter."""
    return text.encode().decode("latin-1")


def instagram(said: Sequence[Word], title: str = "바람") -> bytes:
    people = dict.fromkeys(word.who for word in said)
    document = {
        "participants": [{"name": mangled(who)} for who in people],
        "messages": [
            {
                "sender_name": mangled(word.who),
                "timestamp_ms": int(word.at * 1000),
                "content": mangled(word.text),
                "is_geoblocked_for_viewer": False,
            }
            for word in reversed(said)
        ],
        "title": mangled(title),
        "is_still_participant": True,
        "thread_path": "inbox/chat_1",
    }
    return json.dumps(document).encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return held.getvalue()


def slack(channels: Mapping[str, Sequence[Word]]) -> bytes:
    people = sorted({word.who for said in channels.values() for word in said})
    ids = {who: f"U{n:08d}" for n, who in enumerate(people)}
    files = {
        "users.json": json.dumps(
            [{"id": id, "name": who, "profile": {"real_name": who}} for who, id in ids.items()]
        ).encode(),
        "channels.json": json.dumps(
            [{"id": f"C{n}", "name": name} for n, name in enumerate(channels)]
        ).encode(),
    }
    for name, said in channels.items():
        for word in said:
            day = datetime.fromtimestamp(word.at, UTC).date().isoformat()
            path = f"{name}/{day}.json"
            before = json.loads(files.get(path, b"[]"))
            before.append(
                {
                    "type": "message",
                    "user": ids[word.who],
                    "text": word.text,
                    "ts": f"{word.at:.6f}",
                }
            )
            files[path] = json.dumps(before).encode()
    return archive(files)


LINE_HEADS = {
    "ko": "[LINE] 바람님과 대화한 내용\n저장한 날짜 : 2026/11/22 10:00\n",
    "en": "[LINE] Chat history with 바람\nSaved on: 2026/11/22 10:00\n",
    "ja": "[LINE] 바람とのトーク履歴\n保存日時：2026/11/22 10:00\n",
}
_DAYS = {"ko": "월화수목금토일", "ja": "月火水木金土日"}


def line(said: Sequence[Word], language: str = "ko", *, gap: str = "\t") -> bytes:
    rows, today = [LINE_HEADS[language]], None
    for word in said:
        at = datetime.fromtimestamp(word.at, SEOUL)
        if at.date() != today:
            today = at.date()
            days = _DAYS.get(language)
            name = days[at.weekday()] if days else at.strftime("%a")
            rows.append(f"\n{at:%Y/%m/%d}({name})")
        text = f'"{word.text}"' if "\n" in word.text else word.text
        rows.append(f"{at:%H:%M}{gap}{word.who}{gap}{text}")
    return "\n".join(rows).encode()
