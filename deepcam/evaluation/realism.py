"""Q1, Q3: how far outputs are from real faces; nothing is downloaded.

Sliced Wasserstein distance of 7 x 7 patches on a Laplacian pyramid (Karras et al. 2018), kernel
distances (KID) of several features, and how well a learner tells outputs from photographs (C2ST).
None of them is FID or can be compared with numbers from papers: read them against the floor
(real against real) and the baselines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.learners import Predict, Schedule, folds, network, ridge
from deepcam.evaluation.statistics import Measure, auc, measure
from deepcam.frames import Image

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

LEVELS, PATCHES, DIRECTIONS = 3, 96, 128


def sliced_wasserstein(a: Sequence[Image], b: Sequence[Image], seed: int = 0) -> float:
    """Mean distance over the pyramid's levels of two sets of (n, n, 3) crops, of 255; nan when
    one is empty."""
    if not a or not b:
        return float("nan")
    rng = np.random.default_rng(seed)
    one, other = _patches(a, rng), _patches(b, rng)
    values = []
    for x, y in zip(one, other, strict=True):
        directions = rng.normal(size=(x.shape[1], DIRECTIONS)).astype(np.float32)
        directions /= np.linalg.norm(directions, axis=0)
        apart = _quantiles(x @ directions) - _quantiles(y @ directions)
        values.append(float(np.abs(apart).mean()))
    return float(np.mean(values))


def texture_distance(outputs: Sequence[Image], real: Sequence[Image]) -> Measure:
    """Q1: ``outputs`` against ``real`` crops of other people; the floor is real against real.

    Both are split into halves by position: half of the outputs against the other half of the real
    ones, so that no output is compared with its own original.
    """
    half = len(real) // 2
    if half < 4 or len(outputs) != len(real):
        return Measure(None, note="needs at least eight crops")
    floor = sliced_wasserstein(real[:half], real[half:])
    one = sliced_wasserstein(outputs[:half], real[half:])
    two = sliced_wasserstein(outputs[half:], real[:half])
    value = (one + two) / 2
    return Measure(
        value, n=len(outputs),
        extra={"floor": round(floor, 4), "times_floor": round(value / max(floor, 1e-6), 3)},
    )  # fmt: skip


def kernel_distance(outputs: F64, real: F64, splits: int = 20, seed: int = 0) -> Measure:
    """Q1 as KID: squared maximum mean discrepancy, cubic kernel, of features (n, d).

    Row i of both belongs to one person. In each of ``splits``, outputs of one half of the persons
    are held against photographs of the other half. The estimate has no bias, so real against real
    is zero on average; the floor is its root mean square, how far from zero chance alone leads.
    """
    n = len(real)
    if n < 8 or len(outputs) != n:
        return Measure(None, note="needs at least eight crops")
    middle, scale = real.mean(0), real.std(0) + 1e-3 * np.abs(real).mean() + 1e-9
    # The kernel is cubic: without a bound, one odd picture would be the whole distance.
    a, b = (np.clip((x - middle) / scale, -4, 4) for x in (outputs, real))
    rng = np.random.default_rng(seed)
    ours, floor = [], []
    for _ in range(splits):
        order = rng.permutation(n)
        one, other = order[: n // 2], order[n // 2 :]
        ours.append(_discrepancy(a[one], b[other]))
        floor.append(_discrepancy(b[one], b[other]))
    noise = float(np.sqrt(np.mean(np.square(floor))))
    value = float(np.mean(ours))
    low, high = np.quantile(ours, [0.025, 0.975])
    return Measure(
        value, float(low), float(high), n, "interval: over halves",
        {"floor": round(noise, 5), "times_floor": round(value / max(noise, 1e-9), 3)},
    )  # fmt: skip


def _discrepancy(x: F64, y: F64) -> float:
    """Unbiased squared MMD with the kernel (x.y / d + 1) ** 3."""
    size = x.shape[1]
    xx, yy, xy = ((p @ q.T / size + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    inner = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(inner - 2 * xy.mean())


def two_sample(
    outputs: Mapping[str, F64], real: Mapping[str, F64], persons: Sequence[int]
) -> Measure:
    """Q3: area under the ROC curve of a learner that tells outputs from photographs.

    ``outputs``, ``real``: feature name -> (n, d); row i of both shows ``persons[i]``. Tested on
    persons it was not trained on (five parts). 0.5 is perfect realism. The value is the best of
    all features and both learners (a linear one and a network), each in ``extra``.
    """
    count = len(persons)
    if count < 10:
        return Measure(None, note="needs at least ten crops")
    parts = folds(persons, 5)
    scores = {
        f"{name} {label}": _told_apart(outputs[name], real[name], parts, learn)
        for name in outputs
        for label, learn in (("linear", _linear), ("net", _net))
    }
    areas = {name: round(auc(*pair), 4) for name, pair in scores.items()}
    best = max(areas, key=lambda name: areas[name])
    rows = list(zip(*scores[best], strict=True))

    def statistic(groups: Sequence[tuple[float, float]]) -> float:
        return auc(np.array([g[0] for g in groups]), np.array([g[1] for g in groups]))

    return measure(rows, statistic, 2 * count, by=best, learners=areas)


def _linear(rows: F64, answers: F64) -> Predict:
    return ridge(rows, answers, 0.3)


def _net(rows: F64, answers: F64) -> Predict:
    return network(rows, answers, Schedule((48,), steps=120), classes=True)


def _told_apart(
    fake: F64,
    real: F64,
    parts: Sequence[NDArray[np.bool_]],
    learn: Callable[[F64, F64], Predict],
) -> tuple[F64, F64]:
    """Scores of (n,) outputs and (n,) photographs; high means "made". Learnt anew for each part,
    and scaled there: scores of different parts are not on one scale."""
    made, true = np.zeros(len(fake)), np.zeros(len(real))
    for part in parts:
        rows = np.concatenate([fake[~part], real[~part]])
        answers = np.repeat([[1.0, 0.0], [0.0, 1.0]], (~part).sum(), axis=0)
        found = learn(rows, answers)(np.concatenate([fake[part], real[part]]))
        score = found[:, 0] - found[:, 1]
        score = (score - np.median(score)) / (score.std() + 1e-9)
        made[part], true[part] = score[: part.sum()], score[part.sum() :]
    return made, true


def _quantiles(projected: F32) -> F32:
    """(400, d) evenly spaced order statistics of each column."""
    ordered = np.sort(projected, axis=0)
    out: F32 = ordered[np.linspace(0, len(ordered) - 1, 400).round().astype(int)]
    return out


def _patches(images: Sequence[Image], rng: np.random.Generator) -> list[F32]:
    levels: list[list[F32]] = [[] for _ in range(LEVELS)]
    for image in images:
        current = image.astype(np.float32)
        for level in range(LEVELS):
            smaller = cv2.pyrDown(current)
            detail = current
            if level < LEVELS - 1:
                detail = current - cv2.pyrUp(smaller, dstsize=current.shape[1::-1])
            ys = rng.integers(0, detail.shape[0] - 6, PATCHES)
            xs = rng.integers(0, detail.shape[1] - 6, PATCHES)
            levels[level] += [
                detail[y : y + 7, x : x + 7].reshape(-1) for y, x in zip(ys, xs, strict=True)
            ]
            current = smaller
    return [np.stack(rows).astype(np.float32) for rows in levels]
