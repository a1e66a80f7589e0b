"""Where a head is: weighted Procrustes pose, and the mask that follows from the pose alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Points, Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.topology import OVAL, PROCRUSTES_INDEX, PROCRUSTES_WEIGHT

F64 = NDArray[np.float64]

OUTLINE_SIDE, OUTLINE_UP, OUTLINE_DOWN = 1.07, 0.08, 0.27
"""The outline beyond the mean face's oval: factor sideways, IOD above the hairline points and
below the chin (12 % of the face's height of about 2.2 IOD). Hair is not painted well: no more of it
is erased than a mesh that slips a little needs."""
OUTLINE_BACK = 0.18
"""IOD by which the outline recedes above the forehead, as heads do: seen from below, all hair would
be erased else."""
SIDEWAYS = 0.8
"""Share of the margin that goes sideways: chins drop and hairlines differ, cheeks hardly do."""


def umeyama(source: F64, target: F64, weight: F64 | None = None) -> tuple[float, F64, F64]:
    """Similarity transform that maps ``source`` onto ``target`` with least weighted square error.

    Umeyama, IEEE TPAMI 13(4), 1991. ``source``, ``target``: (n, d) float64. Returns scale,
    rotation (d, d) with determinant +1, translation (d,).
    Raises ``ValueError`` for points that are not finite or coincide.
    """
    w = np.full(len(source), 1.0 / len(source)) if weight is None else weight / weight.sum()
    ms, mt = w @ source, w @ target
    s0, t0 = source - ms, target - mt
    if not (np.isfinite(s0).all() and np.isfinite(t0).all()):
        raise ValueError("points are not finite")
    var = float(w @ (s0 * s0).sum(1))
    if var < 1e-12:
        raise ValueError("points coincide")
    u, d, vt = np.linalg.svd((t0 * w[:, None]).T @ s0)
    sign = np.ones(source.shape[1])
    sign[-1] = np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0
    rotation = (u * sign) @ vt
    scale = float((d * sign).sum() / var)
    return scale, rotation, mt - scale * rotation @ ms


def fit_pose(landmarks: F64, basis: FaceBasis) -> Pose:
    """Pose of a face mesh.

    ``landmarks``: (>= 468, 3) float64; x, y pixels, z in pixels growing away from the camera.
    Raises ``ValueError`` when the points are not finite or coincide.
    """
    scale, rotation, translation = umeyama(
        basis.mean[PROCRUSTES_INDEX].astype(np.float64),
        np.asarray(landmarks[PROCRUSTES_INDEX], np.float64),
        PROCRUSTES_WEIGHT,
    )
    return Pose(scale, rotation, translation[:2])


def to_head(landmarks: F64, pose: Pose) -> F64:
    """Landmarks (n, 3) in pixels to the head frame (n, 3), depth centred like the mean face's."""
    centred = np.array(landmarks, np.float64)
    centred[:, :2] -= pose.translation
    head: F64 = centred @ pose.rotation / pose.scale
    return head


def project(points: NDArray[Any], pose: Pose) -> NDArray[np.float32]:
    """Head frame (n, 3) to the picture: x, y pixels and depth in pixels, (n, 3) float32."""
    out: NDArray[Any] = points @ (pose.rotation.T * pose.scale)
    out[:, :2] += pose.translation
    flat: NDArray[np.float32] = out.astype(np.float32)
    return flat


def head_outline(pose: Pose, basis: FaceBasis, margin: float = 1.0) -> Points:
    """The pose-only mask: convex polygon (k, 2) of the population mean's face side of the head.

    Forehead to below the chin, a little wider than the mean face; never the wearer's own contour.
    ``margin`` >= 1 enlarges it about its centre, less sideways.
    """
    flat = project(_solid(basis, margin), pose)[:, :2]
    hull: Points = cv2.convexHull(np.ascontiguousarray(flat))[:, 0, :]
    return hull


def half_width(basis: FaceBasis, y: F64) -> F64:
    """Half the outline's width at margin 1, seen from the front; IOD at heights ``y`` (n,)."""
    solid = _solid(basis, 1.0)[: len(OVAL)]
    right = solid[solid[:, 0] >= 0]
    right = right[np.argsort(right[:, 1])]
    out: F64 = np.interp(y, right[:, 1], right[:, 0])
    return out


@lru_cache(maxsize=16)
def _solid(basis: FaceBasis, margin: float) -> F64:
    """What the outline is the hull of, head frame (n, 3)."""
    oval = basis.mean[OVAL].astype(np.float64)
    outer = oval.copy()
    outer[:, 0] *= OUTLINE_SIDE
    top, bottom = oval[:, 1].min(), oval[:, 1].max()
    centre = 0.5 * (top + bottom)
    up = np.clip((centre - oval[:, 1]) / (centre - top), 0, 1) ** 2
    down = np.clip((oval[:, 1] - centre) / (bottom - centre), 0, 1) ** 2
    outer[:, 1] += down * OUTLINE_DOWN - up * OUTLINE_UP
    outer[:, 2] += up * OUTLINE_BACK
    middle = outer.mean(0)
    # The face side itself takes part: with the head turned the nose and cheek leave the oval.
    solid = np.concatenate([outer, basis.mean.astype(np.float64)])
    more = margin - 1.0
    grown: F64 = middle + (solid - middle) * (1.0 + more * np.array([SIDEWAYS, 1.0, SIDEWAYS]))
    return grown
