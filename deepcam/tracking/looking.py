"""Where the detector looks in each frame: the whole picture, parts of it in turns, and the
surroundings of those whom it has lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Image
from deepcam.tracking.backend import Detection, Mesh, MeshBackend, Roi, Window
from deepcam.tracking.evidence import FAIR, STRONG
from deepcam.tracking.policy import DEFAULT, TrackingPolicy
from deepcam.tracking.scout import Scout
from deepcam.tracking.views import Tracks
from deepcam.tracking.windows import beside, clipped, merge_detections, rather_another, same_face

F64 = NDArray[np.float64]


@dataclass(slots=True)
class Looks:
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


class Looker:
    """Chooses what the detector and the mesh network are shown, and asks them."""

    def __init__(
        self,
        backend: MeshBackend,
        scout: Scout,
        tracks: Tracks,
        max_faces: int,
        policy: TrackingPolicy = DEFAULT,
    ) -> None:
        self._backend, self._scout, self._tracks = backend, scout, tracks
        self._max_faces, self._policy = max_faces, policy

    def look(self, image: Image) -> tuple[list[Detection], dict[int, Mesh], set[int]]:
        """Detections everywhere that is looked at now, the meshes of known faces, and by ``id`` the
        detections that only a look in another orientation showed."""
        rois = self._expected_rois()
        places = self._tracks.places()
        looks = self._looks(image, places)
        resting = self._scout.resting
        first = 1 if resting else 0  # the first window is the whole picture
        self._backend.submit(
            image, looks.windows[first:], [roi for _, roi in rois], looks.turns[first:]
        )
        found, meshes = self._backend.collect()
        self._tracks.stats["looks"] += len(found)
        if resting:
            found = [[], *found]
        found, only_turned = _turned_apart(found, looks.turned)
        self._tracks.stats["meshes"] += len(rois)
        known = [box for n, box in places.items() if self._tracks.persons[n].evidence.paintable]
        for number, track in looks.about.items():
            others = [place for n, place in places.items() if n != track]
            here = places[track]
            if any(
                same_face(d.box, here) and not rather_another(d.box, here, others)
                for d in found[number]
            ):
                self._tracks.persons[track].turn = looks.turns[number]
            else:
                self._tracks.persons[track].evidence.not_there()
        tracked = {n: m for (n, _), m in zip(rois, meshes, strict=True)}
        inside = known if resting else ()
        return merge_detections(found, looks.windows, known, inside), tracked, only_turned

    def _alone(self) -> bool:
        """Whether one face is known, which surely was one and is followed by its mesh."""
        if len(self._tracks.persons) != 1:
            return False
        (person,) = self._tracks.persons.values()
        return person.evidence.settled and person.roi is not None and person.unseen == 0

    def _expected_rois(self) -> list[tuple[int, Roi]]:
        """Where the meshes of the tracks should be now: of the largest faces."""
        time = self._tracks.time
        rois = []
        for number in self._tracks.association.numbers:
            person = self._tracks.persons[number]
            if person.roi is None or time - person.roi_time > 0.25:
                continue
            dx, dy = self._tracks.association.offset(number, time)
            roi = person.roi
            rois.append((number, Roi(roi.x + dx, roi.y + dy, roi.size, roi.angle)))
        rois.sort(key=lambda pair: -pair[1].size)
        return sorted(rois[: self._max_faces], key=lambda pair: pair[0])

    def _looks(self, image: Image, places: dict[int, F64]) -> Looks:
        """The whole picture; parts of it in turns; and the surroundings of a track that the
        detector has lost. ``places``: where each track is expected."""
        height, width = image.shape[:2]
        looks = Looks()
        looks.add((0, 0, width, height), self._tracks.turn)
        known = list(places.values())
        chosen = self._scout.choose(image, self._tracks.time, known, self._alone())
        for window in chosen:
            looks.add(window, self._tracks.turn)
        if self._scout.new_scene:
            # Nobody is known yet by whose mesh a turned head would be found.
            looks.turned = len(looks.windows)
            for aside in (1, 2, 3):
                for window in (looks.windows[0], *chosen):
                    looks.add(window, (self._tracks.turn + aside) % 4)
        # A face without a mesh lives by detections alone: its surroundings are searched in every
        # frame in which the whole picture may miss it again, the others' in every second one.
        persons = self._tracks.persons.items()
        bare = [n for n, p in persons if p.roi is None and p.evidence.worth_a_look]
        bare = [n for n in bare if self._tracks.persons[n].unseen >= 1]
        lost = [n for n, p in persons if p.roi is not None and p.unseen >= 2]
        wanted = [*bare, *lost]
        if len(wanted) > self._policy.many:
            boxes = [places[n] for n in wanted]
            unseen = [self._tracks.persons[n].unseen for n in wanted]
            for window in self._scout.holding(boxes, unseen, self._policy.parts):
                if window not in looks.windows:
                    looks.add(window, self._tracks.turn)
        elif wanted and (bare or self._tracks.frames % 2 == 0):
            number = wanted[self._tracks.frames // (1 if bare else 2) % len(wanted)]
            x0, y0, x1, y1 = places[number]
            reach = max(3.0 * (x1 - x0), 48.0)
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            near = clipped((cx - reach, cy - reach, cx + reach, cy + reach), height, width)
            if near is not None:
                looks.about[len(looks.windows)] = number
                looks.add(near, self._tracks.persons[number].turn_to_look())
        return looks


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
