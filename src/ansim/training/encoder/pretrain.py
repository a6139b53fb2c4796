"""Learning Korean before learning anything about harm: guessing hidden pieces of plain lines.

Masked-token prediction (Devlin et al. 2019) with a fifth of the pieces hidden, from token vectors
that already know their neighbours. Checkpoints every few minutes; a stopped run goes on where it
was, with the same result.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from ansim.training.encoder import text
from ansim.training.encoder.network import Encoder, Shape
from ansim.training.encoder.vocabulary import MASK, TURN, UNKNOWN

Tokens = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast. ``steps`` of ``rows`` rows of ``length`` tokens."""

    steps: int = 9000
    cycle: int = 4500
    """Steps after which the rate has fallen to nothing and rises again (Loshchilov and Hutter 2017,
    SGDR): what was learnt by then can be used, and more time is never lost."""
    renewed: float = 0.7
    """Share of the rate that is left in each further cycle."""
    rows: int = 64
    length: int = 128
    rate: float = 1.0e-3
    warm: int = 400
    decay: float = 0.01
    masked: float = 0.2
    unspaced: float = 0.08
    """Share of lines read with every space left out, as many people type."""
    seed: int = 20261122
    saved_every: int = 200

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, 0-based."""
        cycle, inside = divmod(step, self.cycle)
        length = min(self.cycle, self.steps - cycle * self.cycle)
        fallen = 0.5 + 0.5 * math.cos(math.pi * inside / length) + 0.02
        return self.rate * self.renewed**cycle * min((inside + 1) / self.warm, fallen)


class Lines:
    """All lines as one array of tokens with a marker before each, reshuffled every pass."""

    def __init__(self, tokens: Tokens, starts: npt.NDArray[np.int64], plan: Plan) -> None:
        self.tokens, self.starts, self.plan = tokens, starts, plan
        self.ends = np.append(starts[1:], len(tokens))
        self._pass = -1
        self._stream = np.zeros(0, np.int16)

    @classmethod
    def read(cls, folder: Path, tokenizer: Tokenizer, plan: Plan) -> Lines:
        rng = np.random.default_rng(plan.seed)
        parts: list[Tokens] = []
        for path in text.files(folder):
            batch = list(text.lines(path)) * text.times(path)
            bare = rng.random(len(batch)) < plan.unspaced
            batch = [x.replace(" ", "") if b else x for x, b in zip(batch, bare, strict=True)]
            for start in range(0, len(batch), 20_000):
                for encoded in tokenizer.encode_batch_fast(batch[start : start + 20_000]):
                    parts.append(np.array([TURN, *encoded.ids], np.int16))
        lengths = np.array([len(part) for part in parts])
        return cls(np.concatenate(parts), np.cumsum(lengths) - lengths, plan)

    def row_batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens, places in the line, and line numbers of one step; each [rows, length]."""
        size = self.plan.rows * self.plan.length
        number, offset = divmod(step * size, len(self.tokens) // size * size)
        if number != self._pass:
            order = np.random.default_rng((self.plan.seed, number)).permutation(len(self.starts))
            lengths = (self.ends - self.starts)[order]
            first = np.repeat(self.starts[order] - (np.cumsum(lengths) - lengths), lengths)
            self._stream = self.tokens[first + np.arange(len(self.tokens))]
            self._pass = number
        rows = self._stream[offset : offset + size].reshape(self.plan.rows, -1).astype(np.int64)
        begins = rows == TURN
        line = np.cumsum(begins, 1)
        where = np.arange(rows.shape[1])[None, :]
        since = where - np.maximum.accumulate(np.where(begins, where, 0), 1)
        return torch.from_numpy(rows), torch.from_numpy(since), torch.from_numpy(line)


def beginnings(lines: Lines, size: int, width: int) -> Tensor:
    """Token vectors [size, width] from which neighbours can be told: a start, not from noise.

    Positive pointwise mutual information of pieces up to four apart in a line, cut down by a
    singular value decomposition (Levy and Goldberg 2014). Half a minute that saves an hour: a
    transformer begun from noise spends its first thousand steps on little else.
    """
    tokens = lines.tokens.astype(np.int64)
    line = np.cumsum(tokens == TURN)
    counts = np.zeros(size * size, np.float32)
    for apart in range(1, 5):
        same = line[apart:] == line[:-apart]
        pairs = tokens[:-apart][same] * size + tokens[apart:][same]
        counts += np.bincount(pairs, minlength=size * size).astype(np.float32) / apart
    table = torch.from_numpy(counts.reshape(size, size))
    table = table + table.T
    often = table.sum(1)
    smooth = often**0.75
    shared = torch.log(
        (table * smooth.sum() / (often[:, None] * smooth[None, :]).clamp(min=1e-9)).clamp(min=1.0)
    )
    torch.manual_seed(lines.plan.seed)
    left, values, _ = torch.svd_lowrank(shared, q=width, niter=4)
    vectors = left * values.sqrt()
    return vectors * (BEGINNING / vectors.std())


BEGINNING = 0.04
"""Spread of the first token vectors."""


class Guesser(nn.Module):
    """The encoder with a head that says which piece stood at a hidden place."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.encoder = Encoder(shape)
        self.turned = nn.Linear(shape.width, shape.width)
        self.ready = nn.LayerNorm(shape.width)
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))

    def forward(self, tokens: Tensor, places: Tensor, mask: Tensor, at: Tensor) -> Tensor:
        """Logits [hidden places, vocabulary] for the places ``at`` (bool [rows, length])."""
        seen = self.encoder(tokens, places, mask)[at]
        ready = self.ready(functional.gelu(self.turned(seen)))
        logits: Tensor = ready @ self.encoder.tokens.weight.T + self.bias
        return logits


def pretrain(lines: Lines, shape: Shape, plan: Plan, folder: Path, say: Any = print) -> Encoder:
    """Trains, or goes on from ``folder/pretraining.pt``; returns the encoder."""
    torch.manual_seed(plan.seed)
    pair = Guesser(shape)
    saved = folder / "pretraining.pt"
    if not saved.exists():
        with torch.no_grad():
            pair.encoder.tokens.weight.copy_(beginnings(lines, shape.vocabulary, shape.width))
    decayed = [p for p in pair.parameters() if p.dim() > 1]
    rest = [p for p in pair.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": plan.decay}, {"params": rest, "weight_decay": 0.0}],
        lr=plan.rate,
        betas=(0.9, 0.98),
        eps=1e-6,
        fused=True,
    )
    begin = 0
    if saved.exists():
        kept = torch.load(saved, weights_only=True)
        pair.load_state_dict(kept["pair"])
        optimiser.load_state_dict(kept["optimiser"])
        begin = int(kept["step"])
        say(f"goes on at step {begin}")
    chance = torch.Generator()
    started, seen = time.monotonic(), np.zeros(2)
    for step in range(begin, plan.steps):
        chance.manual_seed(plan.seed * 100_003 + step)
        rate = plan.rate_at(step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        tokens, places, line = lines.row_batch(step)
        places = places.clamp(max=shape.positions - 1)
        apart = (line[:, :, None] != line[:, None, :]).unsqueeze(1)
        mask = torch.zeros(apart.shape, dtype=torch.bfloat16).masked_fill_(apart, -1e4)
        lot = torch.rand(tokens.shape, generator=chance)
        hide = (lot < plan.masked) & (tokens != TURN) & (tokens != UNKNOWN)
        # A tenth keep their piece and a tenth get a foreign one, so that every place has to be
        # understood, not only the hidden ones.
        shown = tokens.masked_fill(hide & (lot < 0.8 * plan.masked), MASK)
        foreign = hide & (lot >= 0.9 * plan.masked)
        other = torch.randint(4, shape.vocabulary, tokens.shape, generator=chance)
        shown = torch.where(foreign, other, shown)
        with torch.autocast("cpu", torch.bfloat16):
            logits = pair(shown, places, mask, hide)
            loss = functional.cross_entropy(logits.float(), tokens[hide])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(pair.parameters(), 1.0)
        optimiser.step()
        seen += [loss.item(), float((logits.argmax(-1) == tokens[hide]).float().mean())]
        if (step + 1) % 50 == 0:
            wrong, right = seen / 50
            pace = (time.monotonic() - started) / (step + 1 - begin)
            say(
                f"step {step + 1}/{plan.steps} loss {wrong:.3f} right {right:.3f}"
                f" {pace:.2f} s a step, {pace * (plan.steps - step - 1) / 60:.0f} min left"
            )
            seen[:] = 0
        if (step + 1) % plan.saved_every == 0 or step + 1 == plan.steps:
            keep = {
                "pair": pair.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step + 1,
            }
            torch.save(keep, saved.with_suffix(".part"))
            saved.with_suffix(".part").replace(saved)
    return pair.encoder
