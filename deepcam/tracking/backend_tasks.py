"""MediaPipe 1.2 and later through its Tasks library, which has no graphs of one's own.

Two sets of networks fit (see ``deepcam.models.fetch``):

* the one that mediapipe 0.10.21 carries: the same detector, mesh and person segmentation as
  ``backend_legacy``, so the same answers;
* the FaceLandmarker bundle: a detector for near faces only, which therefore looks at several
  parts of each window, another mesh, and no person segmentation (``persons`` is None).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.models import fetch as modelfetch
from deepcam.tracking import decode
from deepcam.tracking.backend import F32, Detection, Mesh, Roi, Window
from deepcam.tracking.crops import crop, resize, rgb, shrink, to_image, turned_back
from deepcam.tracking.tasknet import TaskNetwork
from deepcam.tracking.windows import halves, merge_detections

PERSONS_SIZE = (256, 144)
NEAR_SIZE = 128
"""Input of the detector for near faces, pixels."""
LOOKS = 12
"""Most faces of one window that are looked at from near."""
ODDS = 3.0
"""From near, faces score .84 and more, folds and hands up to .7: brought to the tracker's scale,
where they are told apart at .5."""


class TasksBackend:
    """``MeshBackend`` on mediapipe >= 1.2. ``threshold``: lowest detector score reported, 0..1.
    ``networks``: contents by file name; default those that ``deepcam setup --models`` fetched.

    Raises ``DeepcamError`` when mediapipe or the networks are missing or do not fit.
    """

    def __init__(self, threshold: float = 0.2, networks: Mapping[str, bytes] | None = None) -> None:
        os.environ.setdefault("GLOG_minloglevel", "2")
        have = modelfetch.load() if networks is None else dict(networks)
        far = modelfetch.FULL_RANGE in have
        fine = modelfetch.ATTENTION_MESH in have
        try:
            detector = have[modelfetch.FULL_RANGE if far else modelfetch.SHORT_RANGE]
            mesh = have[modelfetch.ATTENTION_MESH if fine else modelfetch.BUNDLE_MESH]
        except KeyError as error:
            raise DeepcamError(*modelfetch.MISSING) from error
        self._threshold = threshold
        self._size, self._mesh_size = (192 if far else NEAR_SIZE), (192 if fine else 256)
        self.near_only = not far
        """Small faces are missed: the bundle's detector."""
        self._anchors = decode.anchors(self._size)
        self._segmentation = have.get(modelfetch.PERSONS)
        self._persons: TaskNetwork | None = None
        self._networks: list[TaskNetwork] = []
        try:
            # Two, so that a second window is searched on the other core.
            self._detectors = [self._network(detector, -1) for _ in range(2)]
            self._mesh = self._network(mesh, 0)
        except (ImportError, RuntimeError, ValueError, AttributeError, OSError) as error:
            self.close()
            raise DeepcamError(
                f"The face tracker (mediapipe) could not start: {error}",
                "Install the version that belongs to this program: pip install 'mediapipe>=1.2'",
            ) from error
        self._pool = ThreadPoolExecutor(2, "deepcam-look")
        self._pending: tuple[list[Future[list[Detection]]], Future[list[Mesh]]] | None = None

    def _network(self, model: bytes, low: int) -> TaskNetwork:
        network = TaskNetwork(model, low)
        self._networks.append(network)
        return network

    def submit(
        self,
        image: Image,
        windows: Sequence[Window],
        rois: Sequence[Roi],
        turns: Sequence[int] = (),
    ) -> None:
        """See ``MeshBackend.submit``. ``image`` must not change before ``collect``."""
        views = list(zip(windows, turns or [0] * len(windows), strict=True))
        first = [self._pool.submit(self._search, image, w, 0, t) for w, t in views[:1]]
        meshes = self._pool.submit(self.mesh, image, list(rois))
        rest = [
            self._pool.submit(self._search, image, w, k % 2, t)
            for k, (w, t) in enumerate(views[1:], 1)
        ]
        self._pending = (first + rest, meshes)

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        """See ``MeshBackend.collect``."""
        if self._pending is None:
            raise RuntimeError("collect without submit")
        (searches, meshes), self._pending = self._pending, None
        try:
            return [s.result() for s in searches], meshes.result()
        except (ValueError, OSError) as error:
            raise RuntimeError(f"the vision library failed: {error}") from error

    def mesh(self, image: Image, rois: Sequence[Roi]) -> list[Mesh]:
        """See ``MeshBackend.mesh``."""
        found = []
        for roi in rois:
            outputs = self._mesh.run(crop(image, roi, self._mesh_size))
            local, presence = decode.mesh(outputs, self._mesh_size)
            found.append(Mesh(to_image(local, roi), presence))
        return found

    def persons(self, image: Image) -> F32 | None:
        """(144, 256) float32, see ``MeshBackend.persons``."""
        if self._segmentation is None:
            return None
        if self._persons is None:  # seldom needed, so loaded on first use
            self._persons = self._network(self._segmentation, 0)
        width, height = PERSONS_SIZE
        (mask,) = self._persons.run(rgb(resize(image, width, height)))
        if mask.size != width * height:
            raise RuntimeError("the person segmentation gave an unknown answer")
        return np.clip(mask.reshape(height, width), 0.0, 1.0)

    def close(self) -> None:
        """See ``MeshBackend.close``."""
        if hasattr(self, "_pool"):
            self._pool.shutdown()
        networks, self._networks = self._networks, []
        for network in networks:
            network.close()

    def _search(self, image: Image, window: Window, number: int, turn: int) -> list[Detection]:
        if turn % 4:
            x0, y0, x1, y1 = window
            part = np.ascontiguousarray(np.rot90(image[y0:y1, x0:x1], turn))
            whole = (0, 0, part.shape[1], part.shape[0])
            return [turned_back(d, window, turn) for d in self._search(part, whole, number, 0)]
        if self._size != NEAR_SIZE:
            return self._detect(image, window, number)
        windows = [window, *parts(window)]
        seen = merge_detections([self._detect(image, w, number) for w in windows], windows)
        # Seen from afar, it takes shoulders for faces. A look from near tells, and measures better.
        near = [close_up(d, window) for d in seen[:LOOKS]]
        found = [self._enough(map(_sober, self._detect(image, w, number))) for w in near]
        kept = self._enough(Detection(d.box, d.keypoints, 0.5 * d.score) for d in seen)
        return merge_detections([[], *found, kept], [window, *near, window])

    def _enough(self, detections: Iterable[Detection]) -> list[Detection]:
        return [d for d in detections if d.score >= self._threshold]

    def _detect(self, image: Image, window: Window, number: int) -> list[Detection]:
        x0, y0, x1, y1 = window
        small, scale = shrink(image[y0:y1, x0:x1], self._size)
        outputs = self._detectors[number].run(small)
        count = len(self._anchors)
        if [len(o) for o in outputs] != [16 * count, count]:
            raise RuntimeError("the face detector gave an unknown answer")
        return decode.detections(
            outputs[0].reshape(count, 16),
            outputs[1],
            self._anchors,
            self._size,
            scale,
            window,
            self._threshold,
        )


def _sober(detection: Detection) -> Detection:
    score = detection.score / (detection.score + ODDS * (1.0 - detection.score))
    return Detection(detection.box, detection.keypoints, score)


def parts(window: Window) -> list[Window]:
    """Where the detector for near faces looks besides the whole window: overlapping squares."""
    x0, y0, x1, y1 = window
    width, height = x1 - x0, y1 - y0
    side = round(min(width, height) / 1.5)
    if side < NEAR_SIZE:
        return []
    squares = halves(height, width)
    rows = np.linspace(0, height - side, math.ceil((height - side) / (0.7 * side)) + 1)
    columns = np.linspace(0, width - side, math.ceil((width - side) / (0.7 * side)) + 1)
    squares += [(int(x), int(y), int(x) + side, int(y) + side) for y in rows for x in columns]
    return [(x0 + a, y0 + b, x0 + c, y0 + d) for a, b, c, d in squares]


def close_up(detection: Detection, window: Window) -> Window:
    """The square around a face in which the detector for near faces sees it best."""
    x0, y0, x1, y1 = detection.box
    reach = max(1.2 * max(x1 - x0, y1 - y0), 16.0)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    left, top = max(window[0], int(x - reach)), max(window[1], int(y - reach))
    right, bottom = min(window[2], int(x + reach) + 1), min(window[3], int(y + reach) + 1)
    if right - left < 16 or bottom - top < 16:
        return window
    return left, top, right, bottom
