"""Pictures brought to a size: safe ones to that of an output, raw ones to one that is quicker."""

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


def shrunk(image: Image, side: int) -> Image:
    """A raw picture whose shorter side is at most ``side`` pixels; one that is small enough comes
    back as it is. Sides are even.

    Only for whole pictures before the tracker: to all that follows, the result is the picture, as
    if the camera were one of that size. Faces are found in it, and erased from it.
    """
    whole = (image.shape[1], image.shape[0])
    size = shrunk_size(whole, side)
    if size == whole:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def shrunk_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """(width, height) of what ``shrunk`` makes of a picture of ``size``."""
    width, height = size
    share = side / min(size)
    if share >= 1:
        return size
    return max(2, 2 * round(width * share / 2)), max(2, 2 * round(height * share / 2))
