"""The parts of a picture that are searched for faces, and one list of what was found in them."""

from __future__ import annotations

import math

import numpy as np

from deepcam.tracking.association import iou
from deepcam.tracking.backend import F64, Detection, Window

START_SCORE = 0.5
"""A detection from here on is a face. Measured: faces score .7 and more, mistakes under .4."""


def same_face(a: F64, b: F64) -> bool:
    """Two boxes mean one face: they overlap much, or one sits in the middle of the other."""
    if iou(a, b) > 0.4:
        return True
    size = min(a[2] - a[0], b[2] - b[0])
    apart = math.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]) / 2
    return bool(apart < 0.35 * size)


def merge_detections(found: list[list[Detection]], windows: list[Window]) -> list[Detection]:
    """One list of the detections of several windows, the first window being the whole picture.

    A face cut by a window's border is taken from the window that holds it whole.
    """
    result = list(found[0])
    whole = windows[0]
    rest: list[tuple[float, Detection]] = []
    for detections, window in zip(found[1:], windows[1:], strict=True):
        for d in detections:
            if any(_within(d.box, other.box) for other in found[0] if other.score >= START_SCORE):
                continue  # an eye behind a lens is no face in a face
            side = d.box[2] - d.box[0]
            room = [
                d.box[k] - window[k] if k < 2 else window[k] - d.box[k]
                for k in range(4)
                if window[k] != whole[k]
            ]
            cut = bool(room) and min(room) < 0.1 * side
            rest.append((d.score - (0.5 if cut else 0.0), d))
    for _, d in sorted(rest, key=lambda pair: -pair[0]):
        if not any(same_face(d.box, other.box) for other in result):
            result.append(d)
    # Several faces side by side can look like one large face: each of them is there already.
    return sorted((d for d in result if not _is_group(d, result)), key=lambda d: -d.score)


def _is_group(large: Detection, others: list[Detection]) -> bool:
    inside = [d for d in others if d.score > large.score and _within(d.box, large.box)]
    return len(inside) >= 2


def halves(height: int, width: int) -> list[Window]:
    """Overlapping squares that together are the picture, for scouting."""
    side = min(height, width)
    longer = max(height, width)
    count = min(max(2, math.ceil((longer - side) / (0.85 * side)) + 1), 12)
    if longer <= 1.2 * side:
        # Nearly square: four quarters, overlapping by a fifth.
        h, w = math.ceil(0.6 * height), math.ceil(0.6 * width)
        return [(x, y, x + w, y + h) for y in (0, height - h) for x in (0, width - w)]
    starts = np.linspace(0, longer - side, count).round().astype(int)
    if width >= height:
        return [(int(s), 0, int(s) + side, side) for s in starts]
    return [(0, int(s), side, int(s) + side) for s in starts]


def tiles(height: int, width: int) -> list[Window]:
    """Squares of two thirds of the shorter side, a third, ..., a third overlapping: where a still
    picture is searched for small faces. Down to 200 pixels (faces of about 8 pixels), or a fifth
    of a large picture's shorter side."""
    windows: list[Window] = []
    side = round(min(height, width) / 1.5)
    least = max(200, min(height, width) // 5)
    while side >= least:
        step = side * 2 / 3
        rows = np.linspace(0, height - side, math.ceil((height - side) / step) + 1)
        columns = np.linspace(0, width - side, math.ceil((width - side) / step) + 1)
        windows += [(int(x), int(y), int(x) + side, int(y) + side) for y in rows for x in columns]
        side //= 2
    return windows


def _within(small: F64, large: F64) -> bool:
    """At least 80 % of ``small`` lies in ``large``, and it is much smaller."""
    w = min(small[2], large[2]) - max(small[0], large[0])
    h = min(small[3], large[3]) - max(small[1], large[1])
    area = (small[2] - small[0]) * (small[3] - small[1])
    whole = (large[2] - large[0]) * (large[3] - large[1])
    return bool(w > 0 and h > 0 and w * h >= 0.8 * area and area < 0.4 * whole)
