"""A language model of random numbers in the GGUF format (version 3), small enough for a test.

It speaks no language: what it shows is that a real llama.cpp server takes our questions and that we
read its answers. Vocabulary: the bytes.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

WIDTH, INNER, HEADS, CONTEXT = 32, 64, 2, 32_768
_U32, _I32, _F32, _STRING, _ARRAY = 4, 5, 6, 8, 9
_ALIGN = 32
_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}\n{{ message['content'] }}\n{% endfor %}"
    "assistant\n"
)


def write(path: Path, seed: int = 7) -> None:
    """Writes the model; the same seed gives the same bytes."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    kinds = [2, 3, 3, *([6] * 256), 1]
    facts: list[tuple[str, int, object]] = [
        ("general.architecture", _STRING, "llama"),
        ("general.name", _STRING, "random"),
        ("llama.context_length", _U32, CONTEXT),
        ("llama.embedding_length", _U32, WIDTH),
        ("llama.block_count", _U32, 1),
        ("llama.feed_forward_length", _U32, INNER),
        ("llama.attention.head_count", _U32, HEADS),
        ("llama.attention.head_count_kv", _U32, HEADS),
        ("llama.attention.layer_norm_rms_epsilon", _F32, 1e-5),
        ("llama.rope.dimension_count", _U32, WIDTH // HEADS),
        ("llama.vocab_size", _U32, len(tokens)),
        ("tokenizer.ggml.model", _STRING, "llama"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, tokens)),
        ("tokenizer.ggml.scores", _ARRAY, (_F32, [0.0] * len(tokens))),
        ("tokenizer.ggml.token_type", _ARRAY, (_I32, kinds)),
        ("tokenizer.ggml.unknown_token_id", _U32, 0),
        ("tokenizer.ggml.bos_token_id", _U32, 1),
        ("tokenizer.ggml.eos_token_id", _U32, 2),
        ("tokenizer.chat_template", _STRING, _TEMPLATE),
    ]
    shapes: list[tuple[str, tuple[int, ...]]] = [
        ("token_embd.weight", (WIDTH, len(tokens))),
        ("output_norm.weight", (WIDTH,)),
        ("output.weight", (WIDTH, len(tokens))),
        ("blk.0.attn_norm.weight", (WIDTH,)),
        ("blk.0.attn_q.weight", (WIDTH, WIDTH)),
        ("blk.0.attn_k.weight", (WIDTH, WIDTH)),
        ("blk.0.attn_v.weight", (WIDTH, WIDTH)),
        ("blk.0.attn_output.weight", (WIDTH, WIDTH)),
        ("blk.0.ffn_norm.weight", (WIDTH,)),
        ("blk.0.ffn_gate.weight", (WIDTH, INNER)),
        ("blk.0.ffn_up.weight", (WIDTH, INNER)),
        ("blk.0.ffn_down.weight", (INNER, WIDTH)),
    ]
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(shapes), len(facts))
    for key, kind, value in facts:
        head += _text(key) + struct.pack("<I", kind) + _value(kind, value)
    draw = random.Random(seed)
    content = b""
    for name, shape in shapes:
        count = 1
        for size in shape:
            count *= size
        head += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(content))
        ones = len(shape) == 1
        content += _padded(
            struct.pack(f"<{count}f", *(1.0 if ones else draw.gauss(0, 0.2) for _ in range(count)))
        )
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
