"""The second opinion: reading the person segmentation without knowing faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Persons, Points
from deepcam.frames.outlines import fill, grow, hull, whole_head

F32 = NDArray[np.float32]

LARGEST_COVER = 0.6
"""A head said to fill more of the picture than this is no estimate any more."""
FLARE = 1.5
"""Where a silhouette is this much wider than above, shoulders begin."""


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
    lost: Sequence[Points] = (),
) -> list[Points] | None:
    """Outlines of the heads of people in whom nobody found a face.

    ``known``: outlines of the faces that are dealt with; a region that one of them touches is
    left alone. ``threshold`` 0..1: from which probability on there is a person. ``smallest``:
    share of the picture below which a region is noise. ``lost``: covers of faces that were seen
    before; a person whose head is still under one has not moved and needs no other. Returns
    convex outlines in pixels, or None when there is somebody but no head can be told apart.
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
        blob = labels == label
        if any(_under(blob, cover, look) for cover in lost):
            continue
        head = _head(blob, look)
        if head is None:
            return None
        heads.append(head)
    if sum(float(look.cells(h).mean()) for h in heads) > LARGEST_COVER:
        return None
    return heads


def _under(blob: NDArray[np.bool_], cover: Points, look: Look) -> bool:
    """Whether a silhouette's head, as high as the one that ``cover`` was made for, is under it."""
    top = int(np.argmax(blob.any(1)))
    # Covers are about one and a half times as high as the face's outline in them.
    deep = max(1, round(0.67 * float(np.ptp(cover[:, 1])) * blob.shape[0] / look.height))
    head = blob[top : top + deep]
    hidden = look.cells(cover)[top : top + deep]
    return bool((head & hidden).sum() >= 0.98 * head.sum())


def _head(blob: NDArray[np.bool_], look: Look) -> Points | None:
    """The head at the top of a person's silhouette, or all of it when no head stands out."""
    sx = look.width / blob.shape[1]
    sy = look.height / blob.shape[0]
    rows = np.flatnonzero(blob.any(1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    part = blob[top:bottom]
    depth = _head_depth(part, part.sum(1) * sx, sy)
    y, x = np.nonzero(part[:depth])
    corners = np.concatenate(
        [np.stack([(x + i) * sx, (y + top + j) * sy], 1) for i in (0, 1) for j in (0, 1)]
    )
    around = hull([(corners - 0.5).astype(np.float32)])
    outline = whole_head(grow(around, 1.2)) if depth < len(part) else grow(around, 1.1)
    return None if float(look.cells(outline).mean()) > LARGEST_COVER else outline


def _head_depth(part: NDArray[np.bool_], widths: NDArray[np.float64], sy: float) -> int:
    """Rows from the silhouette's top to below the chin; all rows when that cannot be told.

    Going down, a head ends where the silhouette becomes half as wide again: the shoulders. It is
    believed when it is one piece, as slender as heads are and not too small for the shoulders.
    Raised arms and several people in one silhouette are not.
    """
    everything = len(widths)
    for end in range(3, everything):
        head = float(np.median(widths[end // 3 : end]))
        if widths[end] < FLARE * head or end * sy < 0.8 * head:
            continue
        above = part[:end]
        # Runs of cells in a row: a head is one, two raised arms are two.
        runs = above[:, 0].astype(np.int64) + (above[:, 1:] & ~above[:, :-1]).sum(1)
        slender = end * sy < 2.5 * head
        fits = head > 0.26 * float(np.quantile(widths[end:], 0.75))
        if slender and fits and float((runs > 1).mean()) < 0.3:
            return end
        return everything
    return everything
