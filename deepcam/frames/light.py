"""Coloured light: a lamp, or a stage, that leaves a channel of the picture nearly dark.

Networks that were trained in white light see little there. They are shown a copy in white light.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames.types import Image, Mask

F32 = NDArray[np.float32]

EVEN, TINTED = 0.62, 0.45
"""Weakest over strongest channel (of each the value that nearly all pixels are below) under which
light begins to count as coloured, and under which it is. Of 755 photographs 5 % are below the
first, 1 % below the second."""
DARKEST = 0.06
"""Least share of a channel in the colour of light: what is darker is noise."""
LIGHT = 98
"""Percentile of a channel that is its light: things of every colour are seen, if only few."""
LIT = 25
"""Levels of its strongest channel from which a pixel is asked."""
WHITER, SPREAD = 0.05, 2.0
VIVID, MOST_VIVID = 0.5, 0.75
"""Share of pixels that may be much whiter than the light, the least quotient of a light thing's
brightness over a dark one's; and the highest saturation (0..1; median, and 92 % are below) in white
light: else it is a wall of that colour, or a green screen, and whoever wears black before it must
not turn green. Of 24 photographs under each of 18 lamps 17 to 22 are seen to be, in white light
none."""
SAMPLES = 6000
"""About so many pixels are looked at."""


def tint_of(channels: NDArray[np.float64] | F32) -> float:
    """How far light with these ``channels`` (3,), any unit, is coloured, 0..1."""
    uneven = (EVEN - float(channels.min()) / max(float(channels.max()), 1e-6)) / (EVEN - TINTED)
    return min(max(uneven, 0.0), 1.0)


def sampled(image: Image, mask: Mask) -> NDArray[np.uint8]:
    """About ``SAMPLES`` pixels (n, 3), evenly spread, of ``image`` (h, w, 3) where ``mask`` (h, w)
    is 0."""
    step = max(1, int(np.sqrt(mask.size / SAMPLES)))
    out: NDArray[np.uint8] = image[::step, ::step][mask[::step, ::step] == 0]
    return out


def lamp_of(image: Image, mask: Mask) -> tuple[F32, bool]:
    """The light's colour (3,), BGR, its strongest channel 1, all 1 where it is not coloured; and
    whether everything in view shows that it is light, or it may be a wall of that colour. Of the
    pixels of ``image`` (h, w, 3) where ``mask`` (h, w) is 0 only."""
    seen = sampled(image, mask)
    if len(seen) == 0:
        return np.ones(3, np.float32), False
    channels = np.percentile(seen, LIGHT, axis=0)
    share = np.maximum(channels / max(float(channels.max()), 1.0), DARKEST)
    out: F32 = (share ** tint_of(channels)).astype(np.float32)
    out /= out.max()
    return out, bool(out.min() < 1) and _everything_in(seen, share)


def colour_of(image: Image, mask: Mask) -> F32:
    """The colour of ``lamp_of`` where everything in view shows that it is light; else all 1."""
    colour, everywhere = lamp_of(image, mask)
    return colour if everywhere else np.ones(3, np.float32)


def _everything_in(seen: NDArray[np.uint8], share: NDArray[np.float64]) -> bool:
    """Whether things of different brightness are ``seen`` (n, 3) that would be of no vivid colour
    in white light, and nearly none in a whiter light than this, whose channels have ``share``."""
    asked = seen[seen.max(1) >= LIT].astype(np.float32)
    if len(asked) < 0.05 * len(seen):
        return False
    strong = asked.max(1)
    whiter = asked.min(1) > strong * np.float32(1.6 * share.min() + 0.05)
    dark, bright = np.percentile(strong, [10, 90])
    known = share > 1.5 * DARKEST
    white = asked[:, known] / share[known]
    vivid, most = np.percentile(1 - white.min(1) / white.max(1), [50, 92])
    muted = vivid < VIVID and most < MOST_VIVID
    return bool(whiter.mean() < WHITER and bright > SPREAD * dark and muted)


def in_light(image: Image, colour: Sequence[float] | F32) -> Image:
    """``image`` (h, w, 3) of things in white light as light of this ``colour`` (3,) shows it."""
    return np.asarray(cv2.transform(image, np.diag(colour)), np.uint8)


def whitened(image: Image, colour: F32) -> Image:
    """``image`` (h, w, 3) as white light of the same strongest channel would show it."""
    return in_light(image, 1 / colour)


def put_in_light(
    white: Image, image: Image, region: Mask, corner: tuple[int, int], colour: F32
) -> None:
    """Take the pixels of ``white`` (h, w, 3) under ``region`` (not 0), whose first one is at
    ``corner`` (x, y), over into ``image`` (h, w, 3), in light of this ``colour`` (3,)."""
    x, y = corner
    h, w = region.shape
    here = (slice(y, y + h), slice(x, x + w))
    np.copyto(image[here], in_light(white[here], colour), where=region[..., None] != 0)
