"""What the numbers of MediaPipe's networks mean. Numpy only, no library.

The constants follow MediaPipe's published graphs for these networks (Apache-2.0); which point of
the mesh a refined point replaces was found by comparing the network's answers with the graph's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepcam.tracking.backend import F32, F64, Detection, Window

N_LANDMARKS = 478
OVERLAP = 0.3
"""Intersection over union from which on two boxes of one search are one face."""

_LIPS = """
61 146 91 181 84 17 314 405 321 375 291 185 40 39 37 0 267 269 270 409 78 95 88 178 87 14 317 402
318 324 308 191 80 81 82 13 312 311 310 415 76 77 90 180 85 16 315 404 320 307 306 184 74 73 72 11
302 303 304 408 62 96 89 179 86 15 316 403 319 325 292 183 42 41 38 12 268 271 272 407"""
_RIGHT_EYE = """
33 7 163 144 145 153 154 155 133 246 161 160 159 158 157 173 130 25 110 24 23 22 26 112 243 247 30
29 27 28 56 190 226 31 228 229 230 231 232 233 244 113 225 224 223 222 221 189 35 124 46 53 52 65
143 111 117 118 119 120 121 128 245 156 70 63 105 66 107 55 193"""
_LEFT_EYE = """
263 249 390 373 374 380 381 382 362 466 388 387 386 385 384 398 359 255 339 254 253 252 256 341 463
467 260 259 257 258 286 414 446 261 448 449 450 451 452 453 464 342 445 444 443 442 441 413 265 353
276 283 282 295 372 340 346 347 348 349 350 357 465 383 300 293 334 296 336 285 417"""
_REFINED = tuple(np.array(text.split(), np.intp) for text in (_LIPS, _RIGHT_EYE, _LEFT_EYE))
_IRISES = (slice(468, 473), slice(473, 478))
_LID_POINTS = 16
"""The first points of an eye's list lie on its lids; the irises take their depth from them."""


def anchors(size: int) -> F64:
    """(n, 2) centres of a detector's anchors, 0..1: full range (192) or short range (128)."""
    if size == 192:
        layers = [(48, 1)]
    elif size == 128:
        layers = [(16, 2), (8, 6)]
    else:
        raise ValueError(f"no face detector has an input of {size} pixels")
    parts = []
    for cells, each in layers:
        y, x = np.mgrid[:cells, :cells]
        grid = np.stack([x.ravel(), y.ravel()], 1)
        parts.append(np.repeat((grid + 0.5) / cells, each, axis=0))
    return np.concatenate(parts)


def detections(
    raw: F32, logits: F32, centres: F64, size: int, scale: float, window: Window, threshold: float
) -> list[Detection]:
    """Faces in one search, best first.

    ``raw`` (n, 16) box and six points, ``logits`` (n,), ``centres`` of the anchors, ``size`` of
    the input in pixels, ``scale`` from the window to the input. Boxes that overlap are averaged.
    """
    logits = np.clip(logits, -100.0, 100.0)
    likely = np.flatnonzero(logits >= np.log(threshold / (1.0 - threshold)))
    if likely.size == 0:
        return []
    likely = likely[np.argsort(-logits[likely], kind="stable")]
    scores = 1.0 / (1.0 + np.exp(-logits[likely].astype(np.float64)))
    numbers = raw[likely].astype(np.float64).reshape(-1, 8, 2) / size
    place = centres[likely]
    half = numbers[:, 1] / 2
    points = numbers[:, 2:] + place[:, None]
    corners = np.stack([numbers[:, 0] + place - half, numbers[:, 0] + place + half], 1)
    found = np.concatenate([corners, points], 1)  # (k, 8, 2): two corners, six points
    usable = np.isfinite(found).all((1, 2)) & (half > 0).all(1)
    result = []
    left = np.flatnonzero(usable)
    while left.size:
        same = _overlaps(found[left[0], :2], found[left, :2]) > OVERLAP
        same[0] = True
        group = left[same]
        xy = np.average(found[group], axis=0, weights=scores[group])
        # Half a pixel: the picture's first pixel has its centre at 0, not its edge.
        xy = xy * (size / scale) - 0.5 + window[:2]
        result.append(Detection(xy[:2].ravel(), xy[2:], float(scores[left[0]])))
        left = left[~same]
    return result


def _overlaps(box: F64, others: F64) -> F64:
    """Intersection over union of corners (2, 2) and (n, 2, 2)."""
    low, high = np.maximum(box[0], others[:, 0]), np.minimum(box[1], others[:, 1])
    shared = np.clip(high - low, 0, None).prod(1)
    own, theirs = (box[1] - box[0]).prod(), (others[:, 1] - others[:, 0]).prod(1)
    result: F64 = shared / np.maximum(own + theirs - shared, 1e-12)
    return result


def mesh(outputs: list[F32], size: int) -> tuple[F64, float]:
    """(478, 3) landmarks relative to the crop, and the presence 0..1.

    From the network with refined regions (mesh, lips, eyes, irises, flag) or from the one that
    gives all points at once (mesh, flag, ...). Raises ``RuntimeError`` for anything else.
    """
    sizes = [len(o) for o in outputs]
    points: F64 = np.empty((N_LANDMARKS, 3))
    if sizes[:1] == [3 * N_LANDMARKS] and sizes[1:2] == [1]:
        points[:] = outputs[0].reshape(-1, 3)
        flag = outputs[1]
    elif sizes == [1404, 160, 142, 142, 10, 10, 1]:
        points[:468] = outputs[0].reshape(-1, 3)
        for where, refined in zip(_REFINED, outputs[1:4], strict=True):
            points[where, :2] = refined.reshape(-1, 2)
        for ring, lids, iris in zip(_IRISES, _REFINED[1:], outputs[4:6], strict=True):
            points[ring, :2] = iris.reshape(-1, 2)
            points[ring, 2] = points[lids[:_LID_POINTS], 2].mean()
        flag = outputs[6]
    else:
        raise RuntimeError(f"the face mesh gave an unknown answer: {sizes}")
    return points / size, _sigmoid(flag)


def _sigmoid(flag: NDArray[np.float32]) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(float(flag[0]), -100.0, 100.0))))
