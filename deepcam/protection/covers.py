"""What is shown instead of a face: the opaque cover of a head.

Nothing here takes a raw pixel: covers are drawn from the colours around everything that is hidden
into a picture whose pixels under the cover are already erased, and blended with nothing but what
the generator painted there.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Image, Mask, Points
from deepcam.frames.outlines import PAD, spans
from deepcam.geometry.fill import pull_push

F32 = NDArray[np.float32]

CELL = 12
"""Pixels of the picture in one cell of the colours around covers."""
_LIGHT = np.array([196, 186, 178], np.float32)
_SHADE = np.array([150, 137, 126], np.float32)


class Surroundings:
    """The colours around everything that is hidden, continued over it: coarse and calm.

    ``image`` (h, w, 3) and ``mask`` (h, w) as ``erase`` left them: no pixel under the mask is read.
    """

    def __init__(self, image: Image, mask: Mask) -> None:
        height, width = mask.shape
        size = (max(2, width // CELL), max(2, height // CELL))
        kept = np.asarray(cv2.resize(255 - mask, size, interpolation=cv2.INTER_AREA), np.float32)
        # Erased pixels are black, so the sum of a cell is that of its kept pixels.
        cells = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
        weight = np.where(kept >= 8.0, kept / 255.0, 0.0).astype(np.float32)
        colour = np.clip(cells / np.maximum(weight, 1e-3)[..., None], 0, 255).astype(np.float32)
        if not weight.any():
            colour[:], weight[:] = _LIGHT, 1.0
        filled = pull_push(colour, weight)
        self.cells: F32 = np.asarray(cv2.GaussianBlur(filled, (0, 0), 1.2), np.float32)


def draw_cover(
    image: Image,
    outline: Points,
    opacity: float = 1.0,
    spare: Mask | None = None,
    around: Surroundings | None = None,
    strength: float = 1.0,
) -> None:
    """Draw a calm, featureless head over exactly the pixels that ``erase`` clears for ``outline``.

    At its rim it has the colours of ``around``, a neutral grey when None; towards its middle a
    light egg emerges, by ``strength`` 0..1.
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
    cells = np.full((2, 2, 3), _SHADE, np.float32) if around is None else around.cells
    _shade(
        image, first, rows, middle.astype(np.float32), half.astype(np.float32), share,
        spare is not None, keep, cells, float(np.clip(strength, 0.0, 1.0)), _LIGHT, _SHADE,
    )  # fmt: skip


@njit(cache=True, fastmath=True, nogil=True)
def _shade(
    image: NDArray[np.uint8], first: int, rows: NDArray[np.int32], middle: F32, half: F32,
    opacity: float, sparing: bool, spare: NDArray[np.uint8], cells: F32, strength: float,
    light: F32, shade: F32,
) -> None:  # fmt: skip
    one, zero = np.float32(1.0), np.float32(0.0)
    height, width = image.shape[:2]
    sy, sx = np.float32(cells.shape[0] / height), np.float32(cells.shape[1] / width)
    for k in range(len(rows)):
        y = first + k
        dy = (np.float32(y) - middle[1]) / half[1]
        v = max((np.float32(y) + np.float32(0.5)) * sy - np.float32(0.5), zero)
        v = min(v, np.float32(cells.shape[0] - 1.001))
        v0 = int(v)
        fv = v - np.float32(v0)
        for x in range(rows[k, 0], rows[k, 1] + 1):
            if sparing and spare[y, x] != 0:
                continue
            u = max((np.float32(x) + np.float32(0.5)) * sx - np.float32(0.5), zero)
            u = min(u, np.float32(cells.shape[1] - 1.001))
            u0 = int(u)
            fu = u - np.float32(u0)
            dx = (np.float32(x) - middle[0]) / half[0]
            # Light falls from above; the egg dissolves towards the rim.
            down = np.float32(0.5) + np.float32(0.42) * dy + np.float32(0.06) * dx
            down = min(max(down, zero), one)
            edge = min(max((one - dx * dx - dy * dy) * np.float32(1.5), zero), one)
            egg = edge * edge * (np.float32(3.0) - np.float32(2.0) * edge)
            egg *= np.float32(0.55 * strength)
            for c in range(3):
                top = cells[v0, u0, c] + (cells[v0, u0 + 1, c] - cells[v0, u0, c]) * fu
                low = cells[v0 + 1, u0, c] + (cells[v0 + 1, u0 + 1, c] - cells[v0 + 1, u0, c]) * fu
                ground = top + (low - top) * fv
                body = ground + (light[c] + (shade[c] - light[c]) * down - ground) * egg
                if opacity < 1.0:  # else not even the rounding may depend on what lies under it
                    under = np.float32(image[y, x, c])
                    body = under + (body - under) * np.float32(opacity)
                image[y, x, c] = np.uint8(min(max(body + np.float32(0.5), zero), np.float32(255.0)))
