"""The tracker: a frame in, faces out. Raw landmarks live and die in here."""

from __future__ import annotations

import math
import time as clock
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face, Frame, Image, Persons, Points
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.topology import IRIS_LEFT, IRIS_RIGHT
from deepcam.tracking.association import Association
from deepcam.tracking.backend import Detection, Mesh, MeshBackend, Roi, Window, choose_backend
from deepcam.tracking.reader import FaceReader, box_outline, merge_outlines
from deepcam.tracking.windows import START_SCORE, halves, merge_detections, same_face, tiles

F64 = NDArray[np.float64]

LOW_SCORE = 0.2
"""Weaker detections only keep a confirmed track alive: it had a strong one at least once."""
WEAK_SCORE = 0.35
"""From here on a detection starts a track when the mesh network agrees; such a track is covered,
not generated, until a strong detection confirms it. Hands and folds of clothes get this far."""
PRESENCE = 0.5
ROI_SCALE = 1.5
SCALE_OF_BOX = 0.41
"""Pixels per IOD over the side of the detector's box, median of 1,500 faces."""
UNSEEN_FRAMES = 5
"""Frames without the detector after which a mesh is not trusted any more."""
DOUBTFUL = 0.3
"""Highest confidence of such a mesh."""
SURE_SCORE = 0.7
"""In a part of a still picture a weaker detection is looked at again: 12 of 41 such detections (in
portraits, a café and montages of small faces) were ears, buttons and folds."""
SOME_PRESENCE = 0.1
"""The mesh network's presence that makes such a detection a face. Measured on those 41: faces .38
and more, mistakes .05 and less (one .84)."""
SCOUT_EVERY = 4
"""Every this many frames the detector also looks at a part of the picture, for far faces."""


@dataclass(slots=True)
class _Person:
    """What is remembered of one track besides its box."""

    reader: FaceReader
    roi: Roi | None = None
    """Around the last good mesh."""
    roi_time: float = 0.0
    unseen: int = 0
    """Frames since the detector saw it."""
    confirmed: bool = False
    """It has had a strong detection."""


@dataclass(slots=True, eq=False)
class _View:
    """One track in the present frame."""

    number: int
    detection: Detection | None = None
    mesh: Mesh | None = None


class Tracker:
    """Finds and follows faces.

    ``max_faces``: how many get a mesh; further faces are reported without one, to be covered.
    ``still``: single pictures, each on its own, searched also for small faces; nothing is filtered.
    ``backend``: for tests and other vision libraries; what is installed when None.

    Not thread-safe. Raises ``DeepcamError`` when the vision library or the face basis is missing.
    """

    def __init__(
        self,
        max_faces: int = 6,
        still: bool = False,
        backend: MeshBackend | None = None,
        basis: FaceBasis | None = None,
    ) -> None:
        if backend is None:
            backend = choose_backend(LOW_SCORE)
        self._backend = backend
        self._basis = basis if basis is not None else FaceBasis.load()
        self._max_faces, self._still = max_faces, still
        self._association = Association()
        self._persons: dict[int, _Person] = {}
        self._frames = 0
        self._scouts = 0
        self._time = -math.inf
        self._size = (0, 0)
        self.last_stats: dict[str, float] = {}
        """Of the last ``process``: milliseconds ``look`` (networks) and ``total``; counts
        ``detections``, ``meshes``, ``faces``."""

    def process(self, frame: Frame) -> tuple[Face, ...]:
        """The faces in ``frame``, ordered by track number. A track that is neither detected nor
        meshed in this frame is not in it; its number is kept for a second.

        Frames must come in the order of their times; a jump backwards or a new picture size
        forgets everything. Raises ``RuntimeError`` when the vision library fails and
        ``ValueError`` for a picture that is not (h, w, 3) uint8.
        """
        begin = clock.perf_counter()
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError("a picture must be (height, width, 3) uint8")
        size = image.shape[:2]
        if self._still or frame.time < self._time or size != self._size:
            self.reset()
        self._time, self._size = frame.time, (int(size[0]), int(size[1]))
        for number in self._association.forget(frame.time):
            self._persons.pop(number, None)
        self._frames += 1

        rois = self._expected_rois(frame.time)
        windows = self._windows(size[0], size[1], frame.time)
        self._backend.submit(image, windows, [roi for _, roi in rois])
        found, meshes = self._backend.collect()
        if self._still:
            # Dozens of windows make dozens of mistakes: only sure faces count in them.
            found[1:] = [[d for d in part if d.score >= START_SCORE] for part in found[1:]]
        detections = merge_detections(found, windows)
        if self._still:
            detections = self._look_again(image, detections, found[0])
        tracked = {n: m for (n, _), m in zip(rois, meshes, strict=True)}
        self.last_stats = {
            "detections": float(len(detections)),
            "meshes": float(len(meshes)),
            "look": (clock.perf_counter() - begin) * 1e3,
        }
        views = self._associate(image, detections, tracked, frame.time)
        faces = tuple(self._face(v, frame.time) for v in sorted(views, key=lambda v: v.number))
        self.last_stats["faces"] = float(len(faces))
        self.last_stats["total"] = (clock.perf_counter() - begin) * 1e3
        return faces

    def persons(self, frame: Frame) -> Persons | None:
        """The second opinion on ``frame``: where the segmentation sees people. None when its
        network is not here."""
        probability = self._backend.persons(frame.image)
        return None if probability is None else Persons(probability)

    def reset(self) -> None:
        """Forget all tracks. Still pictures number their faces from 1, streams go on counting."""
        if self._still:
            self._association = Association()
        self._association.reset()
        self._persons.clear()
        self._frames = 0
        self._time = -math.inf

    def close(self) -> None:
        """Free the vision library. Idempotent."""
        self._backend.close()

    # What to look at

    def _expected_rois(self, time: float) -> list[tuple[int, Roi]]:
        """Where the meshes of the tracks should be now, the oldest tracks first."""
        rois = []
        for number in self._association.numbers:
            person = self._persons[number]
            if person.roi is None or time - person.roi_time > 0.25:
                continue
            dx, dy = self._association.offset(number, time)
            roi = person.roi
            rois.append((number, Roi(roi.x + dx, roi.y + dy, roi.size, roi.angle)))
        return rois[: self._max_faces]

    def _windows(self, height: int, width: int, time: float) -> list[Window]:
        """The whole picture, and now and then a part of it: around a track that the detector has
        lost, else tile by tile."""
        whole = (0, 0, width, height)
        if self._still:
            return [whole, *tiles(height, width)]
        # A face without a mesh lives by detections alone: its surroundings are searched in every
        # frame in which the whole picture may miss it again, the others' in every second one.
        bare = [n for n, p in self._persons.items() if p.roi is None and p.confirmed]
        lost = [n for n, p in self._persons.items() if p.roi is not None and p.unseen >= 2]
        wanted = bare if bare and not (lost and self._frames % 2) else lost
        if wanted and (wanted is bare or self._frames % 2 == 0):
            number = wanted[self._frames // 2 % len(wanted)]
            x0, y0, x1, y1 = self._association.predict(number, time)
            reach = max(3.0 * (x1 - x0), 48.0)
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            window = _clip((cx - reach, cy - reach, cx + reach, cy + reach), height, width)
            if window is not None:
                return [whole, window]
        if self._frames % SCOUT_EVERY == 0:
            parts = halves(height, width)
            self._scouts += 1
            return [whole, parts[self._scouts % len(parts)]]
        return [whole]

    def _look_again(
        self, image: Image, detections: list[Detection], whole: list[Detection]
    ) -> list[Detection]:
        """Without those that only a small part of a still picture showed and neither a look framed
        about them nor the mesh network confirms: in close-ups of skin much looks like a face."""
        sure = [d.score >= SURE_SCORE or any(d is other for other in whole) for d in detections]
        doubtful = [d for d, known in zip(detections, sure, strict=True) if not known]
        if not doubtful:
            return detections
        h, w = image.shape[:2]
        frames: list[Window] = []
        for d in doubtful:
            x, y = (d.box[:2] + d.box[2:]) / 2
            for reach in (1.5, 3.0):
                r = reach * float(d.box[2] - d.box[0])
                frames.append(_clip((x - r, y - r, x + r, y + r), h, w) or (0, 0, w, h))
        rois = [roi_of_detection(d) for d in doubtful]
        self._backend.submit(image, frames, rois)
        found, meshes = self._backend.collect()
        kept = {
            id(d)
            for d, mesh, near, far in zip(doubtful, meshes, found[::2], found[1::2], strict=True)
            if mesh.presence >= SOME_PRESENCE
            or any(e.score >= START_SCORE and same_face(e.box, d.box) for e in [*near, *far])
        }
        return [d for d, known in zip(detections, sure, strict=True) if known or id(d) in kept]

    # Who is who

    def _associate(
        self, image: Image, detections: list[Detection], tracked: dict[int, Mesh], time: float
    ) -> list[_View]:
        views: dict[int, _View] = {}
        strong = [d for d in detections if d.score >= START_SCORE]
        weak = [d for d in detections if d.score < START_SCORE]
        sure = {n for n, person in self._persons.items() if person.confirmed}
        # Strong detections choose first; the weak ones go to the tracks that got none
        # (ByteTrack: Zhang et al., ECCV 2022).
        fresh: list[Detection] = []
        for group in (strong, weak):
            free = [n for n in self._association.numbers if n not in views]
            numbers = self._association.match([d.box for d in group], time, among=free)
            for detection, number in zip(group, numbers, strict=True):
                usable = detection.score >= WEAK_SCORE
                if number is not None and (usable or number in sure):
                    views[number] = _View(number, detection)
                elif number is None and usable:
                    fresh.append(detection)
        self._take_meshes(image, views, tracked)
        self._keep_unseen(views, tracked, time)
        self._start(image, views, fresh, time)
        for view in views.values():
            box = view.detection.box if view.detection is not None else None
            if box is None and view.mesh is not None:
                box = mesh_box(view.mesh)
            if box is not None:
                self._association.update(view.number, box, time)
            person = self._persons[view.number]
            person.unseen = 0 if view.detection is not None else person.unseen + 1
            if view.detection is not None and view.detection.score >= START_SCORE:
                person.confirmed = True
            if view.mesh is not None:
                person.roi, person.roi_time = roi_of_mesh(view.mesh), time
            elif time - person.roi_time > 0.25:
                person.roi = None
        for number, person in self._persons.items():
            if number not in views:
                person.unseen += 1
        return list(views.values())

    def _take_meshes(self, image: Image, views: dict[int, _View], tracked: dict[int, Mesh]) -> None:
        """Give each detected track its mesh: the tracked one if it agrees, else a new one."""
        again = []
        for view in views.values():
            assert view.detection is not None
            mesh = tracked.get(view.number)
            if mesh is None or not _good(mesh):
                again.append(view)
                continue
            agree = agreement(mesh, view.detection)
            if agree > 0.5:
                view.mesh = mesh
            elif view.detection.score < START_SCORE and agree == 0.0:
                view.mesh, view.detection = mesh, None  # the weak detection is something else
            else:
                again.append(view)
        budget = self._max_faces - (len(views) - len(again))
        self._mesh_from_detections(image, again[: max(budget, 0)])

    def _keep_unseen(self, views: dict[int, _View], tracked: dict[int, Mesh], time: float) -> None:
        """Tracks that the detector missed go on by their mesh, unless it slid onto a face that
        belongs to another track."""
        for number, mesh in tracked.items():
            if number in views or not _good(mesh) or not self._persons[number].confirmed:
                continue
            box = mesh_box(mesh)
            taken = any(same_face(box, _box(v)) for v in views.values())
            if not taken and self._association.match([box], time, among=[number]) != [None]:
                views[number] = _View(number, None, mesh)

    def _start(
        self, image: Image, views: dict[int, _View], fresh: list[Detection], time: float
    ) -> None:
        new: list[_View] = []
        for detection in fresh:
            others = [*views.values(), *new]
            if any(same_face(detection.box, _box(v)) for v in others):
                continue
            new.append(_View(0, detection))
        meshed = sum(v.mesh is not None for v in views.values())
        self._mesh_from_detections(image, new[: max(self._max_faces - meshed, 0)])
        for view in new:
            assert view.detection is not None
            if view.detection.score < START_SCORE and view.mesh is None:
                continue
            view.number = self._association.start(view.detection.box, time)
            self._persons[view.number] = _Person(FaceReader(self._basis, self._still))
            views[view.number] = view

    def _mesh_from_detections(self, image: Image, views: list[_View]) -> None:
        rois = [roi_of_detection(v.detection) for v in views if v.detection is not None]
        for view, mesh in zip(views, self._backend.mesh(image, rois), strict=True):
            assert view.detection is not None
            if _good(mesh) and agreement(mesh, view.detection) > 0.0:
                view.mesh = mesh
        self.last_stats["meshes"] += len(rois)

    # What may leave

    def _face(self, view: _View, time: float) -> Face:
        person, detection = self._persons[view.number], view.detection
        around = None if detection is None else box_outline(detection.box, detection.keypoints)
        if view.mesh is not None:
            trust = view.mesh.presence
            if detection is not None:
                trust *= agreement(view.mesh, detection)
            if person.unseen > UNSEEN_FRAMES or not person.confirmed:
                trust = min(trust, DOUBTFUL)
            try:
                reading = person.reader.read(view.mesh.landmarks, time, trust)
            except ValueError:
                pass
            else:
                confidence = trust * plausibility(reading.residual)
                if not reading.inside:
                    confidence = min(confidence, DOUBTFUL)
                outline = reading.outline
                if confidence < 0.5 and around is not None:
                    # A doubtful mesh may sit beside the face: cover what the detector means too.
                    outline = merge_outlines(outline, around)
                return Face(
                    view.number,
                    float(confidence),
                    outline,
                    reading.pose,
                    reading.expression,
                    reading.lids,
                    reading.gaze,
                    reading.margin,
                )
        if around is None:
            assert view.mesh is not None
            around = _outline_of_box(mesh_box(view.mesh))
        return Face(view.number, 0.0, around)


def agreement(mesh: Mesh, detection: Detection) -> float:
    """0..1, how well a mesh and a detection mean the same face: eyes, nose and mouth together.

    Measured: up to .10 box sides apart for faces seen well, .22 for faces both turned and tilted;
    a mesh beside the face or on a neighbour is over .3 away.
    """
    points = mesh.landmarks[:, :2]
    mine = np.stack(
        [points[IRIS_RIGHT], points[IRIS_LEFT], points[1], (points[13] + points[14]) / 2]
    )
    side = float(max(detection.box[2] - detection.box[0], detection.box[3] - detection.box[1], 1))
    apart = float(np.linalg.norm(mine - detection.keypoints[:4], axis=1).mean()) / side
    return float(np.clip((0.32 - apart) / 0.12, 0.0, 1.0))


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
    across = detection.keypoints[1] - detection.keypoints[0]
    return Roi(
        float(x0 + x1) / 2,
        float(y0 + y1) / 2,
        max(ROI_SCALE * float(max(x1 - x0, y1 - y0)), 8.0),
        math.atan2(across[1], across[0]),
    )


def _good(mesh: Mesh) -> bool:
    return mesh.presence >= PRESENCE and bool(np.isfinite(mesh.landmarks).all())


def _box(view: _View) -> F64:
    if view.detection is not None:
        return view.detection.box
    assert view.mesh is not None
    return mesh_box(view.mesh)


def _outline_of_box(box: F64) -> Points:
    middle = (box[:2] + box[2:]) / 2
    return box_outline(box, np.tile(middle, (6, 1)))


def _clip(
    box: tuple[float, float, float, float], height: int, width: int, least: int = 16
) -> Window | None:
    """Whole pixels inside the picture; None when next to nothing is left."""
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    x1, y1 = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    return (x0, y0, x1, y1) if x1 - x0 >= least and y1 - y0 >= least else None
