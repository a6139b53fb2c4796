"""The sentences of the report, Korean and English side by side."""

from __future__ import annotations

from typing import Final

from ansim.sources.export import Language
from ansim.sources.exports.names import NAMES

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("안심아이 대화 점검", "Ansim Eye conversation check"),
    "estimate": (
        "AI의 추정이며 법적 판단이 아닙니다. 무엇을 할지는 사람이 정합니다.",
        "An AI estimate, not a legal finding. People decide what is done.",
    ),
    "file": ("파일", "File"),
    **NAMES,
    "room": ("대화방", "Room"),
    "period": ("기간", "Period"),
    "zone": (
        "파일에 시간대가 없어 서울 시간으로 읽음",
        "no time zone in the file; read as Seoul time",
    ),
    "read_off": (
        "화면에 보이는 시각, 서울 시간으로 읽음",
        "as the screens show it; read as Seoul time",
    ),
    "certain": ("서울 시간", "Seoul time"),
    "people": ("사람", "People"),
    "messages": ("메시지 {count:,}개", "{count:,} message(s)"),
    "deleted": ("삭제되거나 가려진 메시지 {count:,}개", "{count:,} deleted or hidden message(s)"),
    "note": ("참고", "Note"),
    "result": ("결과", "Result"),
    "alert": (
        "사람의 도움이 필요해 보이는 대화입니다.",
        "This conversation seems to need a person's help.",
    ),
    "watch": (
        "조심해서 볼 대목이 있습니다. 알림 기준에는 이르지 않았습니다.",
        "Some of this deserves a careful look. It stays below the alert threshold.",
    ),
    "quiet": (
        "위험 신호를 찾지 못했습니다. 안전하다는 뜻은 아닙니다.",
        "No signs of risk were found. That does not mean it is safe.",
    ),
    "not_assessed": (
        "판단하지 않음: 한국어 대화가 아니라서 판단할 수 없습니다. 안전하다는 뜻이 아닙니다.",
        "Not assessed: the conversation is not in Korean, so it cannot be judged. "
        "That does not mean it is safe.",
    ),
    "risk": ("위험도", "Risk"),
    "highest": ("가장 높았을 때", "at its highest"),
    "priority": ("우선순위", "Priority"),
    "P1": ("지금 바로 도움을 청하세요.", "Seek help right now."),
    "P2": ("오늘 안에 도움을 청하세요.", "Seek help today."),
    "P3": ("며칠 안에 상담을 받아 보세요.", "Talk to a counsellor within days."),
    "P4": ("눈여겨보며 상담을 받아 보세요.", "Keep an eye on it and talk to a counsellor."),
    "about": ("누구에 관해", "About"),
    "others": (
        "… 이 밖에 {count:,}명에 관한 알림이 더 있습니다.",
        "… and alerts about {count:,} more.",
    ),
    "why": ("왜", "Why"),
    "course": (
        "위험도의 흐름 (왼쪽이 처음, 오른쪽이 끝)",
        "Risk over the conversation (first message left, last right)",
    ),
    "threshold": ("알림 기준", "alert threshold"),
    "turns": ("눈여겨볼 대목", "What to look at"),
    "line": ("{line}번째 줄", "line {line}"),
    "place": ("{line}번째 메시지", "message {line}"),
    "screens": (
        "화면과 사진에서 더 본 것 (메시지의 글 밖)",
        "Also seen on the screens and in pictures (outside of the messages' words)",
    ),
    "screen": ("{number}번째 화면", "screen {number}"),
    "code": ("QR·바코드", "code"),
    "leads_messenger": ("다른 메신저로 이어짐", "leads to another messenger"),
    "leads_link": ("인터넷 주소", "a link"),
    "leads_text": ("글", "text"),
    "picture_text": ("사진 속 글", "words in the picture"),
    "picture_known": ("목록의 그림과 비슷함", "like a picture on a list"),
    "bits": ("256비트 가운데 {bits}비트 차이", "{bits} of 256 bits differ"),
    "classifier": ("분류기의 말", "a classifier says"),
    "picture_unread": ("사진을 읽지 못함", "the picture was not read"),
    "more": (
        "… 이 밖에 {count:,}개가 더 있습니다(--json 으로 모두 볼 수 있습니다).",
        "… and {count:,} more (--json shows all).",
    ),
    "now": ("지금 할 일", "What to do now"),
    "keep": (
        "대화를 지우지 말고 그대로 두세요. 나가거나 차단하기 전에 화면을 저장하세요.",
        "Keep the chat as it is. Save the screen before leaving or blocking.",
    ),
    "no_confront": (
        "상대에게 따지거나 알리지 마세요. 아이인 척 답하지도 마세요.",
        "Do not confront or warn the other person, and do not answer posing as the child.",
    ),
    "no_more": (
        "사진, 주소, 돈을 더 보내지 말고 혼자 만나러 가지 마세요.",
        "Send no more pictures, address or money, and do not go to meet them alone.",
    ),
    "no_blame": (
        "아이의 잘못이 아닙니다. 나무라지 말고 먼저 들어 주세요.",
        "The child did nothing wrong. Listen first; do not scold.",
    ),
    "trust": (
        "마음에 걸리면 믿는 어른이나 1388에 이야기해 보세요.",
        "If something feels wrong, talk to an adult you trust or to 1388.",
    ),
    "112": (
        "112   경찰: 지금 위험하거나 곧 만나기로 했을 때",
        "112   police: in danger now, or a meeting is near",
    ),
    "117": (
        "117   학교폭력·성폭력 등 아동·청소년 피해 신고와 상담",
        "117   reports and advice on violence against children and teenagers",
    ),
    "1366": (
        "1366  여성긴급전화: 성폭력·디지털 성범죄 상담과 보호",
        "1366  women's emergency line: sexual violence, also digital",
    ),
    "1388": ("1388  청소년상담전화: 24시간, 무료", "1388  youth counselling: any hour, free"),
    "limits": ("한계", "Limits"),
    "limit_text": (
        "글만 읽습니다. 사진·음성·영상과 삭제된 메시지, 만나서 한 말은 모릅니다.",
        "Only text is read: no pictures, voice, video, deleted messages, or what was said in "
        "person.",
    ),
    "limit_screens": (
        "그림에서 글자를 읽은 것이라 틀린 글자가 있을 수 있습니다. 원본 화면과 견주어 보세요.",
        "The words were read off pictures and may hold mistakes: compare with the screens.",
    ),
    "limit_wrong": (
        "놓칠 수도 있고 잘못 짚을 수도 있습니다. 나이와 관계는 글만으로 알 수 없습니다.",
        "It can miss things and be wrong. Age and relationship cannot be known from text alone.",
    ),
    "limit_kept": (
        "이 점검은 아무것도 저장하거나 보내지 않았습니다.",
        "This check has kept and sent nothing.",
    ),
    "versions": ("판", "Versions"),
    "no_messages": ("읽을 메시지가 없습니다.", "There are no messages to read."),
}


def word(key: str, language: Language, **values: object) -> str:
    """One sentence of the report."""
    return _WORDS[key][0 if language == "ko" else 1].format(**values)
