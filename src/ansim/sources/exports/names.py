"""What people call the forms that are read (``Export.form``), Korean and English."""

from __future__ import annotations

from typing import Final

from ansim.sources.export import Language

NAMES: Final[dict[str, tuple[str, str]]] = {
    "kakaotalk-android-text-ko": ("카카오톡 안드로이드, 한국어", "KakaoTalk Android, Korean"),
    "kakaotalk-android-text-en": ("카카오톡 안드로이드, 영어", "KakaoTalk Android, English"),
    "kakaotalk-windows-text-ko": ("카카오톡 윈도우, 한국어", "KakaoTalk Windows, Korean"),
    "kakaotalk-windows-text-en": ("카카오톡 윈도우, 영어", "KakaoTalk Windows, English"),
    "kakaotalk-ios-text-ko": ("카카오톡 아이폰, 한국어", "KakaoTalk iOS, Korean"),
    "kakaotalk-ios-text-en": ("카카오톡 아이폰, 영어", "KakaoTalk iOS, English"),
    "kakaotalk-csv": ("카카오톡 CSV", "KakaoTalk CSV"),
    "line-text": ("라인", "LINE"),
    "discord-json": ("디스코드 (DiscordChatExporter)", "Discord (DiscordChatExporter)"),
    "telegram-json": ("텔레그램", "Telegram"),
    "instagram-json": ("인스타그램", "Instagram"),
    "slack-zip": ("슬랙", "Slack"),
    "screenshots": ("대화 화면 그림", "screenshots of a chat"),
}


def name(form: str, language: Language) -> str:
    """The form in words; one that has no name here stands as it is."""
    return NAMES.get(form, (form, form))[0 if language == "ko" else 1]
