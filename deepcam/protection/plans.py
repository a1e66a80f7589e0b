"""What the guard decides: how each place of a frame is hidden, or that only the card may
be shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from deepcam.frames import Face, Points


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
