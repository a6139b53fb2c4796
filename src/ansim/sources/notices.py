"""Proposals for the fixed notices of rooms, which a named supervisor approves or rewords (R02)."""

from __future__ import annotations

from ansim.sources.wiring import NoticeKind

PROPOSALS: dict[NoticeKind, dict[str, str]] = {
    NoticeKind.ROOM: {
        "ko": (
            "안녕하세요, {agency}입니다. 청소년을 온라인 위험에서 지키기 위해 지금부터 이 방의 "
            "대화를 함께 읽습니다. 걱정되는 일이 보이면 상담 선생님이 직접 말을 겁니다. 위험하지 "
            "않은 대화는 24시간 안에 지웁니다. 원하지 않으면 !그만 이라고 써 주세요. 읽기를 "
            "멈춥니다. 도움이 필요하면 1388로 전화하거나 문자를 보내 주세요."
        ),
        "en": (
            "Hello, this is {agency}. To keep young people safe online we read along in this room "
            "from now on. If something worries us, a counsellor will speak to you in person. What "
            "is harmless is deleted within 24 hours. If you do not want this, write !stop and we "
            "stop reading. If you need help, call or text 1388."
        ),
    },
    NoticeKind.JOINED: {
        "ko": (
            "새로 오신 분께: {agency}가 청소년을 지키기 위해 이 방의 대화를 함께 읽고 있습니다. "
            "원하지 않으면 !그만 이라고 써 주세요. 도움이 필요하면 1388."
        ),
        "en": (
            "To those who have just joined: {agency} reads along in this room to keep young people "
            "safe. If you do not want this, write !stop. If you need help: 1388."
        ),
    },
    NoticeKind.ASK: {
        "ko": (
            "안녕하세요, {agency}입니다. 청소년을 온라인 위험에서 지키기 위해 이 방의 대화를 함께 "
            "읽고 싶습니다. 모두가 !동의 라고 쓴 뒤에만 읽습니다. 언제든 !그만 이라고 쓰면 "
            "멈춥니다. 위험하지 않은 대화는 24시간 안에 지웁니다. 도움이 필요하면 1388."
        ),
        "en": (
            "Hello, this is {agency}. To keep young people safe online we would like to read along "
            "in this room. We read only after everybody has written !agree, and stop whenever "
            "somebody writes !stop. What is harmless is deleted within 24 hours. If you need "
            "help: 1388."
        ),
    },
    NoticeKind.STOPPED: {
        "ko": "알겠습니다. {agency}는 이제 이 방의 대화를 읽지 않습니다. 다시 원하면 !다시 라고 써 "
        "주세요. 도움이 필요하면 언제든 1388.",
        "en": "Understood. {agency} no longer reads in this room. If you change your mind, write "
        "!resume. If you ever need help: 1388.",
    },
    NoticeKind.RESUMED: {
        "ko": "{agency}가 이 방의 대화를 다시 함께 읽습니다. 멈추려면 !그만 이라고 써 주세요.",
        "en": "{agency} reads along in this room again. To stop, write !stop.",
    },
    NoticeKind.ENCRYPTED: {
        "ko": "{agency}는 암호화된 방에는 들어가지 않습니다. 초대해 주셔서 고맙습니다. 도움이 "
        "필요하면 1388.",
        "en": "{agency} does not join encrypted rooms. Thank you for inviting us. If you need "
        "help: 1388.",
    },
    NoticeKind.HELLO: {
        "ko": (
            "안녕하세요, {agency}입니다. 이야기해 줘서 고마워요. 보내 준 내용은 상담 선생님이 읽고 "
            "여기로 답할게요. 지금 위험하면 112, 바로 이야기하고 싶으면 1388로 전화하거나 문자를 "
            "보내 주세요."
        ),
        "en": (
            "Hello, this is {agency}. Thank you for telling us. A counsellor will read what you "
            "sent and answer here. If you are in danger now, call 112; to talk at once, call or "
            "text 1388."
        ),
    },
}
