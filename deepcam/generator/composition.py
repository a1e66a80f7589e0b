"""Fields become pixels, and what is seen just outside the mask goes on inside it.

Hair, cloth and walls have a texture. The network's fill has the colours and the light of the
surroundings, but no detail finer than its own pixels. Detail is a ratio: a pixel of the picture
over the same place in a blurred one. Here the ratios outside the mask are mirrored inwards at the
mask's rim, so that every strand and thread that meets the rim goes on where the fill is alike,
fainter the further in. Only pixels outside the mask are read.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Points
from deepcam.generator.conditioning import SPAN, Context

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

RAMP = 4.4
"""Field pixels (at 192) in which the network's alpha goes from 0 to 1 along cheeks and jaws (median
of 18 clips)."""
NARROWEST, STEEPEST = 2.0, 3.5
"""Pixels of the picture in which it does so at least, or the edge would be a stair, and the largest
factor by which it is made steeper."""
BINS = 256
"""Directions in which the rim's distance from its middle is kept."""
COARSE = 1.2
"""Deviation in field pixels (at 128) of the blur that detail is finer than."""
ERASED = 3.0
"""Pixels outside the outline up to which the eraser rounds."""
DARK = 0.06
"""Is added to colours (0..1) before they are divided: in black there is no detail."""
REACH = 0.32
"""IOD inside the rim at which the last of the detail is gone."""
LEAST, MOST = 0.5, 1.7
"""Ratios beyond these are a lamp's glint or a hole, not texture."""
STEP = 0.2
"""Change of the logarithm of the coarse surroundings from one field pixel (at 128) to the next at
which they are believed to be a texture by 60 %: what is steeper is the edge of a head or a window,
whose mirror image would be a line on the face."""
LIGHTER, DARKER, TINTED = 0.16, 0.7, 0.22
"""Differences of logarithms, of a fill that is lighter, darker and of another colour than what
would go on in it, at which it does so by 60 %: hair goes on in a shadow, but not into a forehead,
nor a collar into a neck."""


def edge_gain(pixel: float, size: int, blur: float) -> float:
    """How much steeper alpha must be for cheeks and jaws to be as sharp as the picture, >= 1.

    ``pixel``: picture pixels of one field pixel; ``size``: of the fields; ``blur``: deviation of
    the picture's blur, pixels. The middle of the edge stays where it is. A blurred edge's steepest
    slope is that of a ramp of sqrt(2 pi) deviations; a pixel's own area counts as .3 of one.
    """
    ramp = RAMP * size / 192 * pixel
    wanted = max(NARROWEST, (2 * np.pi * (blur * blur + 0.09)) ** 0.5)
    return float(min(max(ramp / wanted, 1.0), STEEPEST))


class Rim(NamedTuple):
    """Where a face's mask ends, and how its surroundings look from afar. (Numba knows tuples.)"""

    centre: F32
    """(2,) x, y in the picture."""
    radii: F32
    """(BINS + 1,) pixels from the centre, by pseudo-angle: -2 and 2 leftwards, -1 upwards."""
    least: float
    """The smallest of them."""
    coarse: F32
    """(n, n, 4) the surroundings without their detail, 0..1, in the window of the fields, and how
    far they are a texture, 0..1; outside the mask."""
    reach: float
    """Pixels inside the rim in which there is detail."""


def rim_of(outline: Points, surroundings: Context, scale: float) -> Rim:
    """``outline``: (k, 2) convex polygon, pixels; ``scale``: pixels of an IOD.

    A face so small that the fields' pixels are no larger than the picture's lacks no detail.
    """
    n = surroundings.fill.shape[0]
    if scale * SPAN <= n:
        nothing = np.zeros((1, 1, 4), np.float32)
        return Rim(np.zeros(2, np.float32), np.zeros(BINS + 1, np.float32), 0.0, nothing, 0.0)
    corners = np.asarray(outline, np.float64)
    centre = corners.mean(0)
    following = np.roll(corners, -1, 0)
    side = following - corners
    normal = np.stack([side[:, 1], -side[:, 0]], 1)
    distance = ((corners - centre) * normal).sum(1)
    normal *= np.where(distance < 0, -1.0, 1.0)[:, None]
    distance = np.abs(distance)
    angle = np.linspace(-2, 2, BINS + 1)
    towards = np.stack([1 - np.abs(angle), np.sign(angle) * (1 - np.abs(1 - np.abs(angle)))])
    towards /= np.sqrt((towards**2).sum(0))
    ahead = normal @ towards
    # A ray leaves a convex polygon through the first side that it meets from within.
    hit = np.where(ahead > 1e-9, distance[:, None] / np.maximum(ahead, 1e-9), 1e6).min(0)
    coarse = _from_afar(surroundings.fill, surroundings.mask, COARSE * n / 128)
    texture = cv2.blur(cv2.erode(coarse[..., 3], np.ones((3, 3), np.uint8)), (3, 3))
    coarse[..., 3] = texture
    return Rim(
        centre.astype(np.float32),
        (hit + ERASED).astype(np.float32),
        float(hit.min()) + ERASED,
        coarse,
        REACH * scale,
    )


def _from_afar(fill: F32, mask: F32, sigma: float) -> F32:
    """``Rim.coarse``, its texture not yet averaged: ``fill`` blurred, of what is known only: with
    what lies inside the mask the rim would be a line. Far inside it is ``fill``."""
    known = np.empty((*mask.shape, 4), np.float32)
    _weigh(fill, mask, known)
    reach = round(2.6 * sigma)
    out = np.asarray(
        cv2.GaussianBlur(
            known, (2 * reach + 1, 2 * reach + 1), sigma, borderType=cv2.BORDER_REPLICATE
        ),
        np.float32,
    )
    _divide(fill, out)
    return out


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _weigh(fill: F32, mask: F32, out: F32) -> None:
    """What is known of ``fill``, and where."""
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            known = np.float32(1) - mask[y, x]
            for c in range(3):
                out[y, x, c] = known * fill[y, x, c]
            out[y, x, 3] = known


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _divide(fill: F32, out: F32) -> None:
    """Blurred sums and weights to means, in place, and the weights to shares of texture."""
    n = fill.shape[0]
    for y in range(n):
        for x in range(n):
            for c in range(3):
                if out[y, x, 3] > np.float32(0.2):
                    out[y, x, c] /= out[y, x, 3]
                else:
                    out[y, x, c] = fill[y, x, c]
    steep = np.float32((n / (128 * STEP)) ** 2)
    for y in range(n):
        above, below = max(y - 1, 0), min(y + 1, n - 1)
        for x in range(n):
            left, right = max(x - 1, 0), min(x + 1, n - 1)
            across, down, light = np.float32(0), np.float32(0), np.float32(3 * DARK)
            for c in range(3):
                across += out[y, right, c] - out[y, left, c]
                down += out[below, x, c] - out[above, x, c]
                light += out[y, x, c]
            # The slope of a logarithm.
            slope = (across * across + down * down) / (4 * light * light) * steep
            out[y, x, 3] = 1 / (1 + slope * slope)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _detail(
    image: U8, mask: U8, x: np.float32, y: np.float32, rim: Rim, affine: F32, out: F32
) -> None:
    """The fill, 0..1, in ``out[:3]`` at picture pixel (x, y) under the mask gets its detail; stays
    as it is where nothing is known. ``out[3:6]`` is used up.

    ``image`` (h, w, 3), ``mask`` (h, w) 0 = may be read; ``affine`` (2, 3): picture pixel to field
    pixel.
    """
    one, dark = np.float32(1), np.float32(DARK)
    centre, radii, least, coarse, reach = rim
    dx, dy = x - centre[0], y - centre[1]
    r = np.sqrt(dx * dx + dy * dy)
    if r < 1 or r <= least - reach:
        return
    # The pseudo-angle: as good as the angle for looking up, and without a function's cost.
    turn = 1 - dx / (abs(dx) + abs(dy))
    place = ((turn if dy > 0 else -turn) + 2) * (BINS / 4)
    k = min(int(place), BINS - 1)
    share = place - k
    edge = radii[k] + (radii[k + 1] - radii[k]) * share
    depth = edge - r
    if depth <= 0 or depth >= reach:
        return
    stretch = (edge + depth) / r
    mx, my = centre[0] + dx * stretch, centre[1] + dy * stretch
    height, width = mask.shape
    ix, iy = int(np.floor(mx)), int(np.floor(my))
    if ix < 0 or iy < 0 or ix >= width - 1 or iy >= height - 1:
        return
    if mask[iy, ix] or mask[iy, ix + 1] or mask[iy + 1, ix] or mask[iy + 1, ix + 1]:
        return
    n = coarse.shape[0]
    fx = affine[0, 0] * mx + affine[0, 1] * my + affine[0, 2]
    fy = affine[1, 0] * mx + affine[1, 1] * my + affine[1, 2]
    if fx < 0 or fy < 0 or fx >= n - 1 or fy >= n - 1:
        return
    jx, jy = int(fx), int(fy)
    ex, ey = np.float32(mx - ix), np.float32(my - iy)
    gx, gy = np.float32(fx - jx), np.float32(fy - jy)
    t = np.float32(1 - depth / reach)
    fade = t * t * (3 - 2 * t)
    light, square = np.float32(0), np.float32(0)
    for c in range(3):
        value = (
            (image[iy, ix, c] * (one - ex) + image[iy, ix + 1, c] * ex) * (one - ey)
            + (image[iy + 1, ix, c] * (one - ex) + image[iy + 1, ix + 1, c] * ex) * ey
        ) * np.float32(1 / 255)
        smooth = (coarse[jy, jx, c] * (one - gx) + coarse[jy, jx + 1, c] * gx) * (one - gy) + (
            coarse[jy + 1, jx, c] * (one - gx) + coarse[jy + 1, jx + 1, c] * gx
        ) * gy
        out[3 + c] = min(max((value + dark) / (smooth + dark), np.float32(LEAST)), np.float32(MOST))
        own = max(out[c], np.float32(0)) + dark
        away = 2 * (own - smooth - dark) / (own + smooth + dark)  # nearly their quotient's log
        light += away * np.float32(1 / 3)
        square += away * away * np.float32(1 / 3)
    limit = np.float32(LIGHTER if light > 0 else DARKER)
    tint = square - light * light
    alike = light * light / (limit * limit) + tint * np.float32(1 / (TINTED * TINTED))
    fade *= coarse[jy, jx, 3]
    if alike > 12 or fade < np.float32(0.02):
        return
    fade *= np.exp(np.float32(-0.5) * alike)
    for c in range(3):
        out[c] *= one + fade * (out[3 + c] - one)


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
    mask: U8,
    rim: Rim,
    edge: float,
    first: int,
    last: int,
) -> None:
    """Paint one face into ``image`` where ``region`` is set, in its rows ``first`` to before
    ``last``.

    ``image``: (H, W, 3) uint8, written in place. ``region``: (h, w) uint8, the part of the mask
    that belongs to this face, at (x0, y0) of the picture. ``fields``: (n, n, MAPS);
    ``affine`` (2, 3): picture pixel to field pixel. ``render`` (hr, wr, 3) 0..255 and ``kind``
    (hr, wr): the identity in the same rectangle, ``step`` picture pixels for each of its pixels.
    ``mask`` (H, W): 0 where the picture may be read. ``edge``: by how much alpha is made steeper
    below the eyes, as ``edge_gain`` has it; what lies above is hair, which has no such edge.
    """
    h, w = region.shape
    n = fields.shape[0]
    hr, wr = kind.shape
    zero, one, half, white = np.float32(0), np.float32(1), np.float32(0.5), np.float32(255)
    top = np.float32(n - 1.001)
    right, bottom = np.float32(wr - 1.001), np.float32(hr - 1.001)
    inv = np.float32(1.0 / step)
    exact = step == 1.0
    steep = np.float32(edge - 1.0)
    eyes, slope = np.float32(0.42 * n), np.float32(1 / (0.12 * n))
    r, f = np.empty(3, np.float32), np.empty(6, np.float32)
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
            filled = alpha < np.float32(0.998)
            if filled:
                for k in range(3):
                    f[k] = p00[7 + k] * w00 + p10[7 + k] * w10 + p01[7 + k] * w01 + p11[7 + k] * w11
                if alpha < np.float32(0.94):
                    _detail(image, mask, px, np.float32(y + y0), rim, affine, f)
            for k in range(3):
                value = zero
                if filled:
                    value = (one - alpha) * f[k] * white
                if alpha > zero:
                    gain = p00[k] * w00 + p10[k] * w10 + p01[k] * w01 + p11[k] * w11
                    bias = p00[3 + k] * w00 + p10[3 + k] * w10 + p01[3 + k] * w01 + p11[3 + k] * w11
                    value += alpha * (r[k] * gain + bias * white)
                image[y + y0, x + x0, k] = np.uint8(min(max(value + half, zero), white))
