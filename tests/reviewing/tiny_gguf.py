"""Language models in the GGUF format (version 3) that are small enough for a test: one of random
numbers, one that knows a single text by heart, and one that never ends.

None understands anything: what they show is that a real llama.cpp server takes our questions
and that we read its answers. Vocabulary: the bytes, a few special tokens, and for the one that
recites the pieces of its text.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from pathlib import Path

CONTEXT = 32_768
SPECIAL = ("<|im_start|>", "<|im_end|>", "[INST]", "[/INST]", "<|eot_id|>", "<think>")
"""Tokens of other models, which people write into chats in the hope that they mean something."""
_WIDTH, _HEADS = 32, 2
_U32, _I32, _F32, _STRING, _ARRAY = 4, 5, 6, 8, 9
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_END = 2
_ALIGN = 32
_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}\n{{ message['content'] }}\n{% endfor %}"
    "assistant:"
)
_BASE = [
    *(("<unk>", _UNKNOWN), ("<s>", _CONTROL), ("</s>", _CONTROL)),
    *((f"<0x{byte:02X}>", _BYTE) for byte in range(256)),
    ("▁", _NORMAL),
    *((text, _CONTROL) for text in SPECIAL),
]
_FIRST_BYTE = 3
_LAST_OF_THE_QUESTION = _FIRST_BYTE + ord(":")
SPECIAL_TOKENS = frozenset(n for n, (_, kind) in enumerate(_BASE) if kind == _CONTROL)

Numbers = Callable[[str, int], list[float]]
"""Name and size of a tensor → its numbers, row after row."""


def of_random_numbers(path: Path, seed: int = 7) -> None:
    """Writes a model that says anything, in whole characters; a seed always gives the same."""
    draw = random.Random(seed)
    tokens = [*_BASE, *((chr(code), _NORMAL) for code in range(ord("가"), ord("힣"), 37))]

    def numbers(name: str, size: int) -> list[float]:
        told = [draw.gauss(0, 0.2) for _ in range(size)]
        if name == "output.weight":
            # Pieces of characters are never the likeliest: llama-server breaks off where they
            # make no text.
            start, end = (_FIRST_BYTE + 0x80) * _WIDTH, (_FIRST_BYTE + 0x100) * _WIDTH
            told[start:end] = [0.0] * (end - start)
        return told

    _write(path, tokens, _WIDTH, numbers)


def by_heart(path: Path, text: str, before: str = "") -> None:
    """Writes a model that answers every question with ``before`` and ``text``, and then ends.

    Each token names the next one. Where a grammar does not let it begin with ``before``, its
    second choice is to begin with ``text``.
    """
    first, then = _pieces(before), _pieces(text)
    if set(first) & set(then):
        raise ValueError("a piece of one text stands in the other as well")
    tokens = [*_BASE, *((piece.replace(" ", "▁"), _NORMAL) for piece in first + then)]
    said = [*range(len(_BASE), len(tokens)), _END]
    asked = [_LAST_OF_THE_QUESTION, *said[:-1]]
    width = 2 * _HEADS * math.ceil(len(asked) / (2 * _HEADS))

    def numbers(name: str, size: int) -> list[float]:
        """A place of its own for each token that is followed by another; nothing between."""
        told = [0.0] * size
        if name == "token_embd.weight":
            for place, token in enumerate(asked):
                told[token * width + place] = 1.0
        if name == "output.weight":
            for place, token in enumerate(said):
                told[token * width + place] = 1.0
            told[said[len(first)] * width] += 0.5
        return told

    _write(path, tokens, width, numbers)


def endless(path: Path) -> None:
    """Writes a model that says the same letter for ever."""

    def numbers(name: str, size: int) -> list[float]:
        told = [0.0] * size
        if name == "token_embd.weight":
            told[::_WIDTH] = [1.0] * (size // _WIDTH)
        if name == "output.weight":
            told[(_FIRST_BYTE + ord("a")) * _WIDTH] = 1.0
        return told

    _write(path, _BASE, _WIDTH, numbers)


def _pieces(text: str, shortest: int = 6) -> list[str]:
    """The text cut into pieces of which no two are the same."""
    pieces: list[str] = []
    piece = ""
    for char in text:
        piece += char
        if len(piece) >= shortest and piece not in pieces:
            pieces.append(piece)
            piece = ""
    if piece and pieces:
        pieces[-1] += piece
    elif piece:
        pieces.append(piece)
    return pieces


def _write(path: Path, vocabulary: list[tuple[str, int]], width: int, numbers: Numbers) -> None:
    tokens, kinds = [text for text, _ in vocabulary], [kind for _, kind in vocabulary]
    inner = 2 * width
    facts: list[tuple[str, int, object]] = [
        ("general.architecture", _STRING, "llama"),
        ("general.name", _STRING, "tiny"),
        ("llama.context_length", _U32, CONTEXT),
        ("llama.embedding_length", _U32, width),
        ("llama.block_count", _U32, 1),
        ("llama.feed_forward_length", _U32, inner),
        ("llama.attention.head_count", _U32, _HEADS),
        ("llama.attention.head_count_kv", _U32, _HEADS),
        ("llama.attention.layer_norm_rms_epsilon", _F32, 1e-5),
        ("llama.rope.dimension_count", _U32, width // _HEADS),
        ("llama.vocab_size", _U32, len(tokens)),
        ("tokenizer.ggml.model", _STRING, "llama"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, tokens)),
        ("tokenizer.ggml.scores", _ARRAY, (_F32, [0.0] * len(tokens))),
        ("tokenizer.ggml.token_type", _ARRAY, (_I32, kinds)),
        ("tokenizer.ggml.unknown_token_id", _U32, 0),
        ("tokenizer.ggml.bos_token_id", _U32, 1),
        ("tokenizer.ggml.eos_token_id", _U32, _END),
        ("tokenizer.chat_template", _STRING, _TEMPLATE),
    ]
    shapes: list[tuple[str, tuple[int, ...]]] = [
        ("token_embd.weight", (width, len(tokens))),
        ("output_norm.weight", (width,)),
        ("output.weight", (width, len(tokens))),
        ("blk.0.attn_norm.weight", (width,)),
        ("blk.0.attn_q.weight", (width, width)),
        ("blk.0.attn_k.weight", (width, width)),
        ("blk.0.attn_v.weight", (width, width)),
        ("blk.0.attn_output.weight", (width, width)),
        ("blk.0.ffn_norm.weight", (width,)),
        ("blk.0.ffn_gate.weight", (width, inner)),
        ("blk.0.ffn_up.weight", (width, inner)),
        ("blk.0.ffn_down.weight", (inner, width)),
    ]
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(shapes), len(facts))
    for key, kind, value in facts:
        head += _text(key) + struct.pack("<I", kind) + _value(kind, value)
    content = b""
    for name, shape in shapes:
        size = math.prod(shape)
        head += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(content))
        drawn = [1.0] * size if len(shape) == 1 else numbers(name, size)
        content += _padded(struct.pack(f"<{size}f", *drawn))
    path.write_bytes(_padded(head) + content)


def _text(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content


def _value(kind: int, value: object) -> bytes:
    if kind == _ARRAY:
        of, items = value  # type: ignore[misc]
        return struct.pack("<IQ", of, len(items)) + b"".join(_value(of, item) for item in items)
    if kind == _STRING:
        return _text(str(value))
    return struct.pack({_U32: "<I", _I32: "<i", _F32: "<f"}[kind], value)


def _padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % _ALIGN)
