"""How steady the output is: identity, mesh warping, jitter, flicker (T1-T4).

A cover and a picture that stands still are perfectly steady. They are not measured (see ``alive``),
so that no target is met by showing nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.attackers import distances
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.record import Result
from deepcam.evaluation.statistics import Measure, measure
from deepcam.evaluation.utility import frontal
from deepcam.frames import LUMA, Image
from deepcam.geometry.basis import FaceBasis

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

FAST = 8.0
"""Hz; voluntary movements are slower."""
STILL = 0.02
"""Mean change of a face's pixels from frame to frame, of 255, that a camera's noise exceeds."""
DEAD = "no face, or one that stands still"


def identity_spread(outputs: Sequence[F64], originals: Sequence[F64]) -> Measure:
    """T1: mean distance of all pairs of embeddings (n, d) within a clip; the originals' in
    ``extra``. Lower is steadier; a frozen picture has 0, so it goes together with U1 to U4."""

    def statistic(clips: Sequence[F64]) -> float:
        values = [_spread(c) for c in clips if len(c) > 1]
        return float(np.mean(values)) if values else float("nan")

    n, real = sum(map(len, outputs)), _json(statistic(originals))
    return measure(outputs, statistic, n, DEAD if not n else "", original=real)


def identity_error(same: Sequence[F64], other: Sequence[F64]) -> Measure:
    """T1: equal error rate of "the same person?" asked about two frames.

    ``same[k]`` (n, d): embeddings of clip k with one identity, pairs within it are the same person.
    ``other[k]`` (m, d): of the same clip with the next clip's identity (m may be 0): different
    persons in front of the same hair and room. ``across_clips``: pairs of different clips that
    wear the same identity, against those that wear different ones.
    """

    def statistic(rows: Sequence[tuple[F64, F64]]) -> float:
        if not rows:
            return float("nan")
        return equal_error(*(np.concatenate([r[c] for r in rows]) for c in range(2)))

    groups = [
        (_pairs(a), distances(a, b).ravel())
        for a, b in zip(same, other, strict=True)
        if len(a) > 1 and len(b)
    ]
    worn = range(len(same) - 1)
    genuine = [
        distances(other[k], same[k + 1]).ravel()
        for k in worn if len(other[k]) and len(same[k + 1])
    ]  # fmt: skip
    impostor = [
        distances(same[k], same[j]).ravel()
        for k in range(len(same)) for j in range(k) if len(same[k]) and len(same[j])
    ]  # fmt: skip
    across = float("nan")
    if genuine and impostor:
        across = equal_error(np.concatenate(genuine), np.concatenate(impostor))
    pairs = sum(len(g[0]) + len(g[1]) for g in groups)
    note = "" if groups else "no face to compare"
    return measure(groups, statistic, pairs, note, across_clips=_json(across))


def equal_error(genuine: F64, impostor: F64) -> float:
    """Error rate at the distance where as many of ``genuine`` (n,) are rejected as of ``impostor``
    (m,) are accepted; ties count half. nan when one is empty."""
    if not len(genuine) or not len(impostor):
        return float("nan")
    at = np.unique(np.concatenate([genuine, impostor]))
    at = np.sort(np.concatenate([at, (at[1:] + at[:-1]) / 2]))
    a, b = np.sort(genuine), np.sort(impostor)
    rejected = 1 - (np.searchsorted(a, at, "left") + np.searchsorted(a, at, "right")) / 2 / len(a)
    accepted = (np.searchsorted(b, at, "left") + np.searchsorted(b, at, "right")) / 2 / len(b)
    k = int(np.abs(rejected - accepted).argmin())
    return float((rejected[k] + accepted[k]) / 2)


def alive(result: Result) -> bool:
    """The output shows a face in at least half of the frames in which the original does, and does
    not stand still where the original moves. Looked at once."""
    if result.living is None:
        result.living = _alive(result)
    return result.living


def _alive(result: Result) -> bool:
    faces = moved = follows = 0
    known = 0
    before: tuple[Image, Image] | None = None
    for shot, image, found in zip(result.take.shots, result.images, result.readings, strict=True):
        if shot.reading is None:
            before = None
            continue
        known += 1
        faces += found is not None
        hull = shot.reading.hull(image.shape) > 0
        if before is not None and hull.any():
            changed = [
                float(np.abs(a[hull].astype(np.int16) - b[hull]).mean()) > STILL
                for a, b in ((shot.frame.image, before[0]), (image, before[1]))
            ]
            moved += changed[0]
            follows += all(changed)
        before = (shot.frame.image, image)
    return known > 0 and 2 * faces >= known and 2 * follows >= moved


def _pairs(embeddings: F64) -> F64:
    table = distances(embeddings, embeddings)
    out: F64 = table[np.triu_indices(len(table), 1)]
    return out


def _spread(embeddings: F64) -> float:
    return float(_pairs(embeddings).mean())


def mesh_colours(image: Image, reading: Reading) -> F64:
    """(n, 3) colours at the mesh's points and the middles of its triangles."""
    points = reading.landmarks[:468, :2]
    middles = points[FaceBasis.load().triangles].mean(1)
    at = np.concatenate([points, middles]).astype(np.float32)
    colours = cv2.remap(
        image, at[:, 0].reshape(1, -1), at[:, 1].reshape(1, -1), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    out: F64 = colours[0].astype(np.float64)
    return out


def warping(images: Sequence[Image], readings: Sequence[Reading | None]) -> F64:
    """(m,) mean absolute change (0..255) of the face's colours from frame to frame, each followed
    along the mesh the judge finds on these very pictures; frames without a face are left out."""
    values = []
    for k in range(1, len(images)):
        a, b = readings[k - 1], readings[k]
        if a is None or b is None or not (frontal(a) and frontal(b)):
            continue
        change = np.abs(mesh_colours(images[k], b) - mesh_colours(images[k - 1], a))
        values.append(float(change.mean()))
    return np.array(values)


def warping_ratio(results: Sequence[Result]) -> Measure:
    """T2: warping error of the outputs over that of the originals."""
    pairs = []
    for result in filter(alive, results):
        shots = result.take.shots
        ours = warping(result.images, result.readings)
        real = warping([s.frame.image for s in shots], [s.reading for s in shots])
        if len(ours) > 3 and len(real) > 3:
            pairs.append((float(ours.mean()), float(real.mean())))
    return _ratio(pairs)


def jitter(readings: Sequence[Reading | None], fps: float) -> float:
    """Power of the landmarks' movement above 8 Hz, in thousandths of an IOD squared; nan for
    clips with gaps, shorter than 16 frames or slower than 18 frames a second."""
    known = [r for r in readings if r is not None]
    if len(known) < 16 or len(known) < 0.95 * len(readings) or fps < 2 * FAST + 2:
        return float("nan")
    scale = float(np.median([r.size for r in known]))
    paths = np.stack([r.landmarks[:468, :2] for r in known]) / scale * 1e3
    paths = paths - paths.mean(0)
    window = np.hanning(len(paths))[:, None, None]
    spectrum = np.abs(np.fft.rfft(paths * window, axis=0)) ** 2
    fast = np.fft.rfftfreq(len(paths), 1 / fps) > FAST
    return float(spectrum[fast].mean())


def jitter_ratio(results: Sequence[Result]) -> Measure:
    """T3: jitter of the outputs over that of the originals."""
    pairs = []
    for result in filter(alive, results):
        ours = jitter(result.readings, result.take.fps)
        real = jitter([s.reading for s in result.take.shots], result.take.fps)
        if np.isfinite(ours) and np.isfinite(real) and real > 0:
            pairs.append((ours, real))
    return _ratio(pairs)


def _ratio(pairs: Sequence[tuple[float, float]]) -> Measure:
    def statistic(groups: Sequence[tuple[float, float]]) -> float:
        total = sum(g[1] for g in groups)
        return sum(g[0] for g in groups) / total if total > 0 else float("nan")

    return measure(pairs, statistic, len(pairs), "" if pairs else DEAD)


def flicker(images: Sequence[Image], masks: Sequence[U8]) -> float:
    """T4 of one clip: standard deviation over time of the change of mean luma under the masks
    (h, w) after taking away what the ring around them does; nan for fewer than five frames."""
    inner, outer = [], []
    for image, mask in zip(images, masks, strict=True):
        ys, xs = np.nonzero(mask)
        if not len(xs):
            continue
        # All that is looked at: the mask and what it grows by.
        reach = int(0.15 * (np.ptp(xs) + 1)) + 2
        part = (
            slice(max(int(ys.min()) - reach, 0), int(ys.max()) + reach + 1),
            slice(max(int(xs.min()) - reach, 0), int(xs.max()) + reach + 1),
        )
        image, mask = image[part], np.ascontiguousarray(mask[part])
        area = mask > 0
        ring = (_grown(mask, 0.15) > 0) & ~area
        if not ring.any():
            continue
        luma = image.astype(np.float32) @ LUMA
        inner.append(float(luma[area].mean()))
        outer.append(float(luma[ring].mean()))
    if len(inner) < 5:
        return float("nan")
    rest = np.array(inner) - np.array(inner).mean()
    around = np.array(outer) - np.array(outer).mean()
    power = float(around @ around)
    if power > 1e-6:
        rest = rest - float(np.clip(rest @ around / power, 0, 1.5)) * around
    # Slow drifts (a head that turns to the light) are no flicker: differences between frames.
    return float(np.diff(rest).std() / np.sqrt(2))


def flicker_measure(results: Sequence[Result]) -> Measure:
    """T4, mean over clips, of 255; the originals' in ``extra``."""
    ours, real = [], []
    for result in filter(alive, results):
        shots = result.take.shots
        masks = [s.hidden() for s in shots]
        value = flicker(result.images, masks)
        if np.isfinite(value):
            ours.append(value)
            real.append(flicker([s.frame.image for s in shots], masks))
    return measure(
        ours, lambda g: float(np.mean(g)) if len(g) else float("nan"), len(ours),
        "" if ours else DEAD, original=_json(float(np.mean(real)) if real else float("nan")),
    )  # fmt: skip


def _grown(mask: U8, share: float) -> U8:
    xs = np.nonzero(mask)[1]
    side = max(3, int(share * (xs.max() - xs.min() + 1)) | 1)
    grown: U8 = np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), np.uint8)
    return grown


def _json(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
