"""The one door between the raw picture and everything after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepcam.frames import Frame, Image, Mask, MaskedFrame, Points
from deepcam.frames.outlines import checked, fill


def erase(frame: Frame, outlines: Sequence[Points]) -> MaskedFrame:
    """Copy ``frame`` and set everything under ``outlines`` to 0.

    ``outlines``: convex polygons (k >= 3, 2) in pixels; parts outside the picture are allowed.
    Every pixel that an outline touches is erased, and two more around it. The result shares no
    memory with ``frame``. Nothing is resampled or blurred before it is erased, so no erased pixel
    lives on in a neighbour.

    Raises ``ValueError`` for a picture that is not (h, w, 3) uint8 and for outlines that are not
    finite or have fewer than three points; nothing is returned then.
    """
    image = checked_image(frame.image)
    shapes = [checked(outline) for outline in outlines]
    mask = np.zeros(image.shape[:2], np.uint8)
    copy = np.array(image, np.uint8, order="C", copy=True)
    for shape in shapes:
        fill(copy, shape, 0)
        fill(mask, shape, 255)
    return _masked(copy, mask, frame)


def again(masked: MaskedFrame) -> MaskedFrame:
    """A copy of an erased picture that can be painted; shares no memory with ``masked``."""
    return _masked(np.array(masked.image), np.array(masked.mask), masked)


def _masked(image: Image, mask: Mask, of: Frame | MaskedFrame) -> MaskedFrame:
    return MaskedFrame(image, mask, of.time, of.number)


def checked_image(image: object) -> Image:
    """``image`` if it is a (h >= 1, w >= 1, 3) uint8 C-contiguous array; else ``ValueError``."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise ValueError("a picture must be a uint8 array")
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError("a picture must be (height, width, 3)")
    if not image.flags.c_contiguous:
        raise ValueError("a picture must be contiguous")
    return image
