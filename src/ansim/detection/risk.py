"""The risk model: from the evidence rows of a conversation to a calibrated probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RiskModel:
    """Logistic regression on ``evidence.FEATURE_NAMES``, fitted on gate scores of unseen worlds.

    A risk of 0.5 means: among conversations like those of the corpus, weighted so that
    ``prevalence`` of them are grooming, half of those with this score are.
    """

    weights: Floats
    bias: float
    threshold: float
    """Risk at which an alert is raised."""
    watch: float
    """Low risk from which text is kept for longer."""
    prevalence: float
    version: str
