"""What people type: trimmed, never longer than its column, and there where it is needed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ansim.casework.errors import Refused

LONGEST_REASON = 500


def words(text: str, longest: int, *, missing: object = None, code: str = "words_missing") -> str:
    """What somebody wrote, in lines. Raises Refused: ``code`` with the sentence ``missing`` where
    nothing was written and something is needed, "too_long" above ``longest`` characters."""
    plain = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not plain and missing is not None:
        raise Refused(code, missing)
    if len(plain) > longest:
        raise Refused(
            "too_long", _("%(n)s자를 넘을 수 없습니다. 줄여서 적어 주세요.") % {"n": f"{longest:,}"}
        )
    return plain


def line(text: str, longest: int, *, missing: object = None, code: str = "words_missing") -> str:
    """The same on one line, without characters that could disturb it: names, titles, reasons."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return words(" ".join(plain.split()), longest, missing=missing, code=code)


def reason(text: str, missing: object = None, code: str = "reason_missing") -> str:
    """Why somebody does what needs a reason. Raises Refused."""
    return line(text, LONGEST_REASON, missing=missing or _("까닭을 적어 주세요."), code=code)
