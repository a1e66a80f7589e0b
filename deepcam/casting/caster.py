"""The caster: what face would go with the surroundings of an erased one.

A small network sees a wide window of the *erased* picture (hair, ears, neck, clothes, light) and
says which apparent age, masculinity, skin tone, brows, beard and light would go with it, each as a
distribution. It gets a ``MaskedFrame`` and the pose by which its window is placed (position, size,
roll); nothing under a mask, no expression and no turn of the head can reach it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import MaskedFrame, Pose
from deepcam.generator.conditioning import cut, window
from deepcam.generator.tone import visible_skin
from deepcam.identity.fit import HEAD, MONKS, Fit, monk_of_tone, read_head
from deepcam.identity.model import IdentityModel
from deepcam.models.store import open_small, path_of

F32 = NDArray[np.float32]

SIZE = 64
"""Pixels of the window's side."""
SPAN = 5.6
"""IOD of the window's side."""
BELOW = 0.7
"""IOD of the window's middle below the eyes: more shows below a face than above it."""
ALLOWED, PULL = 2.5, 0.6
"""Monk steps that the visible skin may be off before the tone is moved, and by which share of the
rest. On 411 held-out photographs: errors above 3.5 steps 3.6 % -> 2.7 %, others as before."""
_TONE_SIZE = 128
PLANES = 4
"""Filled surroundings BGR, and the mask."""


def wide_window(pose: Pose, size: int = SIZE) -> F32:
    """Affine (2, 3) from picture pixels to the caster's upright window of ``size`` pixels.

    Only the pose's translation, scale and roll take part.
    """
    roll = float(np.arctan2(pose.rotation[1, 0], pose.rotation[0, 0]))
    k = size / (SPAN * pose.scale)
    c, s = k * np.cos(roll), k * np.sin(roll)
    linear = np.array([[c, s], [-s, c]])
    down = np.array([-np.sin(roll), np.cos(roll)])
    centre = pose.translation + BELOW * pose.scale * down
    middle = (size - 1) / 2
    affine = np.concatenate([linear, (middle - linear @ centre)[:, None]], 1)
    out: F32 = affine.astype(np.float32)
    return out


def view(masked: MaskedFrame, pose: Pose, size: int = SIZE) -> F32:
    """The network's input (PLANES, size, size), float32 0..1. Outside of the picture counts as
    erased; what is erased is filled smoothly from around, and marked in the last plane."""
    around = cut(masked.image, masked.mask, wide_window(pose, size), size)
    planes: F32 = np.concatenate([around.fill.transpose(2, 0, 1), around.mask[None]])
    return np.ascontiguousarray(planes, np.float32)


def visible_tone(masked: MaskedFrame, pose: Pose) -> tuple[float, float] | None:
    """The Monk step whose mean colour the visible skin (neck, ears, forehead's rim) has, and how
    far it is to be believed, 0..1; None where too little is seen. Light is taken for tone here, so
    only gross disagreement with the network means anything."""
    roll = float(np.arctan2(pose.rotation[1, 0], pose.rotation[0, 0]))
    c, s = np.cos(roll), np.sin(roll)
    level = Pose(pose.scale, np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), pose.translation)
    around = cut(masked.image, masked.mask, window(level, _TONE_SIZE), _TONE_SIZE)
    patches = visible_skin(around)
    if not patches:
        return None
    total = sum(trust for _, trust in patches)
    light = sum(
        trust / total * float(np.log(around.fill[weight > 0].mean(1) * 255 + 8).mean())
        for weight, trust in patches
    )
    tones = IdentityModel.load().tones.mean(1)
    tone = float(np.interp(light, tones, np.linspace(0, 1, len(tones))))
    return monk_of_tone(tone), 1 - float(np.prod([1 - trust for _, trust in patches]))


def corrected(fit: Fit, seen: float, trust: float) -> Fit:
    """``fit`` with its tone moved towards what is ``seen``, where both are far apart."""
    gap = seen - fit.middles()[2]
    shift = PULL * trust * float(np.sign(gap)) * max(abs(gap) - ALLOWED, 0.0)
    if not shift:
        return fit
    moved = np.interp(MONKS - shift, MONKS, fit.tone)
    return replace(fit, tone=moved / moved.sum())


class Caster:
    """The network. Thread-safe."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Raises ``DeepcamError`` for a file that is no such network."""
        example = {"view": np.zeros((1, PLANES, SIZE, SIZE), np.float32)}
        problem = "The network that chooses fitting faces cannot be used."
        self._session = open_small(path, example, (1, HEAD), problem, threads)

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> Caster:
        """The shipped one. Raises ``DeepcamError`` when it is missing or altered."""
        return Caster(path_of("caster.onnx"))

    def look(self, masked: MaskedFrame, pose: Pose) -> Fit:
        """What would go with the surroundings of the face at ``pose``; a few milliseconds."""
        fit = read_head(self._run(view(masked, pose)))
        seen = visible_tone(masked, pose)
        return fit if seen is None else corrected(fit, *seen)

    def _run(self, planes: F32) -> F32:
        out: F32 = np.asarray(self._session.run(None, {"view": planes[None]})[0][0], np.float32)
        return out
