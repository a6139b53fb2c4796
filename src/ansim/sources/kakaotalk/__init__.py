"""KakaoTalk exports ("대화 내용 내보내기"), donated by someone who took part in the chat."""

from ansim.sources.kakaotalk.forms import KNOWN_FORMS
from ansim.sources.kakaotalk.importer import parse

__all__ = ["KNOWN_FORMS", "parse"]
