"""What can be read off a face mesh in the head frame: lids, gaze, mouth; and the lids' scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.topology import EAR_LEFT, EAR_RIGHT, IRIS_LEFT, IRIS_RIGHT

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

CORNERS = np.array([[33, 133], [263, 362]])
"""Outer and inner corner of the right and of the left eye."""
IRISES = np.array([IRIS_RIGHT, IRIS_LEFT])
GAZE_LIMIT = 0.35
"""Iris offsets beyond this many eye widths are measurement errors."""
_EAR = np.stack([EAR_RIGHT, EAR_LEFT])


def eye_aspect(head: NDArray[np.floating[Any]]) -> F64:
    """Eye aspect ratio (2,) of the (right, left) eye from head-frame points (>= 468, 3).

    Read in the head frame, so that a turned head does not make the eye look round.
    """
    p = np.asarray(head)[_EAR, :2].astype(np.float64)
    heights = np.linalg.norm(p[:, [1, 2]] - p[:, [5, 4]], axis=2).sum(1)
    widths = np.linalg.norm(p[:, 0] - p[:, 3], axis=1)
    ratio: F64 = heights / (2.0 * np.maximum(widths, 1e-6))
    return ratio


def mouth_gap(head: NDArray[np.floating[Any]]) -> float:
    """Distance of the inner lips (points 13 and 14), IOD."""
    return float(np.linalg.norm(head[13, :2] - head[14, :2]))


def gaze_rest(basis: FaceBasis) -> F64:
    """(2, 2) iris offset of the mean face, which looks straight ahead: (right, left) x, y."""
    corners = basis.mean[CORNERS, :2].astype(np.float64)
    irises = np.array([[-0.5, 0.0], [0.5, 0.0]])
    return _offsets(irises, corners)


def gaze_offset(landmarks: F64, pose: Pose, rest: F64) -> F64:
    """(4,) right x, y, left x, y: iris offset from straight ahead in eye widths, +-GAZE_LIMIT.

    ``landmarks``: (478, 3) pixels. The iris's own depth is noise (and breaks the measure), so only
    its place in the picture is used: it lies in the head's frontal plane through the middle of the
    eye's corners.
    """
    corners = landmarks[CORNERS]
    # Only differences matter, so the translation can stay.
    flat_corners = (corners @ pose.rotation)[..., :2]
    plane = pose.rotation[:2, :2]
    # Slightly damped, so that an extreme turn does not blow up the noise.
    back = np.linalg.solve(plane.T @ plane + 0.01 * np.eye(2), plane.T)
    shift = (landmarks[IRISES, :2] - corners[:, :, :2].mean(1)) @ back.T
    offset = (_offsets(flat_corners.mean(1) + shift, flat_corners) - rest).ravel()
    clipped: F64 = np.clip(offset, -GAZE_LIMIT, GAZE_LIMIT)
    return clipped


def _offsets(irises: F64, corners: F64) -> F64:
    width = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1, keepdims=True)
    result: F64 = (irises - corners.mean(1)) / np.maximum(width, 1e-6)
    return result


def dead_zone(values: NDArray[np.floating[Any]], edge: float) -> F64:
    """``values`` with 0 below ``edge`` in size, unchanged above twice that, a ramp between.

    What is small in a single picture says more about who somebody is than about what the face is
    doing: there is no neutral face yet that it could be measured against.
    """
    size = np.abs(values)
    kept: F64 = np.sign(values) * np.clip(2.0 * (size - edge), 0.0, size)
    return kept


class LidScale:
    """Turns eye aspect ratios into openness 0..1.4 by what this person's eyes have shown so far.

    ``hi`` (relaxed open) is the 70 % quantile of the last ``window`` values, ``lo`` (closed) is
    just above the 1 % quantile, kept between 12 % and 42 % of ``hi``: somebody who has not blinked
    yet must not look asleep. The first values lean on ``guess``.
    """

    HI_QUANTILE, LO_QUANTILE = 0.70, 0.01
    PRIOR_FRAMES = 3

    def __init__(self, window: int = 900) -> None:
        self._values = np.zeros(window)
        self._count = 0
        self._stale = 0
        self._quantiles = (0.0, 0.0)

    def observe(self, aspect: float) -> None:
        """Remember one eye aspect ratio (finite, >= 0) of a face seen well."""
        self._values[self._count % len(self._values)] = aspect
        self._count += 1
        self._stale += 1

    def limits(self, guess: float) -> tuple[float, float]:
        """(lo, hi); ``guess`` > 0 is the ratio expected for the relaxed open eye."""
        n = min(self._count, len(self._values))
        if n == 0:
            return 0.42 * guess, guess
        # Quantiles of a long memory move slowly: every frame at first, then every fifth.
        if self._stale >= (5 if n > 60 else 1):
            low, high = np.quantile(self._values[:n], [self.LO_QUANTILE, self.HI_QUANTILE])
            self._quantiles, self._stale = (float(low), float(high)), 0
        trust = n / (n + self.PRIOR_FRAMES)
        hi = max(trust * self._quantiles[1] + (1.0 - trust) * guess, 1e-3)
        lo = float(np.clip(self._quantiles[0] * 1.05, 0.12 * hi, 0.42 * hi))
        return lo, hi

    def openness(self, aspect: float, guess: float) -> float:
        """0 closed .. 1 relaxed .. 1.4 wide."""
        lo, hi = self.limits(guess)
        return float(np.clip((aspect - lo) / (hi - lo), 0.0, 1.4))


def join_lids(openness: F64, weight: F64) -> F64:
    """(2,) openness of both eyes: their weighted mean, unless they clearly differ (a wink).

    ``weight`` (2,) >= 0, how well each eye is seen; an eye with none takes the other's value.
    """
    if float(weight.min()) <= 0.0 or abs(float(openness[0] - openness[1])) < 0.4:
        total = float(weight.sum())
        w = weight / total if total > 0 else np.full(2, 0.5)
        return np.full(2, float(w @ openness))
    return openness.copy()
