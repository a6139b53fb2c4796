"""The pieces text is cut into: byte-pair merges over single letters (jamo), not syllables.

Syllables are taken apart first, so that a misspelt or half-typed word shares most of its pieces
with the word itself, and ㅋㅋ or ㅠㅠ are letters like any others. Words that must not stand in a
published vocabulary are kept out by their hashes (``data/vocabulary-blocked.txt``): the list can be
checked by anyone, but not read by a child who opens the repository.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SPECIAL = ("[PAD]", "[UNK]", "[TURN]", "[MASK]")
PAD, UNKNOWN, TURN, MASK = range(4)

SIZE = 12_000
ALPHABET = 400
LEAST = 20
LONGEST = 24
SPACE = "▁"


def fingerprint(word: str) -> str:
    """How a blocked word stands in the list: the start of the SHA-256 of its composed form."""
    return hashlib.sha256(unicodedata.normalize("NFC", word).encode()).hexdigest()[:16]


def blocked(path: Path) -> frozenset[str]:
    """The hashes of ``path``, one a line; ``#`` begins a comment."""
    lines = (line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line)


def offends(token: str, hashes: frozenset[str]) -> bool:
    """Whether some stretch of the token, as a reader sees it, is a blocked word."""
    seen = unicodedata.normalize("NFC", token).replace(SPACE, "")
    return any(
        fingerprint(seen[start:end]) in hashes
        for start in range(len(seen))
        for end in range(start + 1, len(seen) + 1)
    )


def learn(lines: Iterable[str], hashes: frozenset[str], size: int = SIZE) -> Tokenizer:
    """A tokeniser of at most ``size`` pieces, without those that offend."""
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN]))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always"),
            pre_tokenizers.Punctuation("isolated"),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=LEAST,
        special_tokens=list(SPECIAL),
        limit_alphabet=ALPHABET,
        show_progress=False,
        max_token_length=LONGEST,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return without(tokenizer, hashes)


def without(tokenizer: Tokenizer, hashes: frozenset[str]) -> Tokenizer:
    """The same tokeniser less offending pieces and every piece that is built from one."""
    form: dict[str, Any] = json.loads(tokenizer.to_str())
    vocabulary: dict[str, int] = form["model"]["vocab"]
    bad = {token for token in vocabulary if token not in SPECIAL and offends(token, hashes)}
    merges = []
    for left, right in form["model"]["merges"]:
        if left in bad or right in bad or left + right in bad:
            bad.add(left + right)
        else:
            merges.append([left, right])
    # A piece may be reachable by another pair; what no pair builds any more goes as well.
    letters = {token for token in vocabulary if len(token) == 1} | set(SPECIAL)
    built = {left + right for left, right in merges} | letters
    kept = sorted(
        (t for t in vocabulary if t in built and t not in bad), key=vocabulary.__getitem__
    )
    form["model"]["vocab"] = {token: number for number, token in enumerate(kept)}
    form["model"]["merges"] = [
        [a, b] for a, b in merges if a in built and b in built and not {a, b} & bad
    ]
    return Tokenizer.from_str(json.dumps(form, ensure_ascii=False))
