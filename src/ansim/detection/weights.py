"""Reads and writes the trained weights in ``ansim/models``: ``gate.npz``, the context model with
its vocabulary, and ``risk.json``, which names the two it was fitted with."""

from __future__ import annotations

import hashlib
import zipfile
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np

from ansim.detection.context import ContextModel
from ansim.detection.gate import Gate
from ansim.detection.labels import LABELS
from ansim.detection.risk import RiskModel

GATE_FILE, RISK_FILE = "gate.npz", "risk.json"
CONTEXT_FILE, VOCABULARY_FILE = "context.onnx", "vocabulary.json"


class ModelError(Exception):
    """The weights cannot be used; the message names the file and says what to do."""


class RiskFile(msgspec.Struct, frozen=True, kw_only=True):
    """What ``risk.json`` holds. ``gate`` is the SHA-256 of the gate file it was fitted with."""

    gate: str
    features: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float
    watch: float
    prevalence: float
    display: dict[str, float]
    context: str = ""
    """The SHA-256 of the context model and its vocabulary; empty when it was fitted without."""
    spacing: str = ""
    """The SHA-256 of the table of spaces."""


def default_folder() -> Path:
    return Path(str(files("ansim.models")))


def version_of(raw: bytes) -> str:
    """Short name of a file's content, as it stands in ``Versions``."""
    return hashlib.sha256(raw).hexdigest()[:12]


def save(
    folder: Path,
    keys: np.ndarray[tuple[int], np.dtype[np.uint32]],
    rarity: np.ndarray[tuple[int], np.dtype[np.float32]],
    weights: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    bias: np.ndarray[tuple[int], np.dtype[np.float64]],
    risk: RiskFile,
) -> RiskFile:
    """Writes both files and returns ``risk`` with the gate's hash in it.

    ``weights`` [features, labels] belong to ``keys`` (sorted) and do not include the rarity.
    """
    from ansim.detection import spacing

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / GATE_FILE
    step = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127.0
    np.savez_compressed(
        path,
        labels=np.array(LABELS),
        keys=keys,
        rarity=rarity.astype(np.float16),
        weights=np.rint(weights / step).astype(np.int8),
        step=step.astype(np.float32),
        bias=bias,
    )
    gate = hashlib.sha256(path.read_bytes()).hexdigest()
    risk = msgspec.structs.replace(risk, gate=gate, spacing=spacing.version())
    document = msgspec.json.format(msgspec.json.encode(risk), indent=1)
    (folder / RISK_FILE).write_bytes(document + b"\n")
    return risk


@lru_cache(maxsize=4)
def load(folder: Path) -> tuple[Gate, RiskModel, ContextModel | None]:
    """Reads the weights of ``folder``. Raises ModelError when they are missing or do not fit."""
    from ansim.detection import spacing
    from ansim.detection.evidence import FEATURE_NAMES

    again = "run `ansim train`, or reinstall the package"
    try:
        raw_gate = (folder / GATE_FILE).read_bytes()
        raw_risk = (folder / RISK_FILE).read_bytes()
    except OSError as error:
        raise ModelError(f"no model in {folder}: {error.strerror}; {again}") from None
    try:
        risk = msgspec.json.decode(raw_risk, type=RiskFile)
    except msgspec.MsgspecError as error:
        raise ModelError(f"{folder / RISK_FILE} cannot be read ({error}); {again}") from None
    if risk.gate != hashlib.sha256(raw_gate).hexdigest():
        raise ModelError(
            f"{folder / GATE_FILE} is not the file {RISK_FILE} was fitted with; {again}"
        )
    if risk.spacing != spacing.version():
        raise ModelError(f"{folder / RISK_FILE} was fitted on other spaces; {again}")
    try:
        with np.load(folder / GATE_FILE, allow_pickle=False) as stored:
            if tuple(stored["labels"]) != LABELS:
                raise ValueError("its labels are not those of this version")
            rarity = stored["rarity"].astype(np.float32)
            keys = stored["keys"].astype(np.uint32)
            weights = stored["weights"].astype(np.float32) * stored["step"] * rarity[:, None]
            squares = rarity**2
            bias = stored["bias"].astype(np.float64)
    except (ValueError, KeyError, IndexError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{folder / GATE_FILE} cannot be used ({error}); {again}") from None
    if risk.features != FEATURE_NAMES or len(risk.weights) != len(FEATURE_NAMES):
        raise ModelError(
            f"{folder / RISK_FILE} was fitted for other features than this version's; {again}"
        )
    gate = Gate(keys, weights, squares, bias, risk.display, version_of(raw_gate))
    model = RiskModel(
        np.array(risk.weights, np.float64),
        risk.bias,
        risk.threshold,
        risk.watch,
        risk.prevalence,
        version_of(raw_risk),
    )
    return gate, model, _context(folder, risk, again)


def context_hash(folder: Path) -> str:
    """The SHA-256 of the context model in ``folder``, graph and vocabulary together."""
    digest = hashlib.sha256((folder / CONTEXT_FILE).read_bytes())
    digest.update((folder / VOCABULARY_FILE).read_bytes())
    return digest.hexdigest()


def _context(folder: Path, risk: RiskFile, again: str) -> ContextModel | None:
    if not risk.context:
        return None
    try:
        graph = (folder / CONTEXT_FILE).read_bytes()
        vocabulary = (folder / VOCABULARY_FILE).read_bytes()
    except OSError as error:
        raise ModelError(f"no context model in {folder}: {error.strerror}; {again}") from None
    found = hashlib.sha256(graph + vocabulary).hexdigest()
    if found != risk.context:
        raise ModelError(
            f"{folder / CONTEXT_FILE} is not the one {RISK_FILE} was fitted with; {again}"
        )
    try:
        return ContextModel(graph, vocabulary, found[:12])
    except Exception as error:  # both libraries raise their own kinds
        raise ModelError(f"{folder / CONTEXT_FILE} cannot be used ({error}); {again}") from None
