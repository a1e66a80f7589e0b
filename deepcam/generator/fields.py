"""Fields that correct a render (``composition`` makes pixels of them).

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

MAPS = 10


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
    """Let the face's mean gain change slowly.

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
        factor = np.exp(level[k] - now[k])
        for y in range(n):
            for x in range(n):
                fields[y, x, k] *= factor
                fields[y, x, 3 + k] *= factor
