"""How the tracker searches, doubts and gives up: every threshold and duration, with its reason.

What a single look is worth stands in ``evidence``, what the face verifier says in ``verifier``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackingPolicy:
    """For a stream; another one for a test or an experiment."""

    round: float = 0.42
    """Seconds in which every part of the picture is looked at."""
    at_once: int = 2
    """Parts that are looked at in one frame: one on either core, so that the frames in between
    cost nothing more."""
    rows: int = 2
    """Rows of parts ..."""
    rows_crowd: int = 3
    """... and while a crowd is in view: of eight faces in a part the detector reports some weakly
    (in a gallery of 49 faces of 41 pixels, 34 strongly; in smaller parts 48)."""
    crowd: tuple[int, int] = (4, 6)
    """Small faces below and from which it is one ..."""
    crowd_side: float = 1 / 8
    """... at most this share of the shorter side wide."""
    changed: int = 14
    """Levels by which a cell of the scout's grid differs when something new is there."""
    stirred: int = 8
    """Levels by which a cell differs from what the whole picture's last look saw when something
    moves: who comes in from the side by five pixels a frame does that within two."""
    cut: float = 0.5
    """Share of the cells that change in a cut ..."""
    cut_pause: float = 0.4
    """... and seconds between two pictures that are searched everywhere at once: flashes."""
    many: int = 3
    """Lost tracks above which the parts of the picture that hold them are searched ..."""
    parts: int = 6
    """... and how many parts at most in a frame."""
    reaches: tuple[float, float] = (2.0, 3.0)
    """Half sides of a second look's two framings, in box widths."""
    second_looks: int = 2
    """Most that are looked at again in one frame; further ones wait, covered if strong ..."""
    second_looks_film: int = 12
    """... and in a film, which can wait, and in a first picture."""
    refused_for: float = 0.3
    """Seconds for which a place where a second look found nothing is not looked at again: at
    first, and twice as long each time ..."""
    refused_most: float = 2.4
    """... up to this; at least ..."""
    withdrawn_for: float = 1.2
    """... this after a track was withdrawn."""
    better: float = 0.12
    """Unless the detector is that much surer."""
    again: float = 0.25
    """Seconds between second looks at a track that is in doubt ..."""
    again_sure: float = 0.5
    """... and at one on an older face."""
    nobody: float = 0.1
    """What second looks leave unclear and no mesh fits starts nothing where less than this share
    is people to the segmentation ..."""
    surer: float = 0.6
    """... and the detector is less sure: of 41 mistakes in made rooms 31, of 57 made faces one,
    which is looked at again in a moment."""
    somebody: float = 0.5
    """Share of people from which the segmentation speaks for a face."""
    rows_of_people: int = 5
    """Faces from which on some may be right below others."""
    unseen: int = 5
    """Frames without the detector after which a mesh is not trusted any more ..."""
    unlike: int = 2
    """... as after so many in a row in which the verifier sees no face in it. In the shared clips,
    hands before the mouth among them, its odds are above 5; of a hand that hides all of the face
    below 1 ..."""
    doubtful: float = 0.3
    """... and the highest confidence of such a mesh."""
    near: tuple[float, float] = (0.7, 1.2)
    """Half sides of the framings about a head without a face, in its widths. Of 15 made people
    whose face a mask, a hand or a scarf hid from the tracker they show 14; of 58 mistakes of the
    segmentation 2."""
    least_face: float = 0.2
    """Width of its face over that of such a head, at least: patterns on a wall are smaller."""
    alone: float = 0.5
    """Odds (logarithm) from which one look alone shows a face in such a head. With 1, five more
    faces of 1,920 that arrive at the edge of made pictures come out late, with .5 and 0 the same
    ones; with 0, one of thirty empty made rooms is covered for seconds."""
    oriented: int = 15
    """Frames in a row in which all faces lie on the same side: the camera does."""


DEFAULT = TrackingPolicy()
