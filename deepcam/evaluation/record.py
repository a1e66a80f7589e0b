"""Originals with what tracker and judge say about them; methods are then run on the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.baselines import Method, Seen, region
from deepcam.evaluation.judge import Judge, Reading
from deepcam.frames import Face, Frame, Image, Persons, Reason


@dataclass(slots=True, eq=False)
class Shot:
    """One original picture of a sequence."""

    frame: Frame
    seen: Seen
    reading: Reading | None
    """The judge's, of the original."""

    @property
    def face(self) -> Face | None:
        """The tracker's face that the judge reads: the nearest one with a pose."""
        if self.reading is None:
            return None
        posed = [f for f in self.seen.faces if f.pose is not None]
        centre = self.reading.centre

        def far(face: Face) -> float:
            return float(np.hypot(*(face.outline.mean(0) - centre)))

        return min(posed, key=far, default=None)

    def hidden(self) -> NDArray[np.uint8]:
        """(h, w) 255 under all faces' outlines."""
        mask = np.zeros(self.frame.image.shape[:2], np.uint8)
        for face in self.seen.faces:
            mask |= region(self.frame, face)
        return mask


@dataclass(slots=True, eq=False)
class Take:
    """A clip (or one photograph) and everything measured on its original."""

    name: str
    person: str
    shots: list[Shot]
    fps: float = 25.0
    still: bool = False
    glasses: bool | None = None
    """What an index says; None if nothing."""
    beard: bool | None = None

    @property
    def usable(self) -> bool:
        """Judge and tracker see the face in the first picture."""
        return self.shots[0].reading is not None and self.shots[0].face is not None


@dataclass(slots=True, eq=False)
class Result:
    """A method's pictures of one take."""

    take: Take
    images: list[Image]
    reasons: list[Reason]
    readings: list[Reading | None] = field(default_factory=list)
    """The judge's, of these pictures; near the original's face."""
    living: bool | None = None
    """What ``stability.alive`` found."""


class Recorder:
    """Runs the camera's tracker and the judge over originals."""

    def __init__(self, still: bool) -> None:
        from deepcam.tracking import Tracker

        self._still = still
        self._tracker = Tracker(still=still)
        self._judge = Judge(still)

    def record(self, name: str, person: str, images: Sequence[Image], fps: float) -> Take:
        """One sequence. The segmentation is kept for every frame of a clip, so that any method
        may ask for it."""
        shots = []
        self._tracker.reset()
        if not self._still:
            self._judge.close()
            self._judge = Judge(False)
        for number, image in enumerate(images):
            frame = Frame(image, number / fps, number)
            faces = self._tracker.process(frame)
            seen = Seen(faces, _Once(self._tracker.persons(frame)))
            reading = self._judge.read(image, known=[face.outline for face in faces])
            shots.append(Shot(frame, seen, reading))
        return Take(name, person, shots, fps, self._still)

    def close(self) -> None:
        """Free tracker and judge."""
        self._tracker.close()
        self._judge.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Once:
    def __init__(self, persons: Persons | None) -> None:
        self._persons = persons

    def __call__(self) -> Persons | None:
        return self._persons


def run_clip(method: Method, take: Take, seed: int, judged: bool = True) -> Result:
    """``method`` on one clip, and the judge on what comes out."""
    session = method.open(False, seed)
    try:
        session.begin(take.shots[0].frame, take.shots[0].seen)
        made = [session.process(shot.frame, shot.seen) for shot in take.shots]
    finally:
        session.close()
    images, reasons = [m[0] for m in made], [m[1] for m in made]
    readings: list[Reading | None] = []
    if judged:
        with Judge(False) as judge:
            readings = [
                judge.read(image, shot.reading)
                for image, shot in zip(images, take.shots, strict=True)
            ]
    return Result(take, images, reasons, readings)


def run_stills(method: Method, takes: Sequence[Take], seed: int) -> list[Result]:
    """``method`` on photographs, each with an identity of its own; not judged."""
    results: list[Result] = []
    if not takes:
        return results
    session = method.open(True, seed)
    try:
        for number, take in enumerate(takes):
            session.renew(seed + 1 + number)
            image, reason = session.process(take.shots[0].frame, take.shots[0].seen)
            results.append(Result(take, [image], [reason]))
    finally:
        session.close()
    return results
