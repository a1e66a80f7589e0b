"""Safe pictures brought to the constant size of an output."""

from __future__ import annotations

import cv2
import numpy as np

from deepcam.frames import Image


def fit(image: Image, size: tuple[int, int], out: Image | None = None) -> Image:
    """``image`` in ``size`` (width, height): as large as it goes, centred on black.

    Only for pictures that are safe already: resizing before erasing would spread raw pixels.
    ``out``: (height, width, 3), filled and returned; without it, an image that fits is returned
    as it is.
    """
    width, height = size
    if image.shape == (height, width, 3):
        if out is None:
            return image
        np.copyto(out, image)
        return out
    if out is None:
        out = np.empty((height, width, 3), np.uint8)
    share = min(width / image.shape[1], height / image.shape[0])
    w = min(width, max(1, round(image.shape[1] * share)))
    h = min(height, max(1, round(image.shape[0] * share)))
    x, y = (width - w) // 2, (height - h) // 2
    out[:y] = 0
    out[y + h :] = 0
    out[y : y + h, :x] = 0
    out[y : y + h, x + w :] = 0
    method = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    out[y : y + h, x : x + w] = cv2.resize(image, (w, h), interpolation=method)
    return out
