"""Colours that a picture has as a whole, from frame to frame: that of the light, and the tones of a
picture without colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import MaskedFrame, Pose
from deepcam.frames.light import lamp_of, tint_of
from deepcam.generator import monochrome
from deepcam.generator.conditioning import Context, cut, window
from deepcam.generator.policy import PaintPolicy
from deepcam.generator.tone import rim, visible_skin

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

LOOK = 128
"""Side in pixels of the window in which skin is looked for."""
MIDDLE = 0.2
"""Share of the window to each side of its middle in which hair, forehead and neck are looked at."""
LEAST, DIM = 20, 0.08
"""Pixels of them, and their brightness (0..1), from which they say something."""
DOUBTED = 0.4
"""Trust in visible skin below which hair and neck are asked: under a red lamp a little skin seems
to be seen."""
BODY = np.array([0.5, 0.65, 1.0], np.float32)
"""Blue, green and red of skin and hair in white light, about."""


class Colours:
    """Of one stream, or of single pictures. Looks only at what lies outside the mask."""

    def __init__(self, still: bool, policy: PaintPolicy, whole_head: bool = False) -> None:
        """``whole_head``: hair is under the mask too, so that what lies above it is a wall."""
        self.age = 0
        """Frames painted since the start; everything is looked at again every few."""
        self._still, self._policy, self._whole_head = still, policy, whole_head
        self._tones: U8 | None = None
        self._light: F32 | None = None
        self._unsure = 0
        """Looks in a row that saw white light."""

    @property
    def _due(self) -> bool:
        return self.age % self._policy.tones_every == 0

    def tones(self, masked: MaskedFrame) -> U8 | None:
        """What each brightness looks like in a picture without colours; None in others."""
        if self._still:
            return monochrome.tones_of(masked.image, masked.mask, monochrome.STILL)
        if self._due:
            limit = monochrome.BEGIN if self._tones is None else monochrome.END
            self._tones = monochrome.tones_of(masked.image, masked.mask, limit)
        return self._tones

    def light(self, masked: MaskedFrame, poses: Sequence[Pose | None]) -> F32:
        """The light's colour (3,), BGR, all 1 when it is white; ``poses`` of the faces, the
        largest one last."""
        if self._light is None or self._still or self._due:
            now = self._seen(masked, poses)
            # Whoever is seen in coloured light stays in it while a look or two are unsure.
            self._unsure = self._unsure + 1 if now.min() == 1 else 0
            if self._light is None or self._still or np.abs(now - self._light).max() < 0.02:
                self._light = now
            elif self._unsure == 0 or self._unsure >= self._policy.light_unsure:
                follow = np.float32(self._policy.light_follows)
                self._light = self._light + follow * (now - self._light)
        return self._light

    def _seen(self, masked: MaskedFrame, poses: Sequence[Pose | None]) -> F32:
        white = np.ones(3, np.float32)
        if not poses:
            return white
        found, everywhere = lamp_of(masked.image, masked.mask)
        if found.min() == 1 or poses[-1] is None:
            return found
        around = cut(masked.image, masked.mask, window(poses[-1], LOOK), LOOK)
        skin = max((trust for _, trust in visible_skin(around)), default=0.0)
        if not self._whole_head and skin < DOUBTED and in_its_light(around, found):
            return found
        # Else, with skin in view, it is a wall of that colour or a green screen.
        return found if everywhere and skin == 0 else white


def in_its_light(around: Context, colour: F32) -> bool:
    """Whether hair or forehead just above the face, and neck just below it, are as they would look
    in light of this ``colour`` (3,): neither is ever blue or green by itself."""
    n = around.mask.shape[0]
    rows, columns = np.mgrid[:n, :n].astype(np.float32) / n - 0.5
    near = rim(around) & (around.mask == 0) & (np.abs(columns) < MIDDLE)
    tints = []
    for part in (near & (rows < -0.2), near & (rows > 0.1)):
        if part.sum() < LEAST:
            continue
        seen = around.fill[part].mean(0)
        if seen.max() < DIM:
            continue
        lamp = seen / BODY
        tints.append(tint_of(lamp) if lamp.argmax() == colour.argmax() else 0.0)
    return bool(tints) and min(tints) > 0.5
