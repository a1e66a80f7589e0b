"""The states of a person that was ever seen, and every step between them.

=========  =====================================================================================
GENERATED  seen now with a good mesh: painted by the generator
HELD       out of sight for at most ``GuardPolicy.hold`` frames: painted where it was moving to
COVERED    seen now without a mesh to trust (new, in profile, detector only): opaque cover
LOST       out of sight for longer: opaque cover where it was
GONE       forgotten; nothing is hidden for it any more
=========  =====================================================================================
"""

from __future__ import annotations

from enum import Enum


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
    """Not seen, for at most ``GuardPolicy.hold`` frames."""
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
