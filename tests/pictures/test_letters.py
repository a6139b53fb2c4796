"""Tesseract's Korean model spells every syllable of its jamo, wherever it is read from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ansim.pictures import letters, text
from ansim.pictures.apart import Apart
from ansim.pictures.values import Looks
from tests.pictures.drawn import encoded, words

HERE = {"PATH": os.environ["PATH"]}
UNSPELLED = ("쌤 앱 깔았어", "챌린지 샀어")


def model(environment: dict[str, str]) -> Path:
    return Path(environment["TESSDATA_PREFIX"], letters.MODEL)


def test_syllables_that_the_installed_model_cannot_spell_are_read() -> None:
    read = text.recognise(np.asarray(words(UNSPELLED, 30).convert("L"), np.uint8))
    assert [line.text for line in read] == list(UNSPELLED)


def test_the_process_apart_reads_them_too() -> None:
    with Apart() as apart:
        (look,) = apart.ask("look", [encoded(words(UNSPELLED, 30))], Looks).looks
    assert [line.text for line in look.lines] == list(UNSPELLED)


def test_the_longer_model_is_made_once_and_not_of_itself() -> None:
    told = letters.told(HERE)
    assert letters.told(HERE) == told
    assert letters.told(told) == told


def test_a_longer_model_that_was_cleared_away_is_made_again() -> None:
    first = model(letters.told(HERE))
    first.unlink()
    assert model(letters.told(HERE)).stat().st_size > 1_000_000


def test_the_longer_model_goes_with_its_process() -> None:
    code = (
        "import os; from ansim.pictures import letters;"
        "print(letters.told({'PATH': os.environ['PATH']})['TESSDATA_PREFIX'])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder = Path(ended.stdout.strip())
    assert folder.name.startswith("ansim-letters-")
    assert not folder.exists()


def test_what_a_killed_process_left_is_taken_away_by_the_next_and_no_living_ones_is(
    tmp_path: Path,
) -> None:
    code = (
        "import os, sys; from ansim.pictures import letters;"
        "print(letters.told({'PATH': os.environ['PATH']})['TESSDATA_PREFIX'], flush=True);"
        "sys.stdin.read()"
    )

    def one() -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    killed, left = one()
    killed.kill()
    killed.communicate()
    assert left.exists()
    living, other = one()
    last, another = one()
    try:
        assert not left.exists()
        assert other.exists()
    finally:
        living.communicate()
        last.communicate()
    assert not other.exists()
    assert not another.exists()


@pytest.mark.parametrize("cut", [0, 3, 100, 400_000])
def test_a_model_of_another_form_is_refused(cut: int) -> None:
    installed = model(letters.told(HERE)).read_bytes()
    with pytest.raises(ValueError, match=r"form|letters|numbers"):
        letters.lengthened(installed[:cut] if cut else b"")


def test_without_a_model_nothing_is_changed(tmp_path: Path) -> None:
    none = {**HERE, "TESSDATA_PREFIX": str(tmp_path)}
    assert letters.told(none) == none
    assert letters.told({"PATH": ""}) == {"PATH": ""}
