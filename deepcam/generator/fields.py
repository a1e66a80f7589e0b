"""Fields that correct a render, and how they become pixels.

Ten planes for each face, in the window of ``conditioning.window``: gain BGR, bias BGR, alpha, fill
BGR. A pixel is ``alpha * (render * gain + bias) + (1 - alpha) * fill``. The trained network makes
them; ``floor`` makes them without one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.generator.conditioning import Context

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

MAPS = 10
COLOUR_KEPT = 0.35
"""Share believed of the network's mean change of colour (not of brightness): the skin's tone
is matched before, and what the network adds leans towards grey, in 20 of 22 clips."""

CRISP, CRISPEST = 0.6, 2.0
"""By how much the edge between face and fill gets steeper for each picture pixel beyond one that a
pixel of the fields covers, and the most: enlarged, it would be a blur along the jaw. Below the eyes
only; what lies above is hair, which has no such edge."""


def floor(planes: F32, surroundings: Context) -> F32:
    """Fields without a network: tone fitted to the visible ring around the mask, feathered edge.

    ``planes``: (CHANNELS, n, n). Returns (MAPS, n, n) float32, as the network does.
    """
    n = planes.shape[1]
    render, cover = planes[4:7].transpose(1, 2, 0), planes[7]
    out = np.zeros((n, n, MAPS), np.float32)
    out[..., 7:] = surroundings.fill
    known = 1 - surroundings.mask
    rows = np.arange(n, dtype=np.float32)[:, None] / n
    near = cv2.dilate(surroundings.mask, np.ones((9, 9), np.uint8)) * known
    # Below the eyes: neck and jaw, not hair or the wall above.
    ring = near * (rows > 0.55)
    mesh = cover > 0.75
    gain = np.ones(3, np.float32)
    if ring.sum() > 20 and mesh.sum() > 20:
        tone = (surroundings.fill * ring[..., None]).sum((0, 1)) / ring.sum()
        own = render[mesh].mean(0)
        # Two thirds of the way: the ring also holds clothes and shadow.
        gain = np.exp(np.clip(0.66 * np.log((tone + 0.05) / (own + 0.05)), -0.6, 0.6))
        gain = gain.mean() * (gain / gain.mean()) ** 0.6
    out[..., :3] = gain
    drawn = ((cover > 0.25) & (surroundings.mask > 0.5)).astype(np.uint8)
    drawn = cv2.morphologyEx(drawn, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    # An edge of the window is no edge of the face.
    edge = cv2.distanceTransform(
        cv2.copyMakeBorder(drawn, 1, 1, 1, 1, cv2.BORDER_REPLICATE), cv2.DIST_L2, 3
    )
    t = np.clip(edge[1:-1, 1:-1] / (0.085 * n), 0, 1)
    out[..., 6] = t * t * (3 - 2 * t)
    return np.ascontiguousarray(out.transpose(2, 0, 1))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def settle(raw: F32, share: float, fields: F32) -> bool:
    """Mix ``raw`` (MAPS, n, n) into ``fields`` (n, n, MAPS), as ``compose`` reads them; ``share``
    of the old values stays, at 0 nothing. False when a new number is not finite."""
    maps, height, width = raw.shape
    old, new = np.float32(share), np.float32(1.0 - share)
    fine = True
    for y in range(height):
        for k in range(maps):
            total = np.float32(0)
            for x in range(width):
                value = raw[k, y, x]
                total += value - value  # anything but zero: not finite
                if old > 0:
                    value = new * value + old * fields[y, x, k]
                fields[y, x, k] = value
            fine = fine and total == 0
    return fine


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def hold_level(fields: F32, level: F32, follow: float, jump: float) -> None:
    """Let the face's mean gain change slowly, and its colour only by ``COLOUR_KEPT`` of that.

    What the network sees of the room changes with every movement, and its idea of the light with
    it: without this the face flickers. ``fields``: (n, n, MAPS), written in place where they have
    gain and bias. ``level``: (3,) mean logarithm of the gain so far, brought up to date; follows
    by the share ``follow``, at once where it differs by more than ``jump``.
    """
    n = fields.shape[0]
    now = np.zeros(3, np.float32)
    count = 0
    for y in range(n):
        for x in range(n):
            if fields[y, x, 6] > np.float32(0.95):
                count += 1
                for k in range(3):
                    now[k] += np.log(max(fields[y, x, k], np.float32(1e-3)))
    if count == 0:
        return
    far = False
    for k in range(3):
        now[k] /= np.float32(count)
        far = far or not abs(now[k] - level[k]) <= jump
    for k in range(3):
        level[k] = now[k] if far else level[k] + np.float32(follow) * (now[k] - level[k])
    light = (level[0] + level[1] + level[2]) / np.float32(3)
    for k in range(3):
        held = light + np.float32(COLOUR_KEPT) * (level[k] - light)
        factor = np.exp(held - now[k])
        for y in range(n):
            for x in range(n):
                fields[y, x, k] *= factor
                fields[y, x, 3 + k] *= factor


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def compose(
    image: U8,
    region: U8,
    x0: int,
    y0: int,
    fields: F32,
    affine: F32,
    render: F32,
    kind: I32,
    step: float,
    first: int,
    last: int,
) -> None:
    """Paint one face into ``image`` where ``region`` is set, in its rows ``first`` to before
    ``last``.

    ``image``: (H, W, 3) uint8, written in place. ``region``: (h, w) uint8, the part of the mask
    that belongs to this face, at (x0, y0) of the picture. ``fields``: (n, n, MAPS);
    ``affine`` (2, 3): picture pixel to field pixel. ``render`` (hr, wr, 3) 0..255 and ``kind``
    (hr, wr): the identity in the same rectangle, ``step`` picture pixels for each of its pixels.
    """
    h, w = region.shape
    n = fields.shape[0]
    hr, wr = kind.shape
    zero, one, half, white = np.float32(0), np.float32(1), np.float32(0.5), np.float32(255)
    top = np.float32(n - 1.001)
    right, bottom = np.float32(wr - 1.001), np.float32(hr - 1.001)
    inv = np.float32(1.0 / step)
    exact = step == 1.0
    pixel = np.float32(1.0) / np.sqrt(affine[0, 0] * affine[0, 0] + affine[0, 1] * affine[0, 1])
    steep = min(max(np.float32(CRISP) * (pixel - one), zero), np.float32(CRISPEST))
    eyes, slope = np.float32(0.48 * n), np.float32(1 / (0.12 * n))
    r = np.empty(3, np.float32)
    for y in range(first, min(h, last)):
        fx0 = affine[0, 1] * np.float32(y + y0) + affine[0, 2]
        fy0 = affine[1, 1] * np.float32(y + y0) + affine[1, 2]
        for x in range(w):
            if region[y, x] == 0:
                continue
            px = np.float32(x + x0)
            fx = min(max(affine[0, 0] * px + fx0, zero), top)
            fy = min(max(affine[1, 0] * px + fy0, zero), top)
            ix, iy = int(fx), int(fy)
            dx, dy = fx - np.float32(ix), fy - np.float32(iy)
            w00, w10 = (one - dx) * (one - dy), dx * (one - dy)
            w01, w11 = (one - dx) * dy, dx * dy
            p00, p10 = fields[iy, ix], fields[iy, ix + 1]
            p01, p11 = fields[iy + 1, ix], fields[iy + 1, ix + 1]
            alpha = p00[6] * w00 + p10[6] * w10 + p01[6] * w01 + p11[6] * w11
            below = min(max((fy - eyes) * slope, zero), one)
            alpha = min(max(half + (alpha - half) * (one + below * steep), zero), one)
            if exact:
                if kind[y, x] == 0:
                    alpha = zero
                else:
                    r[0], r[1], r[2] = render[y, x, 0], render[y, x, 1], render[y, x, 2]
            else:
                rx = min(max((np.float32(x) + half) * inv - half, zero), right)
                ry = min(max((np.float32(y) + half) * inv - half, zero), bottom)
                jx, jy = int(rx), int(ry)
                ex, ey = rx - np.float32(jx), ry - np.float32(jy)
                cover = zero
                r[0] = r[1] = r[2] = zero
                for b in range(2):
                    for a in range(2):
                        if kind[jy + b, jx + a] != 0:
                            share = (ex if a else one - ex) * (ey if b else one - ey)
                            cover += share
                            for k in range(3):
                                r[k] += share * render[jy + b, jx + a, k]
                if cover > zero:
                    for k in range(3):
                        r[k] /= cover
                alpha *= cover
            for k in range(3):
                value = zero
                if alpha < np.float32(0.998):
                    fill = p00[7 + k] * w00 + p10[7 + k] * w10 + p01[7 + k] * w01 + p11[7 + k] * w11
                    value = (one - alpha) * fill * white
                if alpha > zero:
                    gain = p00[k] * w00 + p10[k] * w10 + p01[k] * w01 + p11[k] * w11
                    bias = p00[3 + k] * w00 + p10[3 + k] * w10 + p01[3 + k] * w01 + p11[3 + k] * w11
                    value += alpha * (r[k] * gain + bias * white)
                image[y + y0, x + x0, k] = np.uint8(min(max(value + half, zero), white))
