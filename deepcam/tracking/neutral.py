"""Taking the wearer's own proportions out of the expression.

``X = mean + shape a + expression e``: one joint ridge fit says how much of a face is proportions
and how much is movement, from a single picture. Over time the track learns what is left: details
that the shape basis lacks, and the part of the proportions that looks like an expression
(somebody whose mouth corners hang at rest).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deepcam.geometry.basis import FaceBasis

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIGMA = 0.02
"""Noise of a mesh coordinate, IOD."""
DEPTH_WEIGHT = 0.3
"""The mesh's depth is a guess: its errors count less."""
EXPRESSION_PRIOR = 0.6
"""Prior standard deviation of expression in the joint fit, in units of the basis."""
LIMIT = 3.0
REST_PRIOR_FRAMES = 45
REST_LIMIT = 1.5
MEMORY_FRAMES = 300
"""The neutral is an average over about this many frames."""
STEP_LIMIT = 0.06
"""IOD: one odd frame moves a point's average no more than if it were this far off."""


@dataclass(frozen=True, slots=True, eq=False)
class _Solver:
    mean: F64
    shape: F64
    """(3 n, shapes)"""
    expression: F64
    """(3 n, expressions)"""
    joint: F64
    """(shapes + expressions, 3 n)"""
    alone: F64
    """(expressions, 3 n), the neutral being known."""


@lru_cache(maxsize=1)
def _solver(basis: FaceBasis) -> _Solver:
    n = basis.mean.size
    shape = basis.shape.reshape(len(basis.shape), n).T.astype(np.float64)
    expression = basis.expression.reshape(len(basis.expression), n).T.astype(np.float64)
    weight = np.tile([1.0, 1.0, DEPTH_WEIGHT], n // 3) / SIGMA**2

    def ridge(columns: F64, prior: F64) -> F64:
        normal = (columns.T * weight) @ columns + np.diag(prior**-2.0)
        return np.linalg.solve(normal, columns.T * weight)

    s, e = np.ones(shape.shape[1]), np.ones(expression.shape[1])
    both = np.concatenate([shape, expression], 1)
    return _Solver(
        basis.mean.astype(np.float64).ravel(),
        shape,
        expression,
        ridge(both, np.concatenate([s, e * EXPRESSION_PRIOR])),
        ridge(expression, e),
    )


class Neutral:
    """Neutral face of one track. Proportions stay in here; coefficients come out."""

    def __init__(self, basis: FaceBasis) -> None:
        self._solver = _solver(basis)
        self._base: F64 | None = None
        self._weight = 0.0
        self._rest = np.zeros(len(basis.expression))
        self._rest_frames = 0
        self._last: F64 | None = None
        self.residual = 0.0
        """Root mean square of what the joint fit left of x and y in the last frame, IOD: a mesh
        that does not look like a face has a large one."""

    @property
    def face(self) -> F64:
        """(468, 3) the neutral believed in now; the population's before the first frame."""
        if self._base is None:
            return self._solver.mean.reshape(-1, 3)
        shrink = self._rest_frames / (self._rest_frames + REST_PRIOR_FRAMES)
        flat = self._base + self._solver.expression @ (self._rest * shrink)
        result: F64 = flat.reshape(-1, 3)
        return result

    def expression(
        self, head: NDArray[np.floating], trust: float, shut: bool, learn: bool = True
    ) -> F32:
        """Coefficients of one frame, (n,) float32, +-3 standard deviations.

        ``head``: (>= 468, 3) head frame. ``trust`` 0..1: how well the face is seen (a profile
        teaches little). ``shut``: the mouth is closed. ``learn`` False keeps the neutral as it is.
        """
        solver = self._solver
        x = np.asarray(head, np.float64)[:468].ravel()
        joint = solver.joint @ (x - solver.mean)
        shapes = solver.shape.shape[1]
        a, e = joint[:shapes], joint[shapes:]
        own = solver.mean + solver.shape @ a
        left = (x - own - solver.expression @ e).reshape(-1, 3)[:, :2]
        self.residual = float(np.sqrt(np.mean((left * left).sum(1))))
        if self._base is None:
            self._base = own
        if learn:
            self._learn(x, e, trust, shut)
        coefficients = solver.alone @ (x - self.face.ravel())
        return np.clip(coefficients, -LIMIT, LIMIT).astype(np.float32)

    def _learn(self, x: F64, e: F64, trust: float, shut: bool) -> None:
        assert self._base is not None
        solver = self._solver
        # Without its expression every frame is a picture of the proportions. The prior counts as
        # ten frames, so that the first noisy ones do not write themselves in.
        self._weight = min(self._weight + trust, float(MEMORY_FRAMES))
        sample = x - solver.expression @ e
        step = np.clip(sample - self._base, -STEP_LIMIT, STEP_LIMIT)
        self._base = self._base + step * (trust / (self._weight + 10.0))
        # The expression of a face at rest belongs to the proportions.
        still = self._last is not None and float(np.sqrt(np.mean((e - self._last) ** 2))) < 0.15
        self._last = e
        if still and shut and trust > 0.5:
            self._rest_frames = min(self._rest_frames + 1, MEMORY_FRAMES)
            step = np.clip(e - self._rest, -1.0, 1.0) / self._rest_frames
            self._rest = np.clip(self._rest + step, -REST_LIMIT, REST_LIMIT)
