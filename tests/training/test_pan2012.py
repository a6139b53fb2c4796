"""PAN-2012: its form is read as a stream, hostile files are refused, authors are scored right."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from ansim.cli import main
from ansim.detection import Detector
from ansim.training import pan2012
from ansim.training.pan2012 import PanError, as_corpus, conversations, predators
from ansim.training.pan_training import score, train

Lines = list[tuple[str, str, str]]
"""Author, clock, text."""

LURES = (
    "how old are you",
    "are you home alone",
    "send me a photo of your face",
    "this is our secret",
    "do not tell your mom",
    "i can give you pocket money",
)
CHATS = (
    "did you finish the homework",
    "the bus was late again",
    "see you at lunch",
    "which song do you like",
    "the game was fun",
    "it rains all day",
)


def xml(path: Path, found: dict[str, Lines]) -> Path:
    """A file of the form, as made-up conversations."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<conversations>']
    for name, lines in found.items():
        parts.append(f'<conversation id="{escape(name)}">')
        for line, (author, clock, text) in enumerate(lines, 1):
            parts.append(
                f'<message line="{line}"><author>{author}</author><time>{clock}</time>'
                f"<text>{escape(text)}</text></message>"
            )
        parts.append("</conversation>")
    path.write_text("\n".join([*parts, "</conversations>"]), "utf-8")
    return path


def listed(path: Path, *names: str) -> Path:
    path.write_text("".join(f"{name}\n" for name in names), "utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Thirty predators with one chat each, and ninety ordinary chats."""
    folder = tmp_path_factory.mktemp("pan")
    found: dict[str, Lines] = {}
    number = count()
    for index in range(120):
        guilty = index % 4 == 0
        lines: Lines = []
        for turn in range(8):
            said = LURES[(index + turn) % 6] if guilty and turn % 2 == 0 else None
            author = f"p{index}" if guilty and turn % 2 == 0 else f"a{index}-{turn % 2}"
            text = said or CHATS[next(number) % 6]
            lines.append((author, f"{20 + turn // 4}:{10 + turn}", f"{text} {index % 7}"))
        found[f"c{index}"] = lines
    names = [f"p{index}" for index in range(0, 120, 4)]
    return xml(folder / "pan.xml", found), listed(folder / "predators.txt", *names)


def test_conversations_and_their_messages_are_read_as_written(tmp_path: Path) -> None:
    path = xml(
        tmp_path / "pan.xml",
        {
            "one": [
                ("a", "23:58", "hi <there> & you"),
                ("b", "00:01", "한글도"),
                ("a", "0:00", ""),
            ],
            "empty": [],
            "two": [("c", "soon", "x" * 70_000)],
        },
    )
    one, two = conversations(path)
    assert [(m.author, m.text) for m in one.messages] == [
        ("a", "hi <there> & you"),
        ("b", "한글도"),
        ("a", ""),
    ]
    assert [m.at for m in one.messages] == [86_280.0, 86_460.0, 86_460.0]
    assert one.authors == {"a", "b"}
    assert len(two.messages[0].text) < 70_000
    assert two.messages[0].at == 0.0


def test_a_large_file_is_read_conversation_by_conversation(tmp_path: Path) -> None:
    found: dict[str, Lines] = {f"c{n}": [("a", "10:00", "hello " * 50)] for n in range(2_000)}
    path = xml(tmp_path / "pan.xml", found)
    stream = conversations(path)
    assert next(stream).id == "c0"
    path.write_bytes(path.read_bytes()[: pan2012.CHUNK * 2])
    with pytest.raises(PanError):
        list(stream)  # the rest was still on the disk, not in memory


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]><conversations/>', "declares"),
        ('<!DOCTYPE x SYSTEM "file:///etc/hostname"><conversations/>', "declares"),
        ("<conversations>" + "<x>" * 50, "deep"),
        ('<conversations><conversation id="a"><message><text>x</text></message>', "no author"),
        ("<conversations><conversation><message/>", "no id"),
        ('<conversations><conversation id="a">', "no element found"),
        ("<conversations></conversations>", "no <conversation>"),
        ("nothing at all", "line 1"),
        ("", "line 1"),
        ('<?xml version="1.0" encoding="no-such"?><conversations/>', "PAN-2012 is expected"),
        ("<conversations x='" + "y" * (pan2012.LONGEST_TOKEN + 200_000), "longer than"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_line(
    tmp_path: Path, text: str, what: str
) -> None:
    path = tmp_path / "pan.xml"
    path.write_text(text, "utf-8")
    with pytest.raises(PanError, match=what) as caught:
        list(conversations(path))
    assert "pan.xml, line" in str(caught.value)


def test_a_list_of_predators_holds_one_id_a_line(tmp_path: Path) -> None:
    path = tmp_path / "predators.txt"
    path.write_text("\ufeffab\n\ncd\t3\n", "utf-8")
    assert predators(path) == {"ab", "cd"}
    for wrong in ("", "two words\n", "<conversations>\n"):
        path.write_text(wrong, "utf-8")
        with pytest.raises(PanError, match="one author id a line"):
            predators(path)


def test_conversations_of_one_predator_stay_in_one_group(tmp_path: Path) -> None:
    found: dict[str, Lines] = {
        f"c{n}": [("p", "10:00", "hi"), (f"v{n}", "10:01", "hello")] for n in range(20)
    }
    made = [as_corpus(c, frozenset({"p"})) for c in conversations(xml(tmp_path / "pan.xml", found))]
    assert len({c.world for c in made}) == 1
    assert all(c.grooming and c.alert_by == 1 for c in made)
    assert made[3].speakers == {"p": "adult", "v3": "minor"}
    benign = [as_corpus(c, frozenset()) for c in conversations(tmp_path / "pan.xml")]
    assert len({c.world for c in benign}) > 2
    assert {(c.label, c.alert_by) for c in benign} == {("benign", None)}


def test_authors_are_counted_as_the_competition_did(tmp_path: Path) -> None:
    """A threshold so low that everybody with a lure alerts: figures by hand."""
    lure = [
        ("안녕 몇 살이야?"),
        ("사진 보낼래? 얼굴만"),
        ("우리 둘만의 비밀이야 엄마한테 말하지 마"),
    ]
    found: dict[str, Lines] = {
        name: [(author, "10:00", text) for text in lure] + [("y" + name, "10:05", "네")]
        for name, author in (("c1", "p1"), ("c2", "p2"), ("c3", "nobody"))
    }
    found["c4"] = [("p3", "11:00", "내일 급식 뭐야"), ("z", "11:01", "돈까스래")]
    path = xml(tmp_path / "pan.xml", found)
    guilty = frozenset({"p1", "p2", "p3", "gone"})
    scored = score(conversations(path), guilty, Detector.load(None, 0.05))
    assert (scored.authors, scored.predators, scored.absent) == (8, 3, 1)
    assert scored.alerted == 3
    assert scored.precision == pytest.approx(2 / 3)
    assert scored.recall == pytest.approx(2 / 3)
    assert scored.f_half == pytest.approx(2 / 3)
    assert scored.early.f1 == pytest.approx(2 / 3)
    assert 0.0 < scored.early.f_latency < scored.early.f1
    with pytest.raises(PanError, match="right list"):
        score(conversations(path), frozenset({"gone"}), Detector.load())


def test_a_model_of_ones_own_is_trained_and_scored_with_two_commands(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--xml", str(files[0]), "--predators", str(files[1])]
    assert main(["pan", "train", *given, "--out", str(tmp_path / "m")]) == 2
    assert "--any-language" in capsys.readouterr().err
    given.append("--any-language")
    assert main(["pan", "train", *given, "--out", str(tmp_path / "m")]) == 0
    assert main(["pan", "score", *given, "--model", str(tmp_path / "m"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.split("\n", 1)[1])
    assert found["predators"] == 30
    assert found["f_half"] > 0.9
    assert main(["pan", "score", *given]) == 0
    assert "F0.5" in capsys.readouterr().out


def test_training_needs_both_kinds_in_every_group(tmp_path: Path) -> None:
    path = xml(tmp_path / "pan.xml", {"c": [("p", "1:00", "hi"), ("v", "1:01", "yo")]})
    with pytest.raises(PanError, match="both needed"):
        train(conversations(path), frozenset({"p"}), tmp_path / "m")


def test_the_shipped_model_is_not_overwritten(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from ansim.detection.weights import default_folder

    given = ["--xml", str(files[0]), "--predators", str(files[1]), "--any-language"]
    assert main(["pan", "train", *given, "--out", str(default_folder())]) == 2
    assert "--out" in capsys.readouterr().err
