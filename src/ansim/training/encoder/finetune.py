"""Teaching the encoder what grooming looks like: whole conversations, judged after every turn.

What is learnt at each turn: is this speaker an approacher, has somebody else been one, which
tactics and signals does the turn hold, does the speaker write as a minor or as an adult. The first
two are learnt only where a careful reader could know: nothing is asked of a grooming conversation
before its first tactic, a little until ``alert_by``, everything from there. One more term looks at
a conversation as the product does, by its worst moment up to the cut.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from ansim.detection.context import MINOR, SHOWN_AT
from ansim.detection.labels import SHOWN
from ansim.training.corpus import CorpusConversation, Phrase
from ansim.training.encoder.lessons import (
    HEADS,
    Batch,
    Course,
    batch,
    grouped,
    lesson,
)
from ansim.training.encoder.network import Encoder
from ansim.training.encoder.variation import Variation

Floats = npt.NDArray[np.float64]


class Reader(nn.Module):
    """Encoder and heads. Per turn [turns, HEADS]; tactics also look at their own turn's words."""

    def __init__(self, encoder: Encoder, drop: float) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.shape.width
        self.drop = nn.Dropout(drop)
        self.turned = nn.Linear(width, width)
        self.heads = nn.Linear(width, HEADS)
        self.words = nn.Linear(width, len(SHOWN))
        self.regard = nn.Linear(width, len(SHOWN))

    def forward(self, b: Batch) -> Tensor:
        seen = self.encoder(b.tokens, b.place, self.encoder.look(b.relations))
        marked = seen[b.at]
        out = self.heads(self.drop(torch.tanh(self.turned(self.drop(marked)))))
        # Each label draws on the words of the turn it regards most (Mullenbach et al. 2018, CAML).
        rows, columns = b.at
        mine = b.turn[rows] == b.turn[rows, columns][:, None]
        regard = self.regard(seen)[rows].masked_fill(~mine[:, :, None], -1e4)
        share = functional.softmax(regard.float(), 1)
        said = (share * self.words(self.drop(seen)).float()[rows]).sum(1)
        shown = out[:, SHOWN_AT : SHOWN_AT + len(SHOWN)].float() + said
        result: Tensor = torch.cat(
            [out[:, :SHOWN_AT].float(), shown, out[:, SHOWN_AT + len(SHOWN) :].float()], 1
        )
        return result


def loss_of(logits: Tensor, b: Batch, course: Course) -> Tensor:
    each = (
        functional.binary_cross_entropy_with_logits(logits, b.wanted, reduction="none") * b.weight
    )
    suspicion = each[:, :SHOWN_AT].sum() / b.weight[:, :SHOWN_AT].sum().clamp(min=1)
    shown = each[:, SHOWN_AT:MINOR].sum() / len(each)
    age = each[:, MINOR:].sum() / len(each)
    worst = logits.new_full((len(b.grooming),), -30.0)
    top = logits[:, :SHOWN_AT].amax(1)
    worst = worst.scatter_reduce(0, b.of[b.early], top[b.early], "amax")
    moment = functional.binary_cross_entropy_with_logits(worst, b.grooming.float())
    return suspicion + shown + age + course.worst * moment


def finetune(
    base: Callable[[], Encoder],
    tokenizer: Tokenizer,
    conversations: Sequence[CorpusConversation],
    plain: Sequence[str],
    phrases: Sequence[Phrase],
    course: Course,
    say: Any = print,
) -> Reader:
    """Fine-tunes a copy of the base on some conversations. Same input and seed, same weights."""
    torch.manual_seed(course.seed)
    reader = Reader(base(), course.drop)
    for number in range(len(course.rounds)):
        teach(reader, number, tokenizer, conversations, plain, phrases, course, say)
    return reader.eval()


def teach(
    reader: Reader,
    number: int,
    tokenizer: Tokenizer,
    conversations: Sequence[CorpusConversation],
    plain: Sequence[str],
    phrases: Sequence[Phrase],
    course: Course,
    say: Any = print,
) -> None:
    """One round of the course, 0-based."""
    passes, rate = course.rounds[number]
    torch.manual_seed(course.seed + number)
    draw = random.Random(course.seed + number)
    varied = Variation(course, conversations, plain, phrases, draw)
    optimiser = torch.optim.AdamW(groups(reader, rate, course), betas=(0.9, 0.98), fused=True)
    rooms = int(course.rooms * len(conversations)) if plain else 0
    blunt = int(course.phrases * len(conversations)) if plain and phrases else 0
    steps = passes * math.ceil((len(conversations) + rooms + blunt) / course.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda s: min((s + 1) / (course.warm * steps), max(0.02, 1 - s / steps)),
    )
    started = time.monotonic()
    reader.train()
    for turn in range(passes):
        made = [lesson(varied(c), tokenizer, course) for c in conversations]
        made += [lesson(varied.room(), tokenizer, course) for _ in range(rooms)]
        made += [lesson(varied.blunt(), tokenizer, course) for _ in range(blunt)]
        total = 0.0
        count = 0
        for group in grouped(made, course.batch, draw):
            with torch.autocast("cpu", torch.bfloat16):
                b = batch(group)
                loss = loss_of(reader(b), b, course)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
            count += 1
        passed = f"round {number + 1}, pass {turn + 1}/{passes}"
        say(f"{passed} loss {total / count:.4f} {time.monotonic() - started:.0f} s")


def groups(reader: Reader, rate: float, course: Course) -> list[dict[str, Any]]:
    """Lower layers move less: they know Korean already."""
    layers = len(reader.encoder.blocks)
    out = []
    for name, parameter in reader.named_parameters():
        depth = layers + 1
        if name.startswith("encoder.blocks."):
            depth = int(name.split(".")[2]) + 1
        elif name.startswith(("encoder.tokens", "encoder.places", "encoder.first")):
            depth = 0
        own = rate * course.layer_decay ** (layers + 1 - depth)
        if name == "encoder.relation":
            own = rate * 10
        out.append(
            {
                "params": [parameter],
                "lr": own,
                "weight_decay": course.decay if parameter.dim() > 1 else 0.0,
            }
        )
    return out


def scores(
    reader: Reader, tokenizer: Tokenizer, conversations: Sequence[CorpusConversation]
) -> list[Floats]:
    """Log-odds [turns, HEADS] of each conversation; turns beyond the longest repeat the last."""
    course = Course()
    out: list[Floats] = []
    with torch.inference_mode():
        for start in range(0, len(conversations), 32):
            some = [lesson(c, tokenizer, course) for c in conversations[start : start + 32]]
            b = batch(some)
            with torch.autocast("cpu", torch.bfloat16):
                found = reader(b).float().numpy().astype(np.float64)
            for row, x in enumerate(some):
                own = found[(b.of == row).numpy()]
                lack = len(x.marks) - len(own)
                out.append(np.concatenate([own, np.repeat(own[-1:], lack, 0)]) if lack else own)
    return out
