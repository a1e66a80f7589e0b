"""Q4: does one see where the painted face begins?"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.record import Result
from deepcam.evaluation.statistics import Measure, measure
from deepcam.frames import Image
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import project


def seam(image: Image, outline: NDArray[np.float32]) -> tuple[float, float]:
    """Q4 of one face: mean absolute gradient across the outline (k, 2) over that beside it (5 to 9
    pixels inside, 7 to 11 outside: the eraser's rim is 2 to 3 pixels outside the outline); and the
    mean CIELAB difference between 5 pixels inside and 7 outside."""
    closed = np.concatenate([outline, outline[:1]]).astype(np.float64)
    lengths = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    steps = np.arange(0, lengths.sum(), 2.0)
    along = np.concatenate([[0], np.cumsum(lengths)])
    points = np.stack([np.interp(steps, along, closed[:, c]) for c in range(2)], 1)
    tangent = np.roll(points, -1, 0) - np.roll(points, 1, 0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    outwards = np.sign(((points - points.mean(0)) * normal).sum(1, keepdims=True))
    normal = normal * outwards
    height, width = image.shape[:2]
    reach = points + 12 * normal
    inside = (reach > 1).all(1) & (reach[:, 0] < width - 2) & (reach[:, 1] < height - 2)
    points, normal = points[inside], normal[inside]
    if len(points) < 8:
        return float("nan"), float("nan")
    offsets = np.arange(-9, 12)
    at = (points[:, None] + offsets[None, :, None] * normal[:, None]).astype(np.float32)
    lab = cv2.cvtColor((image / np.float32(255)).astype(np.float32), cv2.COLOR_BGR2LAB)
    profile = cv2.remap(lab, at[..., 0], at[..., 1], cv2.INTER_LINEAR).astype(np.float64)
    gradient = np.linalg.norm(np.diff(profile, axis=1), axis=2)  # between offsets k and k + 1
    at_seam = gradient[:, 7:13].mean()
    beside = np.concatenate([gradient[:, :4], gradient[:, 16:]], 1).mean()
    step = np.linalg.norm(profile[:, 4] - profile[:, 16], axis=1).mean()
    return float(at_seam / max(beside, 1e-3)), float(step)


def seam_measure(results: Sequence[Result]) -> tuple[Measure, Measure]:
    """Q4 over all shots: gradient ratio, and the colour step less that of the originals."""
    ratios: list[list[float]] = []
    steps: list[list[float]] = []
    real: list[float] = []
    basis = FaceBasis.load()
    for result in results:
        rows: list[float] = []
        differences: list[float] = []
        for shot, image in list(zip(result.take.shots, result.images, strict=True))[::5]:
            face = shot.face
            if face is None or face.pose is None or abs(face.pose.yaw) > 45:
                continue
            size = np.ptp(project(basis.mean, face.pose)[:, 0])
            if size < 40:
                continue
            ours, step = seam(image, face.outline)
            before, step_before = seam(shot.frame.image, face.outline)
            if np.isfinite(ours) and np.isfinite(before):
                rows.append(ours)
                real.append(before)
                differences.append(step - step_before)
        if rows:
            ratios.append(rows)
            steps.append(differences)

    def mean(groups: Sequence[Sequence[float]]) -> float:
        values = [v for g in groups for v in g]
        return float(np.mean(values)) if values else float("nan")

    n = sum(map(len, ratios))
    return (
        measure(ratios, mean, n, original=_json(float(np.mean(real)) if real else float("nan"))),
        measure(steps, mean, n),
    )


def _json(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
