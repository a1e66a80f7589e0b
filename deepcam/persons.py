"""The second opinion: reading the person segmentation without knowing faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Persons, Points
from deepcam.outlines import fill, grow, hull

F32 = NDArray[np.float32]

LARGEST_COVER = 0.6
"""A head said to fill more of the picture than this is no estimate any more."""
HEAD_SLENDERNESS = 1.5
"""Height of head and hair over its width, generous."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One segmentation of one picture."""

    probability: F32
    """(h, w) 0..1."""
    width: int
    height: int
    """Size of the picture, pixels."""

    @staticmethod
    def of(persons: Persons | None, width: int, height: int) -> Look | None:
        """None when there is no usable segmentation."""
        if persons is None:
            return None
        p = np.asarray(persons.probability, np.float32)
        if p.ndim != 2 or min(p.shape) < 2 or not np.isfinite(p).all():
            return None
        return Look(p, width, height)

    def cells(self, outline: Points) -> NDArray[np.bool_]:
        """(h, w) the cells of the segmentation which ``outline`` (pixels) touches."""
        h, w = self.probability.shape
        scale = np.array([w / self.width, h / self.height], np.float32)
        grid = np.zeros((h, w), np.uint8)
        # Pixel centres are whole numbers on both sides.
        fill(grid, (outline + np.float32(0.5)) * scale - np.float32(0.5), 1, pad=0)
        return grid.view(np.bool_)

    def vacant(self, outline: Points) -> bool:
        """Whether nobody stands inside ``outline``; outside the picture nobody stands."""
        inside = self.probability[self.cells(outline)]
        if inside.size == 0:
            return True
        return bool(inside.mean() < 0.15 and (inside > 0.5).mean() < 0.03)

    def blobs(self, threshold: float) -> NDArray[np.int32]:
        """(h, w) labels of connected regions of people, 0 = nobody."""
        people = (self.probability >= threshold).astype(np.uint8)
        joined = cv2.morphologyEx(people, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        _, labels = cv2.connectedComponents(joined, connectivity=8)
        return np.asarray(labels, np.int32)

    def blob_of(self, labels: NDArray[np.int32], outline: Points) -> int:
        """The region which most of ``outline`` lies in, 0 = none."""
        inside = labels[self.cells(outline)]
        counts = np.bincount(inside[inside > 0]) if (inside > 0).any() else np.zeros(1)
        return int(np.argmax(counts)) if counts.max() >= 0.15 * inside.size else 0


def faceless_heads(
    look: Look,
    known: Sequence[Points],
    threshold: float,
    smallest: float,
) -> list[Points] | None:
    """Outlines of the heads of people in whom nobody found a face.

    ``known``: outlines of the faces that are dealt with; a region that one of them touches is
    left alone. ``threshold`` 0..1: from which probability on there is a person. ``smallest``:
    share of the picture below which a region is noise. Returns convex outlines in pixels, or None
    when there is somebody but no head can be told apart.
    """
    labels = look.blobs(threshold)
    count = int(labels.max())
    if count == 0:
        return []
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    touched: set[int] = set()
    for outline in known:
        inside = labels[look.cells(grow(outline, 1.3))]
        hits = np.bincount(inside, minlength=count + 1)
        touched |= set(np.flatnonzero(hits >= max(2.0, 0.03 * inside.size)).tolist())
    heads: list[Points] = []
    for label in range(1, count + 1):
        if label in touched or sizes[label] < smallest * labels.size:
            continue
        head = _head(labels == label, look)
        if head is None:
            return None
        heads.append(head)
    if sum(float(look.cells(h).mean()) for h in heads) > LARGEST_COVER:
        return None
    return heads


def _head(blob: NDArray[np.bool_], look: Look) -> Points | None:
    """The head at the top of a person's silhouette, or all of it when no head stands out."""
    sx = look.width / blob.shape[1]
    sy = look.height / blob.shape[0]
    rows = np.flatnonzero(blob.any(1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    part = blob[top:bottom]
    widths = part.sum(1) * sx
    depth = _head_depth(part, widths, sy)
    y, x = np.nonzero(part[:depth])
    corners = np.concatenate(
        [np.stack([(x + i) * sx, (y + top + j) * sy], 1) for i in (0, 1) for j in (0, 1)]
    )
    outline = grow(hull([(corners - 0.5).astype(np.float32)]), 1.25)
    return None if float(look.cells(outline).mean()) > LARGEST_COVER else outline


def _head_depth(part: NDArray[np.bool_], widths: NDArray[np.float64], sy: float) -> int:
    """Rows from the silhouette's top to below the chin; all rows when that cannot be told.

    Going down, a head ends where the depth reaches ``HEAD_SLENDERNESS`` times the widest row so
    far. It is believed when it is one compact piece and shoulders follow; raised arms are not.
    """
    everything = len(widths)
    widest = np.maximum.accumulate(widths)
    depth = (np.arange(everything) + 1) * sy
    shoulders = float(np.quantile(widths, 0.9))
    ends = np.flatnonzero((depth >= HEAD_SLENDERNESS * widest) & (widest >= 0.25 * shoulders))
    if len(ends) == 0:
        return everything
    end = int(ends[0]) + 1
    head = part[:end]
    # Runs of cells in a row: a head is one, two raised arms are two.
    starts = head[:, :1].sum(1) + (head[:, 1:] & ~head[:, :-1]).sum(1)
    pieces = float((starts > 1).mean())
    wide = float(widths[end // 4 : end].mean())
    follows = float(widths[end:].max()) if end < everything else 0.0
    if pieces > 0.3 or follows < 1.25 * wide or follows > 5.0 * wide:
        return everything
    return min(round(end * 1.15) + 1, everything)
