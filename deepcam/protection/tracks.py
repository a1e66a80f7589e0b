"""A person that was seen: what is known of it, and where it may be now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face, Points, Pose
from deepcam.frames.outlines import centre, checked, grow, holds, hull, size
from deepcam.protection.policy import GuardPolicy
from deepcam.protection.states import Event, State, step

F64 = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Track:
    number: int
    state: State
    face: Face
    """As last seen; while generated always with a pose."""
    outline: Points
    """As last seen, checked."""
    time: float
    """When last seen, seconds."""
    frame: int
    """When last seen, frames."""
    born: int
    """Frame of the first sighting."""
    velocity: F64 = field(default_factory=lambda: np.zeros(2))
    """Pixels per second."""
    streak: int = 0
    """Good meshes in a row."""
    settled: int = 0
    """Frames in a row in GENERATED."""
    before: Points | None = None
    """The outline one sighting earlier, when it moved far since: is it really there now?"""
    fade: float = 1.0
    missed: int = 0
    vacant: int = 0
    stands_for: int | None = None
    """The lost track that this one replaced."""
    seen: int = 0
    """Frames in which it was seen."""
    best: float = 0.0
    """Highest evidence so far."""
    restored: bool = False
    """A place that outlasted a failure, of a person not seen since."""

    def place(
        self, policy: GuardPolicy, now: float, gap: float = 0.0, growing: bool = True
    ) -> Points:
        """The outline at ``now``, seconds: where it is seen, or everywhere it may have gone.
        ``gap``: seconds since the frame before."""
        drift = self.drift(policy, now) if self.missed else self.velocity * gap
        extent = size(self.outline)
        speed = float(np.linalg.norm(drift)) / extent
        if self.missed == 0:
            # A filtered pose trails behind a fast head: one frame ahead is hidden as well.
            places = [self.outline] if self.before is None else [self.outline, self.before]
            if speed >= 0.04:
                ahead = drift * min(1.0, 0.25 / speed)
                places.append((self.outline + ahead).astype(np.float32))
            return hull(places) if len(places) > 1 else self.outline
        frames = min(self.missed, policy.hold)
        # The faster it was, the less is known of where it is now.
        rate = policy.growth if self.face.pose is not None else policy.head_growth
        factor = 1.0 + rate * frames + min(0.5, 0.8 * speed) if growing else 1.0
        moved = (self.outline + drift).astype(np.float32)
        return grow(hull([self.outline, moved]), factor)

    def drift(self, policy: GuardPolicy, now: float) -> F64:
        """How far it has moved unseen, pixels (2,): with its velocity, dying away."""
        unseen = min(max(now - self.time, 0.0), 1.0)
        way: F64 = self.velocity * (policy.slowing * (1.0 - np.exp(-unseen / policy.slowing)))
        limit = 1.5 * size(self.outline)
        length = float(np.linalg.norm(way))
        if length > limit:
            way *= limit / length
        return way


class Tracks:
    """All that are not gone, by their numbers, and the present frame."""

    def __init__(self, policy: GuardPolicy) -> None:
        self.policy = policy
        self.by_number: dict[int, Track] = {}
        self.frame = 0
        self.time = 0.0
        """Seconds; nothing before the first frame."""

    def __iter__(self) -> Iterator[Track]:
        return iter(list(self.by_number.values()))

    def place(self, track: Track, gap: float = 0.0, growing: bool = True) -> Points:
        """``Track.place`` in the present frame."""
        return track.place(self.policy, self.time, gap, growing)

    def successors(self, lost: Track, settled: int) -> list[Track]:
        """Tracks generated for so many frames that came after ``lost`` was last seen; each stands
        for one person at most, and for any number of places where a number jumped away from."""
        return [
            t
            for t in self
            if t.settled >= settled
            and t.born > lost.frame
            and (t.stands_for is None or lost.number < 0)
        ]

    def end(self, track: Track, event: Event, successor: Track | None = None) -> None:
        """Let ``event`` happen, and forget the track if that is its end."""
        track.state = step(track.state, event)
        if track.state is State.GONE:
            del self.by_number[track.number]
            if successor is not None and track.number >= 0:
                successor.stands_for = track.number


def usable(faces: Sequence[Face]) -> list[Points]:
    """Checked outlines; ``ValueError`` when anything about the faces cannot be believed."""
    outlines = []
    for face in faces:
        outline = checked(face.outline)
        if size(outline) < 1.0:
            raise ValueError("a face's outline is empty")
        outlines.append(outline)
    numbers = [face.track for face in faces]
    if len(set(numbers)) != len(numbers) or any(n < 0 for n in numbers):
        raise ValueError("face numbers must be different and not negative")
    return outlines


def trustworthy(face: Face, state: State, policy: GuardPolicy) -> bool:
    """Whether the face's mesh may be painted on."""
    pose = face.pose
    if pose is None or not _finite(face, pose) or not _fits(face, pose):
        return False
    if not face.confidence >= (policy.distrust if state is State.GENERATED else policy.trust):
        return False
    limit = policy.turn_cover if state is State.GENERATED else policy.turn_back
    return _turn(pose) <= limit


def _finite(face: Face, pose: Pose) -> bool:
    return bool(
        np.isfinite(pose.scale)
        and pose.scale > 0
        and all(
            np.isfinite(a).all()
            for a in (pose.rotation, pose.translation, face.expression, face.lids, face.gaze)
        )
    )


def _fits(face: Face, pose: Pose) -> bool:
    """Whether pose and outline mean the same head; the outline of one is about 2.4 IOD across."""
    ratio = size(face.outline) / (2.4 * pose.scale)
    return 0.3 < ratio < 3.0 and holds(grow(face.outline, 1.5), pose.translation)


def roll_of(face: Face) -> float:
    """Degrees; 0 when not known."""
    return face.pose.roll if face.pose is not None and _finite(face, face.pose) else 0.0


def _turn(pose: Pose) -> float:
    """Degrees away from the camera."""
    return max(abs(pose.yaw), abs(pose.pitch))


def turn_fade(pose: Pose, policy: GuardPolicy) -> float:
    """0..1, how far a head that is turned so is faded into its cover."""
    range_ = policy.turn_cover - policy.turn_fade
    t = float(np.clip((_turn(pose) - policy.turn_fade) / range_, 0.0, 1.0))
    return t * t * (3.0 - 2.0 * t)


def doubt(track: Track, policy: GuardPolicy) -> str:
    """Why a face in view is covered."""
    pose = track.face.pose
    if pose is not None and _finite(track.face, pose) and _turn(pose) > policy.turn_back:
        return "Head turned away"
    return "New face" if track.streak > 0 else "Face not clear"


def jumped(track: Track, outline: Points, time: float, policy: GuardPolicy) -> bool:
    """Whether a track moved or changed size as no head does."""
    if track.missed > policy.hold:
        return False
    unseen = min(max(time - track.time, 0.0), 1.0)
    before, now = size(track.outline), size(outline)
    apart = float(np.linalg.norm(centre(outline) - centre(track.outline)))
    if apart > (0.35 + 8.0 * unseen) * max(before, now):
        return True
    return unseen < 0.2 and not 0.45 < now / before < 2.2


def part_of(small: Points, large: Points, policy: GuardPolicy) -> bool:
    """Whether an outline lies inside another one and is clearly smaller."""
    if size(small) > policy.inside * size(large):
        return False
    around = hull([large])[:, None, :]
    reach = -0.06 * size(large)
    return all(
        cv2.pointPolygonTest(around, (float(x), float(y)), True) >= reach for x, y in small[::4]
    )
