"""What is no skin is taken out of a mixture's texture: hair, shadows, spectacles, paint.

All functions take and give (s, s, 3) float32 textures, BGR 0..255.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.geometry.fill import pull_push
from deepcam.identity.grain import radius_map

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]

MOST_TINT = 0.08
"""Logarithm by which a colour of the skin may differ from that of the cheeks."""
OLD, LINE, FOLD = 45, 0.05, 0.20
"""Years from which dark lines are folds, and how much darker (log) than anything about the same
place of the other half a line of somebody younger, and of somebody older, must be to go."""
SMUDGE, GLOSS, STAIN = 0.075, 0.12, 0.05
"""How much darker, brighter, and differently coloured (log) than the skin around it something at
the outer cheeks must be to go."""
PATCH = 0.35
"""How much darker (log) than the cheeks something above the lip must be to go."""


def clean(texture: F32, beard: float, age: float) -> F32:
    """Without what is no skin: each of the functions below. ``beard``: 0..1; ``age``: years."""
    cleaned = clean_lines(clean_sides(clean_rim(texture), beard), age)
    return clean_tint(clean_lip(cleaned, beard))


def places(size: int) -> tuple[F32, F32]:
    """(s, s) height from 0 (top) to 1, and distance from the middle line, in widths."""
    v, u = ((np.mgrid[:size, :size] + 0.5) / size).astype(np.float32)
    return v, np.abs(u - 0.5)


def cheeks(v: F32, side: F32) -> Bools:
    """Where skin is bare on both cheeks, by ``places``."""
    out: Bools = (v > 0.46) & (v < 0.58) & (np.abs(side - 0.18) < 0.07)
    return out


def clean_rim(texture: F32) -> F32:
    """Fade the rim to its own blur: no strand of anybody's hair at the mesh's edge."""
    size = texture.shape[0]
    blur = cv2.GaussianBlur(texture, (0, 0), size / 40)
    return _mixed(texture, blur, np.clip((radius_map(size) - 0.90) / 0.06, 0, 1))


def clean_sides(texture: F32, beard: float) -> F32:
    """Fill what is darker or of another colour than the skin around it at the outer cheeks and
    temples: hair and shadows of ears, which were streaks beside a painted face. The edge of a
    ``beard`` on the jaw is left as it is."""
    size = texture.shape[0]
    part = size / 128
    v, side = places(size)
    radius = radius_map(size)
    low = 0.86 if beard < 0.25 else 0.66
    outer = (radius > 0.64) & (side > 0.27) & (v > 0.30) & (v < low)
    temples = (radius > 0.70) & (side > 0.33) & (v > 0.20) & (v <= 0.30)
    place = outer | temples
    log = np.log(texture + 8)
    near, far = (cv2.GaussianBlur(log, (0, 0), sigma * part) for sigma in (1.5, 8.0))
    brighter = (near - far).mean(2)
    tint = _tint(near) - _tint(far)
    odd = (brighter < -SMUDGE) | (brighter > GLOSS) | (np.abs(tint).max(2) > STAIN)
    found = cv2.morphologyEx((odd & place).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
    # What was found is the middle of a smudge.
    mask = cv2.GaussianBlur(_grown(found, int(7 * part) | 1), (0, 0), 1.2 * part)
    mask *= cv2.GaussianBlur(place.astype(np.float32), (0, 0), 1.5 * part)
    filled = pull_push(texture, (mask <= 0.1).astype(np.float32))
    filled = cv2.GaussianBlur(filled, (0, 0), 1.5 * part)
    return _mixed(texture, filled, np.clip(1.6 * mask, 0, 1))


def clean_lines(texture: F32, age: float) -> F32:
    """Fill dark lines on the skin of one half of the face that the other half has not: strands of
    hair and legs of spectacles. Folds of the old must be much darker to go."""
    size = texture.shape[0] // 2
    v, side = places(size)
    flanks = (side > 0.20) & (v > 0.40) & (v < 0.80)
    temples = (side > 0.30) & (v > 0.22) & (v <= 0.40)
    place = (flanks | temples | (v < 0.20)) & (radius_map(size) < 0.9)
    half = cv2.resize(texture, (size, size), interpolation=cv2.INTER_AREA)
    log = np.log(half + 8)
    lines = cv2.GaussianBlur(log, (0, 0), 1.6) - cv2.GaussianBlur(log, (0, 0), 7.0)
    dark = -lines.min(2)
    # The halves are alike to some texels only.
    other = cv2.dilate(np.maximum(dark[:, ::-1], 0), np.ones((9, 9)))
    found = ((dark - other > (LINE if age < OLD else FOLD)) & place).astype(np.uint8)
    wide = cv2.resize(_grown(found, 9), texture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return _filled(texture, wide, size / 128)


def clean_lip(texture: F32, beard: float) -> F32:
    """Fill what is much darker than the cheeks between nose and mouth of somebody without a
    ``beard``: nostrils that a photograph from below shows as a patch."""
    if beard > 0.1:
        return texture
    size = texture.shape[0]
    v, side = places(size)
    grey = cv2.GaussianBlur(np.log(texture + 8).mean(2), (0, 0), size / 256)
    dark = grey < np.median(grey[cheeks(v, side)]) - PATCH
    found = (dark & (side < 0.08) & (v > 0.552) & (v < 0.605)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((7, 7)))
    return _filled(texture, _grown(found, size // 42 | 1), size / 170)


def clean_tint(texture: F32) -> F32:
    """Bring colours that are far from the skin's (eye shadow, light from the side, orange and blue
    blotches on dark skin) nearer to it; lips and brightness stay."""
    size = texture.shape[0]
    v, side = places(size)
    log = np.log(texture + 8)
    tint = _tint(log)
    off = cv2.GaussianBlur(tint - np.median(tint[cheeks(v, side)], axis=0), (0, 0), size / 85)
    lips = (side < 0.19) & (v > 0.60) & (v < 0.78)
    place = cv2.GaussianBlur((~lips).astype(np.float32), (0, 0), size / 60)[..., None]
    far = np.maximum(np.abs(off).max(2, keepdims=True), 1e-6)
    less = 1 - MOST_TINT * np.tanh(far / MOST_TINT) / far
    out: F32 = np.exp(log - less * off * place) - 8
    return out


def _tint(log: Any) -> F32:
    """Colours of a log texture beside its grey."""
    out: F32 = log - log.mean(2, keepdims=True)
    return out


def _grown(found: Any, foot: int) -> F32:
    """A mask (s, s) uint8 grown by a disc ``foot`` texels wide."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (foot, foot))
    return np.asarray(cv2.dilate(found, disc), np.float32)


def _filled(texture: F32, wide: Any, soft: float) -> F32:
    """``texture`` with what lies under the mask ``wide`` filled from around, edges blurred by
    ``soft`` texels."""
    filled = pull_push(texture, 1 - wide)
    return _mixed(texture, filled, cv2.GaussianBlur(wide, (0, 0), soft))


def _mixed(texture: F32, other: Any, share: Any) -> F32:
    out: F32 = texture * (1 - share[..., None]) + other * share[..., None]
    return out
