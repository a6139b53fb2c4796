"""Every sentence of the pages has its English; the compiled catalogue is that of the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils.translation.template import templatize

from tests.console import catalogue

PACKAGE = Path(__file__).parents[2] / "src/ansim"
HANGUL = re.compile("[가-힣]")
NAMES = {"_", "gettext", "gettext_lazy", "ngettext", "gettext_noop", "pgettext"}


def used(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in NAMES
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            yield node.args[0].value


def strings() -> set[str]:
    found: set[str] = set()
    for part in ("casework", "console"):
        for path in (PACKAGE / part).rglob("*.py"):
            found |= set(used(ast.parse(path.read_text("utf-8"))))
        for path in (PACKAGE / part).rglob("*.html"):
            source = templatize(path.read_text("utf-8"), origin=str(path))
            for call in re.finditer(
                r"n?gettext\((u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")", source
            ):
                found.add(ast.literal_eval(call[1].removeprefix("u")))
    return {text for text in found if HANGUL.search(text)}


def test_every_korean_sentence_is_translated() -> None:
    translated = catalogue.read()
    wanted = strings()
    assert len(wanted) > 200
    missing = sorted(
        text for text in wanted if text not in translated or not all(translated[text].words)
    )
    assert not missing
    assert not sorted(translated.keys() - wanted - {""}), "no longer used"


def test_translations_keep_their_placeholders_and_hold_no_korean() -> None:
    place = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
    for text, entry in catalogue.read().items():
        for word in entry.words if text else []:
            assert sorted(place.findall(word)) == sorted(place.findall(text)), text
            assert not HANGUL.search(word), text


def test_the_compiled_catalogue_is_up_to_date() -> None:
    assert catalogue.MO.read_bytes() == catalogue.compiled(), (
        "run: python -m tests.console.catalogue"
    )


def test_scripts_of_the_console_have_no_words_of_their_own() -> None:
    """What they show comes from the page (data- attributes), where it is translated."""
    scripts = list((PACKAGE / "console/static/console").glob("*.js"))
    assert len(scripts) > 3
    said = re.compile(
        r"(?:textContent|innerText|innerHTML|title|placeholder|ariaLabel)\s*=\s*([\"'`])(?!\1)"
        r"(?:(?!\1|\$\{).)*[A-Za-z]"
        r"|\b(?:alert|confirm|prompt)\("
        r"|setAttribute\(\s*.(?:aria-label|title|placeholder).\s*,\s*[\"'`]"
    )
    for script in scripts:
        code = re.sub(r"^\s*//.*$", "", script.read_text("utf-8"), flags=re.M)
        assert not HANGUL.search(code), script.name
        assert not said.search(code), (script.name, said.search(code))


def test_every_word_of_the_demo_room_is_there_in_both_languages() -> None:
    static = PACKAGE / "sources/demo/static"
    korean, english = (static / "words.js").read_text("utf-8").split("\n  en: {", 1)
    entry = re.compile(r"^    (\w+):\s*\"((?:[^\"\\]|\\.)*)\"", re.M)
    ours, theirs = dict(entry.findall(korean)), dict(entry.findall(english))
    assert len(ours) > 30
    assert ours.keys() == theirs.keys()
    for key, words in theirs.items():
        assert words, key
        assert not HANGUL.search(words), key
    used_there = set(re.findall(r"\bword\(\"(\w+)\"\)", (static / "room.js").read_text("utf-8")))
    used_there |= set(re.findall(r"data-word=\"(\w+)\"", (static / "room.html").read_text("utf-8")))
    assert len(used_there) > 20
    assert used_there <= ours.keys()


@pytest.mark.django_db
def test_pages_turn_english_and_stay_so(counsellor: Client) -> None:
    assert "대기열" in counsellor.get("/queue/").content.decode()
    counsellor.post("/language/", {"language": "en", "next": "/queue/"})
    page = counsellor.get("/queue/").content.decode()
    assert "No alert is waiting." in page
    assert '<html lang="en">' in page
    visible = re.sub(r"<button[^>]*lang=\"ko\".*?</button>", "", page, flags=re.S)
    assert not HANGUL.search(visible)


@pytest.mark.django_db
def test_korean_is_first_whatever_else_a_browser_speaks() -> None:
    page = Client().get("/log-in/", headers={"Accept-Language": "fr"}).content.decode()
    assert "상담원 로그인" in page
