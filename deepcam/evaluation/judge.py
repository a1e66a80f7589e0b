"""The judge's eyes: MediaPipe's own face mesh, run apart from the camera's tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Image, Points, Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import fit_pose, to_head
from deepcam.geometry.topology import OVAL
from deepcam.runtime import vision
from deepcam.tracking.measure import eye_aspect, gaze_offset, gaze_rest, mouth_gap

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the judge reads off one face."""

    landmarks: F64
    """(478, 3) pixels."""
    pose: Pose
    lids: F64
    """(2,) eye aspect ratios."""
    gaze: F64
    """(4,) iris offsets in eye widths: right x, y, left x, y."""
    mouth: float
    """Gap of the inner lips, IOD."""
    width: float
    """Distance of the mouth's corners, IOD."""

    @property
    def centre(self) -> F64:
        """(2,) pixels between the irises."""
        middle: F64 = (self.landmarks[468, :2] + self.landmarks[473, :2]) / 2
        return middle

    @property
    def size(self) -> float:
        """Pixels between the irises of a frontal face: the pose's scale."""
        return self.pose.scale

    def distance(self, other: Reading) -> float:
        """Mean distance of the landmarks, pixels."""
        apart = self.landmarks[:, :2] - other.landmarks[:, :2]
        return float(np.hypot(*apart.T).mean())

    def hull(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """(h, w) 1 inside the face's own oval."""
        mask = np.zeros(shape[:2], np.uint8)
        cv2.fillConvexPoly(
            mask, cv2.convexHull(np.round(self.landmarks[OVAL, :2]).astype(np.int32)), 1
        )
        return mask


class Judge:
    """Finds faces in original and anonymized pictures alike. One for each sequence.

    ``still``: pictures that have nothing to do with each other. Raises ``DeepcamError`` without
    mediapipe 0.10, the last one with this face mesh.
    """

    def __init__(self, still: bool) -> None:
        if vision.installed() != vision.LEGACY:
            raise DeepcamError(
                "The evaluation's judge needs mediapipe 0.10.21, which this Python cannot have.",
                "Evaluate with Python 3.11 or 3.12: make PYTHON=python3.12 setup",
            )
        import mediapipe as mp

        self._mesh: Any = mp.solutions.face_mesh.FaceMesh(
            static_image_mode=still, max_num_faces=2, refine_landmarks=True
        )
        self._basis = FaceBasis.load()
        self._rest = gaze_rest(self._basis)
        self._still = still
        self._last: Reading | None = None

    def faces(self, image: Image) -> list[Reading]:
        """All faces that are found (two at most)."""
        answer = self._mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        readings = []
        height, width = image.shape[:2]
        for face in answer.multi_face_landmarks or []:
            points = np.array([[p.x, p.y, p.z] for p in face.landmark], np.float64)
            points *= [width, height, width]
            reading = self.interpret(points)
            if reading is not None:
                readings.append(reading)
        return readings

    def read(
        self, image: Image, near: Reading | None = None, known: Sequence[Points] = ()
    ) -> Reading | None:
        """The largest face, or the one within one IOD of ``near``; None when there is none.

        ``known``: outlines (k, 2) of people. A face in one of them comes before larger ones
        elsewhere: shirts have faces on them too. Now and then the mesh reads one face twice; in a
        sequence the reading that goes on from the last one is taken.
        """
        readings = self.faces(image)
        if near is not None:
            readings = [
                r for r in readings if np.hypot(*(r.centre - near.centre)) < max(near.size, 4.0)
            ]
        people = [r for r in readings if any(_inside(o, r.centre) for o in known)]
        best = max(people or readings, key=lambda r: r.size, default=None)
        last = None if self._still else self._last
        if best is not None and last is not None:
            where, reach = best.centre, 0.5 * best.size
            same = [r for r in people or readings if np.hypot(*(r.centre - where)) < reach]
            best = min(same, key=last.distance)
        self._last = best
        return best

    def interpret(self, landmarks: F64) -> Reading | None:
        """The reading of (478, 3) landmarks in pixels; None when they are no face."""
        try:
            pose = fit_pose(landmarks, self._basis)
        except ValueError:
            return None
        head = to_head(landmarks, pose)
        return Reading(
            landmarks, pose, eye_aspect(head), gaze_offset(landmarks, pose, self._rest),
            mouth_gap(head), float(np.linalg.norm(head[61, :2] - head[291, :2])),
        )  # fmt: skip

    def close(self) -> None:
        """Free the graph."""
        self._mesh.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _inside(outline: Points, point: F64) -> bool:
    contour = np.ascontiguousarray(outline, np.float32)
    return cv2.pointPolygonTest(contour, (float(point[0]), float(point[1])), False) >= 0
