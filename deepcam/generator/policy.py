"""How faces are painted from frame to frame: sizes, and how slowly things follow.

Constants of the compiled loops stand where they are compiled (``composition``, ``render``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaintPolicy:
    """For a stream of thirty pictures a second; another one for a test or an experiment."""

    largest: int = 560
    """Longest side in pixels at which a face is rendered; larger ones are rendered so and
    enlarged."""
    twice: int = 200
    """Longest side in pixels of faces that are rendered twice as large and averaged, or teeth would
    be jagged."""
    smoothing: float = 0.55
    """Share of the last frame's fields that stays: light does not change within a thirtieth of a
    second."""
    level_follows: float = 0.10
    """Share of a new mean gain that is taken over in each frame ..."""
    level_jumps: float = 0.35
    """... and the change (of its logarithm) that is taken over at once."""
    tone_follows: float = 0.10
    """Share of a newly seen skin tone at each look: skin does not change when a hand passes."""
    tone_every: int = 4
    """Frames between two looks at the visible skin."""
    tones_every: int = 8
    """Frames between two looks whether the picture is black-and-white or toned, and at the colour
    of the light ..."""
    light_follows: float = 0.5
    """... the share of a new colour that is taken over, ..."""
    light_unsure: int = 4
    """... and looks in a row that see white light before coloured light is given up."""
    flatten: float = 0.35
    """Share of a dark skin's contrast that goes when it is made e times as bright: gloss and folds
    that are right on it look like dirt on light skin."""
    width_follows: float = 0.12
    """Share of a new width in each frame: the mask's size changes in steps."""
    blur: float = 0.45
    """Blur in pixels where no edge around the mask tells how sharp the camera is."""
    blur_every: int = 16
    """Frames between two looks at these edges ..."""
    blur_follows: float = 0.4
    """... and the share of a new blur that is taken over."""


DEFAULT = PaintPolicy()
