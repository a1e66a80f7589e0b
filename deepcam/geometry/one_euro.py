"""One-Euro filter (Casiez, Roussel, Vogel, CHI 2012): still things still, fast things fast."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


class OneEuro:
    """Filter of a vector that moves as one: the cutoff follows the speed of the whole vector.

    ``min_cutoff`` Hz at rest, ``beta`` Hz per unit/second of speed (root mean square over the
    vector), ``d_cutoff`` Hz for the speed itself. ``unit`` is what the values are measured in.
    """

    def __init__(
        self, min_cutoff: float, beta: float, d_cutoff: float = 1.0, unit: float = 1.0
    ) -> None:
        self.min_cutoff, self.beta, self.d_cutoff, self.unit = min_cutoff, beta, d_cutoff, unit
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next value passes unchanged."""
        self._x: F64 | None = None
        self._dx: F64 | None = None
        self._t = 0.0

    def __call__(self, x: NDArray[Any] | float, t: float, unit: float | None = None) -> F64:
        """Filtered value of ``x`` (any shape) at time ``t`` seconds. Time must not run backwards:
        a step of zero or less, or over one second, restarts the filter."""
        value = np.asarray(x, np.float64)
        step = t - self._t
        if self._x is None or self._dx is None or step <= 0 or step > 1.0:
            self._x, self._dx, self._t = value.copy(), np.zeros_like(value), t
            return value.copy()
        speed = (value - self._x) / step
        self._dx += _alpha(self.d_cutoff, step) * (speed - self._dx)
        size = float(np.sqrt(np.mean(self._dx**2))) / (unit or self.unit)
        self._x = self._x + _alpha(self.min_cutoff + self.beta * size, step) * (value - self._x)
        self._t = t
        return self._x.copy()


def _alpha(cutoff: float, step: float) -> float:
    return 1.0 / (1.0 + 1.0 / (2.0 * math.pi * cutoff * step))


class RotationFilter:
    """One-Euro filter of a rotation matrix through its unit quaternion, sign kept continuous."""

    def __init__(self, min_cutoff: float, beta: float) -> None:
        self._filter = OneEuro(min_cutoff, beta)
        self._last: F64 | None = None

    def reset(self) -> None:
        """Forget the past."""
        self._filter.reset()
        self._last = None

    def __call__(self, rotation: F64, t: float) -> F64:
        """Filtered rotation (3, 3) at time ``t`` seconds."""
        q = quaternion(rotation)
        if self._last is not None and float(q @ self._last) < 0:
            q = -q
        q = self._filter(q, t)
        self._last = q / np.linalg.norm(q)
        return matrix(self._last)


def quaternion(rotation: F64) -> F64:
    """Rotation matrix to unit quaternion (w, x, y, z), w >= 0 (Shepperd's method)."""
    m = rotation
    k = np.array(
        [
            [m[0, 0] + m[1, 1] + m[2, 2], 0.0, 0.0, 0.0],
            [m[2, 1] - m[1, 2], m[0, 0] - m[1, 1] - m[2, 2], 0.0, 0.0],
            [m[0, 2] - m[2, 0], m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], 0.0],
            [
                m[1, 0] - m[0, 1],
                m[0, 2] + m[2, 0],
                m[1, 2] + m[2, 1],
                m[2, 2] - m[0, 0] - m[1, 1],
            ],
        ]
    )
    _, vectors = np.linalg.eigh(k / 3.0)  # reads the lower triangle
    q: F64 = vectors[:, -1]
    return q if q[0] >= 0 else -q


def matrix(q: F64) -> F64:
    """Unit quaternion (w, x, y, z) to rotation matrix (3, 3)."""
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
