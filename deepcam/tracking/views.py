"""What is known of each track, of all of them, and of one in the present frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Points
from deepcam.tracking.association import Association
from deepcam.tracking.backend import Detection, Mesh, Roi
from deepcam.tracking.evidence import CLEAR, STRONG, Evidence
from deepcam.tracking.reader import FaceReader, box_outline
from deepcam.tracking.regions import mesh_box

F64 = NDArray[np.float64]


@dataclass(slots=True)
class Person:
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
class View:
    """One track in the present frame."""

    number: int
    detection: Detection | None = None
    mesh: Mesh | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What may be a new face."""

    view: View
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


class Tracks:
    """What is remembered of everybody, and of the present frame: shared by those who look, start
    and follow."""

    def __init__(self) -> None:
        self.association = Association()
        self.persons: dict[int, Person] = {}
        self.frames = 0
        """Since the last ``forget``."""
        self.time = -math.inf
        """Of the present frame, seconds."""
        self.turn = 0
        """Quarter turns by which the picture is shown to the detector."""
        self.stats: dict[str, float] = {}
        """Of the present frame; see ``Tracker.last_stats``."""

    def forget(self, numbers_too: bool) -> None:
        """As at the beginning; ``numbers_too``: the next track is number 1 again."""
        if numbers_too:
            self.association = Association()
        self.association.reset()
        self.persons.clear()
        self.frames, self.turn, self.time = 0, 0, -math.inf

    def places(self) -> dict[int, F64]:
        """Where each track is expected in the present frame, (4,) boxes in pixels."""
        return {n: self.association.predict(n, self.time) for n in self.association.numbers}


def width_of(view: View) -> float:
    """Pixels."""
    box = place_of(view)
    return float(box[2] - box[0])


def place_of(view: View) -> F64:
    """Its box (4,), pixels: the detector's, else the mesh's."""
    if view.detection is not None:
        return view.detection.box
    assert view.mesh is not None
    return mesh_box(view.mesh)


def outline_of_box(box: F64) -> Points:
    """Of a place of which nothing else is known."""
    middle = (box[:2] + box[2:]) / 2
    return box_outline(box, np.tile(middle, (6, 1)))
