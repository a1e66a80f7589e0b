"""From the raw mesh of one track to what may leave: pose, coefficients, lids, gaze, outline."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Points, Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.one_euro import OneEuro, RotationFilter
from deepcam.geometry.pose import fit_pose, head_outline, to_head
from deepcam.tracking.measure import (
    GAZE_LIMIT,
    LidScale,
    dead_zone,
    eye_aspect,
    gaze_offset,
    gaze_rest,
    join_lids,
    mouth_gap,
)
from deepcam.tracking.neutral import Neutral

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MARGINS = (1.0, 1.06, 1.12, 1.18, 1.25)
"""The outline's sizes. Only these five, so that the outline says next to nothing of the wearer's
proportions."""
SAFETY = 0.025
"""IOD between the outermost landmark and the outline, at least."""
MARGIN_HOLD = 45
"""Frames for which a smaller margin must do before it is taken."""
MOUTH_SHUT = 0.06
"""IOD between the inner lips."""
STILL_EXPRESSION, STILL_GAZE, STILL_LIDS = 0.5, 0.05, 0.2
"""Of a single picture only larger movements are believed: units of the basis, eye widths,
openness. Measured on 70 persons with two portraits each: persons told apart by the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One frame of one face; no landmark in it."""

    pose: Pose
    expression: F32
    lids: F32
    gaze: F32
    outline: Points
    inside: bool
    """All landmarks lie inside the outline."""
    residual: float
    """IOD, how far the mesh is from any face of the basis."""
    margin: float
    """The outline's, one of ``MARGINS``."""


class FaceReader:
    """State of one track: neutral face, calibration of the lids, filters, margin.

    ``still``: single pictures; nothing is filtered or remembered.
    """

    def __init__(self, basis: FaceBasis, still: bool = False) -> None:
        self._basis, self._still = basis, still
        self._neutral = Neutral(basis)
        self._lid_scales = (LidScale(), LidScale())
        self._lid_guess = eye_aspect(basis.mean)
        self._gaze_rest = gaze_rest(basis)
        self._level, self._small_enough = 0, 0
        # Units: translation and landmarks in IOD, so 8 Hz per IOD/s as SCIENCE.md has it. The
        # filters take the root mean square speed over a vector's parts: sqrt(2) for two parts.
        # A point 1 IOD from the axis moves at the angular speed, which is four times the root
        # mean square of the quaternion's.
        self._translation = OneEuro(1.0, 8.0 * math.sqrt(2.0))
        self._size = OneEuro(1.0, 8.0)
        self._rotation = RotationFilter(1.0, 32.0)
        self._coefficients = OneEuro(2.0, 4.0)
        self._lids = OneEuro(5.0, 2.0)
        self._gaze = OneEuro(3.5, 14.0)

    def read(self, landmarks: F64, time: float, trust: float) -> Reading:
        """Read one frame. ``landmarks``: (478, 3) pixels; ``trust`` 0..1.

        Raises ``ValueError`` for landmarks that are no face (not finite, all in one point).
        """
        raw = fit_pose(landmarks, self._basis)
        if not (np.isfinite(raw.scale) and raw.scale > 0.5):
            raise ValueError("the face mesh has no size")
        head = to_head(landmarks[:468], raw)
        # What is read off a turned head is guessed by the mesh network; learn little from it.
        frontal = _ramp(35.0 - abs(raw.yaw), 15.0) * _ramp(30.0 - abs(raw.pitch), 15.0)
        learn = trust * frontal
        coefficients = self._neutral.expression(
            head, raw.rotation, learn, mouth_gap(head) < MOUTH_SHUT, learn=not self._still
        )
        # A positive yaw turns the subject's right eye away from the camera.
        seen = np.array([_ramp(50.0 - raw.yaw, 30.0), _ramp(50.0 + raw.yaw, 30.0)])
        lids = self._read_lids(head, seen, learn)
        gaze = gaze_offset(landmarks, raw, self._gaze_rest).reshape(2, 2)
        gaze = (seen[:, None] * gaze + (1.0 - seen[:, None]) * gaze[::-1]).ravel()
        pose = raw
        if not self._still:
            pose = Pose(
                raw.scale * math.exp(self._damp_size(raw.scale, time)),
                self._rotation(raw.rotation, time),
                self._translation(raw.translation, time, unit=raw.scale),
            )
            coefficients = self._coefficients(coefficients, time).astype(np.float32)
            lids = np.clip(self._lids(lids, time), 0.0, 1.4)
            gaze = np.clip(self._gaze(gaze, time), -GAZE_LIMIT, GAZE_LIMIT)
        else:
            coefficients = dead_zone(coefficients, STILL_EXPRESSION).astype(np.float32)
            gaze = dead_zone(np.tile(gaze.reshape(2, 2).mean(0), 2), STILL_GAZE)
            lids = 1.0 + dead_zone(lids - 1.0, STILL_LIDS)
        outline, inside = self._outline(pose, landmarks[:468, :2])
        return Reading(
            pose,
            coefficients,
            lids.astype(np.float32),
            gaze.astype(np.float32),
            outline,
            inside,
            self._neutral.residual,
            MARGINS[self._level],
        )

    def _damp_size(self, scale: float, time: float) -> float:
        """Logarithm of filtered over measured scale."""
        return float(self._size(np.array([math.log(scale)]), time)[0]) - math.log(scale)

    def _read_lids(self, head: F64, seen: F64, learn: float) -> F64:
        aspect = eye_aspect(head)
        # The expected ratio of relaxed open eyes: half the population's, half that of this
        # person's neutral face as far as it is known.
        own = np.clip(eye_aspect(self._neutral.face), 0.7 * self._lid_guess, 1.3 * self._lid_guess)
        guess = 0.5 * (self._lid_guess + own)
        result = np.empty(2)
        for eye, scale in enumerate(self._lid_scales):
            if learn > 0.3 and not self._still:
                scale.observe(float(aspect[eye]))
            result[eye] = scale.openness(float(aspect[eye]), float(guess[eye]))
        return join_lids(result, seen)

    def _outline(self, pose: Pose, points: F64) -> tuple[Points, bool]:
        """The smallest allowed outline that holds all landmarks; shrinks only after a while."""
        needed, outline, inside = least_outline(pose, self._basis, points)
        if needed >= self._level:
            self._level, self._small_enough = needed, 0
        else:
            self._small_enough += 1
            if self._small_enough >= MARGIN_HOLD:
                self._level, self._small_enough = self._level - 1, 0
        if self._still:
            self._level = needed
        if self._level != needed:
            outline = head_outline(pose, self._basis, MARGINS[self._level])
        return outline, inside


def least_outline(pose: Pose, basis: FaceBasis, points: F64) -> tuple[int, Points, bool]:
    """The smallest of ``MARGINS`` (its number) whose outline holds ``points`` (n, 2) with
    ``SAFETY``, else the largest; the outline; and whether it does hold them."""
    for level, margin in enumerate(MARGINS):
        outline = head_outline(pose, basis, margin)
        if depth_inside(outline, points) >= SAFETY * pose.scale:
            return level, outline, True
    return len(MARGINS) - 1, outline, False


def depth_inside(polygon: Points, points: F64) -> float:
    """How deep the outermost of ``points`` (n, 2) lies inside a convex polygon (k, 2), in pixels;
    negative when it lies outside."""
    corners = polygon.astype(np.float64)
    edge = np.roll(corners, -1, 0) - corners
    length = np.linalg.norm(edge, axis=1)
    corners, edge, length = corners[length > 1e-6], edge[length > 1e-6], length[length > 1e-6]
    normal = np.stack([-edge[:, 1], edge[:, 0]], 1) / length[:, None]
    if float(((corners.mean(0) - corners) * normal).sum()) < 0:
        normal = -normal
    distance = points @ normal.T - (corners * normal).sum(1)
    return float(distance.min())


def box_outline(box: F64, keypoints: F64) -> Points:
    """Ellipse (40, 2) around a whole head from the detector's box alone: hair to below the chin,
    both ears. ``box`` (4,), ``keypoints`` (6, 2) as in ``Detection``."""
    size = float(max(box[2] - box[0], box[3] - box[1]))
    centre = np.array([box[0] + box[2], box[1] + box[3]]) / 2
    across = keypoints[1] - keypoints[0]
    length = float(np.linalg.norm(across))
    # In profile the eyes coincide and say nothing about the roll.
    across = across / length if length > 0.12 * size else np.array([1.0, 0.0])
    down = np.array([-across[1], across[0]])
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    # The box ends at the brows: the head goes on upwards by about as much again as the forehead.
    middle = centre - 0.2 * size * down
    points = (
        middle
        + 0.85 * size * np.cos(angle)[:, None] * across
        + 1.05 * size * np.sin(angle)[:, None] * down
    )
    outline: Points = points.astype(np.float32)
    return outline


def merge_outlines(first: Points, second: Points) -> Points:
    """Convex hull (k, 2) of two polygons."""
    both = np.ascontiguousarray(np.concatenate([first, second]), np.float32)
    return np.asarray(cv2.convexHull(both)[:, 0, :], np.float32)


def _ramp(value: float, width: float) -> float:
    """0 at 0 and below, 1 at ``width`` and above."""
    return min(1.0, max(0.0, value / width))
