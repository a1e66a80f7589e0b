"""Pull-push: fill the unknown part of a picture smoothly from the known part."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def pull_push(colour: F32, weight: F32) -> F32:
    """Fill where ``weight`` (h, w) 0..1 is small (Gortler et al., The Lumigraph, 1996, 3.4).

    ``colour``: (h, w, c) float32; values where ``weight`` is 0 take no part, bit for bit.
    Returns (h, w, c) float32: ``colour`` where weight is 1, smooth elsewhere.

    Levels are halved and doubled with the five-tap binomial kernel (Burt & Adelson 1983).
    """
    channels = colour.shape[2]
    base = np.empty((*weight.shape, channels + 1), np.float32)
    _weigh(np.ascontiguousarray(colour, np.float32), weight.astype(np.float32, copy=False), base)
    levels = [base]
    while max(levels[-1].shape[:2]) > 2:
        levels.append(_pull(levels[-1]))
    last = levels[-1]
    total = float(last[..., channels].sum())
    mean = np.full(channels, 0.5, np.float32)
    if total > 1e-6:
        mean = (last[..., :channels].sum((0, 1)) / total).astype(np.float32)
    filled: F32 = last[..., :channels] + (1 - last[..., channels:]) * mean
    for level in reversed(levels[:-1]):
        filled = _push(np.ascontiguousarray(filled), level)
    return np.ascontiguousarray(filled)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _weigh(colour: F32, weight: F32, out: F32) -> None:
    height, width, channels = colour.shape
    for y in range(height):
        for x in range(width):
            w = weight[y, x]
            for k in range(channels):
                # Not a product: nothing of an unknown pixel may pass, not even as NaN.
                out[y, x, k] = colour[y, x, k] * w if w > 0 else np.float32(0)
            out[y, x, channels] = w


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _at(i: int, n: int) -> int:
    """Mirrored at the border pixel's centre."""
    if n == 1:
        return 0
    if i < 0:
        i = -i
    if i >= n:
        i = 2 * n - 2 - i
    return min(max(i, 0), n - 1)


@njit(cache=True, fastmath={"contract", "reassoc"}, nogil=True)  # type: ignore[untyped-decorator]
def _pull(fine: F32) -> F32:
    """Half the size, rounded up. Known weight saturates, so that far pixels do not thin out what is
    near; the last channel is the weight."""
    height, width, channels = fine.shape
    h, w = (height + 1) // 2, (width + 1) // 2
    last = channels - 1
    six, four, scale = np.float32(6), np.float32(4), np.float32(1 / 256)
    out = np.empty((h, w, channels), np.float32)
    row = np.empty((width, channels), np.float32)
    # Down the columns first: there the inner loop runs over neighbours in memory.
    flat, line = fine.reshape(height, width * channels), row.reshape(width * channels)
    for y in range(h):
        p, q = flat[_at(2 * y - 2, height)], flat[_at(2 * y - 1, height)]
        r, s, t = flat[2 * y], flat[_at(2 * y + 1, height)], flat[_at(2 * y + 2, height)]
        for i in range(width * channels):
            line[i] = p[i] + t[i] + four * (q[i] + s[i]) + six * r[i]
        for x in range(w):
            a, b = _at(2 * x - 2, width), _at(2 * x - 1, width)
            c, d, e = 2 * x, _at(2 * x + 1, width), _at(2 * x + 2, width)
            for k in range(channels):
                out[y, x, k] = scale * (
                    row[a, k] + row[e, k] + four * (row[b, k] + row[d, k]) + six * row[c, k]
                )
            known = out[y, x, last]
            gain = min(np.float32(1), known * np.float32(2)) / max(known, np.float32(1e-6))
            for k in range(channels):
                out[y, x, k] *= gain
    return out


@njit(cache=True, fastmath={"contract", "reassoc"}, nogil=True)  # type: ignore[untyped-decorator]
def _push(coarse: F32, level: F32) -> F32:
    """``level``'s own values, and ``coarse`` at twice its size where their weight is small."""
    height, width, channels = level.shape
    channels -= 1
    ch, cw = coarse.shape[0], coarse.shape[1]
    six, half, eighth = np.float32(6), np.float32(0.5), np.float32(0.125)
    flat = coarse.reshape(ch, cw * channels)
    row = np.empty((cw, channels), np.float32)
    line = row.reshape(cw * channels)
    out = np.empty((height, width, channels), np.float32)
    for y in range(height):
        c = y // 2
        r, s = flat[c], flat[min(c + 1, ch - 1)]
        p = flat[c - 1 if c > 0 else min(1, ch - 1)]
        if y % 2:
            for i in range(cw * channels):
                line[i] = half * (r[i] + s[i])
        else:
            for i in range(cw * channels):
                line[i] = eighth * (p[i] + six * r[i] + s[i])
        for x in range(width):
            weight = level[y, x, channels]
            if weight == np.float32(1):
                for k in range(channels):
                    out[y, x, k] = level[y, x, k]
                continue
            rest = np.float32(1) - weight
            m = x // 2
            n = min(m + 1, cw - 1)
            o = m - 1 if m > 0 else min(1, cw - 1)
            for k in range(channels):
                if x % 2:
                    up = half * (row[m, k] + row[n, k])
                else:
                    up = eighth * (row[o, k] + six * row[m, k] + row[n, k])
                out[y, x, k] = level[y, x, k] + rest * up
    return out
