"""Features of face crops that need no download: gradients, a random network, the spectrum.

None of them was trained on anything, so none can have been trained against.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from deepcam.frames import Image

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIDE = 64
WIDTHS = (3, 24, 48, 96)
"""Channels of the random network; each layer halves the picture."""


def hog(images: Sequence[Image]) -> F64:
    """(n, 324) histograms of oriented gradients of square crops."""
    describer = cv2.HOGDescriptor((64, 64), (32, 32), (16, 16), (16, 16), 9)
    rows = [np.asarray(describer.compute(_small(image))).ravel() for image in images]
    return np.array(rows, np.float64)


def colours(images: Sequence[Image]) -> F64:
    """(n, 48) mean colours of the 16 squares of each square crop: light and tone, nothing else."""
    rows = [cv2.resize(image, (4, 4), interpolation=cv2.INTER_AREA).ravel() for image in images]
    return np.array(rows, np.float64)


def random_network(images: Sequence[Image]) -> F64:
    """(n, 336) means and deviations of what three layers of fixed random filters see.

    Untrained filters tell textures apart well; the same seed gives the same filters everywhere.
    """
    rows = []
    for image in images:
        layer = (_small(image).astype(np.float32) - 128) / 64
        found: list[F32] = []
        for weights in _filters():
            # (h, w, c, 3, 3) windows, every second one.
            windows = sliding_window_view(layer, (3, 3), axis=(0, 1))[::2, ::2]  # type: ignore[call-overload]
            flat = windows.reshape(*windows.shape[:2], -1)
            layer = np.maximum(flat @ weights, 0).astype(np.float32)
            found += [layer.mean((0, 1)), layer.std((0, 1))]
        rows.append(np.concatenate(found))
    return np.array(rows, np.float64)


def spectrum(images: Sequence[Image]) -> F64:
    """(n, 96) logarithmic power of 32 rings of frequencies in each CIELAB channel: grids and
    missing pores show there."""
    rows = []
    for image in images:
        lab = cv2.cvtColor((image / np.float32(255)).astype(np.float32), cv2.COLOR_BGR2LAB)
        side = min(lab.shape[:2])
        lab = lab[:side, :side] * np.hanning(side)[:, None, None] * np.hanning(side)[None, :, None]
        power = np.abs(np.fft.fftshift(np.fft.fft2(lab, axes=(0, 1)), (0, 1))) ** 2
        grid = np.hypot(*(np.indices((side, side)) - side // 2)) / (side / 2)
        ring = np.minimum((grid * 32).astype(int), 32).ravel()
        sums = [
            np.bincount(ring, power[..., c].ravel(), 33)[:32] / np.bincount(ring, minlength=33)[:32]
            for c in range(3)
        ]
        rows.append(np.log(np.concatenate(sums) + 1e-3))
    return np.array(rows, np.float64)


@lru_cache(maxsize=1)
def _filters() -> tuple[F32, ...]:
    rng = np.random.default_rng(20240601)
    return tuple(
        rng.normal(0, np.sqrt(2 / (9 * a)), (9 * a, b)).astype(np.float32)
        for a, b in itertools.pairwise(WIDTHS)
    )


def _small(image: Image) -> Image:
    if image.shape[0] == SIDE:
        return image
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
