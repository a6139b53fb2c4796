"""Why a conversation got its risk and priority: codes, and the sentence each one stands for."""

from __future__ import annotations

from ansim.detection.tactics import Language, tactics
from ansim.detection.values import Reason

SENTENCES: dict[str, tuple[str, str]] = {
    "tactic": (
        "{name} 신호가 {count}번쯤 보였어요.",
        "Signs of {name}, about {count} time(s).",
    ),
    "stages": (
        "서로 다른 단계의 수법 {count}가지가 함께 나타났어요.",
        "Tactics from {count} different stages appear together.",
    ),
    "meeting_soon": (
        "곧 만나자는 말이 있어요. 24시간 안의 만남일 수 있어요.",
        "A meeting is proposed soon, possibly within 24 hours.",
    ),
    "live_threat": (
        "지금 협박이나 압박이 이어지고 있어요.",
        "Threats or pressure are going on now.",
    ),
    "self_harm": (
        "상대가 죽고 싶다거나 다치고 싶다는 뜻의 말을 했어요.",
        "The other person spoke of dying or of hurting themselves.",
    ),
    "asks_agency": (
        "기관에 직접 말을 걸어왔어요.",
        "Somebody has written to the agency itself.",
    ),
    "asks_in_danger": (
        "말을 건 사람이 죽고 싶다거나 다치고 싶다는 뜻의 말을 했어요.",
        "Who wrote spoke of dying or of hurting themselves.",
    ),
    "asks_under_threat": (
        "말을 건 사람의 글에 협박이나 압박을 뜻하는 말이 있어요.",
        "What was written speaks of threats or pressure.",
    ),
    "picture_sent": (
        "사진을 이미 보냈다는 말이 있어요.",
        "The other person says a picture was already sent.",
    ),
    "asks_for_help": (
        "상대가 도움을 청했어요.",
        "The other person asks for help.",
    ),
    "age_disclosed": (
        "상대가 청소년이라고 볼 만한 나이를 밝혔어요.",
        "The other person gave an age that may be a minor's.",
    ),
    "refusal": (
        "상대가 거절했는데도 이어졌어요.",
        "It went on although the other person refused.",
    ),
    "second_opinion": (
        "탐지기만으로는 {percent}%였고, 검토 모델의 의견이 더해져 경보가 되었어요.",
        "The detector alone says {percent}%; a reviewing model's opinion made it an alert.",
    ),
    "high_risk": (
        "이 계정의 위험도가 {percent}%로 높아요.",
        "The risk from this account is high: {percent}%.",
    ),
}
"""Code → Korean and English sentence. Values stand in braces."""


def sentence(reason: Reason, language: Language = "ko") -> str:
    """The reason as one sentence. Raises KeyError for a code that is not in the table."""
    template = SENTENCES[reason.code][0 if language == "ko" else 1]
    values: dict[str, object] = dict(reason.values)
    if "tactic" in values:
        values["name"] = tactics()[str(values["tactic"])].name(language)
    return template.format(**values)
