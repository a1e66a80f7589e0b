"""What the network is given: the erased picture, and the identity as rendered. Nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Pose
from deepcam.generator.mesh import EYE_L, EYE_R, MOUTH, SKIN, SKIRT
from deepcam.generator.render import Render
from deepcam.geometry.fill import pull_push

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

CHANNELS = 14
"""Input planes: fill BGR (3), mask, render BGR (3), coverage, eyes, mouth, u, v, normal x, y."""
SPAN = 3.7
"""Side of the square window in IOD."""


def window(pose: Pose, size: int) -> F32:
    """Affine (2, 3) from picture pixels to the upright square window of ``size`` pixels."""
    centre = pose.scale * pose.rotation[:2] @ np.array([0.0, 0.45, 0.25]) + pose.translation
    angle = np.arctan2(pose.rotation[1, 0], pose.rotation[0, 0])
    k = size / (SPAN * pose.scale)
    c, s = k * np.cos(angle), k * np.sin(angle)
    linear = np.array([[c, s], [-s, c]])
    middle = (size - 1) / 2
    affine = np.concatenate([linear, (middle - linear @ centre)[:, None]], 1)
    out: F32 = affine.astype(np.float32)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The surroundings of one face, without the face."""

    fill: F32
    """(n, n, 3) 0..1 BGR; under the mask filled smoothly from around."""
    mask: F32
    """(n, n) 1 = unknown."""


def cut(image: NDArray[np.uint8], mask: NDArray[np.uint8], affine: F32, size: int) -> Context:
    """``image`` (h, w, 3) with 0 under ``mask`` (h, w) 255 = erased, resampled with normalised
    weights, so that no erased pixel takes part."""
    h, w = mask.shape
    inverse = cv2.invertAffineTransform(affine)
    corners = inverse @ np.array(
        [[-1, size, -1, size], [-1, -1, size, size], [1, 1, 1, 1]], np.float32
    )
    x0, y0 = np.floor(corners.min(1)).astype(int) - 2
    x1, y1 = np.ceil(corners.max(1)).astype(int) + 3
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(w, x1), min(h, y1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        empty = np.full((size, size, 3), 0.5, np.float32)
        return Context(empty, np.ones((size, size), np.float32))
    part = image[y0:y1, x0:x1]
    keep = 255 - mask[y0:y1, x0:x1]
    shifted = affine.copy()
    shifted[:, 2] += affine[:, 0] * x0 + affine[:, 1] * y0
    step = 1.0 / float(np.hypot(affine[0, 0], affine[1, 0]))
    whole = round(step)
    if whole > 1 and min(part.shape[:2]) >= 2 * whole:
        # Shrink by area first, both sides alike; whole factors are several times faster.
        hh, ww = part.shape[0] // whole, part.shape[1] // whole
        inner = (slice(0, hh * whole), slice(0, ww * whole))
        part = cv2.resize(part[inner], (ww, hh), interpolation=cv2.INTER_AREA)
        keep = cv2.resize(keep[inner], (ww, hh), interpolation=cv2.INTER_AREA)
        shifted[:, 2] += (shifted[:, 0] + shifted[:, 1]) * (0.5 * whole - 0.5)
        shifted[:, :2] *= whole
    colour = cv2.warpAffine(part, shifted, (size, size), flags=cv2.INTER_LINEAR)
    weight = cv2.warpAffine(keep, shifted, (size, size), flags=cv2.INTER_LINEAR)
    mean = np.empty((size, size, 3), np.float32)
    known, unknown = np.empty((size, size), np.float32), np.empty((size, size), np.float32)
    _normalise(colour, weight, mean, known, unknown)
    return Context(pull_push(mean, known), unknown)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _normalise(colour: U8, weight: U8, mean: F32, known: F32, unknown: F32) -> None:
    """Sums over known pixels to their mean, 0..1; known where a quarter was, unknown where a two
    hundredth was not."""
    height, width = weight.shape
    for y in range(height):
        for x in range(width):
            share = np.float32(weight[y, x]) * np.float32(1 / 255)
            known[y, x] = np.float32(1) if share > np.float32(0.25) else np.float32(0)
            unknown[y, x] = np.float32(1) if share < np.float32(0.995) else np.float32(0)
            scale = np.float32(1 / 255) / max(share, np.float32(0.02))
            for k in range(3):
                mean[y, x, k] = min(np.float32(colour[y, x, k]) * scale, np.float32(1))


def planes(surroundings: Context, render: Render) -> F32:
    """The network's input, (CHANNELS, n, n) float32."""
    n = render.kind.shape[0]
    out = np.empty((CHANNELS, n, n), np.float32)
    _planes(
        surroundings.fill, surroundings.mask, render.colour, render.kind, render.attributes, out
    )
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _planes(fill: F32, mask: F32, colour: F32, kinds: I32, attributes: F32, out: F32) -> None:
    # Plane by plane within a row: planes lie so far apart that all would share one cache set.
    n = kinds.shape[0]
    zero, half, one = np.float32(0), np.float32(0.5), np.float32(1)
    for y in range(n):
        row = kinds[y]
        for k in range(3):
            for x in range(n):
                out[k, y, x] = fill[y, x, k]
            for x in range(n):
                out[4 + k, y, x] = colour[y, x, k] * np.float32(1 / 255)
        for x in range(n):
            out[3, y, x] = mask[y, x]
        for x in range(n):
            out[7, y, x] = half if row[x] == SKIRT else (one if row[x] > 0 else zero)
        for x in range(n):
            out[8, y, x] = one if row[x] == EYE_R or row[x] == EYE_L else zero
        for x in range(n):
            out[9, y, x] = one if row[x] == MOUTH else zero
        for k in range(2):
            for x in range(n):
                skin = row[x] == SKIRT or row[x] == SKIN
                out[10 + k, y, x] = attributes[y, x, k] - half if skin else zero
            for x in range(n):
                out[12 + k, y, x] = attributes[y, x, 3 + k] if row[x] > 0 else zero
