"""Who is who from frame to frame: optimal assignment of boxes to moving tracks.

Knows boxes and times only, so that it can be tested without pictures.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

POSITION_GAIN, SIZE_GAIN, VELOCITY_GAIN = 0.8, 0.5, 0.25
"""Alpha-beta filter: share of a new measurement that enters position, size and velocity."""
VELOCITY_DECAY = 0.7
"""Seconds in which an unseen track loses 63 % of its velocity: people stop behind things."""
MAX_SPEED = 12.0
"""Face sizes per second; faster is a wrong match and not a head."""
NO_MATCH = 1e6


@dataclass(slots=True)
class _Track:
    number: int
    x: float
    y: float
    size: float
    vx: float
    vy: float
    time: float
    """Of the last measurement."""
    hits: int = 1

    def at(self, time: float) -> tuple[float, float]:
        """Predicted centre: constant velocity, dying away."""
        dt = max(0.0, time - self.time)
        reach = VELOCITY_DECAY * (1.0 - math.exp(-dt / VELOCITY_DECAY))
        return self.x + self.vx * reach, self.y + self.vy * reach


class Association:
    """Tracks numbered from 1, never reused. ``memory``: seconds an unseen track is remembered."""

    def __init__(self, memory: float = 1.0) -> None:
        self.memory = memory
        self._tracks: dict[int, _Track] = {}
        self._next = 1

    def reset(self) -> None:
        """Forget all tracks; numbers go on, so that nobody inherits another's number."""
        self._tracks.clear()

    @property
    def numbers(self) -> list[int]:
        """All tracks remembered, oldest first."""
        return list(self._tracks)

    def predict(self, number: int, time: float) -> F64:
        """(4,) x0, y0, x1, y1 where the track is expected at ``time``; a square box."""
        track = self._tracks[number]
        x, y = track.at(time)
        h = track.size / 2
        return np.array([x - h, y - h, x + h, y + h])

    def offset(self, number: int, time: float) -> tuple[float, float]:
        """Expected movement in pixels since the track's last measurement."""
        track = self._tracks[number]
        x, y = track.at(time)
        return x - track.x, y - track.y

    def forget(self, time: float) -> list[int]:
        """Drop the tracks not seen for longer than the memory; returns their numbers."""
        old = [n for n, t in self._tracks.items() if time - t.time > self.memory]
        for number in old:
            del self._tracks[number]
        return old

    def match(
        self, boxes: Sequence[F64], time: float, among: Collection[int] | None = None
    ) -> list[int | None]:
        """For each box (4,) the track it belongs to, or None. One box a track; changes nothing."""
        tracks = [t for n, t in self._tracks.items() if among is None or n in among]
        if not tracks or not boxes:
            return [None] * len(boxes)
        cost = np.array([[_cost(t, b, time) for t in tracks] for b in boxes])
        return [
            tracks[c].number if c >= 0 and cost[r, c] < NO_MATCH else None
            for r, c in enumerate(assign(cost))
        ]

    def start(self, box: F64, time: float) -> int:
        """A new track; returns its number."""
        x, y, size = _centre(box)
        number, self._next = self._next, self._next + 1
        self._tracks[number] = _Track(number, x, y, size, 0.0, 0.0, time)
        return number

    def update(self, number: int, box: F64, time: float) -> None:
        """The track was seen at ``box``."""
        track = self._tracks[number]
        x, y, size = _centre(box)
        dt = time - track.time
        if dt <= 0:
            return
        px, py = track.at(time)
        # The first steps learn the velocity fast, and so does a track that was out of sight.
        gain = max(VELOCITY_GAIN, 1.0 / (track.hits + 1)) if dt < 0.2 else 0.7
        decay = math.exp(-dt / VELOCITY_DECAY)
        vx = track.vx * decay + gain * (x - px) / dt
        vy = track.vy * decay + gain * (y - py) / dt
        limit = MAX_SPEED * size / max(math.hypot(vx, vy), 1e-9)
        track.vx, track.vy = vx * min(1.0, limit), vy * min(1.0, limit)
        track.x, track.y = px + POSITION_GAIN * (x - px), py + POSITION_GAIN * (y - py)
        track.size *= (size / track.size) ** SIZE_GAIN
        track.time = time
        track.hits += 1

    def drop(self, number: int) -> None:
        """Forget one track now (it was a second view of another face)."""
        self._tracks.pop(number, None)


def iou(a: F64, b: F64) -> float:
    """Intersection over union of two boxes (4,), 0..1."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    both = w * h
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return float(both / union) if union > 0 else 0.0


def _centre(box: F64) -> tuple[float, float, float]:
    """Centre and size (root of the area) of a box."""
    w, h = max(float(box[2] - box[0]), 1e-3), max(float(box[3] - box[1]), 1e-3)
    return float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, math.sqrt(w * h)


def _cost(track: _Track, box: F64, time: float) -> float:
    """How badly a box fits a track: distance in face sizes and size ratio, less the overlap."""
    x, y, size = _centre(box)
    px, py = track.at(time)
    gap = min(max(0.0, time - track.time), 1.0)
    far = math.hypot(x - px, y - py) / math.sqrt(size * track.size)
    ratio = abs(math.log(size / track.size))
    # A gate that opens while the track is unseen: heads turn back, and predictions age.
    if far > 0.8 + 1.6 * gap or ratio > 0.6 + 0.4 * gap:
        return NO_MATCH
    h = track.size / 2
    overlap = iou(np.array([px - h, py - h, px + h, py + h]), box)
    return far + 0.7 * ratio + 0.5 * (1.0 - overlap) + 0.5 * gap


def assign(cost: F64) -> list[int]:
    """Optimal assignment of rows to columns; -1 for a row without one. Costs of ``NO_MATCH`` are
    forbidden pairs.

    The number of pairs comes first, then their total cost: the Hungarian method with potentials
    (Kuhn 1955; Jonker & Volgenant's shortest augmenting paths), O(n^3).
    """
    rows, columns = cost.shape
    if rows == 0 or columns == 0:
        return [-1] * rows
    if rows == 1:
        best = int(np.argmin(cost[0]))
        return [best if cost[0, best] < NO_MATCH else -1]
    n = max(rows, columns)
    square = np.full((n, n), NO_MATCH)
    square[:rows, :columns] = np.minimum(cost, NO_MATCH)
    u, v = np.zeros(n + 1), np.zeros(n + 1)
    match = np.zeros(n + 1, np.int64)  # column -> row, 1-based; 0 = free
    for row in range(1, n + 1):
        match[0], column = row, 0
        least = np.full(n + 1, np.inf)
        used = np.zeros(n + 1, np.bool_)
        way = np.zeros(n + 1, np.int64)
        while match[column] != 0:
            used[column] = True
            i = match[column]
            free = np.flatnonzero(~used[1:]) + 1
            reduced = square[i - 1, free - 1] - u[i] - v[free]
            better = reduced < least[free]
            least[free[better]] = reduced[better]
            way[free[better]] = column
            nearest = int(free[np.argmin(least[free])])
            delta = least[nearest]
            u[match[used]] += delta
            v[used] -= delta
            least[~used] -= delta
            column = nearest
        while column != 0:
            previous = int(way[column])
            match[column] = match[previous]
            column = previous
    result = [-1] * rows
    for c in range(1, columns + 1):
        r = int(match[c]) - 1
        if 0 <= r < rows and cost[r, c - 1] < NO_MATCH:
            result[r] = c - 1
    return result
