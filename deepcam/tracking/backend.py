"""What the tracker needs from a vision library, and nothing more."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Image
from deepcam.runtime import vision

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels, inside the picture, not empty. Small windows find small faces."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face as the detector sees it, pixels of the whole picture."""

    box: F64
    """(4,) x0, y0, x1, y1: from ear to ear and from the brows to the chin."""
    keypoints: F64
    """(6, 2) right eye, left eye, nose tip, mouth, right ear, left ear (the subject's sides)."""
    score: float
    """0..1."""

    @property
    def angle(self) -> float:
        """Roll of the line through the eyes, radians, clockwise positive, -pi..pi."""
        x, y = self.keypoints[1] - self.keypoints[0]
        return math.atan2(y, x)

    @property
    def roll(self) -> float:
        """The same in degrees."""
        return math.degrees(self.angle)


@dataclass(frozen=True, slots=True)
class Roi:
    """An upright square around a face: what the mesh network looks at."""

    x: float
    y: float
    """Centre, pixels."""
    size: float
    """Side, pixels."""
    angle: float
    """Roll of the face, radians, clockwise positive."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Raw landmarks of one face. A biometric: they never leave ``deepcam.tracking``."""

    landmarks: F64
    """(478, 3) x, y, z in pixels of the whole picture, z away from the camera; 468-477 irises."""
    presence: float
    """0..1, the network's own belief that a face is in its picture."""


class MeshBackend(Protocol):
    """A vision library. One user, one thread; results depend on the pictures given only."""

    def submit(
        self,
        image: Image,
        windows: Sequence[Window],
        rois: Sequence[Roi],
        turns: Sequence[int] = (),
    ) -> None:
        """Begin detection in ``windows`` of ``image`` (BGR) and the meshes of ``rois``, side by
        side where the library can. Exactly one ``collect`` must follow. ``turns``: quarter turns
        against the clock that each window is shown to the detector in; none when empty. Detections
        are in pixels of ``image`` all the same."""
        ...

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        """Wait for ``submit``: for each window its detections over the backend's low threshold,
        best first; for each ROI one mesh. Raises ``RuntimeError`` when the library fails."""
        ...

    def mesh(self, image: Image, rois: Sequence[Roi]) -> list[Mesh]:
        """One mesh for each ROI."""
        ...

    def persons(self, image: Image) -> F32 | None:
        """(h, w) float32 probability 0..1 of people over the whole picture, at a small size. None
        when the network for it is not here: nothing is known then."""
        ...

    def close(self) -> None:
        """Free everything. Idempotent."""
        ...


def choose_backend(threshold: float = 0.2) -> MeshBackend:
    """The vision library that is installed. ``threshold``: lowest detector score reported, 0..1.

    Raises ``DeepcamError`` when it or its networks are missing or do not fit.
    """
    # The libraries' C++ log would otherwise print start-up notes on the user's terminal.
    os.environ.setdefault("GLOG_minloglevel", "2")
    if vision.installed() == vision.LEGACY:
        from deepcam.tracking.backend_legacy import LegacyBackend

        return LegacyBackend(threshold)
    from deepcam.tracking.backend_tasks import TasksBackend

    return TasksBackend(threshold)
