"""Synthetic hair around a generated face: a shell posed with the head, drawn strand by strand.

Everything comes from the pose, the identity and what was painted already; no raw pixel is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Face, Points, Pose
from deepcam.generator.conditioning import cut, window
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import project
from deepcam.identity.types import Identity
from deepcam.runtime.cores import Pair

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

CENTRE_DEPTH, DEEP = 0.95, 1.55
"""Depth of the shell's middle behind the face's origin, and its half depth; IOD."""
WIDE, HIGH = 1.5, 2.12
"""Half width, and height above the shell's middle; IOD."""
LENGTHS = (1.6, 1.9, 2.2)
"""How far below the middle short hair, a bob and long hair reach; IOD."""
OUTER = 1.08
"""The erased shell is so much larger than the hair's mean edge."""
FILL = 96
"""Side of the filled surroundings."""
WEAVE, ALONG, ACROSS = (256, 2048), 48.0, 292.0
"""Texels of the table of strands; texels for an IOD of way from the crown and for a radian."""
_COLOURS = ((30, 34, 42), (36, 50, 72), (52, 78, 112), (62, 106, 150), (30, 58, 104))
_GREY = (168, 170, 172)


@dataclass(frozen=True, slots=True)
class Hair:
    """What an identity's hair is like; follows from its seed and traits alone."""

    colour: tuple[float, float, float]
    """BGR 0..255 in even light."""
    style: int
    """0 short, 1 bob, 2 long."""
    part: float
    """Where the parting is, IOD beside the middle."""
    fringe: float
    """How far hair falls over the forehead, IOD."""
    seed: int

    @property
    def length(self) -> float:
        """IOD below the shell's middle."""
        return LENGTHS[self.style]


def hair_of(identity: Identity) -> Hair:
    """The hair of ``identity``, the same at every call."""
    rng = np.random.default_rng([abs(int(identity.seed)), 7])
    skin = float(np.mean(identity.texture[180:330, 180:330]))
    # Dark skin goes with dark hair.
    share = float(np.clip((skin - 80.0) / 70.0, 0.0, 1.0))
    colour = np.array(_COLOURS[int(rng.integers(0, 1 + round(share * 4)))], float)
    age = identity.meta.get("age", 0.0)
    years = float(age) if isinstance(age, int | float) else 0.0
    colour = 0.75 * colour + 0.22 * colour.mean()
    old = years / 100 if years > 3 else 0.5 + years / 4
    grey = float(np.clip((old - 0.5) * 2.5, 0.0, 0.9))
    colour += (np.array(_GREY) - colour) * grey
    style = int(rng.integers(0, 3))
    b, g, r = (0.9 * colour).tolist()
    return Hair((b, g, r), style, float(rng.uniform(-0.55, 0.55)), float(rng.uniform(-0.1, 0.05)),
                int(rng.integers(1, 1 << 20)))  # fmt: skip


@lru_cache(maxsize=1)
def _middle() -> tuple[float, float]:
    """Height of the shell's middle and of the mean face's chin, head frame."""
    mean = FaceBasis.load().mean
    top, bottom = float(mean[:, 1].min()), float(mean[:, 1].max())
    return top + 0.42 * (bottom - top), bottom


def whole_outline(pose: Pose, length: float = 1.65) -> Points:
    """Pose-only convex outline (k, 2) of a population head with hair, ears and neck edge."""
    middle, _ = _middle()
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = []
    for s in np.linspace(-np.pi / 2, np.pi / 2, 13):
        high = (HIGH + 0.4 if s < 0 else length) * np.sin(s)
        ring = np.stack([WIDE * np.cos(t) * np.cos(s), np.full(24, high),
                         DEEP * np.sin(t) * np.cos(s)], 1)  # fmt: skip
        rings.append(ring * OUTER + np.array([0.0, middle, CENTRE_DEPTH]))
    flat = project(np.concatenate(rings), pose)[:, :2]
    hull: Points = cv2.convexHull(np.ascontiguousarray(flat))[:, 0, :]
    return hull


class Surroundings:
    """The erased picture around one head, filled smoothly; read before anything is painted."""

    def __init__(self, image: U8, mask: U8, face: Face) -> None:
        assert face.pose is not None
        # The same window as the face's, so much larger that it holds all of the head.
        small = window(face.pose, FILL)
        mid = (FILL - 1) / 2
        small = small * np.float32(0.5)
        small[:, 2] += np.float32(0.5 * mid)
        self.affine = small
        self.fill = cut(image, mask, small, FILL).fill


def draw_hair(
    image: U8,
    region: U8,
    face: Face,
    identity: Identity,
    surroundings: Surroundings,
    pair: Pair | None = None,
) -> None:
    """Fill what is still empty of ``region`` and draw neck and hair over it, in place.

    ``image``: (h, w, 3) with the face painted; ``region``: (h, w), 0 = not to be touched. ``pair``:
    who shares the work.
    """
    pose = face.pose
    assert pose is not None
    ys, xs = np.nonzero(region.any(1))[0], np.nonzero(region.any(0))[0]
    if len(ys) == 0:
        return
    hair = hair_of(identity)
    skin = _skin(image, region, pose)
    reference = identity.texture[180:330, 180:330].reshape(-1, 3).mean(0)
    light = np.clip(skin / np.maximum(reference, 20.0), 0.25, 1.8)
    middle, chin = _middle()
    number = np.array(
        [middle, chin, hair.length, hair.part, hair.fringe, hair.style, hair.seed], np.float32
    )
    left, top, right, bottom = int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1
    locks, colour = _locks(hair.seed), (np.array(hair.colour) * light).astype(np.float32)

    def rows(first: int, last: int) -> None:
        _draw(
            image, region, left, top + first, right, top + last,
            pose.rotation.astype(np.float32), pose.translation.astype(np.float32),
            float(pose.scale), surroundings.fill, surroundings.affine, skin.astype(np.float32),
            colour, number, locks,
        )  # fmt: skip

    if pair is None:
        rows(0, bottom - top)
    else:
        pair.rows(rows, bottom - top)


def _skin(image: U8, region: U8, pose: Pose) -> NDArray[np.float64]:
    """(3,) mean of the painted cheeks and nose; a middle tone when they are out of the picture."""
    x, y = pose.translation + pose.scale * pose.rotation[:2] @ np.array([0.0, 0.45, -0.2])
    r = max(2, math.floor(0.5 * pose.scale))
    h, w = region.shape
    x0, y0 = int(np.clip(x - r, 0, w)), int(np.clip(y - r / 2, 0, h))
    x1, y1 = int(np.clip(x + r, 0, w)), int(np.clip(y + r / 2, 0, h))
    part = image[y0:y1, x0:x1][region[y0:y1, x0:x1] > 0]
    out: NDArray[np.float64] = part.mean(0) if len(part) else np.array([95.0, 115.0, 150.0])
    return out


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _hash(i: int, j: int, seed: int) -> np.float32:
    n = (i * 374761393 + j * 668265263 + seed * 1274126177) & 0x7FFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0x7FFFFFFF
    return np.float32(((n ^ (n >> 16)) & 0xFFFF) / 65535.0)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _noise(u: float, v: float, seed: int) -> float:
    """0..1, smooth."""
    fu, fv = np.floor(u), np.floor(v)
    i, j = int(fu), int(fv)
    a, b = u - fu, v - fv
    a, b = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    low = _hash(i, j, seed) * (1 - a) + _hash(i + 1, j, seed) * a
    high = _hash(i, j + 1, seed) * (1 - a) + _hash(i + 1, j + 1, seed) * a
    return float(low * (1 - b) + high * b)


@lru_cache(maxsize=16)
def _locks(seed: int) -> F32:
    """(*WEAVE, 3) 0..1 by way from the crown and angle: locks, strands, single hairs."""
    out = np.empty((*WEAVE, 3), np.float32)
    _weave(out, seed)
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _weave(out: F32, seed: int) -> None:
    for i in range(WEAVE[0]):
        v = i / ALONG
        for j in range(WEAVE[1]):
            u = j / ACROSS
            out[i, j, 0] = _noise(u * 7, v * 0.9, seed)
            out[i, j, 1] = _noise(u * 30, v * 0.8, seed + 1)
            out[i, j, 2] = _noise(u * 80, v * 0.9, seed + 2)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _ramp(x: float, a: float, b: float) -> float:
    t = min(max((x - a) / (b - a), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _draw(
    image: U8, region: U8, x0: int, y0: int, x1: int, y1: int, turn: F32, shift: F32,
    scale: float, fill: F32, affine: F32, skin: F32, colour: F32, number: F32, locks: F32,
) -> None:  # fmt: skip
    n = fill.shape[0]
    middle, chin, length, part, fringe = number[0], number[1], number[2], number[3], number[4]
    style, seed = int(number[5]), int(number[6])
    # Towards the back of the picture, in head coordinates.
    dx, dy, dz = turn[2, 0], turn[2, 1], turn[2, 2]
    for y in range(y0, y1):
        for x in range(x0, x1):
            if region[y, x] == 0:
                continue
            a, b = (x - shift[0]) / scale, (y - shift[1]) / scale
            px = turn[0, 0] * a + turn[1, 0] * b
            py = turn[0, 1] * a + turn[1, 1] * b - middle
            pz = turn[0, 2] * a + turn[1, 2] * b - CENTRE_DEPTH
            if image[y, x, 0] == 0 and image[y, x, 1] == 0 and image[y, x, 2] == 0:
                fx = affine[0, 0] * x + affine[0, 1] * y + affine[0, 2]
                fy = affine[1, 0] * x + affine[1, 1] * y + affine[1, 2]
                fx, fy = min(max(fx, 0.0), n - 1.01), min(max(fy, 0.0), n - 1.01)
                ix, iy = int(fx), int(fy)
                ex, ey = fx - ix, fy - iy
                for k in range(3):
                    up = fill[iy, ix, k] * (1 - ex) + fill[iy, ix + 1, k] * ex
                    lo = fill[iy + 1, ix, k] * (1 - ex) + fill[iy + 1, ix + 1, k] * ex
                    image[y, x, k] = np.uint8(min(255.0 * (up * (1 - ey) + lo * ey) + 0.5, 255.0))
                # The neck, a cylinder behind the chin.
                below = py + middle - chin + 0.12
                neck = _ramp(below, -0.05, 0.05) * (1 - _ramp(abs(px), 0.45, 0.85))
                neck *= 1 - _ramp(below, 0.1, 0.42)
                tone = 0.78 - 0.25 * abs(px) + 0.1 * min(max(below, 0.0), 1.0)
                for k in range(3):
                    under = float(image[y, x, k])
                    image[y, x, k] = np.uint8(under + (skin[k] * tone - under) * neck)
            # The first hit with the shell: an upper and a longer lower half.
            found, edge, qx, qy, qz, reach = False, 0.0, 0.0, 0.0, 0.0, 1.0
            for half in range(2):
                reach = HIGH if half == 0 else length
                sx, sy, sz = 1 / WIDE, 1 / reach, 1 / DEEP
                square = (dx * sx) ** 2 + (dy * sy) ** 2 + (dz * sz) ** 2
                slant = px * dx * sx * sx + py * dy * sy * sy + pz * dz * sz * sz
                rest = (px * sx) ** 2 + (py * sy) ** 2 + (pz * sz) ** 2 - 1
                under_root = slant * slant - square * rest
                if under_root <= 0:
                    continue
                t = (-slant - np.sqrt(under_root)) / square
                qx, qy, qz = px + t * dx, py + t * dy, pz + t * dz
                if (qy < 0) == (half == 0):
                    found, edge = True, np.sqrt(under_root / square) / WIDE
                    break
            if not found:
                continue
            if abs(qx) < 0.7 and qz < -0.25 and qy > 0.1 and qy < 1.2:
                continue  # the middle of the face
            v = np.sqrt((qx - part) ** 2 + (qy + 2.1) ** 2 + (qz + 0.5) ** 2)
            u = np.arctan2(qx - part, -(qz + 0.15)) + 0.05 * np.sin(3.1 * v + 0.01 * seed)
            iu, iv = int((u + 3.5) * ACROSS), int(v * ALONG)
            iu, iv = min(max(iu, 0), WEAVE[1] - 1), min(max(iv, 0), WEAVE[0] - 1)
            lock, strand, fine = locks[iv, iu, 0], locks[iv, iu, 1], locks[iv, iu, 2]
            ragged = lock * 0.5 + strand * 0.3 + fine * 0.2
            # Cover at the silhouette: single strands end there.
            alpha = _ramp(edge, 0.10 * ragged + 0.05, 0.10 * ragged + 0.20)
            ends = length * (0.80 if style == 0 else 0.86) + 0.25 * (ragged - 0.5)
            alpha *= 1 - _ramp(qy, ends - 0.16, ends + 0.04)
            if style == 0:  # short: tapers into the neck behind the ears
                alpha *= 1 - _ramp(qy - 0.35 * (ragged - 0.5), 0.95, 1.2) * _ramp(-qz, -0.9, -0.3)
            # The face's opening: narrower at the forehead, with a fringe.
            jag = 0.34 * (ragged - 0.5)
            side = 1.10 - 0.12 * max(-qy, 0.0) ** 2 - 0.05 * max(qy, 0.0) + jag
            line = -1.22 + fringe + jag + 0.75 * (qx - part) ** 2
            inside = (1 - _ramp(abs(qx), side - 0.10, side + 0.04)) * _ramp(qy, line, line + 0.13)
            front = _ramp(-qz, 0.0, 0.25)
            alpha *= 1 - inside * front
            if alpha <= 0.004:
                continue
            # Shading: round, a band of light on top, darker beside the face and in the depth.
            rounded = 0.55 + 0.5 * min(edge, 1.0) - 0.16 * (qy + 0.4)
            band = np.exp(-(((qy + 1.45 + 0.12 * lock) / 0.24) ** 2)) * (0.3 + 0.7 * fine)
            near = 1 - _ramp(abs(qx) - side, -0.05, 0.22) if qy > line else 0.0
            texture = 0.62 + 0.35 * lock + 0.3 * strand + 0.28 * fine
            tone = rounded * texture * (1 - 0.35 * near * front)
            for k in range(3):
                body = colour[k] * tone + (0.25 * colour[k] + 14.0) * band
                under = float(image[y, x, k])
                value = under + (min(max(body, 0.0), 255.0) - under) * alpha
                image[y, x, k] = np.uint8(value + 0.5 if value < 254.5 else 255)
