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


def floor(planes: F32, surroundings: Context) -> F32:
    """Fields without a network: tone fitted to the visible ring around the mask, feathered edge.

    ``planes``: (CHANNELS, n, n). Returns (n, n, MAPS) float32.
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
    return out


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
) -> None:
    """Paint one face into ``image`` where ``region`` is set.

    ``image``: (H, W, 3) uint8, written in place. ``region``: (h, w) uint8, the part of the mask
    that belongs to this face, at (x0, y0) of the picture. ``fields``: (n, n, MAPS);
    ``affine`` (2, 3): picture pixel to field pixel. ``render`` (hr, wr, 3) 0..255 and ``kind``
    (hr, wr): the identity in the same rectangle, ``step`` picture pixels for each of its pixels.
    """
    h, w = region.shape
    n = fields.shape[0]
    hr, wr = kind.shape
    top = np.float32(n - 1.001)
    inv = np.float32(1.0 / step)
    f = np.empty(10, np.float32)
    r = np.empty(3, np.float32)
    for y in range(h):
        for x in range(w):
            if region[y, x] == 0:
                continue
            px, py = x + x0, y + y0
            fx = affine[0, 0] * px + affine[0, 1] * py + affine[0, 2]
            fy = affine[1, 0] * px + affine[1, 1] * py + affine[1, 2]
            fx = min(max(fx, np.float32(0)), top)
            fy = min(max(fy, np.float32(0)), top)
            ix, iy = int(fx), int(fy)
            dx, dy = np.float32(fx - ix), np.float32(fy - iy)
            w00, w10 = (1 - dx) * (1 - dy), dx * (1 - dy)
            w01, w11 = (1 - dx) * dy, dx * dy
            for k in range(10):
                f[k] = (
                    fields[iy, ix, k] * w00
                    + fields[iy, ix + 1, k] * w10
                    + fields[iy + 1, ix, k] * w01
                    + fields[iy + 1, ix + 1, k] * w11
                )
            alpha = f[6]
            if step == 1.0:
                if kind[y, x] == 0:
                    alpha = np.float32(0)
                else:
                    r[0], r[1], r[2] = render[y, x, 0], render[y, x, 1], render[y, x, 2]
            else:
                rx = min(
                    max((x + np.float32(0.5)) * inv - np.float32(0.5), np.float32(0)),
                    np.float32(wr - 1.001),
                )
                ry = min(
                    max((y + np.float32(0.5)) * inv - np.float32(0.5), np.float32(0)),
                    np.float32(hr - 1.001),
                )
                jx, jy = int(rx), int(ry)
                ex, ey = np.float32(rx - jx), np.float32(ry - jy)
                cover = np.float32(0)
                r[0] = r[1] = r[2] = 0
                for b in range(2):
                    for a in range(2):
                        if kind[jy + b, jx + a] != 0:
                            share = (ex if a else 1 - ex) * (ey if b else 1 - ey)
                            cover += share
                            for k in range(3):
                                r[k] += share * render[jy + b, jx + a, k]
                if cover > 0:
                    for k in range(3):
                        r[k] /= cover
                alpha *= cover
            for k in range(3):
                value = (1 - alpha) * f[7 + k] * 255
                if alpha > 0:
                    value += alpha * (r[k] * f[k] + f[3 + k] * 255)
                image[py, px, k] = np.uint8(
                    min(max(value + np.float32(0.5), np.float32(0)), np.float32(255))
                )
