"""What is worked out from saved scores, on conversations made so that the answer is known."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from ansim.training import evaluation, evaluation_details, evaluation_page, slices
from ansim.training.evaluation import Judged, drops, evaluate, sliced, tactic_scores
from ansim.training.evaluation_plots import plots
from ansim.training.outside import Count
from ansim.training.plots import Plot
from ansim.training.scores import ScoresError
from ansim.training.slices import SLICES
from tests.training.saved import said, talk

LATE = talk("tr-a-1", 8, 3)
EARLY = talk("tr-b-1", 8, 3)
NEVER = talk("tr-b-2", 8, 3)
CHAT = talk("tr-a-2", 8)
NOISY = talk("tr-b-3", 8)
ALL = [LATE, EARLY, NEVER, CHAT, NOISY]


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own drawing


ROWS = [
    said(LATE, [0.1, 0.1, 0.1, 0.1, 0.7, 0.8, 0.9, 0.9]),  # at turn 5 = alert_by + 2
    said(EARLY, [0.6, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]),
    said(NEVER, [0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9]),  # behind the cut
    said(CHAT, [0.1]),
    said(NOISY, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.55]),  # at its very end
]


def test_grooming_is_read_to_the_cut_and_benign_chats_to_their_end() -> None:
    judged = Judged.of(ALL, ROWS)
    assert judged.highest.tolist() == [0.7, 0.6, 0.1, 0.1, 0.55]
    assert judged.standing.tolist() == [0.7, 0.2, 0.1, 0.1, 0.55]
    assert judged.recall() == pytest.approx(2 / 3)
    assert judged.false_alerts() == 0.5


def test_on_time_means_one_turn_after_alert_by_at_the_latest() -> None:
    judged = Judged.of(ALL, ROWS)
    assert judged.punctual[judged.grooming].tolist() == [False, True, False]
    assert judged.lateness(judged.threshold) == [2, -2, 3]
    assert judged.lateness(0.95) == [None, None, None]
    assert judged.recall_at(0.0, on_time=True) == pytest.approx(1 / 3)


def test_ties_at_the_threshold_alert_as_in_service() -> None:
    assert Judged.of([CHAT], [said(CHAT, [0.5], threshold=0.5)]).alerts.all()


def test_espd_reads_grooming_to_its_end() -> None:
    score = Judged.of(ALL, ROWS).early_score(1)
    assert score.recall == 1.0
    assert score.precision == pytest.approx(3 / 4)
    assert score.median == 5.0


def test_what_a_disguise_costs_is_counted_both_ways() -> None:
    hidden = [
        said(LATE, [0.1], disguise="jamo"),
        said(EARLY, [0.9], disguise="jamo"),
        said(NEVER, [0.1], disguise="jamo"),
        said(CHAT, [0.8], disguise="jamo"),
        said(NOISY, [0.8], disguise="jamo"),
    ]
    (drop,) = drops(evaluate(ALL, ROWS + hidden), "gate")
    assert drop.kind == "jamo"
    assert drop.lost == pytest.approx(1 / 3)
    assert drop.gained == pytest.approx(0.5)


def test_a_variant_of_one_fold_is_compared_on_that_fold() -> None:
    part = [said(EARLY, [0.9], "baseline"), said(NOISY, [0.1], "baseline")]
    found = evaluate(ALL, ROWS + part)
    assert found.main == "gate"
    own = found.model.like(found.plain["baseline"])
    assert [row.id for row in own.rows] == [EARLY.id, NOISY.id]
    table = evaluation_details.ablations(found)
    assert "| baseline | 2 | 1.000 |" in table


def test_the_threshold_of_a_tactic_comes_from_other_worlds() -> None:
    first = talk("tr-a-1", 4, 2, tags=("T05",))
    second = talk("tr-b-1", 4, 2, tags=("T05",))
    # In world a the tactic scores .6 and the rest .3; in b .3 and .1.
    rows = [
        said(first, [0.9], tactics=[{"T05": 0.6}, {"T05": 0.3}] * 2),
        said(second, [0.9], tactics=[{"T05": 0.3}, {"T05": 0.1}] * 2),
    ]
    score = next(s for s in tactic_scores(Judged.of([first, second], rows)) if s.tactic == "T05")
    # For a, b's best is .15: everything is said (2 of 4 right). For b, a's is .35: nothing.
    assert score.turns == 4
    assert (score.precision, score.recall) == (0.5, 0.5)
    assert score.at_half == pytest.approx(2 * 2 / (2 + 4))


def test_scores_of_other_conversations_are_refused() -> None:
    with pytest.raises(ScoresError, match="do not belong"):
        Judged.of([CHAT], [said(LATE, [0.1])])
    shorter = talk(CHAT.id, 5)
    with pytest.raises(ScoresError, match=CHAT.id):
        Judged.of([shorter], [said(CHAT, [0.1])])
    with pytest.raises(ScoresError, match=r"1 conversations have no score.*tr-b-3"):
        evaluate(ALL, ROWS[:-1])
    with pytest.raises(ScoresError, match="both needed"):
        evaluate([CHAT], [ROWS[3]])
    with pytest.raises(ScoresError, match=r"'baseline' was scored on .* one kind only"):
        evaluate(ALL, [*ROWS, said(CHAT, [0.1], "baseline")])


@pytest.mark.parametrize(
    ("text", "is_polite"),
    [
        ("내일 뭐 해요?", True),
        ("감사합니다!! ㅎㅎ", True),
        ("그렇죠ㅋㅋㅋ", True),
        ("몇 시에 오십니까", True),
        ("내일 뭐해?", False),
        ("ㅋㅋㅋㅋ", False),
        ("요즘 바빠", False),
        ("", False),
    ],
)
def test_polite_turns_are_known_by_their_ending(text: str, is_polite: bool) -> None:
    assert slices.polite(text) is is_polite


def test_every_conversation_falls_into_one_group_of_each_slice() -> None:
    plain = talk("tr-c-1", 16, text="내일 봐", people=3)
    judged = Judged.of([*ALL, plain], [*ROWS, said(plain, [0.2])])
    for group in SLICES.values():
        assert sum(len(part) for _, part in sliced(judged, group)) == len(judged)
    assert slices.register(CHAT) == "formal"
    assert (slices.register(plain), slices.length(plain), slices.company(plain)) == (
        "informal",
        "16 or more",
        "group",
    )


def test_the_page_shows_a_miss_as_a_miss_and_hides_classes_of_disguise() -> None:
    random = np.random.default_rng(2)
    talks = [talk(f"tr-{w}-{n}", 8, 3 if n % 2 else None) for w in "ab" for n in range(20)]
    rows = [
        said(c, (0.4 * random.random(8) + (0.4 if c.grooming else 0.0)).tolist(), tactics=[{}] * 8)
        for c in talks
    ]
    hidden = [said(c, [0.1], disguise="secret-class") for c in talks]
    base = [said(c, [3.0 * random.random()], "baseline", threshold=2.5) for c in talks]
    found = evaluate(talks, rows + hidden + base)
    strange = Count("x|y.jsonl", "협박", 10, 70, 3)
    ordinary = Count("xpersona-ko-valid.jsonl", "", 299, 3_000, 4, ordinary_dialogues=True)
    page = evaluation_page.page(found, [ordinary, strange])
    assert "| AUC | ≥ 0.985 | 1.000 | yes |" in page
    assert "| false alerts on xpersona-ko-valid.jsonl | ≤ 1 | 4 of 299 | **no** |" in page
    assert "| recall lost in the worst disguise | ≤ 0.03 | 1.000 | **no** |" in page
    assert "x\\|y.jsonl" in page
    assert "secret-class" not in page
    assert "secret-class" in evaluation_details.by_disguise({"gate": drops(found, "gate")})
    widths = {line.count("|") for line in page.split("## Aims")[1].split("##")[0].splitlines()}
    assert widths <= {0, 5}
    for name, drawing in plots(found).items():
        assert f"plots/{name}" in page
        assert drawn(drawing).tag.endswith("svg")


def test_a_plot_escapes_its_labels_and_stays_within_its_frame() -> None:
    plot = Plot("<script>", "x & y", "z", (0.0, 1.0), (0.0, 2.0))
    plot.line('"><b>', [(0.0, 0.0), (1.0, 2.0)], dots=True)
    root = drawn(plot.svg())
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"<script>", "x & y", '"><b>'} <= set(texts)
    line = next(element for element in root.iter() if element.tag.endswith("polyline"))
    assert line.get("points") == "62.0,328.0 544.0,40.0"


def test_on_time_is_one_turn_before_the_cut() -> None:
    """The two constants are the issue's; a change of either changes every figure."""
    from ansim.training.corpus import AFTER_ALERT

    assert (evaluation.ON_TIME, AFTER_ALERT) == (1, 2)
