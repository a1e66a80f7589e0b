"""What is shown instead of a face: the opaque cover of a head.

Nothing here takes a raw pixel: covers are drawn from constants into a picture whose pixels under
the cover are already erased, and blended with nothing but what the generator painted there.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Image, Mask, Points
from deepcam.outlines import PAD, spans

F32 = NDArray[np.float32]

_LIGHT = np.array([196, 186, 178], np.float32)
_SHADE = np.array([150, 137, 126], np.float32)
_RIM = np.array([128, 114, 103], np.float32)


def draw_cover(
    image: Image, outline: Points, opacity: float = 1.0, spare: Mask | None = None
) -> None:
    """Draw a calm, featureless head over exactly the pixels that ``erase`` clears for ``outline``.

    ``image``: (h, w, 3) uint8, changed in place; its pixels there must be erased or painted ones.
    ``opacity`` 0..1 blends with them. ``spare``: (h, w), pixels not 0 are left as they are.
    Raises ``ValueError`` for outlines that are not finite.
    """
    height, width = image.shape[:2]
    first, rows = spans(outline, height, width)
    low, high = outline.min(0), outline.max(0)
    middle = (low + high) / 2
    half = np.maximum((high - low) / 2 + PAD, 1.0)
    keep = np.zeros((1, 1), np.uint8) if spare is None else spare
    share = float(np.clip(opacity, 0.0, 1.0))
    _shade(
        image, first, rows, middle.astype(np.float32), half.astype(np.float32),
        share, spare is not None, keep, _LIGHT, _SHADE, _RIM,
    )  # fmt: skip


@njit(cache=True, fastmath=True, nogil=True)
def _shade(
    image: NDArray[np.uint8], first: int, rows: NDArray[np.int32], middle: F32, half: F32,
    opacity: float, sparing: bool, spare: NDArray[np.uint8], light: F32, shade: F32, rim: F32,
) -> None:  # fmt: skip
    one = np.float32(1.0)
    for k in range(len(rows)):
        y = first + k
        dy = (np.float32(y) - middle[1]) / half[1]
        for x in range(rows[k, 0], rows[k, 1] + 1):
            if sparing and spare[y, x] != 0:
                continue
            dx = (np.float32(x) - middle[0]) / half[0]
            # Light falls from above; the rim darkens like a matt egg.
            down = np.float32(0.5) + np.float32(0.42) * dy + np.float32(0.06) * dx
            down = min(max(down, np.float32(0.0)), one)
            round_ = dx * dx + dy * dy
            edge = min(max((round_ - np.float32(0.45)) * np.float32(1.6), np.float32(0.0)), one)
            edge = edge * edge * (np.float32(3.0) - np.float32(2.0) * edge) * np.float32(0.8)
            for c in range(3):
                body = light[c] + (shade[c] - light[c]) * down
                body += (rim[c] - body) * edge
                if opacity < 1.0:  # else not even the rounding may depend on what lies under it
                    under = np.float32(image[y, x, c])
                    body = under + (body - under) * np.float32(opacity)
                image[y, x, c] = np.uint8(body + np.float32(0.5))
