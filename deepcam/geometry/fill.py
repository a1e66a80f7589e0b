"""Pull-push: fill the unknown part of a picture smoothly from the known part."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def pull_push(colour: F32, weight: F32) -> F32:
    """Fill where ``weight`` (h, w) 0..1 is small (Gortler et al., The Lumigraph, 1996, 3.4).

    ``colour``: (h, w, c) float32; values where ``weight`` is 0 take no part, bit for bit.
    Returns (h, w, c) float32: ``colour`` where weight is 1, smooth elsewhere.
    """
    levels = []
    c, w = colour * weight[..., None], weight
    while True:
        levels.append((c, w))
        h, wd = w.shape
        if max(h, wd) <= 2:
            break
        size = ((wd + 1) // 2, (h + 1) // 2)
        c2 = cv2.pyrDown(c, dstsize=size)
        w2 = cv2.pyrDown(w, dstsize=size)
        # Known weight saturates, so that far pixels do not thin out what is near.
        gain = np.minimum(1.0, w2 * 2.0) / np.maximum(w2, 1e-6)
        c, w = c2.reshape(*w2.shape, -1) * gain[..., None], w2 * gain
    c, w = levels[-1]
    total = float(w.sum())
    mean = c.sum((0, 1)) / total if total > 1e-6 else np.full(c.shape[2], 0.5)
    filled = c + (1 - w[..., None]) * mean
    for c, w in reversed(levels[:-1]):
        up = cv2.pyrUp(filled, dstsize=(w.shape[1], w.shape[0]))
        up = up.reshape(*w.shape, -1)
        filled = c + (1 - w[..., None]) * up
    out: F32 = filled.astype(np.float32)
    return out
