"""Whether a model's own sentences may stand before a counsellor.

The model has read what a stranger wrote, and may repeat what the stranger wanted said. So its texts
must describe and do no more: no link, address or number to call, no markup, no order to whoever
reads them, no verdict that all is well, no word of the question itself.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from ansim.reviewing.asking import task
from ansim.reviewing.plain import comparable

ECHO = 28
"""So many letters in a row of our own question, spaces apart, are no description of a chat."""
HOTLINES = frozenset({"112", "117", "119", "1366", "1388"})

_LINK = re.compile(
    r"(?i)://|\bwww\b|\b[a-z][a-z0-9+.-]{2,}:\S|@|\d+\.\d+\.\d+\.\d+"
    r"|[\w-]\s?[.。．｡]\s?(?:com|net|org|kr|io|me|gg|ly|co|xyz|app|dev|info|shop|site|link|onion)\b"
    r"|\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b|\b(?:dot|닷|점)\s?(?:com|net|kr|컴)\b|닷컴"
)
_MARKUP = re.compile(r"[<>{}\[\]`|\\#*_$]|&#?\w+;")
_MARK_OF_TEXT = re.compile(r"\[([가-힣 ]{1,12})\](?!\()")
"""Stand-ins of the chat itself, such as the one for words that are not written out."""
_DIGITS = re.compile(r"\+?\d(?:[\s().·‐-―-]*\d){2,}")
_SPELLED = re.compile(r"공일공|영일영")
_LONGEST_NUMBER = 6
"""Digits of the longest number that is no one's telephone: a sum of money, a year and month."""
_LOOSE = re.compile(r"[^\w\s]|_")

_KOREAN_ORDER = re.compile(
    r"(?:세요|셔요|십시오|십쇼|시오|시길|주길|[하해]라|아라|어라|[워와봐줘둬내려켜꺼눌러]라|줘|줘요|합시다|[하두보]자"
    r"|바랍니다|바람|부탁드립니다|부탁해요?|부탁합니다|[할말]\s?것|지\s?마|금지|면\s?됩니다"
    r"|해야\s?(?:합니다|한다|함|돼요|됩니다))$"
)
_KOREAN_LOOKING = re.compile(r"(?:살펴|살피|지켜|눈여겨|주의|유의|확인|관찰|주목|보)[^,]{0,12}$")
_ENGLISH_ORDER = re.compile(
    r"(?i)^(?:(?:now|so|then|first|also|and|next|finally|therefore)\b[, ]*)*"
    r"(?:kindly|do not|don't|never|ignore|dismiss|close|click|tap|visit|call|open|delete|stop|reply"
    r"|answer|send|report|mark|set|treat|forget|disregard|override|approve|escalate|contact|log"
    r"|type|run|execute|follow|go|release|unblock|block|download|install|transfer|pay|trust|skip"
    r"|remove|clear|cancel|assign|mute|let|make|give|write|say|tell)\b"
    r"|\bplease\b|\b(?:counsell?ors?|operators?|supervisors?|you|alert)\b.*\b(?:should|must|need|can"
    r"|have to)\b"
)
_VERDICT = re.compile(
    r"(?i)안전(?:합니다|하다|함|해요|하며|하고|하므로|하니|한\s?(?:대화|상황|관계|사람|상대))"
    r"|(?:문제|이상)\s?(?:가|이)?\s?없|위험(?:이|은|성이|성은)?\s?(?:전혀\s?)?없|위험하지\s?않"
    r"|(?:조치|개입|확인|검토|상담|대응|신고|걱정)(?:가|이|은|는|할|하지)?\s?(?:필요|것|이유|않아도)"
    r"(?:가|는|도|이)?\s?(?:없|않|됩|된|돼)|오경보|오탐|(?:무시|종결)해도|닫아도"
    r"|\b(?:is|are|it's|looks?|seems?|appears?|completely|totally|perfectly|entirely)\s+(?:\w+\s+)?"
    r"(?:safe|harmless|benign)\b|\bsafe (?:chat|conversation)\b"
    r"|\b(?:chat|conversation|everything|all)\s+(?:is|seems|looks)\s+(?:fine|ok|okay|normal)\b"
    r"|\bfalse (?:alarm|positive|alert)\b"
    r"|\bno (?:risk|danger|threat|action|intervention|concern|review|alert|follow-?up)\b"
    r"|\bno need (?:to|for) (?:act|action|interven\w+|review|follow|worry|contact|check)\b"
    r"|\bnothing to (?:worry|do|review|see|check)\b|\bnot (?:grooming|dangerous|a risk|risky)\b"
    r"|\bcan be (?:closed|ignored|dismissed)\b"
)
_CLAUSE_END = re.compile(r"[;:]\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|(?<=[.!?。！？])$")


def cleaned(text: str) -> str:
    """NFC, one line, nothing invisible. What is left is judged and shown as it stands."""
    out = []
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        if kind[0] == "Z" or char in "\t\n\r":
            out.append(" ")
        elif kind[0] != "C":
            out.append(char)
    return _MARK_OF_TEXT.sub(r"⁅\1⁆", " ".join("".join(out).split()))


def sentences(text: str) -> list[str]:
    """The sentences of a cleaned text."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def describes(text: str, *, may_look: bool = False, verdict: bool = False) -> bool:
    """Whether a cleaned text only describes. ``may_look`` allows "see whether …", ``verdict`` a
    harmless reading, as the one field has that is asked for it."""
    folded = unicodedata.normalize("NFKC", text)
    if _LINK.search(folded) or _MARKUP.search(folded) or _calls(folded) or echoes(text):
        return False
    if not verdict and _VERDICT.search(folded):
        return False
    parts = [clause for part in sentences(folded) for clause in _CLAUSE_END.split(part)]
    return not any(_orders(part, may_look) for part in parts)


def echoes(text: str) -> bool:
    """Whether words of our own question stand in it."""
    plain = _letters(text)
    known = _known()
    return any(plain[at : at + ECHO] in known for at in range(len(plain) - ECHO + 1))


@cache
def _known() -> frozenset[str]:
    plain = _letters(task())
    return frozenset(plain[at : at + ECHO] for at in range(len(plain) - ECHO + 1))


def _letters(text: str) -> str:
    return _LOOSE.sub("", comparable(text))


def _calls(text: str) -> bool:
    if _SPELLED.search(text):
        return True
    for found in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", found.group())
        if digits not in HOTLINES and len(digits) > _LONGEST_NUMBER:
            return True
    return False


def _orders(sentence: str, may_look: bool) -> bool:
    bare = sentence.rstrip(" .!?。！？…~'\"”’")
    if _KOREAN_ORDER.search(bare):
        return not (may_look and _KOREAN_LOOKING.search(bare))
    return bool(_ENGLISH_ORDER.search(bare.lstrip("'\"“‘(- ")))
