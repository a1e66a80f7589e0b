"""The posed head as one mesh: face, skirt, lids, eyes and mouth, driven by a ``Face``.

The wearer's geometry does not enter: the shape is the identity's, moved by coefficients.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import half_width
from deepcam.geometry.topology import N_POINTS, OVAL

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

SKIN, SKIRT, EYE_R, EYE_L, MOUTH = 1, 2, 3, 4, 5
"""What a rendered pixel shows (0: nothing). Skin and skirt come first: both have texture."""

CLOSED = 0.20
"""Lid openings below this close the eye fully: a nearly closed eye reads as an error."""


def _ids(text: str) -> I32:
    return np.array([int(i) for i in text.split()], np.int32)


@dataclass(frozen=True, slots=True)
class _Eye:
    """Rows of an eye from the outer to the inner corner; lids exclude the corners."""

    outer: int
    inner: int
    lower: I32
    upper: I32
    crease: I32
    brow_side: I32


_RIGHT = _Eye(
    33,
    133,
    _ids("7 163 144 145 153 154 155"),
    _ids("246 161 160 159 158 157 173"),
    _ids("247 30 29 27 28 56 190"),
    _ids("113 225 224 223 222 221 189"),
)
_LEFT = _Eye(
    263,
    362,
    _ids("249 390 373 374 380 381 382"),
    _ids("466 388 387 386 385 384 398"),
    _ids("467 260 259 257 258 286 414"),
    _ids("342 445 444 443 442 441 413"),
)
_LIP_UPPER = _ids("78 191 80 81 82 13 312 311 310 415 308")
_LIP_LOWER = _ids("78 95 88 178 87 14 317 402 318 324 308")
_CHIN = 152
_BEHIND_LIP, _JAW = 0.07, 0.85
"""Lower teeth: IOD of their middle below the lower lip's edge at rest, how far they follow it."""

# Skirt rings: IOD beyond the oval sideways and at the forehead, depth pushed back, UV radius.
_RINGS = ((0.12, 0.16, 0.14, 0.945), (0.30, 0.42, 0.42, 0.885))
_STRIP = 0.045
"""IOD between cheek and mask: all that lies there has to be invented."""
_WIDEST = 1.10
AHEAD = np.array([0.05, -0.085], np.float32)
"""Iris of a left eye that looks ahead, from the middle of its corners, eye widths. The mean face
has (.038, -.068); with these the irises of rendered faces are read so (lids shade them)."""
_LOWERED = 0.10
"""Eye widths by which the iris of a nearly closed eye lies lower."""
_RELAXED = 0.138
"""IOD between the lids' middles, at most: a little under the median of 2,800 portraits (.143)."""
_LASH = 0.42  # share of the band between lash line and crease that keeps its width when closing


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A mesh ready for the rasteriser, in the head frame before the pose is applied."""

    points: F32
    """(n, 3)."""
    depth_bias: F32
    """(n,) IOD added to the depth: eyeballs and mouth lie behind the lids and lips. Moving the
    points themselves would open cracks as soon as the head turns."""
    attributes: F32
    """(n, 6): three numbers that depend on the kind, then the normal (x, y, z).
    Skin and skirt: u, v, 0. Eyes: offset from the iris centre (x, y) in IOD, height between the
    lids 0..1. Mouth: x and y from the upper teeth's edge in IOD, y from the lower teeth's edge."""


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    triangles: I32
    kinds: I32
    uv: F32
    n: int
    mids: int
    skirt: int
    eyes: tuple[int, int]
    mouth: int


@lru_cache(maxsize=1)
def _layout() -> _Layout:
    basis = FaceBasis.load()
    tri = basis.triangles.copy()
    uv = [basis.uv.astype(np.float32)]
    kinds = [np.full(len(tri), SKIN, np.int32)]
    n = N_POINTS
    parts: list[I32] = []

    # Lash rows: every triangle at an upper lid point moves up to the lash row's upper edge, and
    # a strip of constant width takes its place below, so that closing stretches skin, not lashes.
    mids = n
    for eye in (_RIGHT, _LEFT):
        rename = np.arange(N_POINTS, dtype=np.int32)
        rename[eye.upper] = np.arange(n, n + 7)
        tri = rename[tri] if n == mids else np.where(tri < N_POINTS, rename[tri % N_POINTS], tri)
        row = np.concatenate([[eye.outer], np.arange(n, n + 7), [eye.inner]]).astype(np.int32)
        lid = np.concatenate([[eye.outer], eye.upper, [eye.inner]]).astype(np.int32)
        parts.append(_strip(row, lid))
        uv.append(basis.uv[eye.upper] + _LASH * (basis.uv[eye.crease] - basis.uv[eye.upper]))
        n += 7
    lash = np.concatenate(parts)
    kinds.append(np.full(len(lash), SKIN, np.int32))

    skirt = n
    ring = [OVAL]
    for _, _, _, radius in _RINGS:
        uv.append(0.5 + (basis.uv[OVAL] - 0.5) * radius)
        ring.append(np.arange(n, n + len(OVAL), dtype=np.int32))
        n += len(OVAL)
    bands = np.concatenate([_strip(a, b, closed=True) for a, b in itertools.pairwise(ring)])
    kinds.append(np.full(len(bands), SKIRT, np.int32))

    eyes = []
    globes = []
    for kind in (EYE_R, EYE_L):
        eyes.append(n)  # corner, lower 7, corner, upper 7
        low = np.concatenate([[n], np.arange(n + 1, n + 8), [n + 8]]).astype(np.int32)
        high = np.concatenate([[n], np.arange(n + 9, n + 16), [n + 8]]).astype(np.int32)
        globe = _strip(low, high)
        globes.append(globe)
        kinds.append(np.full(len(globe), kind, np.int32))
        n += 16
    mouth = n
    low = np.arange(n, n + 11, dtype=np.int32)
    high = np.concatenate([[n], np.arange(n + 11, n + 20), [n + 10]]).astype(np.int32)
    hollow = _strip(low, high)
    kinds.append(np.full(len(hollow), MOUTH, np.int32))
    n += 20
    uv.append(np.zeros((52, 2), np.float32))
    return _Layout(
        np.ascontiguousarray(np.concatenate([tri, lash, bands, *globes, hollow]), np.int32),
        np.concatenate(kinds),
        np.concatenate(uv).astype(np.float32),
        n,
        mids,
        skirt,
        (eyes[0], eyes[1]),
        mouth,
    )


def _strip(a: I32, b: I32, closed: bool = False) -> I32:
    """Triangles between two rows of equal length."""
    if closed:
        a, b = np.append(a, a[0]), np.append(b, b[0])
    quads: I32 = np.concatenate(
        [np.stack([a[:-1], a[1:], b[1:]], 1), np.stack([a[:-1], b[1:], b[:-1]], 1)]
    ).astype(np.int32)
    return quads


def triangles() -> tuple[I32, I32]:
    """Triangles (m, 3) and their kinds (m,) of every ``Posed`` mesh."""
    layout = _layout()
    return layout.triangles, layout.kinds


def pose_mesh(shape: F32, face: Face, contour: F32 | None = None) -> Posed:
    """The identity's ``shape`` (468, 3) with the expression, lids and gaze of ``face``.

    ``contour``: factor (36,) on the oval's x: how wide the head is.
    """
    basis, layout = FaceBasis.load(), _layout()
    p = np.empty((layout.n, 3), np.float32)
    moves = basis.expression.reshape(len(basis.expression), -1)  # tensordot would copy it
    moved = shape + (face.expression.astype(np.float32) @ moves).reshape(N_POINTS, 3)
    if contour is not None:
        moved[OVAL, 0] *= contour
    p[:N_POINTS] = moved
    attributes = np.zeros((layout.n, 6), np.float32)
    attributes[:, :2] = layout.uv

    for k, eye in enumerate((_RIGHT, _LEFT)):
        _lids(p, shape, eye, float(face.lids[k]), layout.mids + 7 * k)
    _skirt(p, layout.skirt)
    for k, eye in enumerate((_RIGHT, _LEFT)):
        _globe(p, attributes, shape, eye, face.gaze[2 * k : 2 * k + 2], layout.eyes[k])
    _mouth(p, attributes, shape, layout.mouth)
    attributes[:, 3:] = _normals(p, layout)
    bias = np.zeros(layout.n, np.float32)
    bias[layout.eyes[0] : layout.mouth] = 0.03
    bias[layout.mouth :] = 0.05
    return Posed(p, bias, attributes)


def full_contour(shape: F32) -> F32:
    """Factor (36,) on the oval's x with which ``shape``'s cheeks and jaw nearly fill the mask."""
    oval = shape[OVAL].astype(np.float64)
    x = np.abs(oval[:, 0])
    wanted = (half_width(FaceBasis.load(), oval[:, 1]) - _STRIP) / np.maximum(x, 0.1)
    # Forehead and chin have no sides.
    share = np.clip((x - 0.45) / 0.3, 0, 1)
    factor = 1.0 + share * (np.clip(wanted, 1.0, _WIDEST) - 1.0)
    return np.asarray(factor, np.float32)


def relax_lids(shape: F32) -> F32:
    """``shape`` (468, 3) with eyes no wider open than those of people at rest.

    Portraits are taken with eyes held open; worn for hours in a call that looks startled.
    """
    out = shape.copy()
    for eye in (_RIGHT, _LEFT):
        gap = shape[eye.lower] - shape[eye.upper]
        excess = (1 - min(1.0, _RELAXED / max(float(gap[3, 1]), 1e-6))) * gap
        out[eye.upper] += np.float32(0.75) * excess
        out[eye.lower] -= np.float32(0.25) * excess
    return out


def _lids(p: F32, shape: F32, eye: _Eye, opening: float, mids: int) -> None:
    wanted = 0.0 if opening < CLOSED else (opening - CLOSED) / (1 - CLOSED)
    wanted = min(wanted, 1.35)
    gap = shape[eye.upper] - shape[eye.lower]
    lower = p[eye.lower] + (0.14 * max(0.0, 1 - wanted)) * gap
    upper = lower + wanted * gap
    # A closed lid is drawn over the ball: it bulges towards the viewer.
    upper[:, 2] -= 0.02 * max(0.0, 1 - wanted)
    delta = upper - p[eye.upper]
    band = p[eye.crease] - p[eye.upper]
    p[eye.lower] = lower
    p[eye.upper] = upper
    p[eye.crease] += 0.55 * delta
    p[eye.brow_side] += 0.10 * delta
    now = p[eye.crease] - upper
    length = np.linalg.norm(now, axis=1, keepdims=True) + 1e-6
    keep = np.minimum(np.linalg.norm(band, axis=1, keepdims=True), length) * _LASH
    p[mids : mids + 7] = upper + now / length * keep


def _skirt(p: F32, start: int) -> None:
    oval = p[OVAL]
    top, bottom = oval[:, 1].min(), oval[:, 1].max()
    out = oval - np.array([0.0, 0.5 * (top + bottom), 0.0], np.float32)
    out[:, 2] = 0
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-6
    up = np.clip(-out[:, 1], 0, 1)[:, None]
    for k, (side, forehead, back, _) in enumerate(_RINGS):
        ring = oval + out * (side + (forehead - side) * up)
        ring[:, 2] += back
        p[start + 36 * k : start + 36 * (k + 1)] = ring


def _globe(
    p: F32, attributes: F32, shape: F32, eye: _Eye, gaze: NDArray[np.float32], start: int
) -> None:
    loop = np.concatenate([[eye.outer], eye.lower, [eye.inner], eye.upper])
    corner_a, corner_b = p[eye.outer], p[eye.inner]
    width = float(np.linalg.norm(shape[eye.inner, :2] - shape[eye.outer, :2]))
    centre = 0.5 * (corner_a + corner_b)
    rows = slice(start, start + 16)
    p[rows] = p[loop]
    # An eye whose upper lid comes down looks lower, or it would look asleep.
    gap = p[eye.lower[3], 1] - p[eye.upper[3], 1]
    rest = shape[eye.lower[3], 1] - shape[eye.upper[3], 1]
    lowered = _LOWERED * max(0.0, 1.0 - float(gap) / max(float(rest), 1e-6))
    ahead = AHEAD * (1.0 if eye is _LEFT else -1.0, 1.0) + (0.0, lowered)
    iris = centre[:2] + (ahead + gaze).astype(np.float32) * width
    attributes[rows, :2] = p[rows, :2] - iris
    attributes[rows, 2] = 0.0
    attributes[start + 9 : start + 16, 2] = 1.0
    attributes[[start, start + 8], 2] = 0.5


def _mouth(p: F32, attributes: F32, shape: F32, start: int) -> None:
    rows = slice(start, start + 20)
    p[start : start + 11] = p[_LIP_LOWER]
    p[start + 11 : start + 20] = p[_LIP_UPPER[1:-1]]
    middle = 0.5 * (p[61, 0] + p[291, 0])
    # Upper teeth hang on the skull: the rest place of the upper lip. Lower teeth go with the jaw,
    # of which the chin's skin shows less than half (measured on talking people): at rest they lie
    # behind the lower lip, and stay there until the mouth is wide open.
    upper_edge = shape[13, 1] + 0.035
    lip, chin = p[14, 1] - shape[14, 1], p[_CHIN, 1] - shape[_CHIN, 1]
    lower_edge = shape[14, 1] + _BEHIND_LIP + max(_JAW * lip, chin)
    attributes[rows, 0] = p[rows, 0] - middle
    attributes[rows, 1] = p[rows, 1] - upper_edge
    attributes[rows, 2] = p[rows, 1] - lower_edge


def _normals(p: F32, layout: _Layout) -> F32:
    """Unit vertex normals, towards the viewer, area weighted."""
    t = layout.triangles
    a, b, c = p[t[:, 0]], p[t[:, 1]], p[t[:, 2]]
    n = np.cross(b - a, c - a)
    n *= np.where(n[:, 2:] > 0, -1.0, 1.0)  # the face side looks along -z
    out = np.empty((len(p), 3), np.float32)
    index = t.ravel()
    for k in range(3):
        out[:, k] = np.bincount(index, np.repeat(n[:, k], 3), len(p))
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-9
    return out
