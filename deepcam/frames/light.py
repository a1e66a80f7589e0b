"""Coloured light: a lamp, or a stage, that leaves a channel of the picture nearly dark.

Networks that were trained in white light see little there. They are shown a copy in white light.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames.types import Image, Mask

F32 = NDArray[np.float32]

EVEN, TINTED = 0.62, 0.45
"""Weakest over strongest channel (of each the value that 95 % of the pixels are below) under which
light begins to count as coloured, and under which it is. Of 755 photographs 5 % are below the
first, 1 % below the second."""
DARKEST = 0.06
"""Least share of a channel in the colour of light: what is darker is noise."""
SAMPLES = 6000
"""About so many pixels are looked at."""


def tint_of(channels: NDArray[np.float64] | F32) -> float:
    """How far light with these ``channels`` (3,), any unit, is coloured, 0..1."""
    uneven = (EVEN - float(channels.min()) / max(float(channels.max()), 1e-6)) / (EVEN - TINTED)
    return min(max(uneven, 0.0), 1.0)


def colour_of(image: Image, mask: Mask) -> F32:
    """The light's colour (3,), BGR, its strongest channel 1: all 1 where it is no coloured light.
    Of the pixels of ``image`` (h, w, 3) where ``mask`` (h, w) is 0 only."""
    step = max(1, int(np.sqrt(mask.size / SAMPLES)))
    seen = image[::step, ::step][mask[::step, ::step] == 0]
    if len(seen) == 0:
        return np.ones(3, np.float32)
    channels = np.percentile(seen, 95, axis=0)
    share = np.maximum(channels / max(float(channels.max()), 1.0), DARKEST)
    out: F32 = (share ** tint_of(channels)).astype(np.float32)
    out /= out.max()
    return out


def whitened(image: Image, colour: F32) -> Image:
    """``image`` (h, w, 3) as white light of the same strongest channel would show it."""
    return np.asarray(cv2.transform(image, np.diag(1 / colour)), np.uint8)
