"""The critic of portraits: does a texture look like somebody's photograph?

A dozen and a half measures of a small log texture (differences of its halves, contrast of each
region's features, blotches of colour, dark rims, lines that come twice) are compared with those of
the best photographs among the donors. Who is further off than nearly all of these is not shipped in
the bank, and is drawn again when a person is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.identity.grain import radius_map
from deepcam.identity.regions import REGIONS, region_maps

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIDE = 128
QUANTILE = 0.975
"""Of good photographs that are within the limit."""
_FINE, _COARSE = 1.2, 6.0
"""Standard deviations (texels) between which features lie."""


@lru_cache(maxsize=1)
def _places() -> tuple[F32, F32, F32]:
    """Soft regions of the inner face (REGIONS, SIDE, SIDE); the inner face; its rim."""
    radius = radius_map(SIDE)
    inner = (radius < 0.78).astype(np.float32)
    rim = ((radius >= 0.78) & (radius < 0.95)).astype(np.float32)
    regions: F32 = (region_maps(SIDE) * inner).astype(np.float32)
    return regions, inner, rim


def measures(log: F32) -> F64:
    """(m,) of a log texture (SIDE, SIDE, 3)."""
    regions, inner, rim = _places()
    grey = log.mean(2)
    tint = log - grey[..., None]
    coarse = cv2.GaussianBlur(grey, (0, 0), _COARSE)
    features = cv2.GaussianBlur(grey, (0, 0), _FINE) - coarse
    fine = grey - cv2.GaussianBlur(grey, (0, 0), _FINE)
    uneven = (coarse - coarse[:, ::-1])[inner > 0]
    out = [_log(float(np.sqrt((uneven**2).mean())))]
    gap = features - features[:, ::-1]
    for k in range(REGIONS):
        weight = regions[k]
        total = float(weight.sum())
        strength = float((weight * features**2).sum()) / total
        out.append(_log(np.sqrt(strength)))
        out.append(_log(np.sqrt(float((weight * gap**2).sum()) / total / strength)))
    out.append(_log(np.sqrt(float((inner * fine**2).sum() / inner.sum()))))
    soft = cv2.GaussianBlur(tint, (0, 0), 4.0)
    blotches = soft - soft[inner > 0].mean(0)
    out.append(_log(float(np.sqrt((blotches[inner > 0] ** 2).mean()))))
    usual = float(np.median(grey[inner > 0]))
    out.append(float(np.quantile(coarse[rim > 0], 0.05)) - usual)
    out.append(float(np.quantile(coarse[rim > 0], 0.95)) - usual)
    # Lines that come twice: features resemble themselves a few texels further down.
    for rows in (slice(28, 52), slice(84, 108)):
        part = features[rows, 24:104]
        part = part - part.mean()
        whole = float((part**2).mean()) + 1e-6
        again = [float((part[lag:] * part[:-lag]).mean()) / whole for lag in range(4, 9)]
        out.append(max(again))
    return np.array(out, np.float64)


def _log(x: float) -> float:
    return float(np.log(max(float(x), 1e-4)))


@dataclass(frozen=True, slots=True, eq=False)
class Critic:
    """Measures of good photographs."""

    mean: F64
    root: F64
    """(m, m): the distance is the length of ``root @ (measures - mean)``."""
    limit: float

    def off(self, log: F32) -> float:
        """How far a log texture (SIDE, SIDE, 3) is from good photographs; above ``limit`` it does
        not look like one."""
        return float(np.linalg.norm(self.root @ (measures(log) - self.mean)))


def fit(logs: list[F32]) -> Critic:
    """The critic from log textures of good photographs."""
    table = np.stack([measures(x) for x in logs])
    mean = np.median(table, axis=0)
    gap = table - mean
    covariance = gap.T @ gap / len(table)
    covariance += 0.05 * np.diag(np.diag(covariance)) + 1e-6 * np.eye(len(mean))
    root = np.linalg.cholesky(np.linalg.inv(covariance)).T
    off = np.linalg.norm(gap @ root.T, axis=1)
    return Critic(mean, root, float(np.quantile(off, QUANTILE)))
