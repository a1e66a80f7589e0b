"""Outlines of heads: polygons in pixels, and which pixels of a picture they touch."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Image, Points

I32 = NDArray[np.int32]

PAD = 2
"""Pixels by which everything that is erased or covered is wider than its outline."""
SQUARENESS = 2.4
"""Exponent of the cover's superellipse: 2 is an ellipse, a head is a little squarer."""
_RIM = 48


def checked(outline: Points) -> Points:
    """``outline`` as (k >= 3, 2) finite float32; raises ``ValueError`` for anything else."""
    points = np.asarray(outline, np.float32)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError("an outline must be (k >= 3, 2)")
    # Beyond any picture; keeps later sums and products finite.
    if not np.isfinite(points).all() or np.abs(points).max() > 1e7:
        raise ValueError("an outline must be finite")
    return points


def spans(outline: Points, height: int, width: int, pad: int = PAD) -> tuple[int, I32]:
    """The pixels of a (height, width) picture which ``outline`` (k, 2) touches, ``pad`` wider.

    Returns the first row and (n, 2) int32: first and last column of each row from there on; last
    < first where a row holds nothing. A pixel reaches half a pixel around its centre and counts
    when the outline touches it anywhere; the padding is ``pad`` pixels to all eight sides.
    Outlines that are not convex are filled between their leftmost and rightmost points.
    Raises ``ValueError`` as ``checked``.
    """
    first, rows = _spans(checked(outline).astype(np.float64), height, width, pad)
    return int(first), rows


@njit(cache=True, nogil=True)
def _spans(points: NDArray[np.float64], height: int, width: int, pad: int) -> tuple[int, I32]:
    slack = 1e-3  # rounding errors must never lose a pixel
    reach = pad + 0.5 + slack
    top, bottom = points[0, 1], points[0, 1]
    for i in range(len(points)):
        top, bottom = min(top, points[i, 1]), max(bottom, points[i, 1])
    first = int(min(max(np.ceil(top - reach), 0.0), float(height)))
    last = int(max(min(np.floor(bottom + reach), height - 1.0), -1.0))
    if last < first:
        return 0, np.empty((0, 2), np.int32)
    rows = np.empty((last - first + 1, 2), np.int32)
    low = np.full(last - first + 1, np.inf)
    high = np.full(last - first + 1, -np.inf)
    for i in range(len(points)):
        ax, ay = points[i, 0], points[i, 1]
        bx, by = points[(i + 1) % len(points), 0], points[(i + 1) % len(points), 1]
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        y0 = int(min(max(np.ceil(ay - reach), float(first)), float(last + 1)))
        y1 = int(max(min(np.floor(by + reach), float(last)), float(first - 1)))
        slope = (bx - ax) / (by - ay) if by > ay else 0.0
        left, right = min(ax, bx), max(ax, bx)
        for y in range(y0, y1 + 1):
            # The part of this edge inside the row's band of half a pixel and the padding.
            if by > ay:
                p = min(max(ax + (y - reach - ay) * slope, left), right)
                q = min(max(ax + (y + reach - ay) * slope, left), right)
            else:
                p, q = left, right
            low[y - first] = min(low[y - first], p, q)
            high[y - first] = max(high[y - first], p, q)
    for k in range(len(rows)):
        start = np.ceil(low[k] - reach)
        end = np.floor(high[k] + reach)
        if end < 0 or start > width - 1:
            rows[k, 0], rows[k, 1] = 0, -1
        else:
            rows[k, 0] = int(max(start, 0.0))
            rows[k, 1] = int(min(end, width - 1.0))
    return first, rows


def fill(picture: Image | NDArray[np.uint8], outline: Points, value: int, pad: int = PAD) -> None:
    """Set the touched pixels (see ``spans``) of a uint8 (h, w) or (h, w, 3) array to ``value``."""
    height, width = picture.shape[:2]
    first, rows = spans(outline, height, width, pad)
    _fill(picture.reshape(height, width, -1), first, rows, value)


@njit(cache=True, nogil=True)
def _fill(picture: NDArray[np.uint8], first: int, rows: I32, value: int) -> None:
    for k in range(len(rows)):
        if rows[k, 1] >= rows[k, 0]:
            picture[first + k, rows[k, 0] : rows[k, 1] + 1] = value


def centre(outline: Points) -> NDArray[np.float64]:
    """(2,) middle of the bounding box, pixels."""
    middle: NDArray[np.float64] = (outline.min(0) + outline.max(0)).astype(np.float64) / 2
    return middle


def size(outline: Points) -> float:
    """Root of the bounding box's area, pixels."""
    width, height = (outline.max(0) - outline.min(0)).astype(np.float64)
    return float(np.sqrt(width * height))


def hull(outlines: Sequence[Points]) -> Points:
    """Convex hull of all points together, (k >= 3, 2); their bounding box when they lie on a
    line."""
    points = np.ascontiguousarray(np.concatenate(outlines), np.float32)
    found = cv2.convexHull(points)
    if found is None or len(found) < 3:  # OpenCV gives None for coinciding points
        (x0, y0), (x1, y1) = points.min(0), points.max(0)
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return np.asarray(found[:, 0, :], np.float32)


def grow(outline: Points, factor: float) -> Points:
    """``outline`` scaled about its centre."""
    middle = centre(outline)
    return (middle + (outline - middle) * factor).astype(np.float32)


def holds(outline: Points, point: NDArray[np.float64]) -> bool:
    """Whether the convex hull of ``outline`` holds ``point`` (2,)."""
    where = (float(point[0]), float(point[1]))
    return bool(cv2.pointPolygonTest(hull([outline])[:, None, :], where, False) >= 0)


def whole_head(outline: Points, roll: float = 0.0, factor: float = 1.0) -> Points:
    """A smooth shape around a whole head whose face side is ``outline``: (48, 2).

    A superellipse that holds all of ``outline``, upright for a head rolled by ``roll`` degrees and
    never narrow: in profile the back of the head is as deep as the face is wide. ``factor`` >= 1
    widens it about its centre.
    """
    angle = np.radians(roll)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = outline.astype(np.float64) @ turn.T
    middle = (upright.min(0) + upright.max(0)) / 2
    half = np.maximum((upright.max(0) - upright.min(0)) / 2, 1.0)
    half = np.maximum(half, 0.75 * half[::-1])
    reach = (np.abs((upright - middle) / half) ** SQUARENESS).sum(1).max() ** (1 / SQUARENESS)
    half *= max(float(reach), 1.0) * factor * 1.01  # 1 %: chords lie inside the curve
    t = np.linspace(0, 2 * np.pi, _RIM, endpoint=False)
    circle = np.stack([np.cos(t), np.sin(t)], 1)
    rim = middle + half * np.sign(circle) * np.abs(circle) ** (2 / SQUARENESS)
    return np.asarray(rim @ turn, np.float32)
