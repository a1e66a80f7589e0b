"""The face's regions in the UV layout, as a soft partition."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

REGIONS = 5
"""Eyes and brows, nose, mouth and chin, forehead, cheeks."""


@lru_cache(maxsize=2)
def region_maps(size: int) -> F32:
    """Soft partition of the UV square into REGIONS: (REGIONS, s, s), sums to 1."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    u, v = (x + 0.5) / size, (y + 0.5) / size
    dx = np.abs(u - 0.5)
    score = np.stack(
        [
            -(np.maximum(dx - 0.30, 0) * 6 + np.abs(v - 0.30) / 0.075),
            -(dx / 0.085 + np.maximum(np.abs(v - 0.47) - 0.08, 0) / 0.03),
            -(np.maximum(dx - 0.14, 0) / 0.05 + np.maximum(0.62 - v, 0) / 0.03),
            -(np.maximum(v - 0.16, 0) / 0.03),
            -np.full_like(u, 1.2),
        ]
    )
    soft = np.exp(2.2 * (score - score.max(0)))
    soft = np.stack([cv2.GaussianBlur(s, (0, 0), size / 45) for s in soft])
    out: F32 = (soft / soft.sum(0)).astype(np.float32)
    return out
