"""What attackers learn with: small models in numpy, so that the evaluation needs no training kit.

Everything is seeded; inputs are standardised with the training set's own mean and deviation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

Predict = Callable[[F64], F64]
"""(m, d) inputs -> (m, k) outputs."""


def standardise(train: F64) -> Callable[[F64], F64]:
    """Columns to mean 0 and deviation 1, as measured on ``train`` (n, d)."""
    middle, scale = train.mean(0), train.std(0) + 1e-6
    return lambda rows: (rows - middle) / scale


def ridge(inputs: F64, outputs: F64, strength: float = 1.0) -> Predict:
    """Linear map with a penalty of ``strength`` times the number of columns, in the dual form
    where there are fewer rows than columns."""
    scaled = standardise(inputs)
    x, middle = scaled(inputs), outputs.mean(0)
    y = outputs - middle
    penalty = strength * x.shape[1]
    if len(x) < x.shape[1]:
        # Never multiplied out: from picture to picture the weights would take 400 MB.
        dual = np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), y)
        return lambda rows: (scaled(rows) @ x.T) @ dual + middle
    weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return lambda rows: scaled(rows) @ weights + middle


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a network is trained."""

    hidden: tuple[int, ...] = (128,)
    """Widths of the hidden layers; none is a linear model."""
    steps: int = 300
    rate: float = 3e-3
    decay: float = 1e-2
    """AdamW's."""
    noise: float = 0.1
    """Deviation of the noise added to standardised inputs: the only defence of so few rows."""


def network(inputs: F64, outputs: F64, schedule: Schedule, classes: bool, seed: int = 0) -> Predict:
    """Layers with rectifiers, trained by Adam on everything at once.

    ``classes``: softmax and cross-entropy against one-hot ``outputs``; else squared error.
    """
    rng = np.random.default_rng(seed)
    scaled = standardise(inputs)
    x = scaled(inputs)
    middle, spread = np.zeros(1), np.ones(1)
    if not classes:
        middle, spread = outputs.mean(0), outputs.std(0) + 1e-6
    y = (outputs - middle) / spread
    widths = [x.shape[1], *schedule.hidden, y.shape[1]]
    layers = [
        [rng.normal(0, np.sqrt(2 / a), (a, b)), np.zeros(b)] for a, b in itertools.pairwise(widths)
    ]
    layers[-1][0] *= 0.1
    moments = [[(np.zeros_like(p), np.zeros_like(p)) for p in layer] for layer in layers]

    def forward(rows: F64) -> list[F64]:
        kept = [rows]
        for k, (weight, bias) in enumerate(layers):
            rows = rows @ weight + bias
            if k < len(layers) - 1:
                rows = np.maximum(rows, 0)
            kept.append(rows)
        return kept

    for step in range(1, schedule.steps + 1):
        kept = forward(x + schedule.noise * rng.standard_normal(x.shape))
        slope = ((softmax(kept[-1]) if classes else kept[-1]) - y) / len(x)
        rate = schedule.rate * (1 - (step - 1) / schedule.steps)
        for k in range(len(layers) - 1, -1, -1):
            gradients = (kept[k].T @ slope, slope.sum(0))
            if k:
                slope = np.where(kept[k] > 0, slope @ layers[k][0].T, 0.0)
            for p, gradient in enumerate(gradients):
                first, second = moments[k][p]
                first += 0.1 * (gradient - first)
                second += 0.001 * (gradient**2 - second)
                move = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
                if p == 0:
                    move = move + schedule.decay * layers[k][p]
                layers[k][p] -= rate * move
    return lambda rows: forward(scaled(rows))[-1] * spread + middle


def softmax(logits: F64) -> F64:
    """Rows to probabilities."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    out: F64 = raised / raised.sum(1, keepdims=True)
    return out


def one_hot(labels: I64, n: int) -> F64:
    """(m, n)."""
    out: F64 = np.eye(n)[labels]
    return out


def logistic(train: F64, labels: I64, test: F64) -> I64:
    """Multinomial logistic regression: labels (0 .. k - 1) of ``test``."""
    target = one_hot(labels, int(labels.max()) + 1)
    predict = network(train, target, Schedule(hidden=(), rate=1e-2), classes=True)
    found: I64 = predict(test).argmax(1)
    return found


def perceptron(train: F64, labels: I64, test: F64) -> I64:
    """A network with one hidden layer: labels (0 .. k - 1) of ``test``."""
    target = one_hot(labels, int(labels.max()) + 1)
    found: I64 = network(train, target, Schedule(), classes=True)(test).argmax(1)
    return found


def folds(groups: Sequence[int], n: int, seed: int = 0) -> list[NDArray[np.bool_]]:
    """``n`` masks over the rows, true where a row is tested: whole ``groups`` together."""
    names = np.unique(np.asarray(groups))
    order = np.random.default_rng(seed).permutation(names)
    parts = np.array_split(order, min(n, len(names)))
    return [np.isin(np.asarray(groups), part) for part in parts]
