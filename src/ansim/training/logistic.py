"""Small dense logistic regression (Newton), for calibration and for the risk model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sigmoid(value: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * value)))


def fit(
    table: Floats, target: Floats, importance: Floats, penalty: Floats | float = 1e-6
) -> tuple[Floats, float]:
    """Weights and bias that minimise the weighted log-loss + penalty·w²/2 (bias unpenalised)."""
    count, width = table.shape
    wide = np.hstack([table, np.ones((count, 1))])
    ridge = np.append(np.broadcast_to(np.asarray(penalty, np.float64), width), 1e-9)
    answer = np.zeros(width + 1)
    loss = np.inf
    for _ in range(100):
        value = wide @ answer
        chance = sigmoid(value)
        gradient = wide.T @ (importance * (chance - target)) + ridge * answer
        bend = np.maximum(importance * chance * (1 - chance), 1e-12)
        step = np.linalg.solve((wide * bend[:, None]).T @ wide + np.diag(ridge), gradient)
        size = 1.0
        while size > 1e-4:
            trial = answer - size * step
            value = wide @ trial
            now = float(
                np.sum(importance * (np.logaddexp(0.0, value) - target * value))
                + 0.5 * np.sum(ridge * trial**2)
            )
            if now <= loss:
                break
            size /= 2
        answer = answer - size * step
        if loss - now < 1e-9 * max(1.0, abs(now)):
            break
        loss = now
    return answer[:-1], float(answer[-1])


def fit_rising(
    table: Floats, target: Floats, importance: Floats, penalty: Floats, free: npt.NDArray[np.bool_]
) -> tuple[Floats, float]:
    """As ``fit``, but weights outside ``free`` are not negative (those that would be become 0)."""
    active = np.ones(table.shape[1], np.bool_)
    while True:
        answer, bias = fit(table[:, active], target, importance, penalty[active])
        weights = np.zeros(table.shape[1])
        weights[active] = answer
        falling = (weights < 0) & ~free
        if not falling.any():
            return weights, bias
        active &= ~falling
