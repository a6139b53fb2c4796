"""Checks what an operator enters for a source against what its connector declares it needs.

Every error names the entry: what is shown on the page and what it is called in a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ansim.casework.errors import Refused
from ansim.sources.contract import Declaration
from ansim.sources.wiring import Field, FieldKind

LONGEST = 2000
LONGEST_SECRET = 16_000
"""A secret may be a whole key file."""
MOST_LINES = 1000


class WrongEntry(Refused):
    """An entry that cannot stand; ``field`` is its name."""

    def __init__(self, field: str, message: object) -> None:
        super().__init__("entry", message)
        self.field = field


def label(field: Field) -> str:
    """What a page calls the entry."""
    return field.en if get_language() == "en" else field.ko


def split(
    declaration: Declaration, entries: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Settings and credentials among ``entries``, as the connector declares them; what it does not
    know stands among the settings, where ``check`` refuses it."""
    secret = {field.name for field in declaration.fields if field.secret}
    settings = {name: value for name, value in entries.items() if name not in secret}
    return settings, {name: value for name, value in entries.items() if name in secret}


def check(
    declaration: Declaration, settings: Mapping[str, str], credentials: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Both as they are kept: trimmed, empty ones at their default or left out. Raises WrongEntry
    naming the first that cannot stand."""
    fields = {field.name: field for field in declaration.fields}
    for given, secret in ((settings, False), (credentials, True)):
        for name in given:
            field = fields.get(name)
            if field is None or field.secret is not secret:
                known = ", ".join(one.name for one in declaration.fields if one.secret is secret)
                raise WrongEntry(
                    name,
                    _("‘%(name)s’은(는) 이 연결 방식에 없는 입력입니다. 있는 것: %(known)s")
                    % {"name": name[:80], "known": known or "–"},
                )
    kept: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for field in declaration.fields:
        found = _checked(field, (credentials if field.secret else settings).get(field.name, ""))
        if found:
            kept[field.secret][field.name] = found
    return kept


def _checked(field: Field, given: object) -> str:
    named = {"label": label(field), "name": field.name}
    if not isinstance(given, str):
        raise WrongEntry(field.name, _("‘%(label)s’ (%(name)s): 글자로 적어 주세요.") % named)
    # The value of a secret stays as it was given, but for the line that ends a file of it.
    text = given.replace("\r\n", "\n").strip() or field.default
    if not text:
        if field.required:
            raise WrongEntry(field.name, _("‘%(label)s’ (%(name)s): 꼭 적어야 합니다.") % named)
        return ""
    if len(text) > (LONGEST_SECRET if field.secret else LONGEST * 10) or "\0" in text:
        raise WrongEntry(field.name, _("‘%(label)s’ (%(name)s): 너무 깁니다.") % named)
    if field.kind is FieldKind.LIST:
        return _lines(field, text, named)
    if not field.secret and (len(text) > LONGEST or not text.isprintable()):
        raise WrongEntry(field.name, _("‘%(label)s’ (%(name)s): 한 줄로 적어 주세요.") % named)
    if field.kind is FieldKind.CHOICE and text not in field.choices:
        raise WrongEntry(
            field.name,
            _("‘%(label)s’ (%(name)s): 이 가운데 하나여야 합니다: %(choices)s")
            % {**named, "choices": ", ".join(field.choices)},
        )
    if field.kind is FieldKind.NUMBER and not _is_number(text):
        raise WrongEntry(field.name, _("‘%(label)s’ (%(name)s): 숫자로 적어 주세요.") % named)
    if field.kind is FieldKind.ADDRESS:
        if not _is_address(text):
            raise WrongEntry(
                field.name,
                _(
                    "‘%(label)s’ (%(name)s): https://…처럼 주소를 적어 주세요. 물음표나 이름, "
                    "비밀번호가 들어 있으면 안 됩니다."
                )
                % named,
            )
        return text.rstrip("/") if urlsplit(text).path in ("", "/") else text
    return text


def _lines(field: Field, text: str, named: Mapping[str, str]) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > MOST_LINES or any(
        len(line) > LONGEST or not line.isprintable() for line in lines
    ):
        raise WrongEntry(
            field.name,
            _("‘%(label)s’ (%(name)s): 한 줄에 하나씩, 1,000줄까지 적어 주세요.") % named,
        )
    return "\n".join(lines)


def _is_number(text: str) -> bool:
    whole, _point, part = text.removeprefix("-").partition(".")
    return len(text) <= 20 and all(
        piece.isascii() and piece.isdigit() for piece in (whole, part or "0")
    )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    # A name or password in an address would be shown with it.
    return (
        fits
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.username is None
        and not (parts.query or parts.fragment)
        and not any(c.isspace() for c in text)
    )
