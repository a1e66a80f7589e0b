"""The fail-closed policy: for every frame, what has to be hidden and how.

Each person that was ever seen is in one of these states:

=========  =====================================================================================
GENERATED  seen now with a good mesh: painted by the generator
HELD       out of sight for at most ``HOLD`` frames: painted at the place it was moving to
COVERED    seen now without a mesh to trust (new, in profile, detector only): opaque cover
LOST       out of sight for longer: opaque cover where it was
GONE       forgotten; nothing is hidden for it any more
=========  =====================================================================================

``TRANSITIONS`` lists every step between them. Only ``VACANT`` (the detector sees no face there and
the person segmentation sees nobody there, several looks in a row), ``REPLACED`` (the same
person is tracked again under a new number) and ``WITHDRAWN`` lead to GONE. The last is for what
turns out to be no face: the tracker's second looks found none (``Face.evidence`` 0); or it never
was sure and was not seen again for ``QUIET`` frames; or all of it lies inside the larger face of
somebody who is painted.

Beside the states, people in whom no face was found at all are looked for in the segmentation,
and the region of their heads is covered, unless a close look shows nothing there that may be a
face. When no head can be told apart, the card is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face, Persons, Points, Pose
from deepcam.frames.outlines import centre, checked, grow, holds, hull, size, whole_head
from deepcam.protection.persons import Look, faceless_heads

F64 = NDArray[np.float64]
Likely = Callable[[Points], float]

TRUST, DISTRUST = 0.5, 0.4
"""Confidence from which a mesh is believed, and below which it no longer is."""
CONFIRM = 2
"""Good frames in a row before a new or covered face is generated."""
HOLD = 10
"""Frames that a lost face is still generated for."""
GROWTH, HEAD_GROWTH = 0.04, 0.02
"""Growth of an unseen outline in each of those frames: of a face's, and of a detection without a
mesh, which is as wide as two faces from the first."""
TURN_FADE, TURN_BACK, TURN_COVER = 45.0, 57.0, 60.0
"""Degrees of yaw or pitch: fading into the cover begins; a covered head may be generated again;
only the cover."""
FADE_STEP = 0.25
"""Most that the blend between face and cover changes in one frame."""
COVER_MARGIN = 1.12
"""A cover's size over the smallest shape around the face's outline: hair and ears."""
EMERGE = 10
"""Frames in which a new cover takes its own tone; it is opaque from the first."""
SLOWING = 0.7
"""Seconds in which an unseen head loses 63 % of its velocity."""
VACANT_LOOKS = 5
"""Looks in a row that must find a place empty."""
REPLACED_NEAR, REPLACED_BLOB = 3, 10
"""Good frames of a new track before it counts as the lost one: at its place, or elsewhere in the
same silhouette."""
SETTLED = 0.75
"""``Face.evidence`` from which a track that is lost waits for an empty silhouette."""
QUIET = 20
"""Frames for which what never was that sure must not have come back to be withdrawn."""
INSIDE = 0.8
"""Size over that of the painted face around it below which a lost track is a part of that face."""
SMALL, SMALL_UNSEEN = 0.17, 1.1
"""Size over the picture's shorter side below which the whole picture does not show a face to the
detector, and seconds (two rounds of the tracker's search) that it must not have been seen for."""
LOOK_DOUBT, LOOK_CALM = 3, 15
"""Frames between looks at the segmentation while something is in doubt, and while nothing is."""
FAILED_LOOKS = 3
"""Looks in a row whose failure shows the card although faces are seen."""
PERSON_STAYS = 5
"""Frames that the cover of a faceless person outlives its last sighting (thresholds flicker)."""
LIKELY_EVERY, LIKELY_FOR = 12, 25
"""Frames between two close looks at the head of a faceless person, and for which the last one that
showed something like a face counts."""
CLEARLY = 0.75
"""What a close look must say for one alone to cover the head of a faceless person; of what may just
be a face two must tell, or its cover is up already."""
LEAST_PERSON, LEAST_SECOND = 0.002, 0.005
"""Smallest person as a share of the picture: when no face is seen, and beside seen faces."""


class State(Enum):
    """Of one track; see the module's table."""

    GENERATED = "generated"
    HELD = "held"
    COVERED = "covered"
    LOST = "lost"
    GONE = "gone"


class Event(Enum):
    """What one frame says about one track."""

    CONFIRMED = "confirmed"
    """Seen with a good mesh, often enough in a row."""
    SEEN = "seen"
    """Seen, but the mesh is missing, weak, in profile, or not yet confirmed."""
    MISSED = "missed"
    """Not seen, for at most ``HOLD`` frames."""
    OVERDUE = "overdue"
    """Not seen for longer."""
    VACANT = "vacant"
    """Detector and segmentation agree that nobody is there."""
    REPLACED = "replaced"
    """Another track is this person."""
    WITHDRAWN = "withdrawn"
    """It turned out to be no face."""


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.GENERATED, Event.CONFIRMED): State.GENERATED,
    (State.GENERATED, Event.SEEN): State.COVERED,
    (State.GENERATED, Event.MISSED): State.HELD,
    (State.GENERATED, Event.OVERDUE): State.LOST,
    (State.HELD, Event.CONFIRMED): State.GENERATED,
    (State.HELD, Event.SEEN): State.COVERED,
    (State.HELD, Event.MISSED): State.HELD,
    (State.HELD, Event.OVERDUE): State.LOST,
    (State.HELD, Event.REPLACED): State.GONE,
    (State.HELD, Event.WITHDRAWN): State.GONE,
    (State.COVERED, Event.CONFIRMED): State.GENERATED,
    (State.COVERED, Event.SEEN): State.COVERED,
    (State.COVERED, Event.MISSED): State.LOST,
    (State.COVERED, Event.OVERDUE): State.LOST,
    (State.LOST, Event.CONFIRMED): State.GENERATED,
    (State.LOST, Event.SEEN): State.COVERED,
    (State.LOST, Event.MISSED): State.LOST,
    (State.LOST, Event.OVERDUE): State.LOST,
    (State.LOST, Event.VACANT): State.GONE,
    (State.LOST, Event.REPLACED): State.GONE,
    (State.LOST, Event.WITHDRAWN): State.GONE,
}
"""Every step there is. Pairs that are not listed change nothing: a face in view is neither vacant
nor replaced nor withdrawn, a held one is still painted and cannot be vacant, and GONE is final."""


def step(state: State, event: Event) -> State:
    """The state after ``event``."""
    return TRANSITIONS.get((state, event), state)


class Kind(Enum):
    """How a place is hidden."""

    GENERATE = "generate"
    COVER = "cover"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One place to hide."""

    track: int
    """The face's number; negative for places that no tracked face belongs to."""
    kind: Kind
    outline: Points
    """(k, 2) pixels: everything inside is erased, then painted or covered."""
    face: Face | None
    """What the generator paints; None for covers."""
    fade: float = 0.0
    """0 all face .. 1 all cover, the same pixels. Always 1 for covers."""
    detail: str = ""
    """Why not simply generated, in a few words; '' when it is."""
    behind: bool = False
    """A cover of somebody lost from sight, who may be behind others."""
    strength: float = 1.0
    """0..1, how far a new cover has emerged out of the colours around it; opaque all the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What may be shown of one frame."""

    card: str | None
    """Reason for the standby card; then nothing else may be shown. None otherwise."""
    plans: tuple[Plan, ...] = ()


@dataclass(slots=True, eq=False)
class _Track:
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


@dataclass(slots=True, eq=False)
class _Faceless:
    outline: Points
    frame: int
    """Of the last sighting."""
    likely: int
    """Frame of the last close look that showed something like a face."""


class Guard:
    """Decides frame by frame. Not thread-safe.

    ``on_doubt``: what is shown where a face cannot be generated, its ``"cover"`` or the ``"card"``
    instead of the whole picture. ``warm_up``: frames to be judged before the first picture.
    ``max_gap``: seconds after which the past says nothing about the present (a stale picture, a
    suspended machine); None for files, whose time may run as it likes. ``still``: each frame is a
    picture by itself; then nothing is held, and nothing has to be confirmed.
    """

    def __init__(
        self,
        on_doubt: Literal["cover", "card"] = "cover",
        warm_up: int = 3,
        max_gap: float | None = 1.0,
        still: bool = False,
    ) -> None:
        if on_doubt not in ("cover", "card"):
            raise ValueError("on_doubt must be 'cover' or 'card'")
        self.on_doubt = on_doubt
        self.warm_up = 0 if still else max(0, warm_up)
        self.max_gap = max_gap
        self.still = still
        self._ghosts = 0
        self.reset()

    def reset(self, why: str = "Starting") -> None:
        """Forget everything; the card is shown until ``warm_up`` frames have been judged."""
        self._tracks: dict[int, _Track] = {}
        self._faceless: list[_Faceless] = []
        self._hints: list[tuple[Points, int]] = []
        """Heads of faceless people of whom one close look said that there may be a face, and its
        frame."""
        self._size: tuple[int, int] | None = None
        self._time: float | None = None
        self._frame = 0
        self._looked = 0
        self._failed = 0
        self._asked = -LOOK_DOUBT
        self._why = why

    def restart(self, why: str) -> None:
        """Trust nothing that was seen, and forget nobody: as ``reset``, but every place that was
        hidden stays covered until it is found empty or its person is seen again."""
        places = [
            (self._place(track), track) for track in self._tracks.values() if self._time is not None
        ]
        faceless, frame_size = self._faceless, self._size
        self.reset(why)
        self._size = frame_size
        for outline, old in places:
            self._ghosts += 1
            number = -1 - self._ghosts
            self._tracks[number] = _Track(
                number, State.LOST, old.face, outline, 0.0, 0, 0, missed=HOLD, seen=2, best=1.0
            )
        self._faceless = [_Faceless(f.outline, 0, 0) for f in faceless]

    @property
    def states(self) -> dict[int, State]:
        """State of every track that is not gone."""
        return {number: track.state for number, track in self._tracks.items()}

    def decide(
        self,
        frame_size: tuple[int, int],
        faces: Sequence[Face],
        persons: Callable[[], Persons | None],
        time: float,
        likely: Likely | None = None,
    ) -> Decision:
        """What may be shown of a frame.

        ``frame_size``: width and height, pixels. ``faces``: all that the tracker sees now.
        ``persons``: asks for the person segmentation of this frame; called at most once, and not
        in every frame. None, or an exception, counts as people being there. ``time``: seconds.
        ``likely``: asks for a close look at the head (outline in pixels) of a person in whom no
        face was found, how likely anything there is one: 0 not at all .. 1 clearly, 0.5 when it may
        be; everything is when None, and an exception counts as 1.
        Raises ``ValueError`` when the faces or the time are not usable; the state is then
        unchanged or reset, never less careful.
        """
        width, height = frame_size
        outlines = _usable(faces)
        if not np.isfinite(time):
            raise ValueError("a frame's time must be finite")
        gap, late = self._begin((width, height), time)
        for face, outline in zip(faces, outlines, strict=True):
            if face.evidence > 0:
                self._see(face, outline, time, gap)
        for track in self._tracks.values():
            if track.frame != self._frame:
                self._miss(track)
        for face in faces:
            if face.evidence <= 0 and face.track in self._tracks:
                self._end(self._tracks[face.track], Event.WITHDRAWN)
        self._replace_near()
        self._withdraw()
        if late or self._frame <= self.warm_up:
            return Decision(self._why)
        card = self._second_opinion(width, height, persons, likely)
        if card is not None:
            return Decision(card)
        plans = [self._plan(track, time, gap) for track in self._tracks.values()]
        plans += [
            Plan(-1, Kind.COVER, f.outline, None, 1.0, "Person without a visible face", True)
            for f in self._faceless
        ]
        if self.on_doubt == "card":
            for plan in plans:
                if plan.kind is Kind.COVER:
                    return Decision(plan.detail)
        return Decision(None, tuple(plans))

    # One frame

    def _begin(self, frame_size: tuple[int, int], time: float) -> tuple[float, bool]:
        """Start a frame; returns the seconds since the one before, and whether it is stale."""
        if self.still:
            self.reset()
        if self._size is not None and self._size != frame_size:
            self.reset("Picture size changed")
        gap = 0.0 if self._time is None else time - self._time
        late = gap < 0 or (self.max_gap is not None and gap > self.max_gap)
        if late:
            self.restart("Picture was late")
            gap = 0.0
        self._size, self._time = frame_size, time
        self._frame += 1
        return gap, late

    def _see(self, face: Face, outline: Points, time: float, gap: float) -> None:
        track = self._tracks.get(face.track)
        if track is not None and _jumped(track, outline, time):
            # Not the same head, whatever the number says: its old place stays hidden.
            self._ghosts += 1
            self._tracks[-1 - self._ghosts] = replace(track, number=-1 - self._ghosts)
            del self._tracks[face.track]
            track = None
        if track is None:
            track = _Track(face.track, State.COVERED, face, outline, time, self._frame, self._frame)
            self._tracks[face.track] = track
        elif time > track.time:
            moved = float(np.linalg.norm(centre(outline) - centre(track.outline)))
            track.before = track.outline if moved > 0.15 * size(outline) else None
            measured = (centre(outline) - centre(track.outline)) / (time - track.time)
            # Two boxes without a mesh may be two ends of a hand: they tell no direction.
            if face.pose is not None or track.seen >= 2:
                track.velocity = 0.5 * (track.velocity + measured)
        if track.state is State.LOST:
            track.streak = 0
        good = _good(face, track.state)
        track.streak = track.streak + 1 if good else 0
        needed = 1 if self.still or track.state is State.HELD else CONFIRM
        event = Event.CONFIRMED if good and track.streak >= needed else Event.SEEN
        track.state = step(track.state, event)
        track.settled = track.settled + 1 if track.state is State.GENERATED else 0
        track.seen += 1
        track.best = max(track.best, face.evidence)
        track.face, track.outline = face, outline
        track.time, track.frame, track.missed, track.vacant = time, self._frame, 0, 0
        wanted = 1.0
        if track.state is State.GENERATED and face.pose is not None:
            wanted = _turn_fade(face.pose) if self.on_doubt == "cover" else 0.0
        slow = track.state is State.GENERATED and not self.still
        lowest = track.fade - FADE_STEP if slow and self.on_doubt == "cover" else 0.0
        track.fade = max(wanted, lowest)

    def _miss(self, track: _Track) -> None:
        track.missed += 1
        track.settled = 0
        track.state = step(track.state, Event.MISSED if track.missed <= HOLD else Event.OVERDUE)
        if track.state is State.HELD:
            # The last held frames fade into the cover that follows.
            late = (track.missed - HOLD + 4) * FADE_STEP if self.on_doubt == "cover" else 0.0
            track.fade = float(np.clip(max(track.fade, late), 0.0, 1.0))

    # Who is gone

    def _replace_near(self) -> None:
        for lost in list(self._tracks.values()):
            if lost.state not in (State.HELD, State.LOST):
                continue
            for new in self._successors(lost, REPLACED_NEAR):
                apart = np.linalg.norm(centre(new.outline) - centre(lost.outline))
                ratio = size(new.outline) / size(lost.outline)
                if apart < 0.5 * size(lost.outline) and 0.6 < ratio < 1.7:
                    self._end(lost, Event.REPLACED, new)
                    break

    def _withdraw(self) -> None:
        """End what is no face after all: never sure and long unseen, or a part of a face."""
        painted = [t for t in self._tracks.values() if t.settled >= REPLACED_BLOB]
        for lost in list(self._tracks.values()):
            quiet = self._frame - lost.frame
            if lost.state is not State.LOST or quiet < QUIET:
                continue
            if lost.best < SETTLED or any(_part_of(lost.outline, t.outline) for t in painted):
                self._end(lost, Event.WITHDRAWN)

    def _successors(self, lost: _Track, settled: int) -> list[_Track]:
        """Generated tracks that came after ``lost`` was last seen; each stands for one person at
        most, and for any number of places where a number jumped away from."""
        return [
            t
            for t in self._tracks.values()
            if t.settled >= settled
            and t.born > lost.frame
            and (t.stands_for is None or lost.number < 0)
        ]

    def _end(self, track: _Track, event: Event, successor: _Track | None = None) -> None:
        track.state = step(track.state, event)
        if track.state is State.GONE:
            del self._tracks[track.number]
            if successor is not None and track.number >= 0:
                successor.stands_for = track.number

    # The second opinion

    def _second_opinion(
        self,
        width: int,
        height: int,
        persons: Callable[[], Persons | None],
        likely: Likely | None,
    ) -> str | None:
        """Look at the segmentation when it is time; returns a reason for the card or None."""
        states = [t.state for t in self._tracks.values()]
        lost = State.LOST in states
        seen = State.GENERATED in states or State.COVERED in states
        held = State.HELD in states
        for f in list(self._faceless):
            if self._frame - f.frame > PERSON_STAYS or any(
                t.born < t.frame == self._frame and holds(f.outline, centre(t.outline))
                for t in self._tracks.values()
            ):
                self._faceless.remove(f)
        pace = LOOK_CALM
        if not seen and (lost or not held):
            pace = 1
        elif lost or held or self._faceless:
            pace = LOOK_DOUBT
        if self._looked > 0 and self._frame - self._looked < pace:
            return None
        try:
            look = Look.of(persons(), width, height)
        except Exception:
            look = None  # no answer is an answer: somebody may be there
        if look is None:
            self._failed += 1
            sure = (seen or held) and self._looked > 0
            return None if sure and self._failed < FAILED_LOOKS else "Cannot look for people"
        self._looked, self._failed = self._frame, 0
        self._look_after_lost(look)
        return self._look_for_faceless(look, seen or held, likely)

    def _look_after_lost(self, look: Look) -> None:
        labels = None
        for track in list(self._tracks.values()):
            if track.state is not State.LOST:
                continue
            here = self._place(track, growing=False)
            face_there = any(
                t.frame == self._frame
                and (holds(here, centre(t.outline)) or holds(t.outline, centre(here)))
                for t in self._tracks.values()
            )
            # A detection without a mesh is hidden twice as wide as its face.
            wide = 1.0 if track.face.pose is not None else 2.0
            small = size(here) < wide * SMALL * min(look.width, look.height)
            assert self._time is not None
            sure = not face_there and not (small and self._time - track.time < SMALL_UNSEEN)
            track.vacant = track.vacant + 1 if sure and look.vacant(here) else 0
            if track.vacant >= VACANT_LOOKS:
                self._end(track, Event.VACANT)
                continue
            for new in self._successors(track, REPLACED_BLOB):
                apart = np.linalg.norm(centre(new.outline) - centre(here))
                if apart > 2.5 * max(size(here), size(new.outline)):
                    continue
                labels = look.blobs(0.5) if labels is None else labels
                blob = look.blob_of(labels, here)
                if blob != 0 and blob == look.blob_of(labels, new.outline):
                    self._end(track, Event.REPLACED, new)
                    break

    def _look_for_faceless(
        self, look: Look, beside_faces: bool, likely: Likely | None
    ) -> str | None:
        tracks = self._tracks.values()
        # One sighting may be a mistake: it does not end the cover of somebody without a face.
        least = 1 if self._faceless else 0
        known = [self._place(t) for t in tracks if t.state is not State.LOST and t.seen > least]
        # One glimpse is no head: whoever is under its cover only by chance soon looks out of it.
        lost = [t for t in tracks if t.state is State.LOST and t.seen > 1]
        threshold, smallest = (0.7, LEAST_SECOND) if beside_faces else (0.5, LEAST_PERSON)
        if self._faceless:
            threshold -= 0.2  # hysteresis: who was a person stays one for longer
        under = [whole_head(self._place(t)) for t in lost]
        heads = faceless_heads(look, known, threshold, smallest, under)
        if heads is None:
            self._looked = 0  # unclear: look again in the next frame
            return "Person without a visible face"
        asked = self._frame - self._asked < LOOK_DOUBT
        for head in heads:
            middle = centre(head)
            here = [
                f for f in self._faceless
                if holds(head, centre(f.outline)) or holds(f.outline, middle)
            ]  # fmt: skip
            last = max((f.likely for f in here), default=-LIKELY_FOR)
            if self._frame - last >= LIKELY_EVERY and not asked:
                self._asked = self._frame
                if self._may_have_a_face(_says(likely, head), head, bool(here)):
                    last = self._frame
            self._faceless = [f for f in self._faceless if f not in here]
            if self._frame - last < LIKELY_FOR:
                self._faceless.append(_Faceless(head, self._frame, last))
        return None

    def _may_have_a_face(self, says: float, head: Points, covered: bool) -> bool:
        """Whether a close look, which says so much, covers the head of a faceless person."""
        self._hints = [h for h in self._hints if self._frame - h[1] < LIKELY_FOR]
        if says <= 0:
            return False
        middle = centre(head)
        if self.still or covered or says >= CLEARLY:
            return True
        if any(holds(head, centre(h)) or holds(h, middle) for h, _ in self._hints):
            return True
        self._hints.append((head, self._frame))
        return False

    # Plans

    def _plan(self, track: _Track, time: float, gap: float) -> Plan:
        outline = self._place(track, gap)
        roll = _roll(track.face)
        if track.state in (State.GENERATED, State.HELD) and track.fade < 0.999:
            face = replace(track.face, outline=outline)
            if track.state is State.HELD and face.pose is not None:
                moved = face.pose.translation + self._drift(track)
                face = replace(face, pose=replace(face.pose, translation=moved))
            detail = "" if track.fade == 0.0 else "Head turned away"
            return Plan(track.number, Kind.GENERATE, outline, face, track.fade, detail)
        detail = {
            State.GENERATED: "New face" if track.settled < 4 else "Head turned away",
            State.HELD: "Face lost from sight",
            State.LOST: "Face lost from sight",
        }.get(track.state, _doubt(track))
        cover = whole_head(outline, roll, COVER_MARGIN)
        lost = track.state is State.LOST
        strength = min(1.0, (self._frame - track.born + 1) / EMERGE) if not self.still else 1.0
        return Plan(track.number, Kind.COVER, cover, None, 1.0, detail, lost, strength)

    def _place(self, track: _Track, gap: float = 0.0, growing: bool = True) -> Points:
        """The outline of a track now: where it is seen, or everywhere it may have gone."""
        drift = self._drift(track) if track.missed else track.velocity * gap
        extent = size(track.outline)
        speed = float(np.linalg.norm(drift)) / extent
        if track.missed == 0:
            # A filtered pose trails behind a fast head: one frame ahead is hidden as well.
            places = [track.outline] if track.before is None else [track.outline, track.before]
            if speed >= 0.04:
                ahead = drift * min(1.0, 0.25 / speed)
                places.append((track.outline + ahead).astype(np.float32))
            return hull(places) if len(places) > 1 else track.outline
        frames = min(track.missed, HOLD)
        # The faster it was, the less is known of where it is now.
        rate = GROWTH if track.face.pose is not None else HEAD_GROWTH
        factor = 1.0 + rate * frames + min(0.5, 0.8 * speed) if growing else 1.0
        moved = (track.outline + drift).astype(np.float32)
        return grow(hull([track.outline, moved]), factor)

    def _drift(self, track: _Track) -> F64:
        """How far an unseen track has moved, pixels (2,): with its velocity, dying away."""
        assert self._time is not None
        unseen = min(max(self._time - track.time, 0.0), 1.0)
        way: F64 = track.velocity * (SLOWING * (1.0 - np.exp(-unseen / SLOWING)))
        limit = 1.5 * size(track.outline)
        length = float(np.linalg.norm(way))
        if length > limit:
            way *= limit / length
        return way


def _says(likely: Likely | None, head: Points) -> float:
    """No answer is an answer: there is a face."""
    if likely is None:
        return 1.0
    try:
        return likely(head)
    except Exception:
        return 1.0


def as_cover(plan: Plan, detail: str) -> Plan:
    """The same place under an opaque cover (nothing to paint it with)."""
    roll = 0.0 if plan.face is None else _roll(plan.face)
    cover = whole_head(plan.outline, roll, COVER_MARGIN)
    return Plan(plan.track, Kind.COVER, cover, None, 1.0, detail, plan.behind)


def _usable(faces: Sequence[Face]) -> list[Points]:
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


def _good(face: Face, state: State) -> bool:
    """Whether the face's mesh may be painted on."""
    pose = face.pose
    if pose is None or not _finite(face, pose) or not _fits(face, pose):
        return False
    if not face.confidence >= (DISTRUST if state is State.GENERATED else TRUST):
        return False
    limit = TURN_COVER if state is State.GENERATED else TURN_BACK
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


def _roll(face: Face) -> float:
    """Degrees; 0 when not known."""
    return face.pose.roll if face.pose is not None and _finite(face, face.pose) else 0.0


def _turn(pose: Pose) -> float:
    """Degrees away from the camera."""
    return max(abs(pose.yaw), abs(pose.pitch))


def _turn_fade(pose: Pose) -> float:
    t = float(np.clip((_turn(pose) - TURN_FADE) / (TURN_COVER - TURN_FADE), 0.0, 1.0))
    return t * t * (3.0 - 2.0 * t)


def _doubt(track: _Track) -> str:
    """Why a face in view is covered."""
    pose = track.face.pose
    if pose is not None and _finite(track.face, pose) and _turn(pose) > TURN_BACK:
        return "Head turned away"
    return "New face" if track.streak > 0 else "Face not clear"


def _part_of(small: Points, large: Points) -> bool:
    """Whether an outline lies inside another one and is clearly smaller."""
    if size(small) > INSIDE * size(large):
        return False
    around = hull([large])[:, None, :]
    reach = -0.06 * size(large)
    return all(
        cv2.pointPolygonTest(around, (float(x), float(y)), True) >= reach for x, y in small[::4]
    )


def _jumped(track: _Track, outline: Points, time: float) -> bool:
    """Whether a track moved or changed size as no head does."""
    if track.missed > HOLD:
        return False
    unseen = min(max(time - track.time, 0.0), 1.0)
    before, now = size(track.outline), size(outline)
    apart = float(np.linalg.norm(centre(outline) - centre(track.outline)))
    if apart > (0.35 + 8.0 * unseen) * max(before, now):
        return True
    return unseen < 0.2 and not 0.45 < now / before < 2.2
