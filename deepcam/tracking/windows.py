"""The parts of a picture that are searched for faces, and one list of what was found in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.tracking.association import iou
from deepcam.tracking.backend import F64, Detection, Window
from deepcam.tracking.evidence import STRONG

KNOWN_BONUS = 0.3
"""A detection on a known face's place goes before others: a part of a picture may show hair or an
ear with a higher score than the face around it."""
CUT_MALUS = 0.5
"""What a face loses that a window's border cuts."""
SHOULDERS = 1.6
"""Half the width of a body in faces."""


def same_face(a: F64, b: F64) -> bool:
    """Two boxes mean one face: they overlap much, or one sits in the middle of the other."""
    if iou(a, b) > 0.4:
        return True
    size = min(a[2] - a[0], b[2] - b[0])
    apart = math.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]) / 2
    return bool(apart < 0.35 * size)


def rather_another(box: F64, face: F64, others: Sequence[F64]) -> bool:
    """Whether ``box`` overlaps with one of the ``others`` more than with ``face``."""
    here = iou(box, face)
    return any(iou(box, other) > here for other in others)


def beside(box: F64, known: F64) -> bool:
    """Whether what is seen in ``box`` may be a part of the head whose face is ``known``, or a
    larger picture of it: they come nearer than half a face."""
    middle = (known[:2] + known[2:]) / 2
    half = (known[2:] - known[:2]) / 2
    near = np.maximum(np.abs((box[:2] + box[2:]) / 2 - middle) - half, 0)
    return bool(np.hypot(*near) < 0.5 * max(box[2] - box[0], known[2] - known[0]))


def merge_detections(
    found: list[list[Detection]],
    windows: list[Window],
    known: Sequence[F64] = (),
    inside: Sequence[F64] = (),
) -> list[Detection]:
    """One list of the detections of several windows, the first window being the whole picture,
    strongest first.

    All looks compete: a part's clear view of a face goes before the whole picture's weak one. A
    face cut by a window's border is taken from the window that holds it whole. ``known``: boxes
    of known faces; ``inside``: boxes in whose place nothing is believed, because the whole picture
    was not looked at: half of a face at a part's border, an ear.
    """
    whole = windows[0]
    sure = [d.box for d in found[0] if d.score >= STRONG]
    ranked: list[tuple[float, Detection]] = []
    for number, (detections, window) in enumerate(zip(found, windows, strict=True)):
        for d in detections:
            if number and any(within(d.box, box) for box in sure):
                continue  # an eye behind a lens is no face in a face
            if any(share_inside(d.box, box) > 0.2 for box in inside):
                continue
            side = d.box[2] - d.box[0]
            room = [
                d.box[k] - window[k] if k < 2 else window[k] - d.box[k]
                for k in range(4)
                if window[k] != whole[k]
            ]
            rank = d.score
            if room and min(room) < 0.1 * side:
                rank -= CUT_MALUS
            if any(iou(d.box, box) > 0.55 for box in known):
                rank += KNOWN_BONUS
            ranked.append((rank, d))
    result: list[Detection] = []
    for _, d in sorted(ranked, key=lambda pair: -pair[0]):
        if not any(same_face(d.box, other.box) for other in result):
            result.append(d)
    # Several faces side by side can look like one large face: each of them is there already.
    return sorted((d for d in result if not _is_group(d, result)), key=lambda d: -d.score)


def _is_group(large: Detection, others: list[Detection]) -> bool:
    inside = [d for d in others if d.score > large.score and within(d.box, large.box)]
    return len(inside) >= 2


def framed(box: F64, reach: float, height: int, width: int) -> Window:
    """The square about ``box`` whose half side is ``reach`` box widths, inside the picture; the
    whole picture when next to nothing is left of it."""
    x, y = (box[:2] + box[2:]) / 2
    r = max(reach * float(max(box[2] - box[0], box[3] - box[1])), 12.0)
    return clipped((x - r, y - r, x + r, y + r), height, width) or (0, 0, width, height)


def clipped(
    box: tuple[float, float, float, float], height: int, width: int, least: int = 16
) -> Window | None:
    """Whole pixels inside the picture; None when next to nothing is left."""
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    x1, y1 = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    return (x0, y0, x1, y1) if x1 - x0 >= least and y1 - y0 >= least else None


def halves(height: int, width: int) -> list[Window]:
    """Overlapping squares that together are the picture."""
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


def parts(height: int, width: int, rows: int = 2) -> list[Window]:
    """What a stream is searched in for small faces: ``rows`` rows (columns) of overlapping tiles
    about .54 of the shorter side wide: 4 x 2 for 1280 x 720, in which faces of 20 pixels are 10
    pixels in the detector's picture. Faces up to a twelfth of the shorter side lie whole in one of
    them; larger ones are clear in the whole picture. With three rows 6 x 3 smaller ones."""
    shorter = min(height, width)
    lap = max(1, round(shorter / 12))
    tile = math.ceil((shorter + (rows - 1) * lap) / rows)

    def cuts(length: int) -> list[tuple[int, int]]:
        count = min(max(1, math.ceil((length - lap) / max(tile - lap, 1) - 0.15)), 24)
        side = min(length, math.ceil((length + (count - 1) * lap) / count))
        starts = np.linspace(0, length - side, count).round().astype(int)
        return [(int(s), int(s) + side) for s in starts]

    return [(x0, y0, x1, y1) for y0, y1 in cuts(height) for x0, x1 in cuts(width)]


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


def within(small: F64, large: F64) -> bool:
    """At least 80 % of ``small`` lies in ``large``, and it is much smaller."""
    area = (small[2] - small[0]) * (small[3] - small[1])
    whole = (large[2] - large[0]) * (large[3] - large[1])
    return share_inside(small, large) >= 0.8 and bool(area < 0.5 * whole)


def share_inside(box: F64, other: F64) -> float:
    """The share of ``box``'s area, 0..1, that lies in ``other``."""
    w = min(box[2], other[2]) - max(box[0], other[0])
    h = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return float(w * h / area) if w > 0 and h > 0 and area > 0 else 0.0


def mean_inside(people: NDArray[np.float32], box: F64, height: int, width: int) -> float:
    """Mean of a map (h, w) over a whole picture of ``width`` x ``height`` inside a box of it; 1
    outside the picture."""
    h, w = people.shape
    x0, x1 = np.clip([box[0], box[2]], 0, width) * (w / width)
    y0, y1 = np.clip([box[1], box[3]], 0, height) * (h / height)
    inside = people[int(y0) : math.ceil(y1), int(x0) : math.ceil(x1)]
    return float(inside.mean()) if inside.size else 1.0


def on_somebody(box: F64, face: F64) -> bool:
    """Whether ``box`` may be a part of the person with the larger ``face``: head or body."""
    smaller = box[2] - box[0] < face[2] - face[0]
    return bool(smaller) and (beside(box, face) or on_torso(box, face, SHOULDERS))


def on_torso(box: F64, face: F64, reach: float = 2.6) -> bool:
    """Whether ``box`` lies where somebody with this ``face`` has chest, belly, elbows and hands:
    below it, up to ``reach`` faces to either side, and not much larger."""
    wide, high = face[2] - face[0], face[3] - face[1]
    apart = abs((box[0] + box[2]) - (face[0] + face[2])) / 2
    below = (box[1] + box[3]) / 2 - face[3]
    return bool(
        apart < reach * wide and 0.2 * high < below < 7 * high and box[2] - box[0] < 4.0 * wide
    )
