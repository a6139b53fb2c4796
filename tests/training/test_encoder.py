"""Teaching the context model, in miniature. Needs the ``train`` extra; skipped without it."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")
pytest.importorskip("onnx", reason="the train extra is not installed")

from ansim import reading  # noqa: E402
from ansim.detection.context import MINOR, OTHER, SELF, SHOWN_AT, ContextModel  # noqa: E402
from ansim.detection.gate import blanked  # noqa: E402
from ansim.detection.weights import CONTEXT_FILE, VOCABULARY_FILE  # noqa: E402
from ansim.training import corpus  # noqa: E402
from ansim.training.encoder import lessons, pretrain, vocabulary  # noqa: E402
from ansim.training.encoder.curriculum import Curriculum  # noqa: E402
from ansim.training.encoder.finetune import scores  # noqa: E402
from ansim.training.encoder.variation import Variation  # noqa: E402

_DATA = Path(__file__).parents[2] / "data" / "conversations.jsonl"


@pytest.fixture(scope="module")
def taught() -> list[corpus.CorpusConversation]:
    return corpus.load(_DATA)[::30]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    said = [turn.text for c in corpus.load(_DATA)[::3] for turn in c.turns]
    (folder / "chatbot_data.txt").write_text("\n".join(said * 3), "utf-8")
    return folder


def _curriculum(folder: Path, texts: Path, steps: int = 4) -> Curriculum:
    return Curriculum(
        folder=folder,
        texts=texts,
        words=_DATA.with_name("vocabulary-blocked.txt"),
        phrases=corpus.load_phrases(_DATA),
        plan=pretrain.Plan(steps=steps, rows=4, length=32, saved_every=2, warm=2),
        course=lessons.Course(rounds=((1, 4e-4), (1, 3e-4)), batch=4),
        width=64,
        layers=2,
        say=lambda _: None,
    )


@pytest.fixture(scope="module")
def curriculum(tmp_path_factory: pytest.TempPathFactory, texts: Path) -> Curriculum:
    return _curriculum(tmp_path_factory.mktemp("work"), texts)


def test_the_graph_says_what_the_network_says(
    curriculum: Curriculum, taught: list[corpus.CorpusConversation], tmp_path: Path
) -> None:
    reader = curriculum.reader("everything", taught)
    curriculum.export(reader, tmp_path)
    model = ContextModel(
        (tmp_path / CONTEXT_FILE).read_bytes(), (tmp_path / VOCABULARY_FILE).read_bytes(), "test"
    )
    conversation = taught[0]
    expected = scores(reader, curriculum.vocabulary(), [conversation])[0]
    turns = [(t.author, reading.read(blanked(t.text)).text) for t in conversation.turns]
    for number in range(1, len(turns) + 1):
        said = model.said(turns[:number])
        found = [said.approacher, said.other, *said.shown, said.minor, said.adult]
        np.testing.assert_allclose(found, expected[number - 1], atol=0.03)


def test_a_later_turn_does_not_change_what_was_said_before(
    curriculum: Curriculum, taught: list[corpus.CorpusConversation]
) -> None:
    reader = curriculum.reader("everything", taught)
    whole = taught[1]
    begun = msgspec.structs.replace(whole, turns=whole.turns[:5])
    one, other = (scores(reader, curriculum.vocabulary(), [c])[0] for c in (whole, begun))
    np.testing.assert_allclose(one[:5], other, atol=0.03)


def test_a_stopped_pre_training_goes_on_to_the_same_weights(texts: Path, tmp_path: Path) -> None:
    straight = _curriculum(tmp_path / "a", texts).base()(0.0)
    (tmp_path / "b").mkdir()
    stopped = _curriculum(tmp_path / "b", texts)
    lines = stopped._lines(stopped.vocabulary())

    def interrupted(line: str) -> None:
        if "goes on" not in line:
            raise KeyboardInterrupt

    shape = straight.shape
    broken = pretrain.Plan(steps=4, rows=4, length=32, saved_every=2, warm=2)
    half = {"count": 0}
    original = torch.save

    def save_then_stop(value: object, path: Path) -> None:
        original(value, path)
        half["count"] += 1
        if half["count"] == 1:
            path.replace(path.with_suffix(".pt"))
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "save", save_then_stop)
        with pytest.raises(KeyboardInterrupt):
            pretrain.pretrain(lines, shape, broken, tmp_path / "b", interrupted)
    resumed = _curriculum(tmp_path / "b", texts).base()(0.0)
    for name, value in straight.state_dict().items():
        torch.testing.assert_close(value, resumed.state_dict()[name], atol=1e-3, rtol=1e-3)


def test_a_world_left_out_is_not_taught(
    curriculum: Curriculum, taught: list[corpus.CorpusConversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def spy(
        _self: Curriculum, _name: str, some: list[corpus.CorpusConversation], _raw: bool = False
    ) -> None:
        seen.append({c.world for c in some})

    monkeypatch.setattr(Curriculum, "reader", spy)
    curriculum.without("tr-b", taught, [])
    curriculum.without("tr-e", taught, [])
    assert "tr-b" not in seen[0]
    assert not {"tr-e", "tr-f"} & seen[1]


def test_chatter_moves_the_moment_a_counsellor_would_want_the_alert(
    taught: list[corpus.CorpusConversation],
) -> None:
    whole = corpus.load(_DATA)
    grooming = next(c for c in whole if c.grooming)
    varied = Variation(lessons.Course(), whole, ["밥 먹었어?"], [], random.Random(4))
    due = grooming.alert_by
    assert due is not None
    wanted = grooming.turns[due - 1]
    for _ in range(30):
        mixed = varied._mixed(grooming)
        assert mixed.alert_by is not None
        assert mixed.turns[mixed.alert_by - 1] == wanted
        assert [t for t in mixed.turns if not t.author.startswith("x")] == list(grooming.turns)
        emptied = varied._emptied(grooming)
        assert emptied.alert_by is not None
        assert emptied.turns[emptied.alert_by - 1] == wanted
        assert [t for t in emptied.turns if t.text] == list(grooming.turns)


def test_phrases_are_grooming_only_when_two_tactics_say_so() -> None:
    phrases = corpus.load_phrases(_DATA)
    varied = Variation(lessons.Course(), [], ["밥 먹었어?"], phrases, random.Random(4))
    made = [varied.blunt() for _ in range(300)]
    for talk in made:
        tactics = {tag for turn in talk.turns for tag in turn.tags if tag[0] == "T"}
        if talk.grooming:
            assert talk.alert_by is not None
            so_far = {tag for turn in talk.turns[: talk.alert_by] for tag in turn.tags}
            assert len({tag for tag in so_far if tag[0] == "T"}) > 1
            assert "T" in "".join(talk.turns[talk.alert_by - 1].tags)
        else:
            assert (talk.label == lessons.UNDECIDED) == bool(tactics)
    assert {talk.label for talk in made} == {"grooming", "benign", lessons.UNDECIDED}


def test_of_too_little_talk_and_of_turns_without_words_nothing_is_asked(
    curriculum: Curriculum,
) -> None:
    turns = (
        corpus.CorpusTurn(at=0.0, author="A", text="사진 보낼래?", tags=("T09",)),
        corpus.CorpusTurn(at=1.0, author="A", text="[성적 발언]", tags=("T12",)),
    )
    talk = corpus.CorpusConversation(id="x", label=lessons.UNDECIDED, turns=turns)
    made = lessons.lesson(talk, curriculum.vocabulary(), lessons.Course())
    assert [weight[[SELF, OTHER]].sum() for weight in made.weight] == [0.0, 0.0]
    assert made.cut == 0
    shown = [weight[SHOWN_AT:MINOR].any() for weight in made.weight]
    assert shown == [True, False]


def test_no_offending_piece_is_learnt(tmp_path: Path) -> None:
    hashes = frozenset({vocabulary.fingerprint("나비")})
    learnt = vocabulary.learn(["하얀 나비 나비가 날아 나비야"] * 50, hashes, 200)
    assert not [token for token in learnt.get_vocab() if vocabulary.offends(token, hashes)]
    assert learnt.encode("나비").ids
