"""People in whom no face was found, and places where a face was lost: what the person segmentation
says of them.

The segmentation is asked when something is in doubt, and a few times a second otherwise. No answer
counts as somebody being there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepcam.frames import Persons, Points
from deepcam.frames.outlines import centre, holds, size, whole_head
from deepcam.protection.persons import Look, faceless_heads
from deepcam.protection.policy import GuardPolicy
from deepcam.protection.states import Event, State
from deepcam.protection.tracks import Tracks

Likely = Callable[[Points], float]


@dataclass(slots=True, eq=False)
class Faceless:
    """A person without a visible face."""

    outline: Points
    frame: int
    """Of the last sighting."""
    likely: int
    """Frame of the last close look that showed something like a face."""


class SecondOpinion:
    """Looks at the segmentation, remembers faceless people. ``still``: each frame is a picture by
    itself."""

    def __init__(self, policy: GuardPolicy, still: bool) -> None:
        self._policy, self._still = policy, still
        self.forget()

    def forget(self) -> None:
        """As if nothing had been seen."""
        self.faceless: list[Faceless] = []
        self._hints: list[tuple[Points, int]] = []
        """Heads of faceless people of whom one close look said that there may be a face, and its
        frame."""
        self._looked = 0
        self._failed = 0
        self._asked = -self._policy.look_doubt

    def remember(self, faceless: list[Faceless]) -> None:
        """Keep these covered until they are looked at: after a failure."""
        self.faceless = [Faceless(f.outline, 0, 0) for f in faceless]

    def ask(
        self,
        tracks: Tracks,
        width: int,
        height: int,
        persons: Callable[[], Persons | None],
        likely: Likely | None,
    ) -> str | None:
        """Look at the segmentation when it is time; returns a reason for the card or None."""
        states = [t.state for t in tracks]
        lost = State.LOST in states
        seen = State.GENERATED in states or State.COVERED in states
        held = State.HELD in states
        for f in list(self.faceless):
            if tracks.frame - f.frame > self._policy.person_stays or any(
                t.born < t.frame == tracks.frame and holds(f.outline, centre(t.outline))
                for t in tracks
            ):
                self.faceless.remove(f)
        pace = self._policy.look_calm
        if not seen and (lost or not held):
            pace = 1
        elif lost or held or self.faceless:
            pace = self._policy.look_doubt
        if self._looked > 0 and tracks.frame - self._looked < pace:
            return None
        try:
            look = Look.of(persons(), width, height)
        except Exception:
            look = None  # no answer is an answer: somebody may be there
        if look is None:
            self._failed += 1
            sure = (seen or held) and self._looked > 0
            forgiven = sure and self._failed < self._policy.failed_looks
            return None if forgiven else "Cannot look for people"
        self._looked, self._failed = tracks.frame, 0
        self._look_after_lost(tracks, look)
        return self._look_for_faceless(tracks, look, seen or held, likely)

    def _look_after_lost(self, tracks: Tracks, look: Look) -> None:
        labels = None
        for track in tracks:
            if track.state is not State.LOST:
                continue
            here = tracks.place(track, growing=False)
            face_there = any(
                t.frame == tracks.frame
                and (holds(here, centre(t.outline)) or holds(t.outline, centre(here)))
                for t in tracks
            )
            # A detection without a mesh is hidden twice as wide as its face.
            wide = 1.0 if track.face.pose is not None else 2.0
            small = size(here) < wide * self._policy.small * min(look.width, look.height)
            sure = not face_there and not (
                small and tracks.time - track.time < self._policy.small_unseen
            )
            track.vacant = track.vacant + 1 if sure and look.vacant(here) else 0
            if track.vacant >= self._policy.vacant_looks:
                tracks.end(track, Event.VACANT)
                continue
            for new in tracks.successors(track, self._policy.replaced_blob):
                apart = np.linalg.norm(centre(new.outline) - centre(here))
                if apart > 2.5 * max(size(here), size(new.outline)):
                    continue
                labels = look.blobs(0.5) if labels is None else labels
                blob = look.blob_of(labels, here)
                if blob != 0 and blob == look.blob_of(labels, new.outline):
                    tracks.end(track, Event.REPLACED, new)
                    break

    def _look_for_faceless(
        self, tracks: Tracks, look: Look, beside_faces: bool, likely: Likely | None
    ) -> str | None:
        # One sighting may be a mistake: it does not end the cover of somebody without a face.
        least = 1 if self.faceless else 0
        known = [tracks.place(t) for t in tracks if t.state is not State.LOST and t.seen > least]
        # One glimpse is no head: whoever is under its cover only by chance soon looks out of it.
        lost = [t for t in tracks if t.state is State.LOST and t.seen > 1]
        threshold, smallest = (
            (0.7, self._policy.least_second) if beside_faces else (0.5, self._policy.least_person)
        )
        if self.faceless:
            threshold -= 0.2  # hysteresis: who was a person stays one for longer
        under = [whole_head(tracks.place(t)) for t in lost]
        heads = faceless_heads(look, known, threshold, smallest, under)
        if heads is None:
            self._looked = 0  # unclear: look again in the next frame
            return "Person without a visible face"
        asked = tracks.frame - self._asked < self._policy.look_doubt
        for head in heads:
            middle = centre(head)
            here = [
                f for f in self.faceless
                if holds(head, centre(f.outline)) or holds(f.outline, middle)
            ]  # fmt: skip
            last = max((f.likely for f in here), default=-self._policy.likely_for)
            if tracks.frame - last >= self._policy.likely_every and not asked:
                self._asked = tracks.frame
                if self._may_have_a_face(tracks.frame, _says(likely, head), head, bool(here)):
                    last = tracks.frame
            self.faceless = [f for f in self.faceless if f not in here]
            if tracks.frame - last < self._policy.likely_for:
                self.faceless.append(Faceless(head, tracks.frame, last))
        return None

    def _may_have_a_face(self, frame: int, says: float, head: Points, covered: bool) -> bool:
        """Whether a close look, which says so much, covers the head of a faceless person."""
        self._hints = [h for h in self._hints if frame - h[1] < self._policy.likely_for]
        if says <= 0:
            return False
        middle = centre(head)
        if self._still or covered or says >= self._policy.clearly:
            return True
        if any(holds(head, centre(h)) or holds(h, middle) for h, _ in self._hints):
            return True
        self._hints.append((head, frame))
        return False


def _says(likely: Likely | None, head: Points) -> float:
    """No answer is an answer: there is a face."""
    if likely is None:
        return 1.0
    try:
        return likely(head)
    except Exception:
        return 1.0
