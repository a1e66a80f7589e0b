"""Boxes, regions of interest and meshes: how they are made of each other, and whether they mean
the same face."""

from __future__ import annotations

import math

import numpy as np

from deepcam.geometry.topology import IRIS_LEFT, IRIS_RIGHT
from deepcam.tracking.association import iou
from deepcam.tracking.backend import F64, Detection, Mesh, Roi

PRESENCE = 0.5
ROI_SCALE = 1.5
TURNED = 45.0
"""Degrees of roll from which the detector, shown the picture as it is, misplaces eyes and mouth."""


def good(mesh: Mesh) -> bool:
    """Whether the network believes that it saw a face."""
    return mesh.presence >= PRESENCE and bool(np.isfinite(mesh.landmarks).all())


def roll_of(mesh: Mesh) -> float:
    """Degrees, clockwise positive, -180..180."""
    across = mesh.landmarks[263, :2] - mesh.landmarks[33, :2]
    return math.degrees(math.atan2(across[1], across[0]))


def quarter(mesh: Mesh) -> int:
    """Quarter turns against the clock that bring the face nearest to upright, 0..3."""
    return round(roll_of(mesh) / 90.0) % 4


def agreement(mesh: Mesh, detection: Detection) -> float:
    """0..1, how well a mesh and a detection mean the same face: eyes, nose and mouth together.

    Measured: up to .10 box sides apart for faces seen well, .22 for faces both turned and tilted;
    a mesh beside the face or on a neighbour is over .3 away. Of a face that lies on its side or
    stands on its head, and that the detector took for an upright one, only the boxes are compared.
    """
    points = mesh.landmarks[:, :2]
    mine = np.stack(
        [points[IRIS_RIGHT], points[IRIS_LEFT], points[1], (points[13] + points[14]) / 2]
    )
    side = float(max(detection.box[2] - detection.box[0], detection.box[3] - detection.box[1], 1))
    apart = float(np.linalg.norm(mine - detection.keypoints[:4], axis=1).mean()) / side
    points_agree = float(np.clip((0.32 - apart) / 0.12, 0.0, 1.0))
    if points_agree < 0.5 and abs(roll_of(mesh)) > TURNED and abs(detection.roll) < TURNED:
        return float(np.clip((iou(mesh_box(mesh), detection.box) - 0.35) / 0.2, 0.0, 1.0))
    return points_agree


def plausibility(residual: float) -> float:
    """0..1 from the joint fit's residual in IOD. Measured: .007-.02 for faces."""
    return float(np.clip((0.07 - residual) / 0.04, 0.0, 1.0))


def mesh_box(mesh: Mesh) -> F64:
    """(4,) the box that the detector would give to a face with this mesh."""
    x = mesh.landmarks[:468, :2]
    centre = (x.min(0) + x.max(0)) / 2
    # Width shrinks in profile while the detector's box does not; height grows with the mouth.
    extent = x.max(0) - x.min(0)
    half = float(max(extent[0] / 0.92, extent[1] / 1.06)) / 2
    return np.concatenate([centre - half, centre + half])


def roi_of_mesh(mesh: Mesh) -> Roi:
    """Region for the next frame (MediaPipe's rule: square about all points, upright, x 1.5)."""
    x = mesh.landmarks[:468, :2]
    low, high = x.min(0), x.max(0)
    across = x[263] - x[33]
    centre = (low + high) / 2
    return Roi(
        float(centre[0]),
        float(centre[1]),
        max(ROI_SCALE * float((high - low).max()), 8.0),
        math.atan2(across[1], across[0]),
    )


def roi_of_detection(detection: Detection) -> Roi:
    """Region for the first mesh, from the detector's box and eyes."""
    x0, y0, x1, y1 = detection.box
    return Roi(
        float(x0 + x1) / 2,
        float(y0 + y1) / 2,
        max(ROI_SCALE * float(max(x1 - x0, y1 - y0)), 8.0),
        detection.angle,
    )
