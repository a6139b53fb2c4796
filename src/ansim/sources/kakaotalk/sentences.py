"""Sentences KakaoTalk itself writes: who came and went, what was deleted, what was attached."""

from __future__ import annotations

import re

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.export import SystemKind

_NAME = ".{1,24}?"  # names have at most 20 characters; a whole message must not pass for one
# The atomic groups (?>…) keep a hostile line from being tried in more than one way.
_SYSTEM = [
    (SystemKind.JOINED, rf"(?P<name>{_NAME})님이 (?:채팅방에 )?들어왔습니다\.?"),
    (SystemKind.LEFT, rf"(?P<name>{_NAME})님이 (?:채팅방을 )?나갔습니다\.?"),
    (SystemKind.INVITED, rf"(?>(?P<name>{_NAME})님이 ).{{1,2000}}님을 초대(?:했|하였)습니다\.?"),
    (SystemKind.REMOVED, rf"(?>(?:{_NAME}님이 )?)(?P<name>{_NAME})님을 내보냈습니다\.?"),
    (SystemKind.DELETED, r"삭제된 메시지입니다\.?|메시지가 삭제되었습니다\.?"),
    (SystemKind.HIDDEN, r"채팅방 관리자가 메시지를 가렸습니다\.?|가려진 메시지입니다\.?"),
    (SystemKind.HIDDEN, r"메시지가 가려졌습니다\.?"),
    (SystemKind.NOTICE, r"운영정책을 위반한 메시지로 신고 접수 시 .{1,60}있을 수 있습니다\.?"),
    (SystemKind.NOTICE, r"타인, 기관 등의 사칭에 유의해 ?주세요\..{0,100}|운영정책 보기"),
    (SystemKind.NOTICE, r"금전 또는 개인정보를 요구 ?받을 경우 .{1,60}바랍니다\.?"),
    (SystemKind.NOTICE, rf"(?>{_NAME}님(?:이|을) )(?:부?방장|관리자).{{1,30}}(?:습|됩)니다\.?"),
    (SystemKind.JOINED, rf"(?P<name>{_NAME}) (?:has )?joined(?: this chatroom)?\."),
    (SystemKind.LEFT, rf"(?P<name>{_NAME}) (?:has )?left(?: this chatroom)?\."),
    (SystemKind.INVITED, rf"(?>(?P<name>{_NAME}) (?:has )?invited ).{{1,2000}}\."),
    (SystemKind.REMOVED, rf"(?P<name>{_NAME}) (?:has been|was) removed(?: from this chatroom)?\."),
    (SystemKind.DELETED, r"(?:This|The) message (?:was|has been) deleted\."),
    (SystemKind.HIDDEN, r"(?:This|The) message (?:was|has been) hidden.{0,60}\."),
]
_SENTENCES = [(kind, re.compile(pattern)) for kind, pattern in _SYSTEM]
_MAYBE = re.compile(r"니다\.?$|세요\..{0,100}$|운영정책 보기$|\.$")


def system(text: str) -> tuple[SystemKind, str] | None:
    """Kind of a sentence of KakaoTalk's own, and the name in it ("" for none), or None."""
    if len(text) > 2200 or _MAYBE.search(text[-120:]) is None:
        return None
    for kind, pattern in _SENTENCES:
        match = pattern.fullmatch(text)
        if match is not None:
            return kind, match.groupdict().get("name") or ""
    return None


_KINDS = AttachmentKind
_TIME = r"(?: ?\d{1,2}(?::\d{2}){1,2})?"
_HASHED = "[0-9a-f]{32,64}"  # how Android names the files it exports beside the text
_MEDIA = [
    (_KINDS.IMAGE, r"사진(?: \d{1,3}장)?|<사진 읽지 않음>"),
    (_KINDS.IMAGE, r"Photos?(?: \d{1,3})?|\d{1,3} photos?|<Photo(?: -)? [Nn]ot read>"),
    (_KINDS.IMAGE, rf"{_HASHED}\.(?:jpe?g|png|gif|webp)"),
    (_KINDS.VIDEO, rf"동영상|<동영상 읽지 않음>|[Vv]ideos?|{_HASHED}\.mp4"),
    (_KINDS.AUDIO, rf"음성 ?메시지{_TIME}|Voice (?:Note|[Mm]essage){_TIME}|{_HASHED}\.m4a"),
    (_KINDS.STICKER, r"이모티콘|\(이모티콘\) ?|Emoticons?|\([Ee]moticons?\) ?|Sticker"),
    (_KINDS.FILE, r"(?:파일|File) ?: (?P<name>.{1,300})"),
    (_KINDS.LOCATION, r"(?:지도|위치|위치 ?공유|Map|Location)(?: ?: .{1,300})?"),
    (_KINDS.CONTACT, r"(?:연락처|Contact)(?: ?: .{1,100})?|카카오톡 프로필|KakaoTalk Profile"),
    (
        _KINDS.CALL,
        r"(?:그룹 ?)?(?:보이스|페이스|라이브)톡"
        rf"(?: (?:해요|취소|부재중|시작|종료|응답 ?없음|거절))?{_TIME}",
    ),
    (_KINDS.CALL, rf"(?:보이스룸|그룹콜)(?: (?:시작|종료))?{_TIME}"),
    (_KINDS.CALL, rf"(?:Voice|Video|Group) Call(?: (?:canceled|missed|ended|no answer))?{_TIME}"),
    (_KINDS.CALL, rf"(?:Missed|Canceled) (?:Voice|Video) Call|Live Talk (?:started|ended){_TIME}"),
    (_KINDS.OTHER, r"(?:카카오페이 )?송금(?:봉투)?|[0-9,]{1,12}원을 (?:보냈|받았)어요\.?"),
    (_KINDS.OTHER, r"선물(?:하기)?(?: ?: .{1,100})?|선물을 보냈어요\.?|Gift|Money [Tt]ransfer"),
    (_KINDS.OTHER, r"(?:투표|일정|샵검색|음악|톡게시판|Poll|Schedule)(?: '.{1,20}')? ?: .{1,200}"),
]
_ATTACHED = [(kind, re.compile(pattern)) for kind, pattern in _MEDIA]
_LONGEST = 320


def attached(text: str) -> tuple[Attachment, ...]:
    """What a message stands for when its whole text is a placeholder. The text itself is kept:
    a person may have typed the word."""
    if len(text) > _LONGEST or "\n" in text:
        return ()
    for kind, pattern in _ATTACHED:
        match = pattern.fullmatch(text)
        if match is not None:
            names = match.groupdict()
            return (Attachment(kind=kind, name=names.get("name") or names.get("name2") or ""),)
    return ()
