"""Teeth drawn once from textbook proportions: nobody's own, hence nobody's fingerprint."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

WIDTH, HEIGHT = 256, 64
HALF_SPAN = 0.40
"""IOD from the middle to the sprite's edge."""
DEPTH = 0.20
"""IOD from the sprite's top (gum) to its bottom."""
VARIANTS = 3

# Widths of central incisor, lateral, canine, premolars as seen from the front (golden proportion
# softened), mm relative to the central incisor; lower incisors are narrower and even.
_UPPER = (1.0, 0.76, 0.70, 0.50, 0.36)
_LOWER = (0.62, 0.66, 0.72, 0.56, 0.40)


@cache
def sprites(variant: int) -> F32:
    """Upper and lower teeth (2, HEIGHT, WIDTH, 4) float32: BGR 0..255 and opacity 0..1.

    The biting edge of the upper row is at 85 % of the height, of the lower row at 15 %.
    """
    rng = np.random.default_rng(100 + variant)
    out = np.stack([_row(_UPPER, False, rng, variant), _row(_LOWER, True, rng, variant)])
    return np.ascontiguousarray(out, np.float32)


def _row(widths: tuple[float, ...], lower: bool, rng: np.random.Generator, variant: int) -> F32:
    scale = 4  # drawn large and reduced: soft edges without hand-written antialiasing
    h, w = HEIGHT * scale, WIDTH * scale
    unit = w / (2 * HALF_SPAN) * (0.118 if not lower else 0.112)
    shade = np.zeros((h, w), np.float32)
    alpha = np.zeros((h, w), np.float32)
    for side in (-1, 1):
        x = 0.0
        for k, size in enumerate(widths):
            tooth = size * unit
            length = h * (0.78 - 0.05 * (k == 1) - 0.07 * max(0, k - 2) + rng.normal(0, 0.006))
            if lower:
                length *= 0.82
            left = w / 2 + side * x - (tooth if side < 0 else 0)
            one = np.zeros((h, w), np.float32)
            top = int(h * 0.85 - length) if not lower else int(h * 0.15)
            bottom = int(h * 0.85) if not lower else int(h * 0.15 + length)
            gap = tooth * 0.006
            _rounded(one, left + gap, top, left + tooth - gap, bottom, tooth * 0.26)
            light = 1.0 - 0.06 * k - 0.03 * (variant == 1)
            column = (np.arange(w) - left) / max(tooth, 1.0)
            bulge = 1.0 - 0.07 * (2 * np.clip(column, 0, 1) - 1.0) ** 2
            one_shade = one * light * bulge[None, :]
            shade = np.where(one > alpha, one_shade, shade)
            alpha = np.maximum(alpha, one)
            x += tooth
    shade = cv2.GaussianBlur(shade, (0, 0), scale * 1.5)
    alpha = cv2.GaussianBlur(alpha, (0, 0), scale * 1.5)
    rows = np.linspace(0, 1, h, dtype=np.float32)[:, None]
    edge = rows if not lower else 1 - rows
    shade *= 0.88 + 0.12 * edge
    tone = np.array([[226, 236, 243], [214, 228, 238], [232, 240, 244]], np.float32)[variant % 3]
    gum = np.array([86, 88, 158], np.float32)
    full = np.clip((0.30 - edge) / 0.12, 0, 1)
    bgr = shade[..., None] / np.maximum(alpha[..., None], 1e-3) * tone
    bgr = bgr * (1 - full[..., None]) + gum * full[..., None] * 0.8
    body = np.maximum(alpha, (full * (alpha.max(0, keepdims=True) > 0.2)).astype(np.float32))
    out = np.concatenate([bgr, body[..., None]], 2)
    reduced: F32 = cv2.resize(out, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return reduced


def _rounded(image: F32, x0: float, y0: float, x1: float, y1: float, r: float) -> None:
    radius = int(max(1, min(r, (x1 - x0) / 2, (y1 - y0) / 2)))
    a, b = (int(x0), int(y0)), (int(x1), int(y1))
    cv2.rectangle(image, (a[0] + radius, a[1]), (b[0] - radius, b[1]), 1.0, -1)
    cv2.rectangle(image, (a[0], a[1] + radius), (b[0], b[1] - radius), 1.0, -1)
    for cx in (a[0] + radius, b[0] - radius):
        for cy in (a[1] + radius, b[1] - radius):
            cv2.circle(image, (cx, cy), radius, 1.0, -1)
