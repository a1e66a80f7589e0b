"""Skin's fine grain where a texture has none: at its rim, which was filled smoothly."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_BANDS = ((0.9, 0.8), (1.8, 0.6), (3.6, 0.35))
"""Each band's finer low pass (standard deviation in texels of a 512 texture), and its share of the
skin's own deviation: folds and shadows count in that, grain is less."""
_FROM, _FULL = 0.74, 0.90
"""Radius from which grain is added, and from which it has the skin's whole strength."""


@lru_cache(maxsize=4)
def radius_map(size: int) -> F32:
    """(s, s) distance from the middle of the UV square along the oval, 1 at the oval."""
    y, x = np.mgrid[:size, :size]
    u, v = (x + 0.5) / size - 0.5, (y + 0.5) / size - 0.5
    r: F32 = ((np.abs(u) ** 2.6 + np.abs(v) ** 2.6) ** (1 / 2.6) / 0.485).astype(np.float32)
    r.flags.writeable = False
    return r


def add_grain(texture: F32, rng: np.random.Generator) -> F32:
    """``texture`` (s, s, 3) 0..255 with noise at its rim that has the spectrum of its own skin.

    Each octave is as strong as on cheeks and forehead (median deviation), so that pores and
    blotches go on to the edge of the face instead of ending in a soft strip. Nothing is copied.
    """
    size = texture.shape[0]
    radius = radius_map(size)
    strength = np.clip((radius - _FROM) / (_FULL - _FROM), 0, 1)
    skin = (radius > 0.35) & (radius < 0.72)
    light = np.log(texture.mean(2) + 8)
    noise = rng.standard_normal((size, size), np.float32)
    grain = np.zeros((size, size), np.float32)
    blurred: dict[float, tuple[F32, F32]] = {}
    for sigma, share in _BANDS:
        s = sigma * size / 512
        if s < 0.3:
            continue
        for t in (s, 2 * s):
            if t not in blurred:
                blurred[t] = _blur(light, t), _blur(noise, t)
        band, shape = (a - b for a, b in zip(blurred[s], blurred[2 * s], strict=True))
        spread = 1.48 * share * float(np.median(np.abs(band[skin])))
        grain += shape * (spread / (float(shape.std()) + 1e-9))
    out: F32 = np.clip((texture + 8) * np.exp(grain * strength)[..., None] - 8, 0, 255)
    return out


def _blur(x: F32, sigma: float) -> F32:
    out: F32 = cv2.GaussianBlur(x, (0, 0), sigma)
    return out
