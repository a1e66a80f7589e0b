"""The tracker: a frame in, faces out. Raw landmarks live and die in here."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face, Frame, Image, Persons, Points
from deepcam.geometry.basis import FaceBasis
from deepcam.tracking.association import Association
from deepcam.tracking.backend import Detection, Mesh, MeshBackend, Roi, Window, choose_backend
from deepcam.tracking.doubt import BETTER, SecondLooks
from deepcam.tracking.evidence import CLEAR, COVER, FAIR, SETTLED, STRONG, WEAK, Evidence
from deepcam.tracking.reader import FaceReader, box_outline, merge_outlines
from deepcam.tracking.regions import (
    agreement,
    good,
    mesh_box,
    plausibility,
    quarter,
    roi_of_detection,
    roi_of_mesh,
)
from deepcam.tracking.scout import Scout
from deepcam.tracking.stills import HALF, search_still
from deepcam.tracking.verifier import SECOND, UNLIKELY, Verifier
from deepcam.tracking.verifier import load as load_verifier
from deepcam.tracking.windows import (
    beside,
    clipped,
    framed,
    mean_inside,
    merge_detections,
    on_somebody,
    on_torso,
    rather_another,
    same_face,
    share_inside,
    within,
)

F64 = NDArray[np.float64]

UNSEEN_FRAMES = 5
"""Frames without the detector after which a mesh is not trusted any more."""
DOUBTFUL = 0.3
"""Highest confidence of such a mesh."""
UNLIKE = 2
"""Frames in a row after which a mesh in which the verifier sees no face is not trusted either. In
the shared clips, hands before the mouth among them, its odds are above 5; of a hand that hides all
of the face below 1."""
SECOND_LOOKS, SECOND_LOOKS_FILM = 2, 12
"""Most that are looked at again in one frame; further ones wait, covered if strong."""
MANY, PARTS = 3, 6
"""Lost tracks above which the parts of the picture that hold them are searched, and how many parts
at most in a frame."""
NOBODY, SOMEBODY, SURER = 0.1, 0.5, 0.6
"""What second looks leave unclear and no mesh fits starts nothing where less than this share is
people to the segmentation and the detector is less sure: of 41 mistakes in made rooms 31, of 57
made faces one, which is looked at again in a moment."""
ROWS_OF_PEOPLE = 5
"""Faces from which on some may be right below others."""
AGAIN, AGAIN_SURE = 0.25, 0.5
"""Seconds between second looks at a track that is in doubt, and at one on an older face."""
NEAR = (0.7, 1.2)
"""Half sides of the framings about a head without a face, in its widths. Of 15 made people whose
face a mask, a hand or a scarf hid from the tracker they show 14; of 58 mistakes of the
segmentation 2."""
LEAST_FACE = 0.2
"""Width of its face over that of such a head, at least: patterns on a wall are smaller."""
ORIENTED = 15
"""Frames in a row in which all faces lie on the same side: the camera does."""


@dataclass(slots=True)
class _Person:
    """What is remembered of one track besides its box."""

    reader: FaceReader
    evidence: Evidence
    roi: Roi | None = None
    """Around the last good mesh."""
    roi_time: float = 0.0
    unseen: int = 0
    """Frames since the detector saw it."""
    turn: int = 0
    """Quarter turns in which its face is nearest to upright."""
    looked: float = -math.inf
    """Time of the last second look."""
    looked_at: float = 0.0
    """The detector's score then."""
    unlike: int = 0
    """Frames in a row in which the verifier saw no face where its mesh was."""

    def turn_to_look(self) -> int:
        """Quarter turns in which it is looked for where it was lost: its own, and in turns the
        others while no mesh has confirmed that."""
        aside = 0 if self.roi_time > 0 else (0, 1, 0, 3, 0, 2)[(self.unseen - 1) % 6]
        return (self.turn + aside) % 4


@dataclass(slots=True, eq=False)
class _View:
    """One track in the present frame."""

    number: int
    detection: Detection | None = None
    mesh: Mesh | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """What may be a new face."""

    view: _View
    score: float
    """The detector's first one."""
    second: float | None
    """Of the best second look; None without one."""
    again: float
    """Of the second-best."""
    apart: bool
    """No other face is at the place."""

    @property
    def plain(self) -> bool:
        """Whether both looks show it clearly, as far as there were two, and a mesh fits or the
        first one was clear as well."""
        seen = self.score >= STRONG and (self.second is None or self.second >= CLEAR)
        return seen and (self.view.mesh is not None or self.score >= CLEAR)


@dataclass(slots=True)
class _Looks:
    """What the detector is shown in one frame."""

    windows: list[Window] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    turned: int | None = None
    """Number of the first window that is shown in another orientation than most faces have."""
    about: dict[int, int] = field(default_factory=dict)
    """Track by the number of the window that is framed about it."""

    def add(self, window: Window, turn: int = 0) -> None:
        self.windows.append(window)
        self.turns.append(turn)


class Tracker:
    """Finds and follows faces.

    ``max_faces``: how many get a mesh, the largest first; further faces are reported without one,
    to be covered. ``still``: single pictures, each on its own, searched also for small faces and
    in all four orientations; nothing is filtered. ``thorough``: a film, which can wait: whatever
    changes is searched for small faces in every frame.
    ``backend``: for tests and other vision libraries; what is installed when None. ``verifier``:
    what may refuse a detection; the shipped one, or with another ``backend`` none, when None.

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
    ) -> None:
        if backend is None:
            backend = choose_backend(WEAK)
            verifier = verifier or load_verifier()
        self._backend, self._verifier = backend, verifier
        self._basis = basis if basis is not None else FaceBasis.load()
        self._max_faces, self._still = max_faces, still
        self._association = Association()
        self._persons: dict[int, _Person] = {}
        self._scout = Scout(thorough)
        self._doubts = SecondLooks(backend, verifier)
        self._second_looks = SECOND_LOOKS_FILM if thorough else SECOND_LOOKS
        self._surety: dict[int, float] = {}
        self._only_turned: set[int] = set()
        """Detections of this frame, by ``id``, that a look in another orientation showed."""
        self._people: NDArray[np.float32] | None = None
        self._frames = 0
        self._turn, self._aside = 0, 0
        self._time = -math.inf
        self._size = (0, 0)
        self.last_stats: dict[str, float] = {}
        """Of the last ``process``: milliseconds ``look`` (networks) and ``total``; counts
        ``detections``, ``meshes``, ``faces``, ``looks`` (of the detector)."""

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
        if self._still or frame.time < self._time or size != self._size:
            self.reset()
        self._time, self._size = frame.time, (int(size[0]), int(size[1]))
        for number in self._association.forget(frame.time):
            self._persons.pop(number, None)
        self._frames += 1
        self._people = None
        self.last_stats = {"meshes": 0.0, "looks": 0.0}

        tracked: dict[int, Mesh] = {}
        if self._still:
            found = search_still(self._backend, image, self._verifier)
            detections = [detection for detection, _ in found]
            self._surety = {id(detection): second for detection, second in found}
        else:
            detections, tracked = self._look(image, frame.time)
        self.last_stats["detections"] = float(len(detections))
        self.last_stats["look"] = (clock.perf_counter() - begin) * 1e3
        views = self._associate(image, detections, tracked, frame.time)
        faces = [self._face(v, frame.time) for v in views]
        self._notice_orientation(views)
        faces += self._withdraw(views)
        self.last_stats["faces"] = float(len(faces))
        self.last_stats["total"] = (clock.perf_counter() - begin) * 1e3
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
        windows = [framed(box, reach, height, width) for reach in NEAR for _ in range(4)]
        self._backend.submit(frame.image, windows, [], [0, 1, 2, 3] * len(NEAR))
        found = [d.box for part in self._backend.collect()[0] for d in part]
        reach = box[2:] - box[:2]
        slack = 0.1 * float(reach.max())
        inside = [
            b
            for b in found
            if (np.abs(b[:2] + b[2:] - box[:2] - box[2:]) / 2 < reach / 2 + slack).all()
            and b[2] - b[0] > LEAST_FACE * reach.min()
        ]
        odds = float(self._verifier.odds(frame.image, inside).max(initial=-np.inf))
        return 0.0 if odds < UNLIKELY else 0.5 if odds < SECOND else 1.0

    def reset(self) -> None:
        """Forget all tracks. Still pictures number their faces from 1, streams go on counting."""
        if self._still:
            self._association = Association()
        self._association.reset()
        self._persons.clear()
        self._scout.reset()
        self._doubts.reset()
        self._frames = 0
        self._turn, self._aside = 0, 0
        self._time = -math.inf

    def close(self) -> None:
        """Free the vision library. Idempotent."""
        self._backend.close()

    # What to look at

    def _look(self, image: Image, time: float) -> tuple[list[Detection], dict[int, Mesh]]:
        """Detections everywhere that is looked at now, and the meshes of known faces."""
        rois = self._expected_rois(time)
        looks = self._looks(image, time)
        resting = self._scout.resting
        first = 1 if resting else 0  # the first window is the whole picture
        self._backend.submit(
            image, looks.windows[first:], [roi for _, roi in rois], looks.turns[first:]
        )
        found, meshes = self._backend.collect()
        self.last_stats["looks"] += len(found)
        if resting:
            found = [[], *found]
        found, self._only_turned = _turned_apart(found, looks.turned)
        self.last_stats["meshes"] += len(rois)
        places = {n: self._association.predict(n, time) for n in self._association.numbers}
        known = [box for n, box in places.items() if self._persons[n].evidence.paintable]
        for number, track in looks.about.items():
            others = [place for n, place in places.items() if n != track]
            here = places[track]
            if any(
                same_face(d.box, here) and not rather_another(d.box, here, others)
                for d in found[number]
            ):
                self._persons[track].turn = looks.turns[number]
            else:
                self._persons[track].evidence.not_there()
        tracked = {n: m for (n, _), m in zip(rois, meshes, strict=True)}
        inside = known if resting else ()
        return merge_detections(found, looks.windows, known, inside), tracked

    def _alone(self) -> bool:
        """Whether one face is known, which surely was one and is followed by its mesh."""
        if len(self._persons) != 1:
            return False
        (person,) = self._persons.values()
        return person.evidence.settled and person.roi is not None and person.unseen == 0

    def _expected_rois(self, time: float) -> list[tuple[int, Roi]]:
        """Where the meshes of the tracks should be now: of the largest faces."""
        rois = []
        for number in self._association.numbers:
            person = self._persons[number]
            if person.roi is None or time - person.roi_time > 0.25:
                continue
            dx, dy = self._association.offset(number, time)
            roi = person.roi
            rois.append((number, Roi(roi.x + dx, roi.y + dy, roi.size, roi.angle)))
        rois.sort(key=lambda pair: -pair[1].size)
        return sorted(rois[: self._max_faces], key=lambda pair: pair[0])

    def _looks(self, image: Image, time: float) -> _Looks:
        """The whole picture; parts of it in turns; and the surroundings of a track that the
        detector has lost."""
        height, width = image.shape[:2]
        looks = _Looks()
        looks.add((0, 0, width, height), self._turn)
        known = [self._association.predict(n, time) for n in self._association.numbers]
        chosen = self._scout.choose(image, time, known, self._alone())
        for window in chosen:
            looks.add(window, self._turn)
        if self._scout.new_scene:
            # Nobody is known yet by whose mesh a turned head would be found.
            looks.turned = len(looks.windows)
            for aside in (1, 2, 3):
                for window in (looks.windows[0], *chosen):
                    looks.add(window, (self._turn + aside) % 4)
        # A face without a mesh lives by detections alone: its surroundings are searched in every
        # frame in which the whole picture may miss it again, the others' in every second one.
        persons = self._persons.items()
        bare = [n for n, p in persons if p.roi is None and p.evidence.worth_a_look]
        bare = [n for n in bare if self._persons[n].unseen >= 1]
        lost = [n for n, p in persons if p.roi is not None and p.unseen >= 2]
        wanted = [*bare, *lost]
        if len(wanted) > MANY:
            boxes = [self._association.predict(n, time) for n in wanted]
            unseen = [self._persons[n].unseen for n in wanted]
            for window in self._scout.holding(boxes, unseen, PARTS):
                if window not in looks.windows:
                    looks.add(window, self._turn)
        elif wanted and (bare or self._frames % 2 == 0):
            number = wanted[self._frames // (1 if bare else 2) % len(wanted)]
            x0, y0, x1, y1 = self._association.predict(number, time)
            reach = max(3.0 * (x1 - x0), 48.0)
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            near = clipped((cx - reach, cy - reach, cx + reach, cy + reach), height, width)
            if near is not None:
                looks.about[len(looks.windows)] = number
                looks.add(near, self._persons[number].turn_to_look())
        return looks

    def _notice_orientation(self, views: list[_View]) -> None:
        """Films and cameras that lie on their side: the picture is shown to the detector as most
        faces stand."""
        sure = [
            v for v in views if v.mesh is not None and self._persons[v.number].evidence.paintable
        ]
        turns = {quarter(v.mesh) for v in sure if v.mesh is not None}
        aside = len(turns) == 1 and turns != {self._turn}
        self._aside = self._aside + 1 if aside else 0
        if self._aside >= ORIENTED:
            self._turn, self._aside = turns.pop(), 0

    # Who is who

    def _associate(
        self, image: Image, detections: list[Detection], tracked: dict[int, Mesh], time: float
    ) -> list[_View]:
        views: dict[int, _View] = {}
        strong = [d for d in detections if d.score >= STRONG]
        weak = [d for d in detections if d.score < STRONG]
        sure = {n for n, person in self._persons.items() if person.evidence.score >= COVER}
        # Strong detections choose first; the weak ones go to the tracks that got none
        # (ByteTrack: Zhang et al., ECCV 2022).
        fresh: list[Detection] = []
        for group in (strong, weak):
            free = [n for n in self._association.numbers if n not in views]
            numbers = self._association.match([d.box for d in group], time, among=free)
            for detection, number in zip(group, numbers, strict=True):
                if number is not None and (detection.score >= FAIR or number in sure):
                    views[number] = _View(number, detection)
                elif number is None:
                    fresh.append(detection)
        self._take_meshes(image, views, tracked)
        self._keep_unseen(views, tracked, time)
        for view in views.values():
            if view.detection is not None:
                meshed = view.mesh is not None
                self._persons[view.number].evidence.seen(view.detection.score, meshed)
        self._compare(image, views)
        self._check(image, views, time)
        self._start(image, views, fresh, time)
        self._update(views, time)
        return list(views.values())

    def _update(self, views: dict[int, _View], time: float) -> None:
        for view in views.values():
            box = view.detection.box if view.detection is not None else None
            if box is None and view.mesh is not None:
                box = mesh_box(view.mesh)
            if box is not None:
                self._association.update(view.number, box, time)
            person = self._persons[view.number]
            if view.detection is not None:
                person.unseen = 0
            elif view.mesh is None or not self._scout.resting:
                person.unseen += 1
            if view.mesh is not None:
                person.roi, person.roi_time = roi_of_mesh(view.mesh), time
                person.turn = quarter(view.mesh)
            elif time - person.roi_time > 0.25:
                person.roi = None
        for number, person in self._persons.items():
            if number not in views:
                person.unseen += 1

    def _take_meshes(self, image: Image, views: dict[int, _View], tracked: dict[int, Mesh]) -> None:
        """Give each detected track its mesh: the tracked one if it agrees, else a new one."""
        again = []
        for view in views.values():
            assert view.detection is not None
            mesh = tracked.get(view.number)
            if mesh is None or not good(mesh):
                again.append(view)
                continue
            agree = agreement(mesh, view.detection)
            if agree > 0.5:
                view.mesh = mesh
            elif view.detection.score < STRONG and agree == 0.0:
                view.mesh, view.detection = mesh, None  # the weak detection is something else
            else:
                again.append(view)
        self._mesh_from_detections(image, again, len(views) - len(again))

    def _keep_unseen(self, views: dict[int, _View], tracked: dict[int, Mesh], time: float) -> None:
        """Tracks that the detector missed go on by their mesh, unless it slid onto a face that
        belongs to another track."""
        for number, mesh in tracked.items():
            if number in views or not good(mesh) or self._persons[number].evidence.score < COVER:
                continue
            box = mesh_box(mesh)
            taken = any(same_face(box, _box(v)) for v in views.values())
            if not taken and self._association.match([box], time, among=[number]) != [None]:
                views[number] = _View(number, None, mesh)

    def _compare(self, image: Image, views: dict[int, _View]) -> None:
        """The mesh network takes hands for the face that was there before. Where the detector does
        not see the face of a painted mesh clearly, the verifier looks too."""
        if self._verifier is None:
            return
        due: list[_View] = []
        for view in views.values():
            person, seen = self._persons[view.number], view.detection
            if seen is not None and seen.score >= CLEAR:
                person.unlike = 0
                continue
            looked = seen is not None or not self._scout.resting
            if looked and view.mesh is not None and person.evidence.paintable:
                due.append(view)
        boxes = [mesh_box(view.mesh) for view in due if view.mesh is not None]
        for view, odds in zip(due, self._verifier.odds(image, boxes), strict=True):
            person = self._persons[view.number]
            person.unlike = person.unlike + 1 if odds < SECOND else 0

    def _check(self, image: Image, views: dict[int, _View], time: float) -> None:
        """Look again at a track that is in doubt: never confirmed, or on an older, surer face."""
        due: list[_View] = []
        for view in views.values():
            person = self._persons[view.number]
            wait = AGAIN
            if view.detection is None:
                continue
            settled = person.evidence.score >= SETTLED
            if settled or (person.evidence.clear and view.mesh is not None):
                older = [v for v in views.values() if v.number < view.number]
                if not any(beside(_box(view), _box(v)) for v in older):
                    continue
                wait = AGAIN_SURE
            surer = view.detection.score > person.looked_at + BETTER
            if time - person.looked >= wait or surer:
                due.append(view)
        if not due:
            return
        view = min(due, key=lambda v: self._persons[v.number].looked)
        assert view.detection is not None
        others = [_box(v) for v in views.values() if v is not view]
        person, box = self._persons[view.number], view.detection.box
        (verdict,) = self._doubts.look(image, [view.detection], others, time)
        self.last_stats["looks"] += 2
        evidence, meshed = person.evidence, view.mesh is not None
        evidence.look_again(verdict.score)
        if verdict.refused and not evidence.settled:
            evidence.score = 0.0
            return
        if not (evidence.clear and meshed):
            share = self._person_at(image, box)
            # A person is there anyway where another face is beside.
            taken = any(beside(box, other) for other in others)
            if share is not None and not (taken and share > SOMEBODY):
                evidence.silhouette(share, meshed)
        if evidence.settled and not any(within(box, other) for other in others):
            evidence.score = max(evidence.score, COVER)  # it stays hidden, but is not painted
        person.looked, person.looked_at = time, view.detection.score

    def _start(
        self, image: Image, views: dict[int, _View], fresh: list[Detection], time: float
    ) -> None:
        known = [_box(v) for v in views.values()]
        new: list[Detection] = []
        for detection in fresh:
            boxes = [*known, *(d.box for d in new)]
            if any(same_face(detection.box, box) for box in boxes):
                continue
            if self._still or not self._doubts.refused(detection, time, known):
                new.append(detection)
        # Strong ones are hidden at once, looked at or not; weak ones wait for their second look.
        most = SECOND_LOOKS_FILM if self._frames <= 3 else self._second_looks + len(known) // 6
        suspects = [] if self._still else new[:most]
        verdicts = self._doubts.look(image, suspects, known, time)
        self.last_stats["looks"] += 2 * len(suspects)
        starts: list[_Start] = []
        stronger, surely = list(known), self._surely(views.values())
        clear = [
            verdict.detection.box
            for verdict in verdicts
            if verdict.detection is not None and verdict.score >= CLEAR and not verdict.unclear
        ]
        for k, detection in enumerate(new):
            verdict = verdicts[k] if k < len(verdicts) else None
            if verdict is None and detection.score < STRONG:
                continue
            if verdict is not None and verdict.refused:
                continue
            seen = detection
            if verdict is not None and verdict.detection is not None and verdict.score > seen.score:
                seen = verdict.detection
            second = None if verdict is None else verdict.score
            if id(detection) in self._only_turned and (second or 0.0) < STRONG:
                continue
            if self._still:
                second = self._surety[id(detection)]
            apart = not any(beside(seen.box, other) for other in stronger)
            # A part of anybody's head, or of the body of somebody who is sure.
            heads = [other for other in (*known, *clear) if beside(seen.box, other)]
            somebody = any(on_somebody(seen.box, other) for other in (*heads, *surely))
            if verdict is not None and verdict.unclear and somebody:
                self._doubts.pause(detection, time, known)
                continue
            stronger.append(seen.box)
            # Only what a mesh that fits would make a face is worth one.
            if Evidence.first(detection.score, second, True, apart).score >= COVER:
                again = 1.0 if self._still or verdict is None else verdict.again
                starts.append(_Start(_View(0, seen), detection.score, second, again, apart))
        meshed = sum(v.mesh is not None for v in views.values())
        self._mesh_from_detections(image, [start.view for start in starts], meshed)
        for start in starts:
            view = start.view
            assert view.detection is not None
            box = view.detection.box
            # Hands, prints and badges on somebody whose face is seen: only what is clearly a face.
            if not (self._still or start.plain) and any(on_torso(box, f) for f in surely):
                continue
            meshes = [_box(v) for v in views.values() if v.mesh is not None]
            half = view.mesh is None and any(share_inside(box, face) > 0.5 for face in meshes)
            if half and start.again < HALF:
                continue  # an eye, an ear
            evidence = self._first_evidence(image, start, known, len(starts) == 1, time)
            if evidence.score < COVER:
                continue
            if evidence.sure and len(self._persons) + len(starts) < ROWS_OF_PEOPLE:
                surely.append(box)
            view.number = self._association.start(box, time)
            self._persons[view.number] = _Person(
                FaceReader(self._basis, self._still),
                evidence,
                looked=-math.inf if start.second is None else time,
                looked_at=start.score,
            )
            views[view.number] = view

    def _first_evidence(
        self, image: Image, start: _Start, known: list[F64], alone: bool, time: float
    ) -> Evidence:
        """What speaks for ``start``: the looks, the mesh, and where these are unclear the
        silhouette, which can make a face of what is there alone and fits, and nothing of what does
        not."""
        view, meshed = start.view, start.view.mesh is not None
        assert view.detection is not None
        evidence = Evidence.first(start.score, start.second, meshed, start.apart)
        unclear = start.second is not None and not evidence.clear and not self._still
        if evidence.score < COVER or not unclear:
            return evidence
        share = self._person_at(image, view.detection.box)
        if share is None:
            return evidence
        if meshed and alone and not known and share > SOMEBODY:
            evidence.silhouette(share, True)
        elif not meshed and share < NOBODY and start.score < SURER:
            self._doubts.pause(view.detection, time, known)
            evidence.score = 0.0
        return evidence

    def _person_at(self, image: Image, box: F64) -> float | None:
        """Share 0..1 of ``box`` in which the segmentation sees people; None without its network."""
        if self._people is None:
            self._people = self._backend.persons(image)
        if self._people is None:
            return None
        return mean_inside(self._people, box, image.shape[0], image.shape[1])

    def _surely(self, views: Iterable[_View]) -> list[F64]:
        """Boxes of those on whose bodies nothing doubtful is believed to be a face; none where
        people sit above each other, in galleries and rows."""
        if len(self._persons) >= ROWS_OF_PEOPLE:
            return []
        return [_box(v) for v in views if self._persons[v.number].evidence.sure]

    def _mesh_from_detections(self, image: Image, views: list[_View], taken: int) -> None:
        """Meshes for ``views``, the largest first, as far as ``max_faces`` allows beside ``taken``
        others."""
        views = sorted(views, key=lambda v: -_side(v))[: max(self._max_faces - taken, 0)]
        rois = [roi_of_detection(v.detection) for v in views if v.detection is not None]
        for view, mesh in zip(views, self._backend.mesh(image, rois), strict=True):
            assert view.detection is not None
            if good(mesh) and agreement(mesh, view.detection) > 0.0:
                view.mesh = mesh
        self.last_stats["meshes"] += len(rois)

    def _withdraw(self, views: list[_View]) -> list[Face]:
        """Forget what turned out to be no face, and say so once."""
        self._doubt_what_lies_on_somebody(views)
        gone = [n for n, p in self._persons.items() if p.evidence.score <= 0.0]
        out = []
        for number in gone:
            box = self._association.predict(number, self._time)
            if not any(v.number == number for v in views):
                out.append(Face(number, 0.0, _outline_of_box(box), evidence=0.0))
            others = [_box(v) for v in views if v.number not in gone]
            self._doubts.withdraw(box, self._time, others)
            self._association.drop(number)
            del self._persons[number]
        return out

    def _doubt_what_lies_on_somebody(self, views: list[_View]) -> None:
        """What began before the face above it was known, and was not clear when it was looked at
        again, is a hand or a print."""
        surely = self._surely(views)
        for number, person in self._persons.items():
            if not person.evidence.clear and math.isfinite(person.looked):
                box = self._association.predict(number, self._time)
                if any(on_torso(box, face) for face in surely):
                    person.evidence.score = 0.0

    # What may leave

    def _face(self, view: _View, time: float) -> Face:
        person, detection = self._persons[view.number], view.detection
        around = None if detection is None else box_outline(detection.box, detection.keypoints)
        share = person.evidence.share
        if view.mesh is not None:
            trust = view.mesh.presence
            if detection is not None:
                trust *= agreement(view.mesh, detection)
            unlike = person.unlike >= UNLIKE
            if unlike or person.unseen > UNSEEN_FRAMES or not person.evidence.paintable:
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
                    share,
                )
        if around is None:
            assert view.mesh is not None
            around = _outline_of_box(mesh_box(view.mesh))
        return Face(view.number, 0.0, around, evidence=share)


def _turned_apart(
    found: list[list[Detection]], turned: int | None
) -> tuple[list[list[Detection]], set[int]]:
    """``found`` without what windows from number ``turned`` on show weakly or beside what is surely
    upright (hair, ears and hands in all orientations look like faces more often), and the others of
    those by ``id``."""
    if turned is None:
        return found, set()
    upright = [d for part in found[:turned] for d in part if d.score >= STRONG]
    kept = [
        [d for d in part if d.score >= FAIR and not any(beside(d.box, e.box) for e in upright)]
        for part in found[turned:]
    ]
    return [*found[:turned], *kept], {id(d) for part in kept for d in part}


def _side(view: _View) -> float:
    box = _box(view)
    return float(box[2] - box[0])


def _box(view: _View) -> F64:
    if view.detection is not None:
        return view.detection.box
    assert view.mesh is not None
    return mesh_box(view.mesh)


def _outline_of_box(box: F64) -> Points:
    middle = (box[:2] + box[2:]) / 2
    return box_outline(box, np.tile(middle, (6, 1)))
