"""How steady the output is: identity, mesh warping, jitter, flicker (T1-T4); the seam (Q4)."""

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
from deepcam.frames import Image
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import project

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

FAST = 8.0
"""Hz; voluntary movements are slower."""


def identity_spread(outputs: Sequence[F64], originals: Sequence[F64]) -> Measure:
    """T1: mean distance of all pairs of embeddings (n, d) within a clip; the originals' in
    ``extra``. Lower is steadier; a frozen picture has 0, so it goes together with U1 to U4."""

    def statistic(clips: Sequence[F64]) -> float:
        values = [_spread(c) for c in clips if len(c) > 1]
        return float(np.mean(values)) if values else float("nan")

    return measure(outputs, statistic, sum(map(len, outputs)), original=_json(statistic(originals)))


def _spread(embeddings: F64) -> float:
    table = distances(embeddings, embeddings)
    return float(table[np.triu_indices(len(table), 1)].mean())


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
    for result in results:
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
    for result in results:
        ours = jitter(result.readings, result.take.fps)
        real = jitter([s.reading for s in result.take.shots], result.take.fps)
        if np.isfinite(ours) and np.isfinite(real) and real > 0:
            pairs.append((ours, real))
    return _ratio(pairs)


def _ratio(pairs: Sequence[tuple[float, float]]) -> Measure:
    def statistic(groups: Sequence[tuple[float, float]]) -> float:
        total = sum(g[1] for g in groups)
        return sum(g[0] for g in groups) / total if total > 0 else float("nan")

    return measure(pairs, statistic, len(pairs), "" if pairs else "no face to follow")


def flicker(images: Sequence[Image], masks: Sequence[U8]) -> float:
    """T4 of one clip: standard deviation over time of the change of mean luma under the masks
    (h, w) after taking away what the ring around them does; nan for fewer than five frames."""
    inner, outer = [], []
    for image, mask in zip(images, masks, strict=True):
        area = mask > 0
        ring = (_grown(mask, 0.15) > 0) & ~area
        if not area.any() or not ring.any():
            continue
        luma = image.astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)
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
    for result in results:
        shots = result.take.shots
        masks = [s.hidden() for s in shots]
        value = flicker(result.images, masks)
        if np.isfinite(value):
            ours.append(value)
            real.append(flicker([s.frame.image for s in shots], masks))
    return measure(
        ours, lambda g: float(np.mean(g)) if len(g) else float("nan"), len(ours),
        original=_json(float(np.mean(real)) if real else float("nan")),
    )  # fmt: skip


def seam(image: Image, outline: NDArray[np.float32]) -> tuple[float, float]:
    """Q4 of one face: mean absolute gradient across the outline (k, 2) over that beside it (5 to 9
    pixels inside, 7 to 11 outside: the eraser's rim is 2 to 3 pixels outside the outline); and the
    mean CIELAB difference between 5 pixels inside and 7 outside."""
    closed = np.concatenate([outline, outline[:1]]).astype(np.float64)
    lengths = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    steps = np.arange(0, lengths.sum(), 2.0)
    along = np.concatenate([[0], np.cumsum(lengths)])
    points = np.stack([np.interp(steps, along, closed[:, c]) for c in range(2)], 1)
    tangent = np.roll(points, -1, 0) - np.roll(points, 1, 0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    outwards = np.sign(((points - points.mean(0)) * normal).sum(1, keepdims=True))
    normal = normal * outwards
    height, width = image.shape[:2]
    reach = points + 12 * normal
    inside = (reach > 1).all(1) & (reach[:, 0] < width - 2) & (reach[:, 1] < height - 2)
    points, normal = points[inside], normal[inside]
    if len(points) < 8:
        return float("nan"), float("nan")
    offsets = np.arange(-9, 12)
    at = (points[:, None] + offsets[None, :, None] * normal[:, None]).astype(np.float32)
    lab = cv2.cvtColor((image / np.float32(255)).astype(np.float32), cv2.COLOR_BGR2LAB)
    profile = cv2.remap(lab, at[..., 0], at[..., 1], cv2.INTER_LINEAR).astype(np.float64)
    gradient = np.linalg.norm(np.diff(profile, axis=1), axis=2)  # between offsets k and k + 1
    at_seam = gradient[:, 7:13].mean()
    beside = np.concatenate([gradient[:, :4], gradient[:, 16:]], 1).mean()
    step = np.linalg.norm(profile[:, 4] - profile[:, 16], axis=1).mean()
    return float(at_seam / max(beside, 1e-3)), float(step)


def seam_measure(results: Sequence[Result]) -> tuple[Measure, Measure]:
    """Q4 over all shots: gradient ratio, and the colour step less that of the originals."""
    ratios: list[list[float]] = []
    steps: list[list[float]] = []
    real: list[float] = []
    basis = FaceBasis.load()
    for result in results:
        rows: list[float] = []
        differences: list[float] = []
        for shot, image in list(zip(result.take.shots, result.images, strict=True))[::5]:
            face = shot.face
            if face is None or face.pose is None or abs(face.pose.yaw) > 45:
                continue
            size = np.ptp(project(basis.mean, face.pose)[:, 0])
            if size < 40:
                continue
            ours, step = seam(image, face.outline)
            before, step_before = seam(shot.frame.image, face.outline)
            if np.isfinite(ours) and np.isfinite(before):
                rows.append(ours)
                real.append(before)
                differences.append(step - step_before)
        if rows:
            ratios.append(rows)
            steps.append(differences)

    def mean(groups: Sequence[Sequence[float]]) -> float:
        values = [v for g in groups for v in g]
        return float(np.mean(values)) if values else float("nan")

    n = sum(map(len, ratios))
    return (
        measure(ratios, mean, n, original=_json(float(np.mean(real)) if real else float("nan"))),
        measure(steps, mean, n),
    )


def _grown(mask: U8, share: float) -> U8:
    xs = np.nonzero(mask)[1]
    side = max(3, int(share * (xs.max() - xs.min() + 1)) | 1)
    grown: U8 = np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), np.uint8)
    return grown


def _json(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
