"""Who begins, who is looked at again, and who turns out to be no face.

What is believed to be a face is one score (``evidence``); here it is asked for and used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face, Image
from deepcam.geometry.basis import FaceBasis
from deepcam.tracking.backend import Detection, MeshBackend
from deepcam.tracking.doubt import SecondLooks
from deepcam.tracking.evidence import CLEAR, COVER, SETTLED, STRONG, Evidence
from deepcam.tracking.meshes import Meshes
from deepcam.tracking.policy import DEFAULT, TrackingPolicy
from deepcam.tracking.reader import FaceReader
from deepcam.tracking.stills import HALF
from deepcam.tracking.views import Person, Start, Tracks, View, outline_of_box, place_of
from deepcam.tracking.windows import (
    beside,
    mean_inside,
    on_somebody,
    on_torso,
    same_face,
    share_inside,
    within,
)

F64 = NDArray[np.float64]


class Beginnings:
    """Starts tracks, doubts them, and withdraws them."""

    def __init__(
        self,
        backend: MeshBackend,
        doubts: SecondLooks,
        meshes: Meshes,
        tracks: Tracks,
        basis: FaceBasis,
        still: bool,
        thorough: bool,
        policy: TrackingPolicy = DEFAULT,
    ) -> None:
        self._backend, self._doubts, self._meshes = backend, doubts, meshes
        self._tracks, self._basis, self._still = tracks, basis, still
        self._policy = policy
        self._second_looks = policy.second_looks_film if thorough else policy.second_looks
        self._people: NDArray[np.float32] | None = None

    def new_frame(self) -> None:
        """The silhouette is another one."""
        self._people = None

    def start(
        self,
        image: Image,
        views: dict[int, View],
        fresh: list[Detection],
        only_turned: set[int],
        surety: dict[int, float],
    ) -> None:
        """Begin tracks for what is new among the detections ``fresh``. ``only_turned``: by ``id``,
        those that only a look in another orientation showed; ``surety``: of a still picture, what
        its second looks gave."""
        time = self._tracks.time
        known = [place_of(v) for v in views.values()]
        new: list[Detection] = []
        for detection in fresh:
            boxes = [*known, *(d.box for d in new)]
            if any(same_face(detection.box, box) for box in boxes):
                continue
            if self._still or not self._doubts.refused(detection, time, known):
                new.append(detection)
        # Strong ones are hidden at once, looked at or not; weak ones wait for their second look.
        most = (
            self._policy.second_looks_film
            if self._tracks.frames <= 3
            else self._second_looks + len(known) // 6
        )
        suspects = [] if self._still else new[:most]
        verdicts = self._doubts.look(image, suspects, known, time)
        self._tracks.stats["looks"] += 2 * len(suspects)
        starts: list[Start] = []
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
            if id(detection) in only_turned and (second or 0.0) < STRONG:
                continue
            if self._still:
                second = surety[id(detection)]
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
                starts.append(Start(View(0, seen), detection.score, second, again, apart))
        meshed = sum(v.mesh is not None for v in views.values())
        self._meshes.from_detections(image, [start.view for start in starts], meshed)
        for start in starts:
            view = start.view
            assert view.detection is not None
            box = view.detection.box
            # Hands, prints and badges on somebody whose face is seen: only what is clearly a face.
            if not (self._still or start.plain) and any(on_torso(box, f) for f in surely):
                continue
            meshes = [place_of(v) for v in views.values() if v.mesh is not None]
            half = view.mesh is None and any(share_inside(box, face) > 0.5 for face in meshes)
            if half and start.again < HALF:
                continue  # an eye, an ear
            evidence = self._first_evidence(image, start, known, len(starts) == 1, time)
            if evidence.score < COVER:
                continue
            if (
                evidence.sure
                and len(self._tracks.persons) + len(starts) < self._policy.rows_of_people
            ):
                surely.append(box)
            view.number = self._tracks.association.start(box, time)
            self._tracks.persons[view.number] = Person(
                FaceReader(self._basis, self._still),
                evidence,
                looked=-math.inf if start.second is None else time,
                looked_at=start.score,
            )
            views[view.number] = view

    def _first_evidence(
        self, image: Image, start: Start, known: list[F64], alone: bool, time: float
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
        if meshed and alone and not known and share > self._policy.somebody:
            evidence.silhouette(share, True)
        elif not meshed and share < self._policy.nobody and start.score < self._policy.surer:
            self._doubts.pause(view.detection, time, known)
            evidence.score = 0.0
        return evidence

    def check(self, image: Image, views: dict[int, View]) -> None:
        """Look again at a track that is in doubt: never confirmed, or on an older, surer face."""
        time = self._tracks.time
        due: list[View] = []
        for view in views.values():
            person = self._tracks.persons[view.number]
            wait = self._policy.again
            if view.detection is None:
                continue
            settled = person.evidence.score >= SETTLED
            if settled or (person.evidence.clear and view.mesh is not None):
                older = [v for v in views.values() if v.number < view.number]
                if not any(beside(place_of(view), place_of(v)) for v in older):
                    continue
                wait = self._policy.again_sure
            surer = view.detection.score > person.looked_at + self._policy.better
            if time - person.looked >= wait or surer:
                due.append(view)
        if not due:
            return
        view = min(due, key=lambda v: self._tracks.persons[v.number].looked)
        assert view.detection is not None
        others = [place_of(v) for v in views.values() if v is not view]
        person, box = self._tracks.persons[view.number], view.detection.box
        (verdict,) = self._doubts.look(image, [view.detection], others, time)
        self._tracks.stats["looks"] += 2
        evidence, meshed = person.evidence, view.mesh is not None
        evidence.look_again(verdict.score)
        if verdict.refused and not evidence.settled:
            evidence.score = 0.0
            return
        if not (evidence.clear and meshed):
            share = self._person_at(image, box)
            # A person is there anyway where another face is beside.
            taken = any(beside(box, other) for other in others)
            if share is not None and not (taken and share > self._policy.somebody):
                evidence.silhouette(share, meshed)
        if evidence.settled and not any(within(box, other) for other in others):
            evidence.score = max(evidence.score, COVER)  # it stays hidden, but is not painted
        person.looked, person.looked_at = time, view.detection.score

    def _person_at(self, image: Image, box: F64) -> float | None:
        """Share 0..1 of ``box`` in which the segmentation sees people; None without its network."""
        if self._people is None:
            self._people = self._backend.persons(image)
        if self._people is None:
            return None
        return mean_inside(self._people, box, image.shape[0], image.shape[1])

    def _surely(self, views: Iterable[View]) -> list[F64]:
        """Boxes of those on whose bodies nothing doubtful is believed to be a face; none where
        people sit above each other, in galleries and rows."""
        if len(self._tracks.persons) >= self._policy.rows_of_people:
            return []
        return [place_of(v) for v in views if self._tracks.persons[v.number].evidence.sure]

    def withdraw(self, views: list[View]) -> list[Face]:
        """Forget what turned out to be no face, and say so once."""
        self._doubt_what_lies_on_somebody(views)
        gone = [n for n, p in self._tracks.persons.items() if p.evidence.score <= 0.0]
        out = []
        for number in gone:
            box = self._tracks.association.predict(number, self._tracks.time)
            if not any(v.number == number for v in views):
                out.append(Face(number, 0.0, outline_of_box(box), evidence=0.0))
            others = [place_of(v) for v in views if v.number not in gone]
            self._doubts.withdraw(box, self._tracks.time, others)
            self._tracks.association.drop(number)
            del self._tracks.persons[number]
        return out

    def _doubt_what_lies_on_somebody(self, views: list[View]) -> None:
        """What began before the face above it was known, and was not clear when it was looked at
        again, is a hand or a print."""
        surely = self._surely(views)
        for number, person in self._tracks.persons.items():
            if not person.evidence.clear and math.isfinite(person.looked):
                box = self._tracks.association.predict(number, self._tracks.time)
                if any(on_torso(box, face) for face in surely):
                    person.evidence.score = 0.0
