"""First messages as drafts. Nobody can send one until a supervisor of the house approves it.

Tone after Childline and NSPCC practice: say why, blame nobody, demand nothing, name the ways out.
"""

from django.db import migrations

KO_END = (
    "답하지 않아도 괜찮아요. 지금 위험하다고 느끼면 112에 전화하세요. "
    "이야기하고 싶으면 1388(청소년상담)이나 1366(여성긴급전화)으로 전화하면 돼요. "
    "무료이고, 하루 중 언제든 받아요. 이 글은 이 방의 다른 사람도 볼 수 있어요."
)
EN_END = (
    "You do not have to answer. If you feel in danger now, call 112. "
    "If you want to talk, call 1388 (youth helpline) or 1366 (women's hotline): "
    "it is free, at any hour. Other people in this room may see this message."
)

MESSAGES = [
    (
        "first-words",
        "처음 건네는 말",
        "안녕하세요, {agency} 상담원이에요. 이 방의 대화에 걱정되는 말이 있어서 글을 남겨요. "
        "잘못한 것은 하나도 없어요. 사진이나 사는 곳은 더 알려 주지 말고, "
        "대화는 지우지 말고 그대로 두세요. " + KO_END,
        "First words",
        "Hello, I am a counsellor at {agency}. I am writing because something said in this chat "
        "made us worry. You have done nothing wrong. Please do not send more pictures or tell "
        "where you live, and keep this chat as it is. " + EN_END,
    ),
    (
        "first-words-short",
        "짧은 첫 인사",
        "안녕하세요, {agency} 상담원이에요. 괜찮은지 궁금해서 말을 걸어요. "
        "잘못한 것은 하나도 없어요. 힘든 일이 있으면 여기서 저에게 말해도 돼요. " + KO_END,
        "A short hello",
        "Hello, I am a counsellor at {agency}, and I would like to know if you are all right. "
        "You have done nothing wrong. If something is hard, you can tell me here. " + EN_END,
    ),
    (
        "pictures",
        "사진을 달라는 말이 있을 때",
        "안녕하세요, {agency} 상담원이에요. 사진 이야기가 나와서 글을 남겨요. "
        "사진은 보내지 않아도 되고, 이미 보냈더라도 잘못한 게 아니에요. 도울 방법이 있어요. "
        "더는 보내지 말고, 대화는 지우지 말고 그대로 두세요. " + KO_END,
        "When pictures are asked for",
        "Hello, I am a counsellor at {agency}. I am writing because pictures came up in this chat. "
        "You need not send any, and if you already did, you have done nothing wrong: there are "
        "ways to help. Please send no more, and keep this chat as it is. " + EN_END,
    ),
    (
        "meeting",
        "만나자는 말이 있을 때",
        "안녕하세요, {agency} 상담원이에요. 만나자는 이야기가 나와서 글을 남겨요. "
        "약속했더라도 나가지 않아도 돼요. 잘못한 것은 하나도 없어요. "
        "지금 있는 곳은 이 방에 적지 마세요. 이미 나와 있다면 사람이 많은 밝은 곳에서 "
        "112에 전화하세요. " + KO_END,
        "When a meeting is asked for",
        "Hello, I am a counsellor at {agency}. I am writing because a meeting came up in this "
        "chat. Even if you agreed, you do not have to go, and you have done nothing wrong. Please "
        "do not write here where you are. If you are already out, go where it is bright and busy "
        "and call 112. " + EN_END,
    ),
    (
        "threats",
        "겁을 주는 말이 있을 때",
        "안녕하세요, {agency} 상담원이에요. 겁이 날 만한 말이 보여서 글을 남겨요. "
        "혼자 해결하지 않아도 돼요. 잘못한 것은 하나도 없어요. "
        "돈이나 사진을 더 보내지 말고, 대화는 지우지 말고 그대로 두세요. "
        "사진이 퍼지지 않게 돕는 곳도 있으니 같이 알아봐요. " + KO_END,
        "When something frightening is said",
        "Hello, I am a counsellor at {agency}. I am writing because something frightening was "
        "said in this chat. You do not have to solve it alone, and you have done nothing wrong. "
        "Please send no more money or pictures and keep this chat as it is. There are people who "
        "help to stop pictures from spreading, and we can find them together. " + EN_END,
    ),
    (
        "home",
        "집을 나오라는 말이 있을 때",
        "안녕하세요, {agency} 상담원이에요. 집 이야기가 힘들어 보여서 글을 남겨요. "
        "집에 있기 어렵다면 안전하게 쉴 수 있는 청소년쉼터를 1388이 바로 찾아 줘요. "
        "잘못한 것은 하나도 없어요. 지금 있는 곳은 이 방에 적지 마세요. " + KO_END,
        "When leaving home comes up",
        "Hello, I am a counsellor at {agency}. I am writing because home seems to be hard just "
        "now. If you cannot stay there, 1388 finds you a safe youth shelter straight away. You "
        "have done nothing wrong. Please do not write here where you are. " + EN_END,
    ),
]


def seed(apps, schema_editor):
    template = apps.get_model("casework", "MessageTemplate")
    for slug, title, body, title_en, body_en in MESSAGES:
        template.objects.create(slug=slug, language="ko", title=title, body=body)
        template.objects.create(slug=slug, language="en", title=title_en, body=body_en)


class Migration(migrations.Migration):
    dependencies = [("casework", "0002_audit_append_only")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
