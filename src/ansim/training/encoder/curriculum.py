"""From plain lines to the committed context model, step by step; each step done once and kept.

Everything lies in one working folder, so that a run that was stopped goes on where it was and a
fold can be looked at alone: vocabulary, lines as tokens, pre-training, a reader without each world,
what it says of that world, the reader taught with everything, and its graph.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from ansim.detection.weights import CONTEXT_FILE, VOCABULARY_FILE
from ansim.training.corpus import CorpusConversation, Phrase, worlds
from ansim.training.encoder import export, pretrain, text, vocabulary
from ansim.training.encoder.finetune import Reader, finetune, scores
from ansim.training.encoder.lessons import Course
from ansim.training.encoder.network import Encoder, Shape

Floats = npt.NDArray[np.float64]
Say = Callable[[str], Any]

PLAIN_FILES = ("3i4k", "chatbot_data", "kodoli", "kote_valtest", "stylekqc")
"""Files whose lines are like something said in a chat, by the start of their names."""
PLAIN_EACH = 12_000
PLAIN_LONGEST = 60
BASE_FILE, SHAPE_FILE = "base.pt", "shape.json"


@dataclass(slots=True)
class Curriculum:
    """The folder, the material and all settings."""

    folder: Path
    texts: Path
    """Folder of plain lines."""
    words: Path
    """Hashes of words that may not be in the vocabulary."""
    phrases: Sequence[Phrase] = ()
    """Single turns as leaflets quote them, and harmless twins."""
    start: Path | None = None
    """Folder of a pre-trained encoder to begin from; else one is trained here."""
    plan: pretrain.Plan = field(default_factory=pretrain.Plan)
    course: Course = field(default_factory=Course)
    width: int = 256
    layers: int = 4
    say: Say = print

    def vocabulary(self) -> Tokenizer:
        path = (self.start or self.folder) / VOCABULARY_FILE
        if not path.exists():
            if self.start is not None:
                raise ValueError(f"--base {self.start} holds no {VOCABULARY_FILE}")
            self.folder.mkdir(parents=True, exist_ok=True)
            self.say("vocabulary: learning")
            made = vocabulary.learn(text.sample(self.texts), vocabulary.blocked(self.words))
            path.write_text(made.to_str(pretty=False), "utf-8")
        return Tokenizer.from_file(str(path))

    def base(self) -> Callable[[float], Encoder]:
        """The pre-trained encoder, a fresh copy a call (given its dropout)."""
        tokenizer = self.vocabulary()
        folder = self.start or self.folder
        path, form = folder / BASE_FILE, folder / SHAPE_FILE
        if not path.exists() or not form.exists():
            if self.start is not None:
                raise ValueError(f"--base {self.start} holds no {BASE_FILE} with {SHAPE_FILE}")
            shape = Shape(
                vocabulary=tokenizer.get_vocab_size(),
                width=self.width,
                layers=self.layers,
                heads=self.width // 64,
                inner=4 * self.width,
            )
            made = pretrain.pretrain(
                self._lines(tokenizer), shape, self.plan, self.folder, self.say
            )
            form.write_text(json.dumps(shape.as_dict()) + "\n", "utf-8")
            torch.save({n: v.half() for n, v in made.state_dict().items()}, path)
        shape = Shape(**json.loads(form.read_text("utf-8")))
        kept = torch.load(path, weights_only=True)

        def copy(drop: float) -> Encoder:
            encoder = Encoder(shape, drop)
            encoder.load_state_dict({name: value.float() for name, value in kept.items()})
            return encoder

        return copy

    def _lines(self, tokenizer: Tokenizer) -> pretrain.Lines:
        path = self.folder / "lines.npz"
        if not path.exists():
            self.say("lines: cutting into pieces")
            made = pretrain.Lines.read(self.texts, tokenizer, self.plan)
            np.savez(path, tokens=made.tokens, starts=made.starts)
        with np.load(path) as kept:
            return pretrain.Lines(kept["tokens"], kept["starts"], self.plan)

    def plain(self) -> list[str]:
        """Lines from which harmless rooms are made up."""
        draw = random.Random(self.course.seed)
        out: list[str] = []
        for path in text.files(self.texts):
            if path.name.startswith(PLAIN_FILES):
                found = [line for line in text.lines(path) if len(line) < PLAIN_LONGEST]
                draw.shuffle(found)
                out += found[:PLAIN_EACH]
        return out

    def reader(self, name: str, taught: Sequence[CorpusConversation], raw: bool = False) -> Reader:
        """The reader kept under ``name``, or taught now with these conversations.

        ``raw`` begins from noise instead of the pre-trained encoder.
        """
        path = self.folder / f"{name}.pt"
        tokenizer, base = self.vocabulary(), self.base()
        if not path.exists():
            self.say(f"{name}: {len(taught)} conversations")

            def begin() -> Encoder:
                known = base(self.course.drop)
                return Encoder(known.shape, self.course.drop) if raw else known

            made = finetune(
                begin,
                tokenizer,
                taught,
                self.plain(),
                self.phrases,
                self.course,
                lambda line: self.say(f"{name}: {line}"),
            )
            torch.save({n: v.half() for n, v in made.state_dict().items()}, path)
        reader = Reader(base(0.0), 0.0)
        kept = torch.load(path, weights_only=True)
        reader.load_state_dict({n: v.float() for n, v in kept.items()})
        return reader.eval()

    def untaught(
        self,
        world: str,
        conversations: Sequence[CorpusConversation],
        lessons: Sequence[CorpusConversation],
    ) -> Reader:
        """The same as ``without``, from noise: what pre-training is worth."""
        return self._leaving_out(world, conversations, lessons, raw=True)

    def without(
        self,
        world: str,
        conversations: Sequence[CorpusConversation],
        lessons: Sequence[CorpusConversation],
    ) -> Reader:
        """A reader that never saw this world; lessons are by other writers and always taught.

        Worlds without grooming are left out together: one reader serves them all.
        """
        return self._leaving_out(world, conversations, lessons)

    def _leaving_out(
        self,
        world: str,
        conversations: Sequence[CorpusConversation],
        lessons: Sequence[CorpusConversation],
        raw: bool = False,
    ) -> Reader:
        guilty = {c.world for c in conversations if c.grooming}
        left_out = {world} if world in guilty else set(worlds(conversations)) - guilty
        return self.reader(
            f"{'raw-' if raw else ''}without-{'-'.join(sorted(left_out))}",
            [*(c for c in conversations if c.world not in left_out), *lessons],
            raw,
        )

    def said(
        self, conversations: Sequence[CorpusConversation], lessons: Sequence[CorpusConversation]
    ) -> list[Floats]:
        """What readers without its world say of each conversation, [turns, heads]."""
        tokenizer = self.vocabulary()
        out: dict[str, Floats] = {}
        for world in worlds(conversations):
            path = self.folder / f"said-{world}.npz"
            own = [c for c in conversations if c.world == world]
            if not path.exists():
                reader = self.without(world, conversations, lessons)
                found = scores(reader, tokenizer, own)
                kept = {c.id: s for c, s in zip(own, found, strict=True)}
                np.savez_compressed(path, **kept)  # type: ignore[arg-type]
            with np.load(path) as stored:
                out |= {c.id: stored[c.id] for c in own}
        return [out[c.id] for c in conversations]

    def readers(
        self, conversations: Sequence[CorpusConversation], lessons: Sequence[CorpusConversation]
    ) -> dict[str, Callable[[Sequence[CorpusConversation]], list[Floats]]]:
        """For each world what a reader without it says of any conversations."""
        tokenizer = self.vocabulary()

        def says(world: str) -> Callable[[Sequence[CorpusConversation]], list[Floats]]:
            reader = self.without(world, conversations, lessons)
            return lambda some: scores(reader, tokenizer, some)

        return {world: says(world) for world in worlds(conversations)}

    def export(self, reader: Reader, folder: Path) -> None:
        """Graph and vocabulary of a reader, for the detector."""
        folder.mkdir(parents=True, exist_ok=True)
        export.write(reader, folder / CONTEXT_FILE)
        held = (self.start or self.folder) / VOCABULARY_FILE
        (folder / VOCABULARY_FILE).write_bytes(held.read_bytes())
