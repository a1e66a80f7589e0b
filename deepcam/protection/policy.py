"""How careful the guard is: every threshold and duration, with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """For a stream of thirty pictures a second; another one for a test or an experiment."""

    trust: float = 0.5
    """Confidence of a mesh from which it is believed ..."""
    distrust: float = 0.4
    """... and below which one that is painted no longer is."""
    confirm: int = 2
    """Good frames in a row before a new or covered face is generated."""
    hold: int = 10
    """Frames that a lost face is still generated for."""
    growth: float = 0.04
    """Growth of an unseen face's outline in each of those frames ..."""
    head_growth: float = 0.02
    """... and of a detection without a mesh, which is hidden twice as wide as a face from the
    first."""
    turn_fade: float = 45.0
    """Degrees of yaw or pitch at which fading into the cover begins."""
    turn_back: float = 57.0
    """Degrees below which a covered head may be generated again."""
    turn_cover: float = 60.0
    """Degrees from which there is only the cover."""
    fade_step: float = 0.25
    """Most that the blend between face and cover changes in one frame."""
    cover_margin: float = 1.12
    """A cover's size over the smallest shape around the face's outline: hair and ears."""
    emerge: int = 10
    """Frames in which a new cover takes its own tone; it is opaque from the first."""
    slowing: float = 0.7
    """Seconds in which an unseen head loses 63 % of its velocity."""
    vacant_looks: int = 5
    """Looks in a row that must find a place empty."""
    replaced_near: int = 3
    """Good frames of a new track before it counts as the lost one, at its place ..."""
    replaced_blob: int = 10
    """... or elsewhere in the same silhouette."""
    settled: float = 0.75
    """``Face.evidence`` from which a track that is lost waits for an empty silhouette."""
    quiet: int = 20
    """Frames for which what never was that sure must not have come back to be withdrawn."""
    inside: float = 0.8
    """Size over that of the painted face around it below which a lost track is a part of that
    face."""
    small: float = 0.17
    """Size over the picture's shorter side below which the whole picture does not show a face to
    the detector ..."""
    small_unseen: float = 1.1
    """... and seconds (two rounds of the tracker's search) that it must not have been seen for."""
    look_doubt: int = 3
    """Frames between looks at the segmentation while something is in doubt ..."""
    look_calm: int = 15
    """... and while nothing is."""
    failed_looks: int = 3
    """Looks in a row whose failure shows the card although faces are seen."""
    person_stays: int = 5
    """Frames that the cover of a faceless person outlives its last sighting: thresholds flicker."""
    likely_every: int = 12
    """Frames between two close looks at the head of a faceless person ..."""
    likely_for: int = 25
    """... and for which the last one that showed something like a face counts."""
    clearly: float = 0.75
    """What a close look must say for one alone to cover the head of a faceless person; of what may
    just be a face two must tell, or its cover is up already."""
    least_person: float = 0.002
    """Smallest person as a share of the picture, when no face is seen ..."""
    least_second: float = 0.005
    """... and beside seen faces."""
