"""When which part of a stream's pictures is searched for faces that the whole picture may miss."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Image
from deepcam.tracking.backend import F64, Window
from deepcam.tracking.policy import DEFAULT, TrackingPolicy
from deepcam.tracking.windows import parts

_GRID = (64, 36)


class Scout:
    """Chooses parts. What has not been looked at for longest comes first, and what has changed
    since then before what has not; the whole round is made at once in a first picture and after
    cuts. ``thorough``: every part that has changed is looked at in every picture, for films,
    which can wait.
    """

    def __init__(self, thorough: bool = False, policy: TrackingPolicy = DEFAULT) -> None:
        self._thorough, self._policy = thorough, policy
        self.reset()

    def reset(self) -> None:
        """The next picture is a first one."""
        self._size = (0, 0)
        self._crowd = False
        self._parts: list[Window] = []
        self._looked: NDArray[np.float64] = np.zeros(0)
        self._cells: list[tuple[slice, slice]] = []
        self._seen: NDArray[np.int16] | None = None
        self._whole: NDArray[np.int16] | None = None
        self.new_scene = False
        """This is a first picture or the first one after a cut."""
        self.resting = False
        """The whole picture need not be looked at in this frame; it must be in the next one."""
        self._full = -np.inf
        self._credit = 0.0
        self._time = -np.inf

    def choose(
        self, image: Image, time: float, known: list[F64], alone: bool = False
    ) -> list[Window]:
        """The parts to be looked at in this picture. ``known``: boxes of faces whose movement is
        nothing new. ``alone``: there is one of them, which its mesh follows; then, while nothing
        beside it has moved since the whole picture was last looked at, that is ``resting`` in every
        second frame, and the parts take its place there."""
        height, width = image.shape[:2]
        if self._size != (height, width):
            self.reset()
            self._begin(height, width)
        now = _thumbnail(image)
        calm = False
        if alone and self._whole is not None:
            stirred = np.abs(now - self._whole).max(2) > self._policy.stirred
            calm = not (stirred & ~_around(known, height, width, 0.5)).any()
        self.resting = calm and not self.resting
        if not self.resting:
            self._whole = now
        self.new_scene = self._seen is None
        small = sum(box[2] - box[0] < self._policy.crowd_side * min(height, width) for box in known)
        crowd = small >= self._policy.crowd[0 if self._crowd else 1]
        if crowd is not self._crowd:
            self._crowd = crowd
            self._begin(height, width)
            if crowd:
                self._seen = None  # who was missed so far is found now
        if self._seen is None:
            self._seen = now
            return self._look(range(len(self._parts)), time, full=True)
        changed = np.abs(now - self._seen).max(2) > self._policy.changed
        cut = bool(changed.mean() > self._policy.cut) and time - self._full > self._policy.cut_pause
        changed &= ~_around(known, height, width, 0.8)
        news = np.array([changed[c].sum() for c in self._cells])
        age = time - self._looked
        self.new_scene = cut
        if cut:
            chosen = self._look(range(len(self._parts)), time, full=True)
        else:
            passed = min(max(time - self._time, 0.0), self._policy.round)
            self._credit += 1.35 * len(self._parts) * passed / self._policy.round
            least = min(
                self._policy.at_once * (2 if calm and not self.resting else 1), len(self._parts)
            )
            allowed = int(self._credit) if self._credit >= least else 0
            if self._thorough:
                allowed = max(allowed, int((news > 0).sum()))
            # What is overdue, then what is new, then what is oldest.
            order = sorted(
                range(len(self._parts)),
                key=lambda k: (age[k] < self._policy.round, -news[k], -age[k]),
            )
            self._credit = max(0.0, self._credit - allowed)
            chosen = self._look(order[:allowed], time)
        for window, cells in zip(self._parts, self._cells, strict=True):
            if window in chosen:
                self._seen[cells] = now[cells]
        self._time = time
        return chosen

    def holding(self, boxes: list[F64], unseen: list[int], most: int) -> list[Window]:
        """At most ``most`` parts that hold the middles of ``boxes``, those first that hold most of
        what was ``unseen`` for longest; after ``choose``."""
        middles = np.array([(b[:2] + b[2:]) / 2 for b in boxes])
        low, high = np.array(self._parts).reshape(-1, 2, 2).transpose(1, 0, 2)
        inside = (middles >= low[:, None]).all(2) & (middles < high[:, None]).all(2)
        worth = np.array(unseen, np.float64)
        out: list[Window] = []
        while len(out) < most and (held := inside @ worth).any():
            out.append(self._parts[int(held.argmax())])
            worth[inside[int(held.argmax())]] = 0.0
        return out

    def _begin(self, height: int, width: int) -> None:
        self._size = (height, width)
        self._parts = parts(
            height, width, self._policy.rows_crowd if self._crowd else self._policy.rows
        )
        self._looked = np.full(len(self._parts), -np.inf)
        gx, gy = _GRID[0] / width, _GRID[1] / height
        self._cells = [
            (slice(int(y0 * gy), max(int(y1 * gy), int(y0 * gy) + 1)),
             slice(int(x0 * gx), max(int(x1 * gx), int(x0 * gx) + 1)))
            for x0, y0, x1, y1 in self._parts
        ]  # fmt: skip

    def _look(self, numbers: range | list[int], time: float, full: bool = False) -> list[Window]:
        if full:
            self._full, self._credit, self._time = time, 0.0, time
        for k in numbers:
            self._looked[k] = time
        return [self._parts[k] for k in numbers]


def _around(boxes: list[F64], height: int, width: int, reach: float) -> NDArray[np.bool_]:
    """The cells of the grid within ``reach`` box sizes of the middles of ``boxes``."""
    out = np.zeros(_GRID[::-1], bool)
    for box in boxes:
        half = reach * (box[2:] - box[:2])
        low, high = (box[:2] + box[2:]) / 2 - half, (box[:2] + box[2:]) / 2 + half
        x0, x1 = np.clip([low[0], high[0]], 0, width) * (_GRID[0] / width)
        y0, y1 = np.clip([low[1], high[1]], 0, height) * (_GRID[1] / height)
        out[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = True
    return out


def _thumbnail(image: Image) -> NDArray[np.int16]:
    """Averages over a coarse grid, from every few pixels only."""
    step = max(1, min(image.shape[0] // (4 * _GRID[1]), image.shape[1] // (4 * _GRID[0])))
    few = np.ascontiguousarray(image[::step, ::step])
    return np.asarray(cv2.resize(few, _GRID, interpolation=cv2.INTER_AREA), np.int16)
