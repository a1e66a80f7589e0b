"""A z-buffer rasteriser for small meshes, compiled with numba and cached on disk.

One pass gives interpolated vertex attributes and coverage. Pixel centres lie on whole numbers.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

_EDGE = np.float32(-2e-4)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def rasterise(
    points: F32,
    attributes: F32,
    triangles: I32,
    kinds: I32,
    out: F32,
    depth: F32,
    kind: I32,
    first: int = 0,
    last: int = 1 << 30,
) -> None:
    """Draw triangles into ``out`` where they are nearer than what ``depth`` holds.

    ``points``: (n, 3) float32 x, y in pixels of the target, z smaller = nearer.
    ``attributes``: (n, c) float32, interpolated linearly in the picture plane.
    ``triangles``: (m, 3) int32; ``kinds``: (m,) int32 label written into ``kind``.
    ``out`` (h, w, c), ``depth`` (h, w) start at +inf, ``kind`` (h, w) start at 0; written in place.
    Triangles turned away from the viewer are drawn too: the z-buffer sorts them. Only the rows
    ``first`` to before ``last`` are drawn.
    """
    height, width = depth.shape
    height = min(height, last)
    channels = out.shape[2]
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        bx, by, bz = points[b, 0], points[b, 1], points[b, 2]
        cx, cy, cz = points[c, 0], points[c, 1], points[c, 2]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if abs(area) < 1e-9:
            continue
        x0 = max(0, int(np.ceil(min(ax, bx, cx))))
        x1 = min(width - 1, int(np.floor(max(ax, bx, cx))))
        y0 = max(first, int(np.ceil(min(ay, by, cy))))
        y1 = min(height - 1, int(np.floor(max(ay, by, cy))))
        inv = np.float32(1.0) / area
        # Barycentric coordinates are linear: one step in x adds a constant.
        ux, vx = -(cy - by) * inv, -(ay - cy) * inv
        dz = ux * (az - cz) + vx * (bz - cz)
        for y in range(y0, y1 + 1):
            fy, fx = np.float32(y), np.float32(x0)
            u = ((bx - fx) * (cy - fy) - (by - fy) * (cx - fx)) * inv
            v = ((cx - fx) * (ay - fy) - (cy - fy) * (ax - fx)) * inv
            z = u * (az - cz) + v * (bz - cz) + cz
            for x in range(x0, x1 + 1):
                # The tolerance closes cracks between neighbours; ties fall to the nearer one.
                inside = u >= _EDGE and v >= _EDGE and u + v <= np.float32(1.0) - _EDGE
                if inside and z < depth[y, x]:
                    depth[y, x] = z
                    kind[y, x] = kinds[t]
                    w = np.float32(1.0) - u - v
                    for k in range(channels):
                        out[y, x, k] = (
                            u * attributes[a, k] + v * attributes[b, k] + w * attributes[c, k]
                        )
                u += ux
                v += vx
                z += dz


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def sample_texture(
    texture: NDArray[np.uint8], gain: F32, uv: F32, kind: I32, last: int, out: F32
) -> None:
    """Bilinear look-up of ``texture`` (s, s, 3) uint8 times ``gain`` (3,) where ``kind`` is
    1..``last``.

    ``uv``: (h, w, >= 2) float32 in 0..1; ``out``: (h, w, 3) float32 0..255, written in place.
    """
    height, width = kind.shape
    size = np.float32(texture.shape[0])
    top = size - np.float32(1.001)
    one, half, white = np.float32(1), np.float32(0.5), np.float32(255)
    for y in range(height):
        for x in range(width):
            if kind[y, x] < 1 or kind[y, x] > last:
                continue
            fx = min(max(uv[y, x, 0] * size - half, np.float32(0)), top)
            fy = min(max(uv[y, x, 1] * size - half, np.float32(0)), top)
            ix, iy = int(fx), int(fy)
            dx, dy = fx - np.float32(ix), fy - np.float32(iy)
            w00, w10 = (one - dx) * (one - dy), dx * (one - dy)
            w01, w11 = (one - dx) * dy, dx * dy
            for k in range(3):
                value = (
                    np.float32(texture[iy, ix, k]) * w00
                    + np.float32(texture[iy, ix + 1, k]) * w10
                    + np.float32(texture[iy + 1, ix, k]) * w01
                    + np.float32(texture[iy + 1, ix + 1, k]) * w11
                )
                out[y, x, k] = min(value * gain[k], white)
