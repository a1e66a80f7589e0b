"""Taking the wearer's own proportions out of the expression.

``X = mean + shape a + expression e + rigid r``: one joint ridge fit says how much of a face is
proportions and how much is movement, from a single picture. Over time the track learns what is
left: details that the shape basis lacks, and the part of the proportions that looks like an
expression (somebody whose mouth corners hang at rest).

Two things make the fit hold for turned heads, where it otherwise runs away by 15 standard
deviations: errors are weighed in the *camera's* axes, because the mesh guesses depth, and a small
rigid movement is free, because the Procrustes pose suffers from that guess too.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deepcam.geometry.basis import FaceBasis

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIGMA = 0.02
"""Noise of a mesh coordinate, IOD."""
DEPTH_WEIGHT = 0.03
"""Weight of the camera's depth axis against the picture's two."""
EXPRESSION_PRIOR = 0.87
"""Prior standard deviation of expression in the joint fit, in units of the basis."""
RIGID_PRIOR = 0.1
"""IOD, radians, logarithm of scale; the depth of the head's origin is free."""
LIMIT = 3.0
REST_PRIOR_FRAMES = 45
REST_LIMIT = 1.5
MEMORY_FRAMES = 300
"""The neutral is an average over about this many frames."""
STEP_LIMIT = 0.06
"""IOD: one odd frame moves a point's average no more than if it were this far off."""


class _Solver:
    """Ridge regression on a set of columns with a weight matrix that turns with the head.

    Sums over points are made once for each pair of axes; a frame costs one product of the
    columns with the data and one small linear system.
    """

    def __init__(self, columns: F64, prior: F64) -> None:
        # columns: (k, 468, 3)
        self.flat = np.ascontiguousarray(columns.reshape(len(columns), -1))
        pairs = np.einsum("apx,bpy->xyab", columns, columns, optimize=True)
        self._gram = np.ascontiguousarray(pairs).reshape(9, -1)
        self._ridge = np.diag(prior**-2.0)

    def solve(self, difference: F64, weight: F64) -> F64:
        """Coefficients (k,) of ``difference`` (468, 3) under ``weight`` (3, 3)."""
        normal = (weight.ravel() @ self._gram).reshape(self._ridge.shape) + self._ridge
        return np.linalg.solve(normal, self.flat @ (difference @ weight).ravel())


class _Fit:
    """The two regressions of a basis."""

    def __init__(self, basis: FaceBasis) -> None:
        self.mean = basis.mean.astype(np.float64)
        self.shapes, self.expressions = len(basis.shape), len(basis.expression)
        shape = basis.shape.astype(np.float64)
        expression = basis.expression.astype(np.float64)
        rigid = _rigid(self.mean)
        rigid_prior = np.full(len(rigid), RIGID_PRIOR)
        rigid_prior[2] = 10.0
        self.joint = _Solver(
            np.concatenate([shape, expression, rigid]),
            np.concatenate(
                [np.ones(len(shape)), np.full(len(expression), EXPRESSION_PRIOR), rigid_prior]
            ),
        )
        self.alone = _Solver(
            np.concatenate([expression, rigid]),
            np.concatenate([np.ones(len(expression)), rigid_prior]),
        )


@lru_cache(maxsize=1)
def _fit(basis: FaceBasis) -> _Fit:
    return _Fit(basis)


def _rigid(mean: F64) -> F64:
    """(7, 468, 3) small movements of the mean face: three shifts, three turns, growth."""
    columns = np.zeros((7, len(mean), 3))
    for axis in range(3):
        columns[axis, :, axis] = 1.0
    for row, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)], start=3):
        columns[row, :, i], columns[row, :, j] = -mean[:, j], mean[:, i]
    columns[6] = mean
    return columns


class Neutral:
    """Neutral face of one track. Proportions stay in here; coefficients come out."""

    def __init__(self, basis: FaceBasis) -> None:
        self._fit = _fit(basis)
        self._expression = self._fit.joint.flat[self._fit.shapes :][: self._fit.expressions]
        self._face: F64 | None = None
        self._base: F64 | None = None
        self._weight = 0.0
        self._rest = np.zeros(len(basis.expression))
        self._rest_frames = 0
        self._last: F64 | None = None
        self.residual = 0.0
        """Root mean square of what the joint fit left in the picture's plane in the last frame,
        IOD: a mesh that does not look like a face has a large one."""

    @property
    def face(self) -> F64:
        """(468, 3) the neutral believed in now; the population's before the first frame."""
        if self._base is None:
            return self._fit.mean
        if self._face is None:
            shrink = self._rest_frames / (self._rest_frames + REST_PRIOR_FRAMES)
            moved = (self._rest * shrink) @ self._expression
            self._face = self._base + moved.reshape(-1, 3)
        return self._face

    def expression(
        self, head: F64, rotation: F64, trust: float, shut: bool, learn: bool = True
    ) -> F32:
        """Coefficients of one frame, (n,) float32, +-3 units.

        ``head``: (468, 3) head frame; ``rotation`` (3, 3) head to camera. ``trust`` 0..1: how
        well the face is seen (a profile teaches little). ``shut``: the mouth is closed. ``learn``
        False keeps the neutral as it is.
        """
        fit = self._fit
        weight = rotation.T @ np.diag([1.0, 1.0, DEPTH_WEIGHT]) @ rotation / SIGMA**2
        difference = head - fit.mean
        joint = fit.joint.solve(difference, weight)
        left = difference - (joint @ fit.joint.flat).reshape(-1, 3)
        self.residual = float(np.sqrt(((left @ rotation.T)[:, :2] ** 2).sum(1).mean()))
        e = joint[fit.shapes : fit.shapes + fit.expressions]
        if self._base is None:
            own = joint[: fit.shapes] @ fit.joint.flat[: fit.shapes]
            self._base, self._face = fit.mean + own.reshape(-1, 3), None
        if learn:
            # Without its expression every frame is a picture of the proportions.
            moved = joint[fit.shapes :] @ fit.joint.flat[fit.shapes :]
            self._learn(head - moved.reshape(-1, 3), e, trust, shut)
        coefficients = fit.alone.solve(head - self.face, weight)[: fit.expressions]
        return np.clip(coefficients, -LIMIT, LIMIT).astype(np.float32)

    def _learn(self, sample: F64, e: F64, trust: float, shut: bool) -> None:
        assert self._base is not None
        self._face = None
        # The first fit counts as ten frames, so that noisy ones do not write themselves in.
        self._weight = min(self._weight + trust, float(MEMORY_FRAMES))
        step = np.clip(sample - self._base, -STEP_LIMIT, STEP_LIMIT)
        self._base = self._base + step * (trust / (self._weight + 10.0))
        # The expression of a face at rest belongs to the proportions.
        still = self._last is not None and float(np.sqrt(np.mean((e - self._last) ** 2))) < 0.15
        self._last = e
        if still and shut and trust > 0.5:
            self._rest_frames = min(self._rest_frames + 1, MEMORY_FRAMES)
            step = np.clip(e - self._rest, -1.0, 1.0) / self._rest_frames
            self._rest = np.clip(self._rest + step, -REST_LIMIT, REST_LIMIT)
