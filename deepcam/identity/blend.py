"""The texture of a recipe: bands of alike mixtures, their cheeks brought to the wished tone."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.identity.grain import add_grain
from deepcam.identity.recipe import Recipe
from deepcam.identity.regions import region_maps

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

SIZE = 512
LOW = 128
"""Size at which everything but pores and hairs is mixed."""
COARSE_SIGMA = 6.0
"""Texels of LOW: what is coarser is colour and light, what is finer are features."""
CHEEKS = (slice(70, 85), slice(30, 100))
"""Where the tone is read off, texels of LOW."""
_SIDE = (0.25, 0.31)
"""Distance from the middle (of the UV square) at which features of the cheeks fade and end: what
donors have beyond, down to where a beard grows, is the edge of their hair and ears."""
SHIFT = 0.2
"""Most that cheeks are made lighter or darker (log), about one and a half steps of the Monk scale:
the mixtures' own tone does the rest."""

LOG: F32 = np.log(np.arange(256, dtype=np.float32) + 8)
"""(256,) logarithm in which textures are mixed and changed: noise in black stays small."""


class Bank(Protocol):
    """Where the mixtures come from."""

    @property
    def tones(self) -> F32:
        """(k, 3) log colour of cheeks from the darkest to the lightest tone."""
        ...

    def texture(self, index: int) -> U8:
        """(512, 512, 3) BGR."""
        ...

    def small(self, index: int) -> F32:
        """Its ``small_log``."""
        ...


def small_log(texture: U8) -> F32:
    """(LOW, LOW, 3) of the logarithm of a texture (512, 512, 3)."""
    out: F32 = cv2.resize(cv2.LUT(texture, LOG), (LOW, LOW), interpolation=cv2.INTER_AREA)
    return out


def blend(recipe: Recipe, bank: Bank) -> F32:
    """(LOW, LOW, 3) logarithm of the texture without pores and hairs.

    Colour and coarse light come from all mixtures, features of each region mostly from one.
    """
    small = np.stack([bank.small(int(k)) for k in recipe.pick])
    coarse = _coarse(_mix(recipe.coarse, small))
    out = coarse + _tone(coarse, recipe.tone, bank.tones)
    maps = region_maps(LOW) * inside(LOW)
    for region, row in enumerate(recipe.middle):
        part = _mix(row, small)
        out = out + maps[region][..., None] * (part - _coarse(part))
    return out


def colours(log: F32) -> F32:
    """BGR 0..255 of such a logarithm."""
    out: F32 = (np.exp(log) - 8).astype(np.float32)
    return out


def finish(low: F32, recipe: Recipe, bank: Bank, rng: np.random.Generator) -> U8:
    """(512, 512, 3) BGR of what ``blend`` gave: pores and hairs are added, in each region from one
    mixture: averaging more would take them away."""
    big = _enlarge(low)
    maps = region_maps(SIZE) * inside(SIZE)
    for k in np.nonzero(recipe.fine.any(0))[0]:
        share = np.tensordot(recipe.fine[:, k].astype(np.float32), maps, 1)
        index = int(recipe.pick[k])
        full = cv2.LUT(bank.texture(index), LOG)
        big = big + share[..., None] * (full - _enlarge(bank.small(index)))
    return add_grain(colours(big), rng).astype(np.uint8)


@lru_cache(maxsize=2)
def inside(size: int) -> F32:
    """(s, s) 1 where features are, 0 beside the cheeks."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    side = _ramp(np.abs(x - 0.5), *_SIDE) * _ramp(y, 0.39, 0.45) * (1 - _ramp(y, 0.64, 0.72))
    out: F32 = (1 - side).astype(np.float32)
    return out


def _ramp(x: F64, start: float, end: float) -> F64:
    t = np.clip((x - start) / (end - start), 0, 1)
    out: F64 = t * t * (3 - 2 * t)
    return out


def _mix(coefficients: F64, small: F32) -> F32:
    out: F32 = np.tensordot(coefficients.astype(np.float32), small, 1)
    return out


def _coarse(x: F32) -> F32:
    out: F32 = cv2.GaussianBlur(x, (0, 0), COARSE_SIGMA)
    return out


def _enlarge(x: F32) -> F32:
    out: F32 = cv2.resize(x, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return out


def _tone(coarse: F32, wish: float, tones: F32) -> F32:
    """(3,) to be added so that the cheeks have the wished tone, with a tint of their own."""
    cheeks = coarse[CHEEKS].mean((0, 1))
    places = np.linspace(0, 1, len(tones))
    here = np.interp(cheeks.mean(), tones.mean(1), places)
    tint = [c - np.interp(here, places, t) for c, t in zip(cheeks, tones.T, strict=True)]
    target = [np.interp(wish, places, t) for t in tones.T]
    change = np.array(target) + 0.6 * np.clip(tint, -0.08, 0.08) - cheeks
    light = float(change.mean())
    out: F32 = (change - light + np.clip(light, -SHIFT, SHIFT)).astype(np.float32)
    return out
