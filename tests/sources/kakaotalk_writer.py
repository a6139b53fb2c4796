"""Writes made-up conversations the way KakaoTalk exports them, one function a form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone

SEOUL = timezone(timedelta(hours=9))
Said = tuple[datetime, str, str]
"""When (Seoul), who, what."""

DAYS = "월화수목금토일"
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _half(at: datetime) -> str:
    return f"{'오전' if at.hour < 12 else '오후'} {at.hour % 12 or 12}:{at.minute:02}"


def _am(at: datetime, gap: str = " ") -> str:
    return f"{at.hour % 12 or 12}:{at.minute:02}{gap}{'AM' if at.hour < 12 else 'PM'}"


def _ko(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"


def _en(day: date) -> str:
    return f"{WEEK[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}, {day.year}"


def _by_day(
    said: Sequence[Said],
    head: list[str],
    rule: Callable[[date], list[str]],
    line: Callable[[Said], str],
) -> str:
    lines = list(head)
    today: date | None = None
    for one in said:
        if one[0].date() != today:
            today = one[0].date()
            lines += rule(today)
        lines.append(line(one))
    return "\n".join(lines) + "\n"


def android_ko(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["별하 님과 카카오톡 대화", "저장한 날짜 : 2099년 1월 6일 오전 9:00", "", ""],
        lambda day: ["", f"{_ko(day)} {DAYS[day.weekday()]}요일"],
        lambda one: f"{_ko(one[0])} {_half(one[0])}, {one[1]} : {one[2]}",
    )


def android_ko_24(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["우리 반 15 카카오톡 대화", "저장한 날짜 : 2099년 1월 6일 21:00", ""],
        lambda day: ["", f"{_ko(day)} 00:00"],
        lambda one: f"{_ko(one[0])} {one[0]:%H:%M}, {one[1]} : {one[2]}",
    )


def android_en(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["KakaoTalk Chats with 별하", "Date Saved : January 6, 2099 at 9:00 AM", "", ""],
        lambda day: ["", f"{MONTHS[day.month - 1]} {day.day}, {day.year} at 12:00 AM"],
        lambda one: (
            f"{MONTHS[one[0].month - 1]} {one[0].day}, {one[0].year} at "
            f"{_am(one[0], chr(0x202F))}, {one[1]} : {one[2]}"
        ),
    )


def windows_ko(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["별하 님과 카카오톡 대화", "저장한 날짜 : 2099-01-06 09:00:01", ""],
        lambda day: [f"--------------- {_ko(day)} {DAYS[day.weekday()]}요일 ---------------"],
        lambda one: f"[{one[1]}] [{_half(one[0])}] {one[2]}",
    )


def windows_en(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["별하 with KakaoTalk Chats", "Date Saved: 2099-01-06 09:00:01", ""],
        lambda day: [f"--------------- {_en(day)} ---------------"],
        lambda one: f"[{one[1]}] [{_am(one[0])}] {one[2]}",
    )


def ios_ko(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["별하 님과 카카오톡 대화", "저장한 날짜 : 2099. 1. 6. 오전 9:00", ""],
        lambda day: ["", f"{_ko(day)} {DAYS[day.weekday()]}요일"],
        lambda one: (
            f"{one[0].year}. {one[0].month}. {one[0].day}. {_half(one[0])}, {one[1]} : {one[2]}"
        ),
    )


def ios_ko_time_only(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["별하 님과 카카오톡 대화", "저장한 날짜 : 2099. 1. 6. 오전 9:00", ""],
        lambda day: ["", f"{_ko(day)} {DAYS[day.weekday()]}요일"],
        lambda one: f"{_half(one[0])}, {one[1]} : {one[2]}",
    )


def ios_en(said: Sequence[Said]) -> str:
    return _by_day(
        said,
        ["KakaoTalk Chats with 별하", "Date Saved : Jan 6, 2099 at 9:00 AM", ""],
        lambda day: ["", _en(day)],
        lambda one: (
            f"{MONTHS[one[0].month - 1][:3]} {one[0].day}, {one[0].year} at "
            f"{_am(one[0])}, {one[1]} : {one[2]}"
        ),
    )


def mac_csv(said: Sequence[Said]) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    rows = [f"{at:%Y-%m-%d %H:%M:%S},{cell(who)},{cell(what)}" for at, who, what in said]
    return "\n".join(["Date,User,Message", *rows]) + "\n"


FORMS: dict[str, tuple[str, Callable[[Sequence[Said]], str]]] = {
    "android_ko": ("kakaotalk-android-text-ko", android_ko),
    "android_ko_24": ("kakaotalk-android-text-ko", android_ko_24),
    "android_en": ("kakaotalk-android-text-en", android_en),
    "windows_ko": ("kakaotalk-windows-text-ko", windows_ko),
    "windows_en": ("kakaotalk-windows-text-en", windows_en),
    "ios_ko": ("kakaotalk-ios-text-ko", ios_ko),
    "ios_ko_time_only": ("kakaotalk-ios-text-ko", ios_ko_time_only),
    "ios_en": ("kakaotalk-ios-text-en", ios_en),
    "mac_csv": ("kakaotalk-csv", mac_csv),
}
