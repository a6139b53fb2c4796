"""The network: a small transformer that reads turns two-way and conversations in time order.

A token sees its whole turn and every earlier turn, never a later one. One pass over a conversation
therefore yields what the model would have said after each of its turns, so that every prefix is
learnt from at the price of one. Who spoke enters only as a relation (this turn, the same speaker n
turns ago, another speaker n turns ago): the model has no names, and a conversation's beginning may
be cut off without changing what the numbers mean.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ansim.detection.passage import RELATIONS


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; written beside the weights."""

    vocabulary: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    inner: int = 1024
    positions: int = 64
    relations: int = RELATIONS

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Block(nn.Module):
    """Attention and a feed-forward layer, each behind its own normalisation."""

    def __init__(self, width: int, heads: int, inner: int, drop: float) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.queries = nn.Linear(width, 3 * width)
        self.together = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.rise = nn.Linear(width, inner)
        self.fall = nn.Linear(inner, width)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = x.shape
        split = self.queries(self.before(x)).view(batch, length, 3, self.heads, -1)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        # Written out: on CPUs this is faster backwards than the fused form at these lengths.
        likeness = (q * (q.shape[-1] ** -0.5)) @ k.transpose(-1, -2) + mask
        seen = functional.softmax(likeness, -1).to(v.dtype) @ v
        x = x + self.drop(self.together(seen.transpose(1, 2).reshape(batch, length, width)))
        return x + self.drop(self.fall(functional.gelu(self.rise(self.between(x)))))


class Encoder(nn.Module):
    """Tokens to vectors.

    ``tokens`` and ``positions`` are int64 [batch, length]; a mask is added to the attention of
    every head, [batch, 1 or heads, length, length].
    """

    def __init__(self, shape: Shape, drop: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.positions, shape.width)
        self.relation = nn.Parameter(torch.zeros(shape.heads, shape.relations))
        self.first = nn.LayerNorm(shape.width)
        self.drop = nn.Dropout(drop)
        self.blocks = nn.ModuleList(
            Block(shape.width, shape.heads, shape.inner, drop) for _ in range(shape.layers)
        )
        self.last = nn.LayerNorm(shape.width)
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.places.weight, std=0.02)

    def look(self, relations: Tensor) -> Tensor:
        """Relations [batch, length, length] (0: unseen) to an additive mask per head."""
        table = torch.cat(
            [self.relation.new_full((self.shape.heads, 1), -1e4), self.relation[:, 1:]], 1
        )
        return table[:, relations].transpose(0, 1)

    def forward(self, tokens: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        x = self.drop(self.first(self.tokens(tokens) + self.places(positions)))
        for block in self.blocks:
            x = block(x, mask)
        last: Tensor = self.last(x)
        return last
