"""What is left of the wearer's behaviour: detection, pose, gaze, blinks, mouth (U1-U4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.judge import Reading
from deepcam.evaluation.statistics import Measure, correlation, measure
from deepcam.geometry.pose import to_head

F64 = NDArray[np.float64]

TURN = 45.0
"""Degrees of yaw or pitch up to which the camera generates; beyond, it covers."""

Pair = tuple[Reading, Reading]
"""The judge on the original and on the output, same frame."""


@dataclass(frozen=True, slots=True)
class Track:
    """One clip as the judge saw it: originals and outputs, frame by frame."""

    original: Sequence[Reading | None]
    output: Sequence[Reading | None]

    def pairs(self) -> list[Pair]:
        """Frames with a face in both."""
        return [
            (x, y)
            for x, y in zip(self.original, self.output, strict=True)
            if x is not None and y is not None and frontal(x)
        ]

    def neighbours(self) -> Track:
        """The originals against themselves one frame later: the floor of every measure."""
        return Track(self.original[:-1], self.original[1:])


def frontal(reading: Reading) -> bool:
    """Turned no further than the camera generates."""
    return abs(reading.pose.yaw) <= TURN and abs(reading.pose.pitch) <= TURN


def pose_error(x: Reading, y: Reading) -> float:
    """Geodesic angle between two head rotations, degrees."""
    trace = float(np.trace(x.pose.rotation.T @ y.pose.rotation))
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))


def gaze_angles(reading: Reading) -> F64:
    """(2,) horizontal and vertical direction of gaze in the head, degrees, mean of both eyes.

    The iris moves on an eyeball whose radius is about half the width of the open eye.
    """
    offset = reading.gaze.reshape(2, 2).mean(0)
    angles: F64 = np.degrees(np.arcsin(np.clip(offset / 0.5, -1, 1)))
    return angles


def gaze_error(x: Reading, y: Reading) -> float:
    """Angle between directions of gaze, degrees."""
    return float(np.linalg.norm(gaze_angles(x) - gaze_angles(y)))


def lids(reading: Reading) -> float:
    """Mean eye aspect ratio."""
    return float(reading.lids.mean())


def mouth(reading: Reading) -> float:
    """Gap of the inner lips, IOD."""
    return reading.mouth


def sideways(reading: Reading) -> float:
    """Horizontal gaze, degrees."""
    return float(gaze_angles(reading)[0])


def width(reading: Reading) -> float:
    """Distance of the mouth's corners, IOD: smiles and rounded lips."""
    return reading.width


def brows(reading: Reading) -> float:
    """Height of the brows above the eyes' corners in the head, IOD."""
    head = to_head(reading.landmarks, reading.pose)
    return float(abs(head[[105, 334], 1].mean() - head[[33, 133, 362, 263], 1].mean()))


def smile(reading: Reading) -> float:
    """Height of the mouth's corners above the middle of the lips in the head, IOD."""
    head = to_head(reading.landmarks, reading.pose)
    return float(head[[13, 14], 1].mean() - head[[61, 291], 1].mean())


EXPRESSION: tuple[tuple[str, Callable[[Reading], float], float], ...] = (
    ("width", width, 0.02),
    ("brows", brows, 0.01),
    ("smile", smile, 0.01),
)
"""Name, quantity and the least movement of clips that can say anything about it."""


def blinks(values: F64) -> list[int]:
    """Middles of the runs in which the eyes (n,) are shut: open less than six tenths as far as
    usual, until they are open three quarters. With one threshold only, noise would make several
    blinks of one pair of eyes that look down."""
    usual = np.median(values)
    shut = np.empty(len(values), np.bool_)
    now = False
    for k, value in enumerate(values):
        now = bool(value < (0.75 if now else 0.6) * usual)
        shut[k] = now
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shut, [False]]).astype(int)))
    return [int(a + b - 1) // 2 for a, b in zip(edges[::2], edges[1::2], strict=True)]


def blink_agreement(tracks: Sequence[Track]) -> Measure:
    """F1 of blinks: a blink of the output belongs to one of the original within three frames."""
    counts = []
    for track in tracks:
        pairs = track.pairs()
        if len(pairs) < 10:
            continue
        real = blinks(np.array([lids(x) for x, _ in pairs]))
        made = blinks(np.array([lids(y) for _, y in pairs]))
        left, hits = list(made), 0
        for blink in real:
            near = [b for b in left if abs(b - blink) <= 3]
            if near:
                left.remove(near[0])
                hits += 1
        if real or made:
            counts.append((hits, len(real), len(made)))

    def statistic(groups: Sequence[tuple[int, int, int]]) -> float:
        both = sum(g[1] + g[2] for g in groups)
        return 2 * sum(g[0] for g in groups) / both if both else float("nan")

    return measure(counts, statistic, sum(c[1] for c in counts), "" if counts else "nobody blinks")


def detection(tracks: Sequence[Track]) -> Measure:
    """U1: faces found in the outputs, of those found in the originals at generated angles."""
    counts = []
    for track in tracks:
        both = [
            y is not None
            for x, y in zip(track.original, track.output, strict=True)
            if x is not None and frontal(x)
        ]
        counts.append((sum(both), len(both)))

    def statistic(groups: Sequence[tuple[int, int]]) -> float:
        known = sum(g[1] for g in groups)
        return sum(g[0] for g in groups) / known if known else float("nan")

    return measure(counts, statistic, sum(c[1] for c in counts))


def error(tracks: Sequence[Track], between: Callable[[Reading, Reading], float]) -> Measure:
    """Mean of ``between`` over all frames with both faces; the floor is in ``extra``, and
    ``clips``, the mean of each clip."""

    def values(track: Track) -> list[float]:
        return [between(x, y) for x, y in track.pairs()]

    def statistic(groups: Sequence[Sequence[float]]) -> float:
        joined = [v for g in groups for v in g]
        return float(np.mean(joined)) if joined else float("nan")

    rows = [values(t) for t in tracks]
    floor = statistic([values(t.neighbours()) for t in tracks])
    return measure(
        rows, statistic, sum(map(len, rows)), floor=_json(floor),
        clips=[round(float(np.mean(r)), 3) if r else None for r in rows],
    )  # fmt: skip


def follows(tracks: Sequence[Track], quantity: Callable[[Reading], float], least: float) -> Measure:
    """Correlation of ``quantity`` between originals and outputs, within each clip, then averaged
    by Fisher's z. Clips in which the original itself moves less than ``least`` (standard
    deviation), or is only noise, say nothing and are left out. A frozen output counts as r = 0.
    """

    def one(track: Track) -> float:
        pairs = track.pairs()
        a = np.array([quantity(x) for x, _ in pairs])
        b = np.array([quantity(y) for _, y in pairs])
        if len(a) < 10 or a.std() < least:
            return float("nan")
        r = correlation(a, b)
        return 0.0 if np.isnan(r) else r

    def statistic(values: Sequence[float]) -> float:
        if not values:
            return float("nan")
        return float(np.tanh(np.mean(np.arctanh(np.clip(values, -0.9999, 0.9999)))))

    both = [(one(t), one(t.neighbours())) for t in tracks]
    # Where the original does not resemble itself a frame later, its movement is the judge's noise.
    pairs = [(r, f) for r, f in both if not np.isnan(r) and not np.isnan(f) and f >= 0.4]
    kept, floors = [r for r, _ in pairs], [f for _, f in pairs]
    return measure(
        kept, statistic, len(kept), "" if kept else "no clip moves enough, or no face was found",
        floor=_json(statistic(floors)), clips=[round(r, 3) for r in kept],
    )  # fmt: skip


def _json(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
