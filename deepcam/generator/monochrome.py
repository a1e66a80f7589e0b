"""Black-and-white, sepia and infrared pictures: a face in colours would give itself away there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import LUMA
from deepcam.frames.light import sampled

U8 = NDArray[np.uint8]

LEVELS = 16
"""Steps of brightness that each have one colour in a toned picture."""
SHARE = 0.99
"""Of the pixels so many must be off the colour of their brightness by less than ..."""
STILL = 6.0
"""... these levels (of 255) in a photograph, which may be old and toned. Of 2,942 in colours none
is (of every second one the nearest has 8.2), of 47 that look black-and-white 12 ..."""
BEGIN, END = 2.0, 4.0
"""... and these for a film or a camera to be taken for toned, and to remain so: whoever wears black
before a grey wall must not turn grey when a scarf hides the neck."""
LEAST = 200
"""Pixels that must be seen."""
SPAN, STRONGEST = 5, 45.0
"""Steps of brightness in which there must be some, and levels by which the tone may be off grey: a
screen or a wall of one colour is no toned picture."""


def tones_of(image: U8, mask: U8, limit: float) -> U8 | None:
    """The one colour (256, 3; BGR) that each brightness has in ``image`` (h, w, 3) where ``mask``
    (h, w) is 0, off by at most ``limit`` levels; None for a picture in colours, or where too little
    is seen."""
    seen = sampled(image, mask).astype(np.float32)
    light = seen @ LUMA
    away = seen - light[:, None]
    # Where black or white is cut off, the tone says nothing.
    inside = (light > 8) & (seen.max(1) < 250)
    if inside.sum() < LEAST:
        return None
    light, away = light[inside], away[inside]
    level = (light * (LEVELS / 256)).astype(np.intp)
    count = np.bincount(level, minlength=LEVELS)
    known = count >= 20
    if known.sum() < SPAN:
        return None
    total = np.stack([np.bincount(level, away[:, c], LEVELS) for c in range(3)], 1)
    mean: NDArray[np.float64] = total / np.maximum(count, 1)[:, None]
    if np.abs(mean[known]).max() > STRONGEST:
        return None
    at = (np.arange(LEVELS) + 0.5) * (256 / LEVELS)
    every = np.arange(256)
    tone = np.stack([np.interp(every, at[known], mean[known, c]) for c in range(3)], 1)
    off = np.abs(away - tone[light.astype(np.intp)]).max(1)
    if np.quantile(off, SHARE) > limit:
        return None
    # At black and white there is no room for a tone.
    room = np.clip(np.minimum(every, 255 - every) / 24, 0, 1)[:, None]
    return np.asarray(np.clip(np.round(every[:, None] + room * tone), 0, 255), np.uint8)


def put_on(image: U8, region: U8, corner: tuple[int, int], tones: U8) -> None:
    """Give the pixels of ``image`` under ``region`` (h, w; not 0), whose first one is at ``corner``
    (x, y), the colours ``tones`` (256, 3) of their brightness, in place."""
    x, y = corner
    h, w = region.shape
    part = image[y : y + h, x : x + w]
    where = region != 0
    light = np.clip(np.round(part[where].astype(np.float32) @ LUMA), 0, 255).astype(np.intp)
    part[where] = tones[light]
