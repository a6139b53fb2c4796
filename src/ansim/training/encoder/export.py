"""Writes a fine-tuned reader as an ONNX graph for one window: no padding, no batch, last turn out.

The graph is spelt out here rather than traced, because only the newest turn is asked for: the last
layer then works on a handful of tokens. Weights are stored in half precision and widened once when
the model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from ansim.detection.context import SHOWN_AT
from ansim.detection.labels import SHOWN
from ansim.training.encoder.finetune import Reader
from ansim.training.encoder.network import Encoder

OPSET = 17
EPSILON = 1e-5


class _Graph:
    """Collects nodes and weights; every step returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._count = 0

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    def constant(self, value: npt.NDArray[np.generic]) -> str:
        name = self._name("constant")
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, value: npt.NDArray[np.float32]) -> str:
        half = self.constant(value.astype(np.float16))
        return self("Cast", half, to=TensorProto.FLOAT)

    def __call__(self, kind: str, *inputs: str, **options: object) -> str:
        name = self._name(kind)
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **options))
        return name

    def several(self, kind: str, inputs: Sequence[str], count: int, **options: object) -> list[str]:
        names = [self._name(kind) for _ in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **options))
        return names


def _array(parameter: object) -> npt.NDArray[np.float32]:
    return parameter.detach().float().cpu().numpy()  # type: ignore[attr-defined, no-any-return]


def _norm(g: _Graph, x: str, layer: object) -> str:
    weight, bias = _array(layer.weight), _array(layer.bias)  # type: ignore[attr-defined]
    return g("LayerNormalization", x, g.weight(weight), g.weight(bias), axis=-1, epsilon=EPSILON)


def _linear(g: _Graph, x: str, layer: object, rows: slice = slice(None)) -> str:
    weight, bias = _array(layer.weight)[rows], _array(layer.bias)[rows]  # type: ignore[attr-defined]
    return g("Add", g("MatMul", x, g.weight(weight.T)), g.weight(bias))


def _gelu(g: _Graph, x: str) -> str:
    half, one, root = (g.constant(np.array(v, np.float32)) for v in (0.5, 1.0, float(np.sqrt(0.5))))
    return g("Mul", g("Mul", x, half), g("Add", g("Erf", g("Mul", x, root)), one))


def _block(g: _Graph, x: str, block: object, bias: str, heads: int, newest: str | None) -> str:
    """One layer; with ``newest`` only for the tokens from there on."""
    width = block.queries.weight.shape[1]  # type: ignore[attr-defined]
    each = width // heads

    def split(value: str) -> str:
        apart = g("Reshape", value, g.constant(np.array([-1, heads, each])))
        return g("Transpose", apart, perm=[1, 0, 2])

    y = _norm(g, x, block.before)  # type: ignore[attr-defined]
    if newest is not None:
        x = _from(g, x, newest, 0)
        bias = _from(g, bias, newest, 1)
    asking = y if newest is None else _from(g, y, newest, 0)
    layer = block.queries  # type: ignore[attr-defined]
    q = split(_linear(g, asking, layer, slice(0, width)))
    k = split(_linear(g, y, layer, slice(width, 2 * width)))
    v = split(_linear(g, y, layer, slice(2 * width, None)))
    scale = g.constant(np.array(each**-0.5, np.float32))
    likeness = g("MatMul", g("Mul", q, scale), g("Transpose", k, perm=[0, 2, 1]))
    seen = g("MatMul", g("Softmax", g("Add", likeness, bias), axis=-1), v)
    seen = g("Reshape", g("Transpose", seen, perm=[1, 0, 2]), g.constant(np.array([-1, width])))
    x = g("Add", x, _linear(g, seen, block.together))  # type: ignore[attr-defined]
    risen = _gelu(g, _linear(g, _norm(g, x, block.between), block.rise))  # type: ignore[attr-defined]
    return g("Add", x, _linear(g, risen, block.fall))  # type: ignore[attr-defined]


def _from(g: _Graph, x: str, start: str, axis: int) -> str:
    end = g.constant(np.array([np.iinfo(np.int64).max]))
    return g("Slice", x, start, end, g.constant(np.array([axis])))


def graph(reader: Reader) -> onnx.ModelProto:
    """Inputs ``tokens``, ``place`` [length], ``relations`` [length, length] and ``newest`` [1], the
    place of the last turn's marker (all int64); outputs ``logits`` [HEADS] and ``words``
    [tokens of the last turn, labels], what each of them adds to each label."""
    g = _Graph()
    encoder: Encoder = reader.encoder
    table = _array(encoder.relation).copy()
    table[:, 0] = -1e4
    x = g(
        "Add",
        g("Gather", g.weight(_array(encoder.tokens.weight)), "tokens"),
        g("Gather", g.weight(_array(encoder.places.weight)), "place"),
    )
    x = _norm(g, x, encoder.first)
    bias = g("Gather", g.weight(table), "relations", axis=1)
    last = len(encoder.blocks) - 1
    for number, block in enumerate(encoder.blocks):
        x = _block(g, x, block, bias, encoder.shape.heads, "newest" if number == last else None)
    x = _norm(g, x, encoder.last)
    zero, one = g.constant(np.array([0])), g.constant(np.array([1]))
    marker = g("Slice", x, zero, one, zero)
    out = _linear(g, g("Tanh", _linear(g, marker, reader.turned)), reader.heads)
    share = g("Softmax", _linear(g, x, reader.regard), axis=0)
    words = g("Mul", share, _linear(g, x, reader.words))
    said = g("ReduceSum", words, zero, keepdims=1)
    parts = g.several(
        "Split",
        [out, g.constant(np.array([SHOWN_AT, len(SHOWN), 2]))],
        3,
        axis=1,
    )
    joined = g("Concat", parts[0], g("Add", parts[1], said), parts[2], axis=1)
    g.nodes.append(helper.make_node("Squeeze", [joined, zero], ["logits"]))
    g.nodes.append(helper.make_node("Identity", [words], ["words"]))
    whole, line = ["length"], ["length", "length"]
    made = helper.make_graph(
        g.nodes,
        "context",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, whole),
            helper.make_tensor_value_info("place", TensorProto.INT64, whole),
            helper.make_tensor_value_info("relations", TensorProto.INT64, line),
            helper.make_tensor_value_info("newest", TensorProto.INT64, [1]),
        ],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None]),
            helper.make_tensor_value_info("words", TensorProto.FLOAT, [None, len(SHOWN)]),
        ],
        g.weights,
    )
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="ansim"
    )
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model


def write(reader: Reader, path: Path) -> None:
    """Writes the graph; the same weights give the same bytes."""
    path.write_bytes(graph(reader).SerializeToString(deterministic=True))
