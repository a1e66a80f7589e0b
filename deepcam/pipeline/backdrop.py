"""What is behind people, blurred or replaced, in a picture whose faces are safe already.

It comes last and takes only the painted picture: where the person segmentation fails, the room is
hidden and the face stays the one that was painted. What was erased always counts as a person.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Image, Mask, Persons
from deepcam.pipeline import cards

F32 = NDArray[np.float32]

KEEP, BLUR = "keep", "blur"
SHARE = 4
"""Pixels of the picture for each of the grid on which edges are found."""
RADIUS, EPS = 6, 2e-3
"""Of the guided filter, in grid cells and in squared brightness (0..1)."""
LOW, HIGH = 0.25, 0.75
"""Probabilities below and above which a place is room, or a person."""
FOLLOWS = 0.7
"""Share of a new silhouette."""
EVERY = 2
"""Frames between two silhouettes: finding one takes longer than all the rest."""
SOFT = 22.0
"""Deviation of the blur in a picture 720 pixels high."""


def check(choice: str) -> None:
    """Raises ``DeepcamError`` for a text that is neither keep, blur, a colour such as #204060 nor
    a path; pictures are not looked at."""
    if choice in (KEEP, BLUR):
        return
    try:
        if choice in (cards.PLAIN, cards.BACK_SOON):
            raise DeepcamError("That is a card.")
        cards.check(choice)
    except DeepcamError:
        raise DeepcamError(
            f"The background cannot be {choice[:60]!r}.",
            f"Choose {KEEP}, {BLUR}, a colour such as #204060, or the path of a picture.",
        ) from None


class Backdrop:
    """``choice`` as for ``check``, but not keep. Raises ``DeepcamError`` for pictures that cannot
    be read."""

    def __init__(self, choice: str) -> None:
        check(choice)
        self._card = None if choice == BLUR else cards.Card.parse(str(Path(choice).expanduser()))
        self._drawn: Image | None = None
        self._last: F32 | None = None
        self._age = 0
        """Frames since the last silhouette was found."""

    def lay(self, image: Image, mask: Mask, persons: Callable[[], Persons | None]) -> None:
        """Hide what is behind people in ``image`` (h, w, 3), in place. ``mask``: what was erased
        and painted. ``persons``: asked once; where it has no answer, all but ``mask`` is hidden."""
        height, width = image.shape[:2]
        size = (max(1, width // SHARE), max(1, height // SHARE))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        erased = cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > 0
        probability = self._silhouette(persons, size)
        share = _smoothstep(_guided(_grey(small), np.maximum(probability, erased)))
        share = np.maximum(share, cv2.GaussianBlur(erased.astype(np.float32), (0, 0), 1.0))
        large = np.asarray(cv2.resize(share, (width, height)), np.float32)
        # Not even the rim of what was painted may be mixed with the room.
        large[mask > 0] = 1.0
        image[:] = cv2.blendLinear(image, self._ground(image, small), large, 1.0 - large)

    def _silhouette(self, persons: Callable[[], Persons | None], size: tuple[int, int]) -> F32:
        """(h, w) of ``size``, 0 = room; all room while none can be found."""
        last, self._age = self._last, self._age + 1
        if last is not None and last.shape == size[::-1]:
            if self._age < EVERY:
                return last
        else:
            last = None
        self._age = 0
        try:
            found = persons()
        except Exception:
            found = None
        self._last = None
        if found is None or not np.isfinite(found.probability).all():
            return np.zeros(size[::-1], np.float32)
        new = np.asarray(cv2.resize(np.asarray(found.probability, np.float32), size), np.float32)
        if last is not None:
            new = np.asarray(FOLLOWS * new + (1 - FOLLOWS) * last, np.float32)
        self._last = new
        return new

    def _ground(self, image: Image, small: Image) -> Image:
        height, width = image.shape[:2]
        if self._card is not None:
            if self._drawn is None or self._drawn.shape != image.shape:
                self._drawn = self._card.draw(width, height)
            return self._drawn
        soft = cv2.GaussianBlur(small, (0, 0), SOFT * height / 720 / SHARE)
        return np.asarray(cv2.resize(soft, (width, height)), np.uint8)


def _grey(image: Image) -> F32:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float32) / np.float32(255)


def _guided(guide: F32, value: F32) -> F32:
    """``value`` smoothed along the edges of ``guide`` (He, Sun and Tang, 2013)."""

    def mean(a: F32) -> F32:
        return np.asarray(cv2.blur(a, (2 * RADIUS + 1, 2 * RADIUS + 1)), np.float32)

    value = np.asarray(value, np.float32)
    about, of = mean(guide), mean(value)
    slope = (mean(guide * value) - about * of) / (mean(guide * guide) - about * about + EPS)
    return mean(slope) * guide + mean(of - slope * about)


def _smoothstep(value: F32) -> F32:
    t = np.clip((value - LOW) / (HIGH - LOW), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
