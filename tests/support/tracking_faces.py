"""Synthetic faces and a scripted vision library for the tracking tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Frame, Image, Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.tracking.backend import Detection, Mesh, Roi, Window

F64 = NDArray[np.float64]


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> F64:
    """Head to camera, degrees, with the signs of ``Pose``."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


def pose_at(
    x: float, y: float, scale: float = 60.0, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0
) -> Pose:
    return Pose(scale, rotation(yaw, pitch, roll), np.array([x, y]))


def landmarks(
    basis: FaceBasis,
    pose: Pose,
    shape: F64 | None = None,
    expression: F64 | None = None,
    gaze: tuple[float, float] = (0.0, 0.0),
) -> F64:
    """(478, 3) landmarks in pixels of a face from the basis; ``gaze`` in eye widths."""
    head = basis.mean.astype(np.float64)
    if shape is not None:
        head = head + np.tensordot(shape, basis.shape, 1)
    if expression is not None:
        head = head + np.tensordot(expression, basis.expression, 1)
    mean = basis.mean.astype(np.float64)
    irises = []
    for (a, b), side in (((33, 133), -0.5), ((263, 362), 0.5)):
        width = np.linalg.norm(head[a] - head[b])
        rest = np.array([side, 0.0]) - (mean[a, :2] + mean[b, :2]) / 2
        rest = rest / np.linalg.norm(mean[a, :2] - mean[b, :2])
        centre = (head[a] + head[b]) / 2
        centre[:2] += (rest + gaze) * width
        irises.append(np.tile(centre, (5, 1)))
    head = np.concatenate([head, *irises])
    out: F64 = pose.scale * head @ pose.rotation.T
    out[:, :2] += pose.translation
    return out


def detection_of(points: F64, score: float = 0.9) -> Detection:
    """What the detector says of a face with these landmarks."""
    x = points[:468, :2]
    centre, extent = (x.min(0) + x.max(0)) / 2, x.max(0) - x.min(0)
    half = max(extent[0] / 0.92, extent[1] / 1.06) / 2
    keypoints = np.stack(
        [
            points[468, :2],
            points[473, :2],
            points[1, :2],
            points[[13, 14], :2].mean(0),
            points[234, :2],
            points[454, :2],
        ]
    )
    return Detection(np.concatenate([centre - half, centre + half]), keypoints, score)


class ScriptedBackend:
    """Vision library that sees the faces it is told about: a mesh for the ROI whose centre is
    nearest to a face (within its size), as the real network does."""

    def __init__(self) -> None:
        self.faces: list[F64] = []
        self.detected: list[Detection] = []
        self.closed = False
        self._pending: tuple[list[Window], list[Roi]] | None = None

    def show(self, faces: Sequence[F64], detected: Sequence[bool] | None = None) -> None:
        self.faces = list(faces)
        seen = [True] * len(self.faces) if detected is None else list(detected)
        self.detected = [detection_of(f) for f, s in zip(self.faces, seen, strict=True) if s]

    def submit(
        self,
        image: Image,
        windows: Sequence[Window],
        rois: Sequence[Roi],
        turns: Sequence[int] = (),
    ) -> None:
        self._pending = (list(windows), list(rois))

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        assert self._pending is not None
        windows, rois = self._pending
        return [self.detected if k == 0 else [] for k in range(len(windows))], self._meshes(rois)

    def mesh(self, image: Image, rois: Sequence[Roi]) -> list[Mesh]:
        return self._meshes(rois)

    def _meshes(self, rois: Sequence[Roi]) -> list[Mesh]:
        meshes = []
        for roi in rois:
            apart = [
                float(np.hypot(*((f[:468, :2].min(0) + f[:468, :2].max(0)) / 2 - (roi.x, roi.y))))
                for f in self.faces
            ]
            if apart and min(apart) < 0.35 * roi.size:
                meshes.append(Mesh(self.faces[int(np.argmin(apart))], 1.0))
            else:
                meshes.append(Mesh(np.full((478, 3), [roi.x, roi.y, 0.0]), 0.0))
        return meshes

    def persons(self, image: Image) -> NDArray[np.float32]:
        return np.zeros((144, 256), np.float32)

    def close(self) -> None:
        self.closed = True


class Looks(ScriptedBackend):
    """Vision library that sees in each window what a function says: of the window's number in the
    frame's list, the window, and its quarter turns."""

    def __init__(
        self, see: Callable[[int, Window, int], list[Detection]], faces: Sequence[F64] = ()
    ) -> None:
        super().__init__()
        self.see, self.faces = see, list(faces)
        self._turns: tuple[int, ...] = ()

    def submit(
        self,
        image: Image,
        windows: Sequence[Window],
        rois: Sequence[Roi],
        turns: Sequence[int] = (),
    ) -> None:
        self._turns = tuple(turns) or (0,) * len(windows)
        super().submit(image, windows, rois, turns)

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        assert self._pending is not None
        windows, rois = self._pending
        looks = enumerate(zip(windows, self._turns, strict=True))
        return [self.see(n, w, turn) for n, (w, turn) in looks], self._meshes(rois)


def blank(number: int, width: int = 1280, height: int = 720, fps: float = 30.0) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8), 100.0 + number / fps, number)
