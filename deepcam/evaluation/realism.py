"""Q1: how far the texture of outputs is from that of real faces; no network, nothing downloaded.

Sliced Wasserstein distance of 7 x 7 patches on a Laplacian pyramid (Karras et al. 2018). It is not
FID and cannot be compared with numbers from papers; read it against the floor and the baselines.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.statistics import Measure
from deepcam.frames import Image

F32 = NDArray[np.float32]

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
