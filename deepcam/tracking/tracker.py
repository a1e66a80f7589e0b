"""The tracker: a frame in, faces out. Raw landmarks live and die in here."""

from __future__ import annotations

import time as clock

import numpy as np

from deepcam.frames import Face, Frame, Image, Persons, Points
from deepcam.geometry.basis import FaceBasis
from deepcam.tracking.backend import Detection, Mesh, MeshBackend, choose_backend
from deepcam.tracking.beginnings import Beginnings
from deepcam.tracking.doubt import SecondLooks
from deepcam.tracking.evidence import COVER, FAIR, STRONG, WEAK
from deepcam.tracking.looking import Looker
from deepcam.tracking.meshes import Meshes
from deepcam.tracking.policy import DEFAULT, TrackingPolicy
from deepcam.tracking.reader import box_outline, merge_outlines
from deepcam.tracking.regions import agreement, good, mesh_box, plausibility, quarter, roi_of_mesh
from deepcam.tracking.scout import Scout
from deepcam.tracking.stills import search_still
from deepcam.tracking.verifier import UNLIKELY, Verifier
from deepcam.tracking.verifier import load as load_verifier
from deepcam.tracking.views import Tracks, View, outline_of_box, place_of
from deepcam.tracking.windows import framed, same_face


class Tracker:
    """Finds and follows faces.

    ``max_faces``: how many get a mesh, the largest first; further faces are reported without one,
    to be covered. ``still``: single pictures, each on its own, searched also for small faces and
    in all four orientations; nothing is filtered. ``thorough``: a film, which can wait: whatever
    changes is searched for small faces in every frame.
    ``backend``: for tests and other vision libraries; what is installed when None. ``verifier``:
    what may refuse a detection; the shipped one, or with another ``backend`` none, when None.
    ``policy``: thresholds and durations.

    Not thread-safe. Raises ``DeepcamError`` when the vision library or the face basis is missing.
    """

    def __init__(
        self,
        max_faces: int = 6,
        still: bool = False,
        backend: MeshBackend | None = None,
        basis: FaceBasis | None = None,
        thorough: bool = False,
        verifier: Verifier | None = None,
        policy: TrackingPolicy = DEFAULT,
    ) -> None:
        if backend is None:
            backend = choose_backend(WEAK)
            verifier = verifier or load_verifier()
        self._backend, self._verifier = backend, verifier
        basis = basis if basis is not None else FaceBasis.load()
        self._still, self._policy = still, policy
        self._tracks = tracks = Tracks()
        self._scout = scout = Scout(thorough, policy)
        self._doubts = SecondLooks(backend, verifier, policy)
        self._looker = Looker(backend, scout, tracks, max_faces, policy)
        self._meshes = Meshes(backend, verifier, scout, tracks, max_faces)
        self._beginnings = Beginnings(
            backend, self._doubts, self._meshes, tracks, basis, still, thorough, policy
        )
        self._aside = 0
        """Frames in a row in which all faces lie on the same side."""
        self._size = (0, 0)

    @property
    def last_stats(self) -> dict[str, float]:
        """Of the last ``process``: milliseconds ``look`` (networks) and ``total``; counts
        ``detections``, ``meshes``, ``faces``, ``looks`` (of the detector)."""
        return self._tracks.stats

    def process(self, frame: Frame) -> tuple[Face, ...]:
        """The faces in ``frame``, ordered by track number. A track that is neither detected nor
        meshed in this frame is not in it; its number is kept for a second. One that turned out to
        be no face is in it once more, with ``evidence`` 0.

        Frames must come in the order of their times; a jump backwards or a new picture size
        forgets everything. Raises ``RuntimeError`` when the vision library fails and
        ``ValueError`` for a picture that is not (h, w, 3) uint8.
        """
        begin = clock.perf_counter()
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError("a picture must be (height, width, 3) uint8")
        size = image.shape[:2]
        if self._still or frame.time < self._tracks.time or size != self._size:
            self.reset()
        self._tracks.time, self._size = frame.time, (int(size[0]), int(size[1]))
        for number in self._tracks.association.forget(frame.time):
            self._tracks.persons.pop(number, None)
        self._tracks.frames += 1
        self._beginnings.new_frame()
        self._tracks.stats = {"meshes": 0.0, "looks": 0.0}

        tracked: dict[int, Mesh] = {}
        only_turned: set[int] = set()
        surety: dict[int, float] = {}
        if self._still:
            found = search_still(self._backend, image, self._verifier)
            detections = [detection for detection, _ in found]
            surety = {id(detection): second for detection, second in found}
        else:
            detections, tracked, only_turned = self._looker.look(image)
        self._tracks.stats["detections"] = float(len(detections))
        self._tracks.stats["look"] = (clock.perf_counter() - begin) * 1e3
        views, fresh = self._associate(image, detections, tracked, frame.time)
        self._beginnings.check(image, views)
        self._beginnings.start(image, views, fresh, only_turned, surety)
        self._update(views, frame.time)
        seen = list(views.values())
        faces = [self._face(v, frame.time) for v in seen]
        self._notice_orientation(seen)
        faces += self._beginnings.withdraw(seen)
        self._tracks.stats["faces"] = float(len(faces))
        self._tracks.stats["total"] = (clock.perf_counter() - begin) * 1e3
        return tuple(sorted(faces, key=lambda face: face.track))

    def persons(self, frame: Frame) -> Persons | None:
        """The second opinion on ``frame``: where the segmentation sees people. None when its
        network is not here."""
        probability = self._backend.persons(frame.image)
        return None if probability is None else Persons(probability)

    def likely(self, frame: Frame, place: Points) -> float:
        """How likely anything inside the outline ``place``, pixels, is a face, seen from near in
        all four orientations: 0 not at all, 0.5 when it may be, 1 when it seems to be one. 1
        without the verifier."""
        if self._verifier is None:
            return 1.0
        height, width = frame.image.shape[:2]
        box = np.concatenate([place.min(0), place.max(0)]).astype(np.float64)
        windows = [
            framed(box, reach, height, width) for reach in self._policy.near for _ in range(4)
        ]
        self._backend.submit(frame.image, windows, [], [0, 1, 2, 3] * len(self._policy.near))
        found = [d.box for part in self._backend.collect()[0] for d in part]
        reach = box[2:] - box[:2]
        slack = 0.1 * float(reach.max())
        inside = [
            b
            for b in found
            if (np.abs(b[:2] + b[2:] - box[:2] - box[2:]) / 2 < reach / 2 + slack).all()
            and b[2] - b[0] > self._policy.least_face * reach.min()
        ]
        odds = float(self._verifier.odds(frame.image, inside).max(initial=-np.inf))
        return 0.0 if odds < UNLIKELY else 0.5 if odds < self._policy.alone else 1.0

    def reset(self) -> None:
        """Forget all tracks. Still pictures number their faces from 1, streams go on counting."""
        self._tracks.forget(numbers_too=self._still)
        self._scout.reset()
        self._doubts.reset()
        self._aside = 0

    def close(self) -> None:
        """Free the vision library. Idempotent."""
        self._backend.close()

    def _notice_orientation(self, views: list[View]) -> None:
        """Films and cameras that lie on their side: the picture is shown to the detector as most
        faces stand."""
        sure = [
            v
            for v in views
            if v.mesh is not None and self._tracks.persons[v.number].evidence.paintable
        ]
        turns = {quarter(v.mesh) for v in sure if v.mesh is not None}
        aside = len(turns) == 1 and turns != {self._tracks.turn}
        self._aside = self._aside + 1 if aside else 0
        if self._aside >= self._policy.oriented:
            self._tracks.turn, self._aside = turns.pop(), 0

    # Who is who

    def _associate(
        self, image: Image, detections: list[Detection], tracked: dict[int, Mesh], time: float
    ) -> tuple[dict[int, View], list[Detection]]:
        """Tracks seen in this frame by their numbers, and detections that belong to none."""
        views: dict[int, View] = {}
        strong = [d for d in detections if d.score >= STRONG]
        weak = [d for d in detections if d.score < STRONG]
        sure = {n for n, person in self._tracks.persons.items() if person.evidence.score >= COVER}
        # Strong detections choose first; the weak ones go to the tracks that got none
        # (ByteTrack: Zhang et al., ECCV 2022).
        fresh: list[Detection] = []
        for group in (strong, weak):
            free = [n for n in self._tracks.association.numbers if n not in views]
            numbers = self._tracks.association.match([d.box for d in group], time, among=free)
            for detection, number in zip(group, numbers, strict=True):
                if number is not None and (detection.score >= FAIR or number in sure):
                    views[number] = View(number, detection)
                elif number is None:
                    fresh.append(detection)
        self._meshes.take(image, views, tracked)
        self._keep_unseen(views, tracked, time)
        for view in views.values():
            if view.detection is not None:
                meshed = view.mesh is not None
                self._tracks.persons[view.number].evidence.seen(view.detection.score, meshed)
        self._meshes.compare(image, views)
        return views, fresh

    def _update(self, views: dict[int, View], time: float) -> None:
        for view in views.values():
            box = view.detection.box if view.detection is not None else None
            if box is None and view.mesh is not None:
                box = mesh_box(view.mesh)
            if box is not None:
                self._tracks.association.update(view.number, box, time)
            person = self._tracks.persons[view.number]
            if view.detection is not None:
                person.unseen = 0
            elif view.mesh is None or not self._scout.resting:
                person.unseen += 1
            if view.mesh is not None:
                person.roi, person.roi_time = roi_of_mesh(view.mesh), time
                person.turn = quarter(view.mesh)
            elif time - person.roi_time > 0.25:
                person.roi = None
        for number, person in self._tracks.persons.items():
            if number not in views:
                person.unseen += 1

    def _keep_unseen(self, views: dict[int, View], tracked: dict[int, Mesh], time: float) -> None:
        """Tracks that the detector missed go on by their mesh, unless it slid onto a face that
        belongs to another track."""
        for number, mesh in tracked.items():
            if (
                number in views
                or not good(mesh)
                or self._tracks.persons[number].evidence.score < COVER
            ):
                continue
            box = mesh_box(mesh)
            taken = any(same_face(box, place_of(v)) for v in views.values())
            if not taken and self._tracks.association.match([box], time, among=[number]) != [None]:
                views[number] = View(number, None, mesh)

    # What may leave

    def _face(self, view: View, time: float) -> Face:
        person, detection = self._tracks.persons[view.number], view.detection
        around = None if detection is None else box_outline(detection.box, detection.keypoints)
        share = person.evidence.share
        if view.mesh is not None:
            trust = view.mesh.presence
            if detection is not None:
                trust *= agreement(view.mesh, detection)
            unlike = person.unlike >= self._policy.unlike
            if unlike or person.unseen > self._policy.unseen or not person.evidence.paintable:
                trust = min(trust, self._policy.doubtful)
            try:
                reading = person.reader.read(view.mesh.landmarks, time, trust)
            except ValueError:
                pass
            else:
                confidence = trust * plausibility(reading.residual)
                if not reading.inside:
                    confidence = min(confidence, self._policy.doubtful)
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
                    share,
                )
        if around is None:
            assert view.mesh is not None
            around = outline_of_box(mesh_box(view.mesh))
        return Face(view.number, 0.0, around, evidence=share)
