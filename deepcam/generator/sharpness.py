"""How sharp the picture around a face is: a face must be no sharper than its surroundings.

Judged by edges: how much smaller a second difference over one pixel is than that over two. The
table below was measured on 60 sharp photographs blurred by known amounts; between photographs the
ratio varies by 7 %. Only pixels outside the mask are looked at.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Points

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

_RATIO = np.array([0.283, 0.302, 0.326, 0.356, 0.405, 0.511, 0.552])
_BLUR = np.array([1.7, 1.3, 1.0, 0.8, 0.6, 0.4, 0.0])
SKIN = 0.95
"""Faces' ratio over that of what is around them, in videos: skin has no hard edges."""
EDGE = 24
"""Least second difference over two pixels, of 255: below it there is more noise than edge."""
ENOUGH = 60
"""Edges below which nothing can be said."""
ROWS = 80
"""Rows that are looked at, at most."""
AROUND = 0.4
"""Shares of the outline's width and height beside it that are looked at."""


def blur_around(image: U8, mask: U8, outline: Points) -> float | None:
    """Deviation of the blur of ``image`` (h, w, 3) around ``outline``, pixels, 0 to 1.7, where
    ``mask`` (h, w) is 0; None when too few edges can be seen."""
    height, width = mask.shape
    low, high = outline.min(0), outline.max(0)
    reach = AROUND * (high - low)
    x0, y0 = np.maximum(np.floor(low - reach), 0).astype(int).tolist()
    x1 = min(width, int(np.ceil(high[0] + reach[0])))
    y1 = min(height, int(np.ceil(high[1] + reach[1])))
    if x1 - x0 < 8 or y1 - y0 < 8:
        return None
    step = max(1, (y1 - y0) // ROWS)
    fine, coarse, count = _edges(image[y0:y1, x0:x1], mask[y0:y1, x0:x1], step)
    if count < ENOUGH:
        return None
    return float(np.interp(SKIN * np.sqrt(fine / coarse), _RATIO, _BLUR))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _edges(image: U8, mask: U8, step: int) -> tuple[float, float, int]:
    """Sums of squared second differences of green over one and over two pixels, along rows and
    columns where the latter exceeds ``EDGE``, and how many there are. Each is taken in the middle
    of six pixels by two, whose ends do not lie under the mask."""
    height, width = mask.shape
    fine, coarse, count = 0.0, 0.0, 0
    for y in range(2, height - 3, step):
        for x in range(2, width - 3):
            for along in range(2):
                dx, dy = (1, 0) if along == 0 else (0, 1)
                hidden = False
                for k in range(-2, 4, 5):
                    hidden = hidden or mask[y + dy * k, x + dx * k] != 0
                    hidden = hidden or mask[y + dy * k + dx, x + dx * k + dy] != 0
                if hidden:
                    continue
                far, near0, near1 = 0.0, 0.0, 0.0
                for k in range(-2, 4):
                    value = float(image[y + dy * k, x + dx * k, 1])
                    # Two lines of pixels side by side, as a half-sized picture would have them.
                    pair = value + float(image[y + dy * k + dx, x + dx * k + dy, 1])
                    far += 2 * pair if k in (0, 1) else -pair
                    near0 += 2 * value if k == 0 else (-value if k in (-1, 1) else 0.0)
                    near1 += 2 * value if k == 1 else (-value if k in (0, 2) else 0.0)
                wide = far / 4.0
                if abs(wide) <= EDGE:
                    continue
                fine += 0.5 * (near0 * near0 + near1 * near1)
                coarse += wide * wide
                count += 1
    return fine, coarse, count
