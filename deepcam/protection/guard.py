"""The fail-closed policy: for every frame, what has to be hidden and how.

Each person that was ever seen is in one of the states of ``deepcam.protection.states``, whose
``TRANSITIONS`` lists every step between them. Only ``VACANT`` (the detector sees no face there and
the person segmentation sees nobody there, several looks in a row), ``REPLACED`` (the same
person is tracked again under a new number) and ``WITHDRAWN`` lead to GONE. The last is for what
turns out to be no face: the tracker's second looks found none (``Face.evidence`` 0); or it never
was sure and was not seen again for ``GuardPolicy.quiet`` frames; or all of it lies inside the
larger face of somebody who is painted.

Beside the states, people in whom no face was found at all are looked for in the segmentation
(``second_opinion``), and the region of their heads is covered, unless a close look shows nothing
there that may be a face. When no head can be told apart, the card is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from deepcam.frames import Face, Persons, Points
from deepcam.frames.outlines import centre, size, whole_head
from deepcam.protection.plans import Decision, Kind, Plan
from deepcam.protection.policy import GuardPolicy
from deepcam.protection.second_opinion import Likely, SecondOpinion
from deepcam.protection.states import Event, State, step
from deepcam.protection.tracks import (
    Track,
    Tracks,
    doubt,
    jumped,
    part_of,
    roll_of,
    trustworthy,
    turn_fade,
    usable,
)


class Guard:
    """Decides frame by frame. Not thread-safe.

    ``on_doubt``: what is shown where a face cannot be generated, its ``"cover"`` or the ``"card"``
    instead of the whole picture. ``warm_up``: frames to be judged before the first picture.
    ``max_gap``: seconds after which the past says nothing about the present (a stale picture, a
    suspended machine); None for files, whose time may run as it likes. ``still``: each frame is a
    picture by itself; then nothing is held, and nothing has to be confirmed. ``policy``: thresholds
    and durations.
    """

    def __init__(
        self,
        on_doubt: Literal["cover", "card"] = "cover",
        warm_up: int = 3,
        max_gap: float | None = 1.0,
        still: bool = False,
        policy: GuardPolicy | None = None,
    ) -> None:
        if on_doubt not in ("cover", "card"):
            raise ValueError("on_doubt must be 'cover' or 'card'")
        self.on_doubt = on_doubt
        self.warm_up = 0 if still else max(0, warm_up)
        self.max_gap = max_gap
        self.still = still
        self.policy = policy or GuardPolicy()
        self._second_opinion = SecondOpinion(self.policy, still)
        self._ghosts = 0
        self.reset()

    def reset(self, why: str = "Starting") -> None:
        """Forget everything; the card is shown until ``warm_up`` frames have been judged."""
        self._tracks = Tracks(self.policy)
        self._second_opinion.forget()
        self._size: tuple[int, int] | None = None
        self._why = why

    def restart(self, why: str) -> None:
        """Trust nothing that was seen, and forget nobody: as ``reset``, but every place that was
        hidden stays covered until it is found empty or its person is seen again."""
        # What outlasted a failure before has grown already: not once more with every further one.
        places = [(self._tracks.place(t, growing=not t.restored), t) for t in self._tracks]
        faceless, frame_size = self._second_opinion.faceless, self._size
        self.reset(why)
        self._size = frame_size
        for outline, old in places:
            self._ghosts += 1
            number = -1 - self._ghosts
            self._tracks.by_number[number] = Track(
                number,
                State.LOST,
                old.face,
                outline,
                0.0,
                0,
                0,
                missed=self.policy.hold,
                seen=2,
                best=1.0,
                restored=True,
            )
        self._second_opinion.remember(faceless)

    @property
    def states(self) -> dict[int, State]:
        """State of every track that is not gone."""
        return {number: track.state for number, track in self._tracks.by_number.items()}

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
        outlines = usable(faces)
        if not np.isfinite(time):
            raise ValueError("a frame's time must be finite")
        gap, late = self._begin((width, height), time)
        for face, outline in zip(faces, outlines, strict=True):
            if face.evidence > 0:
                self._see(face, outline, time, gap)
        for track in self._tracks:
            if track.frame != self._tracks.frame:
                self._miss(track)
        for face in faces:
            if face.evidence <= 0 and face.track in self._tracks.by_number:
                self._tracks.end(self._tracks.by_number[face.track], Event.WITHDRAWN)
        self._replace_near()
        self._withdraw()
        if late or self._tracks.frame <= self.warm_up:
            return Decision(self._why)
        card = self._second_opinion.ask(self._tracks, width, height, persons, likely)
        if card is not None:
            return Decision(card)
        plans = [self._plan(track, time, gap) for track in self._tracks]
        plans += [
            Plan(-1, Kind.COVER, f.outline, None, 1.0, "Person without a visible face", True)
            for f in self._second_opinion.faceless
        ]
        if self.on_doubt == "card":
            for plan in plans:
                if plan.kind is Kind.COVER:
                    return Decision(plan.detail)
        return Decision(None, tuple(plans))

    def as_cover(self, plan: Plan, detail: str) -> Plan:
        """The same place under an opaque cover (nothing to paint it with)."""
        roll = 0.0 if plan.face is None else roll_of(plan.face)
        cover = whole_head(plan.outline, roll, self.policy.cover_margin)
        return Plan(plan.track, Kind.COVER, cover, None, 1.0, detail, plan.behind)

    # One frame

    def _begin(self, frame_size: tuple[int, int], time: float) -> tuple[float, bool]:
        """Start a frame; returns the seconds since the one before, and whether it is stale."""
        if self.still:
            self.reset()
        if self._size is not None and self._size != frame_size:
            self.reset("Picture size changed")
        gap = time - self._tracks.time if self._tracks.frame else 0.0
        late = gap < 0 or (self.max_gap is not None and gap > self.max_gap)
        if late:
            self.restart("Picture was late")
            gap = 0.0
        self._size = frame_size
        self._tracks.time = time
        self._tracks.frame += 1
        return gap, late

    def _see(self, face: Face, outline: Points, time: float, gap: float) -> None:
        track = self._tracks.by_number.get(face.track)
        if track is not None and jumped(track, outline, time, self.policy):
            # Not the same head, whatever the number says: its old place stays hidden.
            self._ghosts += 1
            self._tracks.by_number[-1 - self._ghosts] = replace(track, number=-1 - self._ghosts)
            del self._tracks.by_number[face.track]
            track = None
        if track is None:
            track = Track(
                face.track,
                State.COVERED,
                face,
                outline,
                time,
                self._tracks.frame,
                self._tracks.frame,
            )
            self._tracks.by_number[face.track] = track
        elif time > track.time:
            moved = float(np.linalg.norm(centre(outline) - centre(track.outline)))
            track.before = track.outline if moved > 0.15 * size(outline) else None
            measured = (centre(outline) - centre(track.outline)) / (time - track.time)
            # Two boxes without a mesh may be two ends of a hand: they tell no direction.
            if face.pose is not None or track.seen >= 2:
                track.velocity = 0.5 * (track.velocity + measured)
        if track.state is State.LOST:
            track.streak = 0
        good = trustworthy(face, track.state, self.policy)
        track.streak = track.streak + 1 if good else 0
        needed = 1 if self.still or track.state is State.HELD else self.policy.confirm
        event = Event.CONFIRMED if good and track.streak >= needed else Event.SEEN
        track.state = step(track.state, event)
        track.settled = track.settled + 1 if track.state is State.GENERATED else 0
        track.seen += 1
        track.best = max(track.best, face.evidence)
        track.face, track.outline = face, outline
        track.time, track.frame, track.missed, track.vacant = time, self._tracks.frame, 0, 0
        wanted = 1.0
        if track.state is State.GENERATED and face.pose is not None:
            wanted = turn_fade(face.pose, self.policy) if self.on_doubt == "cover" else 0.0
        slow = track.state is State.GENERATED and not self.still
        lowest = track.fade - self.policy.fade_step if slow and self.on_doubt == "cover" else 0.0
        track.fade = max(wanted, lowest)

    def _miss(self, track: Track) -> None:
        track.missed += 1
        track.settled = 0
        track.state = step(
            track.state, Event.MISSED if track.missed <= self.policy.hold else Event.OVERDUE
        )
        if track.state is State.HELD:
            # The last held frames fade into the cover that follows.
            late = (
                (track.missed - self.policy.hold + 4) * self.policy.fade_step
                if self.on_doubt == "cover"
                else 0.0
            )
            track.fade = float(np.clip(max(track.fade, late), 0.0, 1.0))

    # Who is gone

    def _replace_near(self) -> None:
        for lost in self._tracks:
            if lost.state not in (State.HELD, State.LOST):
                continue
            for new in self._tracks.successors(lost, self.policy.replaced_near):
                apart = np.linalg.norm(centre(new.outline) - centre(lost.outline))
                ratio = size(new.outline) / size(lost.outline)
                if apart < 0.5 * size(lost.outline) and 0.6 < ratio < 1.7:
                    self._tracks.end(lost, Event.REPLACED, new)
                    break

    def _withdraw(self) -> None:
        """End what is no face after all: never sure and long unseen, or a part of a face."""
        painted = [t for t in self._tracks if t.settled >= self.policy.replaced_blob]
        for lost in self._tracks:
            quiet = self._tracks.frame - lost.frame
            if lost.state is not State.LOST or quiet < self.policy.quiet:
                continue
            if lost.best < self.policy.settled or any(
                part_of(lost.outline, t.outline, self.policy) for t in painted
            ):
                self._tracks.end(lost, Event.WITHDRAWN)

    # Plans

    def _plan(self, track: Track, time: float, gap: float) -> Plan:
        outline = self._tracks.place(track, gap)
        roll = roll_of(track.face)
        if track.state in (State.GENERATED, State.HELD) and track.fade < 0.999:
            face = replace(track.face, outline=outline)
            if track.state is State.HELD and face.pose is not None:
                moved = face.pose.translation + track.drift(self.policy, time)
                face = replace(face, pose=replace(face.pose, translation=moved))
            detail = "" if track.fade == 0.0 else "Head turned away"
            return Plan(track.number, Kind.GENERATE, outline, face, track.fade, detail)
        detail = {
            State.GENERATED: "New face" if track.settled < 4 else "Head turned away",
            State.HELD: "Face lost from sight",
            State.LOST: "Face lost from sight",
        }.get(track.state, doubt(track, self.policy))
        cover = whole_head(outline, roll, self.policy.cover_margin)
        lost = track.state is State.LOST
        shown = self._tracks.frame - track.born + 1
        strength = 1.0 if self.still else min(1.0, shown / self.policy.emerge)
        return Plan(track.number, Kind.COVER, cover, None, 1.0, detail, lost, strength)
