"""Words that make a conversation urgent, whatever its risk: a meeting near, a threat, self-harm.

They decide nothing alone: priority looks at them only where an alert is open. There a plain word
list is safer than a model that saw few examples of each.
"""

from __future__ import annotations

import math
import re

SOON_WORDS = re.compile(
    r"오늘|지금|이따|있다가|내일|낼|방금|곧|당장|데리러|태우러|도착|앞이야|앞에 있|출발"
    r"|몇 ?시|[0-9]+ ?시|오는 ?중|가는 ?중|저녁에|밤에|퇴근|하교|끝나고"
)
"""Words that put a meeting within a day."""
THREAT_WORDS = re.compile(
    r"퍼뜨|퍼트|뿌린다|뿌릴|뿌려 ?버|유포|올려 ?버|올린다|까발|신상"
    r"|알릴 ?(?:거|까)|알린다|다 ?말할 ?(?:거|까)|찾아간|찾아갈|가만 ?안|후회하게|죽여"
    r"|캡[쳐처] ?다 ?해"
)
"""Words of somebody who threatens to expose or to harm."""
HARM_WORDS = re.compile(
    r"죽고 ?싶|죽을래|죽어버|죽는 ?게|자살|자해|사라지고 ?싶|살기 ?싫"
    r"|손목|뛰어내리|없어지고 ?싶|목숨|유서"
)
"""Words of a young person in danger from themselves."""

WORDS_ALONE = 0.6
"""How sure a threat is that only the word list sees."""
NONE = (0.0, 0.0, 0.0)


def signs(text: str, meeting: float, threat: float) -> tuple[float, float, float]:
    """How sure it is (0..1) that a turn speaks of a meeting soon, a threat, and self-harm.

    ``meeting`` and ``threat`` are the log-odds of T13 and T15.
    """
    soon = 0.0
    if meeting > -3.0 and SOON_WORDS.search(text):
        soon = 1.0 / (1.0 + math.exp(-meeting))
    danger = 1.0 / (1.0 + math.exp(-threat)) if threat > -3.0 else 0.0
    if THREAT_WORDS.search(text):
        danger = max(danger, WORDS_ALONE)
    return soon, danger, 1.0 if HARM_WORDS.search(text) else 0.0
