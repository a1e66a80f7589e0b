"""U5: an independent witness of U4, dlib's 68 points.

The judge of U2 to U4 is the network that the camera's tracker uses; this one is another. Its
training data (300-W) is for non-commercial use only, so it runs on request and is never shipped: it
comes with the package ``face_recognition_models``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.record import Result
from deepcam.evaluation.statistics import Measure, correlation, measure
from deepcam.evaluation.utility import frontal
from deepcam.frames import Image

F64 = NDArray[np.float64]

QUANTITIES = {"blink": 0.02, "mouth": 0.015, "width": 0.02, "brows": 0.02}
"""Least deviation within a clip that can say anything; inter-ocular distances."""


class SecondJudge:
    """Raises ``DeepcamError`` when dlib or the model is missing."""

    def __init__(self) -> None:
        try:
            import dlib
            import face_recognition_models  # type: ignore[import-untyped]
        except ImportError:
            raise DeepcamError(
                "The second judge (U5) needs dlib and face_recognition_models.",
                'Run: pip install dlib-bin face_recognition_models "setuptools<81".',
            ) from None
        self._dlib: Any = dlib
        self._predict: Any = dlib.shape_predictor(
            face_recognition_models.pose_predictor_model_location()
        )

    def points(self, image: Image, near: Reading) -> F64:
        """(68, 2) where the face of the *original* is: the same square for both pictures."""
        low, high = near.landmarks[:468, :2].min(0), near.landmarks[:468, :2].max(0)
        middle, half = (low + high) / 2 + [0, 0.05 * (high - low)[1]], 0.5 * (high - low).max()
        box = [int(v) for v in (*(middle - half), *(middle + half))]
        rgb = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        shape = self._predict(rgb, self._dlib.rectangle(*box))
        return np.array([[p.x, p.y] for p in shape.parts()], np.float64)

    def measure(self, results: Sequence[Result]) -> dict[str, Measure]:
        """U5 of every quantity."""
        tracks = []
        for result in results:
            rows = []
            for shot, image in zip(result.take.shots, result.images, strict=True):
                if shot.reading is not None and frontal(shot.reading):
                    pair = (self.points(shot.frame.image, shot.reading),
                            self.points(image, shot.reading))  # fmt: skip
                    rows.append(tuple(quantities(p) for p in pair))
            if len(rows) >= 10:
                tracks.append(np.array(rows))  # (frames, 2, quantities)
        return agreement(tracks)


def quantities(points: F64) -> list[float]:
    """Eye opening, gap of the lips, width of the mouth, height of the brows, of (68, 2) points, in
    distances of the eyes' outer corners."""
    unit = float(np.linalg.norm(points[45] - points[36])) + 1e-9
    gaps = [
        np.linalg.norm(points[a] - points[b]) for a, b in ((37, 41), (38, 40), (43, 47), (44, 46))
    ]
    across = (points[45] - points[36]) / unit
    up = np.array([across[1], -across[0]])
    rise = (points[17:27].mean(0) - points[36:48].mean(0)) @ up
    return [
        float(np.mean(gaps)) / unit * 4,
        float(np.linalg.norm(points[62] - points[66])) / unit,
        float(np.linalg.norm(points[54] - points[48])) / unit,
        float(rise) / unit,
    ]


def agreement(tracks: Sequence[F64]) -> dict[str, Measure]:
    """U5: correlation within each clip (frames, 2, 4) of original and output, averaged by Fisher's
    z over clips that move enough and are not only noise; a frozen output counts as 0."""

    def statistic(values: Sequence[float]) -> float:
        if not values:
            return float("nan")
        return float(np.tanh(np.mean(np.arctanh(np.clip(values, -0.9999, 0.9999)))))

    out = {}
    for k, (name, least) in enumerate(QUANTITIES.items()):
        kept = []
        for track in tracks:
            a, b = track[:, 0, k], track[:, 1, k]
            if a.std() < least or correlation(a[1:], a[:-1]) < 0.4:
                continue
            r = correlation(a, b)
            kept.append(0.0 if np.isnan(r) else r)
        note = "" if kept else "no clip moves enough"
        out[f"U5 {name} r"] = measure(kept, statistic, len(kept), note)
    return out
